package web

import (
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
	"pgregory.net/rapid"
)

func TestURLScripts(t *testing.T) { runCases(t, "url") }

// components reads a URL through every accessor.
func components(u *URL) [10]string {
	return [10]string{u.Href(), u.Protocol(), u.Username(), u.Password(), u.Host(), u.Hostname(), u.Port(), u.Pathname(), u.Search(), u.Hash()}
}

// sameURL fails when the short cuts of ParseURL disagree with the full parser,
// or when what comes out is not its own serialisation.
func sameURL(t interface{ Fatalf(string, ...any) }, s string, base *URL) {
	full, fullErr := parseFull(s, base)
	u, err := ParseURL(s, base)
	if (err == nil) != (fullErr == nil) {
		t.Fatalf("ParseURL(%q, %v): %v, the full parser: %v", s, base, err, fullErr)
	}
	if err != nil {
		return
	}
	if components(u) != components(full) {
		t.Fatalf("ParseURL(%q, %v)\n got %q\nfull %q", s, base, components(u), components(full))
	}
	again := new(URL)
	again.index(u.href)
	if components(again) != components(u) {
		t.Fatalf("index(%q)\n got %q\nwant %q", u.href, components(again), components(u))
	}
	full2, err := parseFull(u.href, nil)
	if err != nil || full2.href != u.href {
		t.Fatalf("%q does not parse to itself: %v %v", u.href, full2, err)
	}
	if r := u.record().serialise(); r != u.href {
		t.Fatalf("the record of %q is %q", u.href, r)
	}
}

var (
	genHost = rapid.OneOf(rapid.StringMatching(`[a-z0-9_.-]{1,12}`), rapid.StringMatching(`[0-9]{1,3}(\.[0-9]{1,3}){0,4}`), rapid.StringMatching(`[A-Za-z0-9%äx|\[\]: <-]{1,6}`),
		rapid.SampledFrom([]string{"localhost", "example.com", "xn--mnchen-3ya.de", "a.xn--b", "[::1]", "1.2.3.4", "01.2.3.4", "0x7f.1", "1.2.3.4."}))
	genURL = rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"http://", "https://", "http:", "ws://", "foo://", "foo:", "file://", ""}).Draw(t, "scheme") +
			rapid.SampledFrom([]string{"", "", "", "u@", "u:p@", ":@"}).Draw(t, "user") +
			genHost.Draw(t, "host") +
			rapid.SampledFrom([]string{"", "", ":80", ":443", ":8080", ":0", ":", ":x", ":65536", ":01"}).Draw(t, "port") +
			genTail.Draw(t, "tail")
	})
	genTail = rapid.OneOf(rapid.StringMatching(`(/[a-zA-Z.%2e~ä ^|]{0,4}){0,4}(\?[a-z'"<#{é ]{0,5})?(#[a-z`+"`"+`<# ?é]{0,4})?`), rapid.StringMatching(`[ -~]{0,12}`), rapid.String())
)

// The generators reach both the short cuts and what falls just outside them.
func TestURLs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { sameURL(t, genURL.Draw(t, "url"), nil) })
}

func TestReferences(t *testing.T) {
	var bases []*URL
	for _, s := range []string{"http://h:81/a/b?q#f", "https://u:p@h", "ws://[::1]/x", "file:///C:/x", "foo://h/p", "foo:/p", "mailto:x"} {
		u, err := ParseURL(s, nil)
		if err != nil {
			t.Fatal(err)
		}
		bases = append(bases, u)
	}
	rapid.Check(t, func(t *rapid.T) {
		sameURL(t, genTail.Draw(t, "reference"), rapid.SampledFrom(bases).Draw(t, "base"))
	})
}

var setters = []struct {
	name string
	set  func(*URL, string)
}{
	{"protocol", (*URL).SetProtocol},
	{"username", (*URL).SetUsername},
	{"password", (*URL).SetPassword},
	{"host", (*URL).SetHost},
	{"hostname", (*URL).SetHostname},
	{"port", (*URL).SetPort},
	{"pathname", (*URL).SetPathname},
	{"search", (*URL).SetSearch},
	{"hash", (*URL).SetHash},
}

// becameFile reports that a setter made a file URL of another, whose host and
// path the standard does not look at again.
func becameFile(setter string, u *URL) bool { return setter == "protocol" && u.isFile() }

