package next

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/dop251/goja"
)

// A recordedUserAgent is a header and what Next.js 16.4.6 said of it, recorded
// by testdata/useragent/record.cjs. Next.js 15.3.4 says the same but that
// GPTBot is no bot.
type recordedUserAgent struct {
	Group string
	UA    string
	Want  json.RawMessage
}

// A knownDifference is a header for which Portico answers otherwise on purpose:
// Answer has the parts that differ.
type knownDifference struct {
	UA     string
	Reason string
	Answer map[string]any
}

func readTestdata[T any](t testing.TB, name string) []T {
	t.Helper()
	data, err := os.ReadFile("testdata/useragent/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var list []T
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return list
}

// userAgentJSON is JSON.stringify(userAgentFromString(ua)).
func userAgentJSON(t *testing.T, m *Modules, ua string) string {
	t.Helper()
	stringify, ok := goja.AssertFunction(m.rt.Get("JSON").ToObject(m.rt).Get("stringify"))
	if !ok {
		t.Fatal("no JSON.stringify")
	}
	v, err := stringify(goja.Undefined(), m.userAgent(ua))
	if err != nil {
		t.Fatal(err)
	}
	return v.String()
}

func decodeParts(t *testing.T, answer string) map[string]any {
	t.Helper()
	var parts map[string]any
	if err := json.Unmarshal([]byte(answer), &parts); err != nil {
		t.Fatal(err)
	}
	return parts
}

func TestUserAgentIsNextsAnswer(t *testing.T) {
	corpus := readTestdata[recordedUserAgent](t, "corpus.json")
	known := map[string]knownDifference{}
	for _, k := range readTestdata[knownDifference](t, "known.json") {
		if k.Reason == "" {
			t.Errorf("%q is known to differ, but not why", k.UA)
		}
		known[k.UA] = k
	}
	if len(corpus) < 300 || len(known)*100 > len(corpus)*3 {
		t.Errorf("%d of %d headers may differ, want under 3 %% of at least 300", len(known), len(corpus))
	}
	m := &Modules{rt: goja.New()}
	for _, c := range corpus {
		got, want := userAgentJSON(t, m, c.UA), string(c.Want)
		k, differs := known[c.UA]
		if !differs {
			if got != want { // the order of keys too
				t.Errorf("%s: %.300q\n got %s\nwant %s", c.Group, c.UA, got, want)
			}
			continue
		}
		delete(known, c.UA)
		gotParts, wantParts := decodeParts(t, got), decodeParts(t, want)
		for part, answer := range k.Answer {
			if reflect.DeepEqual(answer, wantParts[part]) {
				t.Errorf("%.300q: known.json has the %s that Next.js answers", c.UA, part)
			}
			wantParts[part] = answer
		}
		if !reflect.DeepEqual(gotParts, wantParts) {
			t.Errorf("%s: %.300q\n got %v\nwant %v", c.Group, c.UA, gotParts, wantParts)
		}
	}
	for ua := range known {
		t.Errorf("%q is in known.json but not in corpus.json", ua)
	}
}

func TestUserAgentKeys(t *testing.T) {
	m := &Modules{rt: goja.New()}
	if err := m.rt.Set("parse", m.userAgent); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ script, want string }{
		{`Object.keys(parse("")).join()`, "ua,browser,engine,os,device,cpu,isBot"},
		{`Object.keys(parse("").browser).join()`, "name,version,major"},
		{`"type" in parse("Mozilla/5.0 (X11; Linux x86_64)").device`, "true"},
		{`Object.keys(parse("Version/17.1 Mobile/15E148 Safari/604.1").browser).join()`, "name,version,major"},
		{`JSON.stringify(parse("Chrome/abc").browser)`, `{"name":"Chrome","version":"abc","major":""}`},
		{`const a = parse("x"); a.isBot = 1; a.browser.name = "y"; JSON.stringify([a.isBot, a.browser])`, `[1,{"name":"y"}]`},
	} {
		v, err := m.rt.RunString("{" + c.script + "}")
		if err != nil {
			t.Errorf("%s: %v", c.script, err)
		} else if v.String() != c.want {
			t.Errorf("%s = %s, want %s", c.script, v, c.want)
		}
	}
}

