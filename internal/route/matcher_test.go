package route

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func mustMatcher(t testing.TB, spec MatcherSpec, o RuleOptions) *Matcher {
	t.Helper()
	m, err := NewMatcher(spec, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMatcher(t *testing.T) {
	session := []Condition{{Type: "cookie", Key: "session"}}
	for _, c := range []struct {
		spec    MatcherSpec
		request Request
		want    bool
	}{
		{MatcherSpec{Source: "/((?!api|_next/static|_next/image|favicon.ico).*)"}, Request{Path: "/"}, true},
		{MatcherSpec{Source: "/((?!api|_next/static|_next/image|favicon.ico).*)"}, Request{Path: "/api/x"}, false},
		{MatcherSpec{Source: "/((?!api|_next/static|_next/image|favicon.ico).*)"}, Request{Path: "/apix"}, false},
		{MatcherSpec{Source: "/((?!api|_next/static|_next/image|favicon.ico).*)"}, Request{Path: "/API"}, true},
		{MatcherSpec{Source: "/((?!api).*)"}, Request{Path: "/%61pi/x"}, true}, // the router has no such route
		{MatcherSpec{Source: "/admin/:path*"}, Request{Path: "/admin"}, true},
		{MatcherSpec{Source: "/admin/:path*"}, Request{Path: "/admin/"}, true},
		{MatcherSpec{Source: "/admin/:path*"}, Request{Path: "/admin/a%2Fb"}, true},
		{MatcherSpec{Source: "/admin/:path*"}, Request{Path: "/%61dmin/a"}, true},
		{MatcherSpec{Source: "/admin/:path*"}, Request{Path: "/administrator"}, false},
		{MatcherSpec{Source: "/admin/:path*"}, Request{Path: "/Admin"}, false},
		{MatcherSpec{Source: "/admin/:id"}, Request{Path: "/admin/a%2Fb"}, true},
		{MatcherSpec{Source: "/admin"}, Request{Path: "/admin.json"}, true},
		{MatcherSpec{Source: "/admin"}, Request{Path: "/admin.rsc"}, true},
		{MatcherSpec{Source: "/admin"}, Request{Path: "/admin.txt"}, false},
		{MatcherSpec{Source: "/café/:id"}, Request{Path: "/caf%C3%A9/1"}, true},
		{MatcherSpec{Source: "/café/:id"}, Request{Path: "/caf%c3%a9/a%2Fb"}, true},
		{MatcherSpec{Source: "/caf%c3%a9/:id"}, Request{Path: "/caf%C3%A9/a%2Fb"}, true},
		{MatcherSpec{Source: "/caf%C3%A9/:id"}, Request{Path: "/caf%c3%a9/a%2fb"}, true},
		{MatcherSpec{Source: "/a b"}, Request{Path: "/a%20b"}, true},
		{MatcherSpec{Source: "/a"}, Request{Path: "/%"}, false},
		{MatcherSpec{Source: "/a", Has: session}, Request{Path: "/a"}, false},
		{MatcherSpec{Source: "/a", Has: session}, Request{Path: "/a", Header: http.Header{"Cookie": {"session=1"}}}, true},
		{MatcherSpec{Source: "/a", Has: session}, Request{Path: "/b", Header: http.Header{"Cookie": {"session=1"}}}, false},
		{MatcherSpec{Source: "/a", Missing: session}, Request{Path: "/a"}, true},
		{MatcherSpec{Source: "/a", Missing: session}, Request{Path: "/a", Header: http.Header{"Cookie": {"x=2", "session=1"}}}, false},
		{MatcherSpec{Source: "/a", Missing: []Condition{{Type: "header", Key: "host", Value: "x.*"}}}, Request{Path: "/a", Host: "x.example:80"}, false},
	} {
		m := mustMatcher(t, c.spec, RuleOptions{})
		if got, err := m.Match(&c.request); err != nil || got != c.want {
			t.Errorf("%+v on %s: %v, %v", c.spec, c.request.Path, got, err)
		}
		if m.Source() != c.spec.Source || m.Backtracks() {
			t.Errorf("source %q, backtracks %v", m.Source(), m.Backtracks())
		}
	}
}

func TestMatcherBelowBasePath(t *testing.T) {
	m := mustMatcher(t, MatcherSpec{Source: "/"}, RuleOptions{BasePath: "/docs"})
	for path, want := range map[string]bool{"/docs": true, "/docs/": true, "/": false, "/docs/a": false, "/docsx": false} {
		if got, err := m.Match(&Request{Path: path}); err != nil || got != want {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
}

func TestMatcherProblems(t *testing.T) {
	for source, want := range map[string]string{
		"":                                "`source` is missing",
		"about":                           "`source` does not start with /",
		"/a(":                             "unbalanced pattern at 2",
		"/a(b(c))":                        "capturing groups are not allowed at 4",
		"/a*":                             "unexpected MODIFIER at 2, expected END",
		"/:":                              "missing parameter name at 1",
		"/(?!api)x":                       `pattern cannot start with "?" at 2`,
		"/:a:b":                           "must have text between two parameters",
		"/:a([b-a])":                      "invalid regular expression: range out of order in character class",
		"/:a(b{99999})":                   "cannot be matched in linear time",
		"/" + strings.Repeat("a", 4096):   "exceeds max built length of 4096",
		"/a((?<year>b))":                  "has a named group inside of a parameter",
		"/x\xff":                          "is not UTF-8",
		"/((?:(?:a{1,99}){1,99}){1,99}x)": "cannot be matched in linear time",
	} {
		_, err := NewMatcher(MatcherSpec{Source: source, Place: "middleware.ts:3:5: matcher[0]"}, RuleOptions{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "middleware.ts:3:5: matcher[0]: ") || !strings.Contains(err.Error(), "\nhint: ") {
			t.Errorf("%q: %v, want %q", source, err, want)
		}
	}
}

// fakeBacktracker finds a text, for the rules that need an engine that
// backtracks.
type fakeBacktracker struct {
	expr string
	err  error
}

func (f *fakeBacktracker) Find(s string) ([]int, error) {
	if f.err != nil || !strings.HasSuffix(s, "aa") {
		return nil, f.err
	}
	return []int{0, len(s), len(s) - 2, len(s) - 1, len(s) - 1, len(s)}, nil
}

func TestBacktracker(t *testing.T) {
	fake := &fakeBacktracker{}
	o := RuleOptions{Backtrack: func(expr string, ignoreCase bool) (Backtracker, error) {
		fake.expr = fmt.Sprint(expr, ignoreCase)
		return fake, nil
	}}
	d := mustRedirect(t, RuleSpec{Source: `/:a(a)/(\1)`, Destination: "/x/:a"}, o)
	if want := `^(?!\/_next)(?:\/(a))(?:\/(\1))(?:\/)?$true`; fake.expr != want || !d.Backtracks() {
		t.Errorf("the engine was given %s, want %s; backtracks: %v", fake.expr, want, d.Backtracks())
	}
	if location, _, ok, err := d.Apply(&Request{Path: "/aa"}); !ok || err != nil || location != "/x/a" {
		t.Errorf("%q, %v, %v", location, ok, err)
	}
	if _, _, ok, err := d.Apply(&Request{Path: "/ab"}); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	m := mustMatcher(t, MatcherSpec{Source: "/b", Has: []Condition{{Type: "query", Key: "q", Value: `(?<x>a)\k<x>`}}}, o)
	if ok, err := m.Match(&Request{Path: "/b", RawQuery: "q=aa"}); !ok || err != nil || !m.Backtracks() {
		t.Errorf("%v, %v, backtracks: %v", ok, err, m.Backtracks())
	}
	// A match that is not decided is an error.
	fake.err = errors.New("time limit")
	if ok, err := m.Match(&Request{Path: "/b", RawQuery: "q=aa"}); ok || !errors.Is(err, fake.err) {
		t.Errorf("%v, %v", ok, err)
	}
	if _, _, ok, err := d.Apply(&Request{Path: "/aa"}); ok || !errors.Is(err, fake.err) {
		t.Errorf("%v, %v", ok, err)
	}
	o.Backtrack = func(string, bool) (Backtracker, error) { return nil, errors.New("no such group") }
	if _, err := NewMatcher(MatcherSpec{Source: `/:a(a)(\1)`}, o); err == nil || !strings.Contains(err.Error(), "no such group") {
		t.Errorf("%v", err)
	}
}

// TestLimits: what is too long to be matched is an error, and not a request
// that does not match.
func TestLimits(t *testing.T) {
	long := strings.Repeat("a", maxText+1)
	m := mustMatcher(t, MatcherSpec{Source: "/:path*", Missing: []Condition{{Type: "header", Key: "x-a", Value: "b.*"}}}, RuleOptions{})
	var limit *LimitError
	if ok, err := m.Match(&Request{Path: "/" + long}); ok || !errors.As(err, &limit) || limit.What != "the path" {
		t.Errorf("%v, %v", ok, err)
	}
	if ok, err := m.Match(&Request{Path: "/x", Header: http.Header{"X-A": {"b" + long}}}); ok || !errors.As(err, &limit) || limit.What != `header "X-A"` {
		t.Errorf("%v, %v", ok, err)
	}
}

// TestLinear runs expressions that take a backtracking engine longer than the
// world has stood.
func TestLinear(t *testing.T) {
	many := strings.Repeat("a", maxText-2)
	for _, source := range []string{
		"/((?:a+)+)b", "/((?:a|a)*)b", "/((?:a*)*)b", "/((?:a|aa)+)b", "/((?!(?:a+)+b).*)b", "/(.*.*.*.*.*x)",
		"/((?:(?!x.*y.*z)a)*)b", "/((?:(?=a*a*a*)a)*)b", "/((?:(?<=a*)a)*)b", "/:a(.*):b(.*):c(.*):d(.*)-", "/:a*/:b*/:c*/d",
		"/((?:.*a){10})b",
	} {
		s, err := CompileSource(source, SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/" + many, "/" + strings.Repeat("a/", len(many)/2)} {
			if _, ok, err := s.Match(path); ok || err != nil {
				t.Errorf("%s: %v, %v", source, ok, err)
			}
		}
	}
}

// TestReachedIsMatched: whatever path reaches a route, written as it may be, the
// matcher of that route's path matches too.
func TestReachedIsMatched(t *testing.T) {
	type pair struct{ route, matcher string }
	var pairs []pair
	for _, folder := range []string{"admin", "a b", "ä", "a%2Fb", "a+b", "Admin", "a~b", "%41", "[x"} {
		literal := strings.NewReplacer("+", `\+`).Replace(folder)
		for _, below := range []pair{{"", ""}, {"/[id]", "/:id"}, {"/[...p]", "/:p+"}, {"/[[...p]]", "/:p*"}, {"/[id]/x", "/:id/x"}} {
			pattern, err := Parse("/" + folder + below.route)
			if err != nil {
				t.Fatal(err)
			}
			pairs = append(pairs, pair{"/" + folder + below.route, "/" + literal + below.matcher})
			// And written as the request has it.
			first := strings.Split(pattern.String(), "/")[1]
			pairs = append(pairs, pair{"/" + folder + below.route, "/" + strings.NewReplacer("+", `\+`).Replace(first) + below.matcher})
		}
	}
	type reach struct {
		table   *Table[int]
		matcher *Matcher
		pair    pair
	}
	var all []reach
	for _, p := range pairs {
		pattern, err := Parse(p.route)
		if err != nil {
			t.Fatal(err)
		}
		table, err := NewTable([]Entry[int]{{Pattern: pattern}})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, reach{table, mustMatcher(t, MatcherSpec{Source: p.matcher}, RuleOptions{}), p})
	}
	reached := 0
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(all).Draw(t, "route")
		word := rapid.SampledFrom([]string{"admin", "a b", "ä", "a/b", "a+b", "Admin", "A", "[x", "x", "é/", "%"})
		var path strings.Builder
		first, _, _ := strings.Cut(strings.TrimPrefix(r.pair.route, "/"), "/")
		words := append([]string{first}, rapid.SliceOfN(word, 0, 3).Draw(t, "words")...)
		for _, w := range words {
			if text, err := url.PathUnescape(w); err == nil {
				w = text
			}
			path.WriteByte('/')
			for i := 0; i < len(w); i++ {
				switch rapid.IntRange(0, 3).Draw(t, "how") {
				case 0:
					fmt.Fprintf(&path, "%%%02x", w[i])
				case 1:
					fmt.Fprintf(&path, "%%%02X", w[i])
				default:
					if w[i] == '/' || w[i] == '%' {
						fmt.Fprintf(&path, "%%%02X", w[i])
					} else {
						path.WriteByte(w[i])
					}
				}
			}
		}
		if rapid.Bool().Draw(t, "slash") {
			path.WriteByte('/')
		}
		clean, _, err := Clean(path.String())
		if err != nil {
			return
		}
		if e, _, err := r.table.Lookup(clean); e == nil || err != nil {
			return
		}
		reached++
		if ok, err := r.matcher.Match(&Request{Path: clean}); !ok || err != nil {
			t.Fatalf("%s reaches %s, but the matcher %s: %v, %v", clean, r.pair.route, r.pair.matcher, ok, err)
		}
	})
	if reached == 0 && !testing.Short() { // then rapid tries a few times only
		t.Error("no path has reached its route")
	}
}

// A guard takes any case, as rewrites do, and every form of a path that a
// matcher takes.
func TestGuard(t *testing.T) {
	for _, c := range []struct {
		source, path string
		sensitive    bool
		want         bool
	}{
		{"/admin/:path*", "/admin/a", false, true},
		{"/admin/:path*", "/ADMIN/a", false, true},
		{"/admin/:path*", "/%41dmin/a", false, true},
		{"/admin/:path*", "/ADMIN/a", true, false},
		{"/admin/:path*", "/admin/a", true, true},
		{"/admin/:path*", "/%61dmin/a", true, true},
		{"/admin/:path*", "/administrator", false, false},
		{"/café", "/CAF%C3%89", false, true},
	} {
		m, err := NewGuard(MatcherSpec{Source: c.source}, RuleOptions{CaseSensitive: c.sensitive})
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := m.Match(&Request{Path: c.path}); err != nil || ok != c.want {
			t.Errorf("%s of %s: %v, %v, want %v", c.source, c.path, ok, err, c.want)
		}
	}
}