func TestURLSetters(t *testing.T) {
	scheme := rapid.SampledFrom([]string{"http", "https:", "ws", "file", "foo:x", "", "1a", "a+b", "HTTP", "ht\ttp", "x y"})
	port := rapid.OneOf(rapid.StringMatching(`[0-9]{0,6}[a-z /\t]?[0-9]?`), rapid.Just("443"))
	rapid.Check(t, func(t *rapid.T) {
		u, err := ParseURL(genURL.Draw(t, "url"), nil)
		if err != nil {
			return
		}
		before := u.href
		s := rapid.SampledFrom(setters).Draw(t, "setter")
		var v string
		switch s.name {
		case "protocol":
			v = scheme.Draw(t, "value")
		case "host", "hostname":
			v = genHost.Draw(t, "value") + rapid.SampledFrom([]string{"", ":80", ":x", ":1x", "/a", "?b", "\\c"}).Draw(t, "rest")
		case "port":
			v = port.Draw(t, "value")
		default:
			v = genTail.Draw(t, "value")
		}
		s.set(u, v)
		if full, err := parseFull(u.href, nil); err != nil || full.href != u.href && !becameFile(s.name, u) {
			t.Fatalf("%s: %s = %q gives %q, which parses to %v %v", before, s.name, v, u.href, full, err)
		}
		again := new(URL)
		again.index(u.href)
		if components(again) != components(u) {
			t.Fatalf("offsets of %q\n got %q\nwant %q", u.href, components(u), components(again))
		}
	})
}

// Long inputs cost what they are long, whatever they are made of.
func TestURLIsLinear(t *testing.T) {
	const n = 1 << 20
	for _, s := range []string{"http://h/" + strings.Repeat("/..", n), "http://" + strings.Repeat("a@", n) + "h", "http://" + strings.Repeat("@", n), "http://" + strings.Repeat("a.", n),
		"foo:" + strings.Repeat(" ", n) + "?", strings.Repeat("\t", n) + "http://h", "http://h/" + strings.Repeat("%2e/", n), "http://[" + strings.Repeat(":", n) + "]", "http://" + strings.Repeat("1.", n),
		"http://h:" + strings.Repeat("0", n), "file:///" + strings.Repeat("C|/", n), strings.Repeat("a", n) + ":x", "http://h/?" + strings.Repeat("ä&", n), "http://" + strings.Repeat("ä", n)} {
		start := time.Now()
		_, _ = ParseURL(s, nil) // valid or not does not matter here
		// It takes some milliseconds; squared it would take hours.
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%.20q… of %d bytes: %v", s, len(s), d)
		}
	}
}

func FuzzURL(f *testing.F) {
	for _, s := range []string{"http://h:80/../a?b#c", "https://ä.de/%2e", "foo:/.//x", "file:///C|/..", "mailto:a b ", "http://[::1]:1", "//x", "http://1.2.3.4/x"} {
		f.Add(s, "http://h/a", "?x=1&y")
	}
	f.Fuzz(func(t *testing.T, s, base, v string) {
		sameURL(t, s, nil)
		b, err := ParseURL(base, nil)
		if err != nil {
			return
		}
		sameURL(t, s, b)
		for _, s := range setters {
			s.set(b, v)
			again, err := ParseURL(b.href, nil)
			if err != nil || components(again) != components(b) && !becameFile(s.name, b) {
				t.Fatalf("after %s = %q: %q parses to %v %v", s.name, v, components(b), again, err)
			}
		}
	})
}

func TestURLGo(t *testing.T) {
	u, err := ParseURL("https://u:p@h:8443/a?x=1#f", nil)
	if err != nil {
		t.Fatal(err)
	}
	c := u.Clone()
	p := u.SearchParams()
	p.Append("y", "ä")
	if got := u.Href(); got != "https://u:p@h:8443/a?x=1&y=%C3%A4#f" {
		t.Error(got)
	}
	if c.Href() != "https://u:p@h:8443/a?x=1#f" {
		t.Error("a clone follows its original", c.Href())
	}
	u.SetSearch("z=2")
	if v, ok := p.Get("z"); v != "2" || !ok || p != u.SearchParams() {
		t.Error("the list does not follow", v, ok)
	}
	if got := u.Origin(); got != "https://h:8443" {
		t.Error("origin", got)
	}
	var bad *InvalidURL
	if _, err := ParseURL("x", nil); err == nil || !asInvalid(err, &bad) || bad.Input != "x" {
		t.Errorf("%v", err)
	}
	if err := u.SetHref("nope"); err == nil || u.Query() != "z=2" {
		t.Error("a failed SetHref changes the URL")
	}
}