// Next.js cuts at 350 UTF-16 units, trims only what it cuts, and looks for bots
// in all of it.
func TestUserAgentIsCut(t *testing.T) {
	const chrome = "Chrome/99.0"
	for _, c := range []struct {
		name, ua, cut, browser string
	}{
		{"at the limit", strings.Repeat("x", 338) + " " + chrome, "", "Chrome"},
		{"one over", strings.Repeat("x", 339) + " " + chrome, strings.Repeat("x", 339) + " Chrome/99.", "Chrome"},
		{"short with spaces", "  " + chrome + "  ", "", "Chrome"},
		{"long with spaces", strings.Repeat(" \u00a0\ufeff\n", 200) + chrome + strings.Repeat(" ", 339), chrome + strings.Repeat(" ", 339), "Chrome"},
		{"two bytes, one unit", strings.Repeat("é", 338) + " " + chrome, "", "Chrome"},
		{"four bytes, two units", strings.Repeat("🦊", 169) + " " + chrome, "", "Chrome"},
		{"four bytes, two units, over", strings.Repeat("🦊", 176), strings.Repeat("🦊", 175), ""},
		{"never half a character", "x" + strings.Repeat("🦊", 176), "x" + strings.Repeat("🦊", 174), ""},
		{"not UTF-8", strings.Repeat("\xff", 338) + " " + chrome, "", "Chrome"},
	} {
		want := c.cut
		if want == "" {
			want = c.ua
		}
		got := parseUserAgent(c.ua)
		if got.UA != want || got.Browser.Name != c.browser {
			t.Errorf("%s: browser %q of %q, want %q of %q", c.name, got.Browser.Name, got.UA, c.browser, want)
		}
	}
	if far := strings.Repeat("x", 5000) + "gooGLEbot"; !parseUserAgent(far).IsBot {
		t.Error("a bot's name after the cut is not seen")
	}
}

func TestIsBot(t *testing.T) {
	for ua, want := range map[string]bool{
		"": false, "g": false, "google": false, "Googlebo": false,
		"GoogleBot": true, "xGooglebotx": true, "Quora Link Preview/1.0": true, "WHATSAPP": true,
		"curl/8.5.0": false, "ClaudeBot/1.0": false, "GPTBot": true, "\xffslurp\xff": true,
		"ſlackbot": false, // no more than ASCII case is folded
	} {
		if got := isBot(ua); got != want {
			t.Errorf("isBot(%q) = %v, want %v", ua, got, want)
		}
	}
	for _, name := range botNames {
		if name != strings.ToLower(name) || !isBot("a "+strings.ToUpper(name)) {
			t.Errorf("the bot %q is not found", name)
		}
	}
}

// A rule that an earlier one hides, or that cannot match, is a mistake.
func TestEveryModelShapeMatches(t *testing.T) {
	example := strings.NewReplacer("#", "1", "@", "q", "~", "-")
	for i := range modelRules {
		r := &modelRules[i]
		for shape := range strings.SplitSeq(r.shapes, "|") {
			text, open := strings.CutSuffix(shape, "*")
			text = example.Replace(strings.Replace(text, ">", "", 1))
			if open {
				text += "7"
			}
			ua := "Mozilla/5.0 (Linux; Android 12; " + text + " Build/1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36"
			if d := parseUserAgent(ua).Device; d.Vendor != r.vendor || d.Type != r.typ {
				t.Errorf("%q of %s (%s) is %+v", text, r.vendor, r.typ, d)
			}
		}
	}
}

func FuzzParseUserAgent(f *testing.F) {
	for _, c := range readTestdata[recordedUserAgent](f, "corpus.json") {
		f.Add(c.UA)
	}
	f.Fuzz(func(t *testing.T, ua string) {
		a := parseUserAgent(ua)
		if !reflect.DeepEqual(a, parseUserAgent(ua)) {
			t.Fatal("two answers to one header")
		}
		if n := len(utf16.Encode([]rune(a.UA))); n > maxUserAgent {
			t.Errorf("ua has %d units", n)
		}
		if !strings.Contains(ua, a.UA) {
			t.Errorf("ua %q is not in the header", a.UA)
		}
		if a.Browser.Name == "" && a.Browser.Version != "" || a.OS.Name == "" && a.OS.Version != "" || a.Engine.Name == "" && a.Engine.Version != "" {
			t.Errorf("a version of nothing: %+v", a)
		}
		for _, s := range []string{
			a.Browser.Name, a.Browser.Version, a.Browser.Major, a.Engine.Name, a.Engine.Version, a.OS.Name, a.OS.Version,
			a.Device.Vendor, a.Device.Model, a.Device.Type, a.CPU.Architecture,
		} {
			if len(s) > len(a.UA)+len(sonyTablet) {
				t.Errorf("%q is longer than the header", s)
			}
		}
		// What is cut off says nothing, but for isBot.
		cut := parseUserAgent(a.UA)
		if cut.IsBot = a.IsBot; !reflect.DeepEqual(a, cut) {
			t.Errorf("%+v, but cut %+v", a, cut)
		}
	})
}

func BenchmarkParseUserAgent(b *testing.B) {
	for _, c := range []struct{ name, ua string }{
		{"desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"},
		{"phone", "Mozilla/5.0 (Linux; Android 13; SM-A515F Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/119.0.6045.163 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/442.0.0.44.114;]"},
		{"hostile", strings.Repeat("Chrome wv Mac OS (", 1000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parseUserAgent(c.ua)
			}
		})
	}
}