func asInvalid(err error, target **InvalidURL) bool {
	e, ok := err.(*InvalidURL)
	*target = e
	return ok
}

// The list answers the same before and after it is parsed.
func TestSearchParamsLazy(t *testing.T) {
	word := rapid.OneOf(rapid.StringMatching(`[a-c]{0,2}`), rapid.SampledFrom([]string{"%61", "a+", "%", "%zz", "é", "%C3%A9", "a%20", "\xff", "%ff"}))
	rapid.Check(t, func(t *rapid.T) {
		var parts []string
		for range rapid.IntRange(0, 5).Draw(t, "pairs") {
			s := word.Draw(t, "name")
			if rapid.Bool().Draw(t, "=") {
				s += "=" + word.Draw(t, "value")
			}
			parts = append(parts, s)
		}
		query := strings.Join(parts, "&")
		lazy, list := ParseSearchParams(query), ParseSearchParams(query)
		list.parse()
		name := rapid.OneOf(word, rapid.SampledFrom([]string{"a ", "\uFFFD", ""})).Draw(t, "get")
		v1, ok1 := lazy.Get(name)
		v2, ok2 := list.Get(name)
		if v1 != v2 || ok1 != ok2 || lazy.Has(name) != list.Has(name) || lazy.Has(name, v2) != list.Has(name, v2) || lazy.Size() != list.Size() ||
			strings.Join(lazy.GetAll(name), "|") != strings.Join(list.GetAll(name), "|") || lazy.parsed {
			t.Fatalf("%q.get(%q): %q %v unparsed, %q %v parsed", query, name, v1, ok1, v2, ok2)
		}
		round := ParseSearchParams(list.String())
		round.parse()
		if len(round.list) != len(list.list) {
			t.Fatalf("%q round trips to %q", query, list.String())
		}
		for i := range round.list {
			if round.list[i] != list.list[i] {
				t.Fatalf("%q round trips to %q", query, list.String())
			}
		}
	})
}

func FuzzSearchParams(f *testing.F) {
	f.Add("a=1&b=%zz&c+d=%F0%9F&&=")
	f.Fuzz(func(t *testing.T, q string) {
		p := ParseSearchParams(q)
		s := p.String()
		if again := ParseSearchParams(s).String(); again != s {
			t.Errorf("%q serialises to %q, and that to %q", q, s, again)
		}
	})
}

func BenchmarkParseURL(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseURL("http://localhost:3000/api/users/12?q=1&z=2", nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResolveURL(b *testing.B) {
	base, err := ParseURL("http://localhost:3000/api/users/12?q=1&z=2", nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseURL("/login?next=x", base); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSearchParamsGet(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		p := ParseSearchParams("page=2&sort=name&q=1&z=2")
		if v, _ := p.Get("q"); v != "1" {
			b.Fatal(v)
		}
	}
}

// BenchmarkScriptSearchParams is what a handler does with a fresh request.
func BenchmarkScriptSearchParams(b *testing.B) {
	onIsolate(b, func(e *Env) {
		e.eval(b, `var f = u => u.searchParams.get('q')`)
		f, _ := goja.AssertFunction(e.rt.Get("f"))
		b.ReportAllocs()
		for b.Loop() {
			u, err := ParseURL("http://localhost:3000/api/users/12?q=1&z=2", nil)
			if err != nil {
				b.Fatal(err)
			}
			if v, err := f(goja.Undefined(), e.NewURL(u)); err != nil || v.String() != "1" {
				b.Fatal(v, err)
			}
		}
	})
}

// BenchmarkParseURLFull is a URL that takes the long way.
func BenchmarkParseURLFull(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseURL("HTTP://localhost:3000/api/../users/12?q=1&z=2 3", nil); err != nil {
			b.Fatal(err)
		}
	}
}
