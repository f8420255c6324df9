package conformance

import (
	"bytes"
	"strings"
	"testing"
)

// Every transcript in the tree can be read, has answers for every entry, and
// every override says why.
func TestTranscriptsAreComplete(t *testing.T) {
	total := 0
	for _, file := range transcripts(t) {
		tr, err := Load(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if len(tr.Versions) < 2 {
			t.Errorf("%s: recorded with %v; want two versions (make record)", file, tr.Versions)
			continue
		}
		for _, e := range tr.Entries {
			for _, v := range tr.Versions {
				if e.next[v] == nil {
					t.Errorf("%s:%d: %s has no answer of next@%s (make record)", file, e.Line, e.ID, v)
				}
			}
			if _, err := e.expected(tr.Versions[len(tr.Versions)-1]); err != nil {
				t.Errorf("%s:%d: %s: %v", file, e.Line, e.ID, err)
			}
			if !e.Build {
				if _, _, err := e.bytes(Vars{Addr: "127.0.0.1:1"}); err != nil {
					t.Errorf("%s:%d: %s: %v", file, e.Line, e.ID, err)
				}
			}
		}
		total += len(tr.Entries)
	}
	t.Logf("%d entries", total)
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"line before an entry", "> GET /\n", "t:1: a line before the first entry"},
		{"unknown line", "== a\n> GET /\n? x\n", `t:3: do not understand "? x"`},
		{"twice", "== a\n> GET /\n== a\n", "t:3: entry a is there twice"},
		{"bad id", "== A b\n", `t:1: bad entry id "A b"`},
		{"no request", "== a\n== b\n", "t:1: a: no request"},
		{"no version", "== a\n> GET /\n< 200\n", `t:1: a: an answer must begin with its versions: "200"`},
		{"no status", "== a\n> GET /\n< next 1.2.3\n< x\n", `t:1: a: want a status, have "x"`},
		{"empty answer", "== a\n> GET /\n< next 1.2.3\n", "t:1: a: an empty answer"},
		{"bad header", "== a\n> GET /\n< next 1.2.3\n< 200\n< no header\n", `t:1: a: want a header, have "no header"`},
		{"upper-case header", "== a\n> GET /\n< next 1.2.3\n< 200\n< Date: x\n", `t:1: a: want a header, have "Date: x"`},
		{"no reason", "== a\n> GET /\n! 200\n", "t:1: a: Portico's expectation must begin with `! reason: …`"},
		{"empty reason", "== a\n> GET /\n! reason: \n", "t:1: a: Portico's expectation must begin with `! reason: …`"},
		{"bad mask", "== a\n@mask ( -> b\n", "t:2: @mask: error parsing regexp: missing closing ): `(`"},
		{"mask without name", "== a\n@mask x\n", "t:2: @mask wants PATTERN -> NAME: x"},
		{"unknown directive", "== a\n@foo\n", "t:2: unknown directive @foo"},
		{"no duration", "== a\n@advance 1d\n", "t:2: @advance wants a duration such as 90s, 5m or 1h30m: 1d"},
		{"no way back", "== a\n@advance -1s\n", "t:2: @advance wants a duration such as 90s, 5m or 1h30m: -1s"},
		{"after what", "== a\n@after key\n", "t:2: @after wants KEY N: key"},
		{"too many times", "== a\n@times 1000\n", "t:2: @times wants a number up to 100: 1000"},
		{"captures nothing", "== a\n@capture x y\n", "t:2: @capture wants NAME and a PATTERN with one group: x y"},
		{"unknown head directive", "@foo\n", "t:1: unknown directive @foo"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse("t", c.text)
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestExpected(t *testing.T) {
	const head = "@recorded next@1.0.0 next@2.0.0\n== a\n> GET /\n" +
		"< next 1.0.0\n< 404\n< x: old\n< next 2.0.0\n< 200\n< content-type: text/plain\n< x: new\n<\n< two\n< lines\n"
	for _, c := range []struct {
		name, override string
		status         int
		headers, body  string
	}{
		{"newest", "", 200, "content-type=text/plain x=new", "two\nlines"},
		{"like", "! reason: r\n! like next 1.0.0\n", 404, "x=old", ""},
		{"set", "! reason: r\n! allow: GET\n! x: ours\n", 200, "content-type=text/plain allow=GET x=ours", "two\nlines"},
		{"two lines", "! reason: r\n! x: 1\n! x: 2\n", 200, "content-type=text/plain x=1 x=2", "two\nlines"},
		{"drop", "! reason: r\n! -x\n", 200, "content-type=text/plain", "two\nlines"},
		{"body", "! reason: r\n!\n! other\n", 200, "content-type=text/plain x=new", "other"},
		{"whole", "! reason: r\n! 405\n! allow: GET\n", 405, "allow=GET", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, err := parse("t", head+c.override)
			if err != nil {
				t.Fatal(err)
			}
			a, err := tr.Entries[0].expected("2.0.0")
			if err != nil {
				t.Fatal(err)
			}
			var headers []string
			for _, h := range a.Headers {
				headers = append(headers, h.Name+"="+h.Value)
			}
			if got := strings.Join(headers, " "); a.Status != c.status || got != c.headers || a.Body != c.body {
				t.Errorf("got %d, %s, %q; want %d, %s, %q", a.Status, got, a.Body, c.status, c.headers, c.body)
			}
		})
	}
}

func TestRequestBytes(t *testing.T) {
	vars := Vars{Addr: "127.0.0.1:4000", Upstream: "127.0.0.1:5000"}
	for _, c := range []struct{ name, entry, want string }{
		{"plain", "> GET /a", "GET /a HTTP/1.1\r\nHost: localhost:4000\r\nConnection: close\r\n\r\n"},
		{"body", "> POST /a\n> X: 1\n>\n> a\n> b", "POST /a HTTP/1.1\r\nHost: localhost:4000\r\nX: 1\r\nContent-Length: 3\r\nConnection: close\r\n\r\na\nb"},
		{"empty body", "> POST /a\n>", "POST /a HTTP/1.1\r\nHost: localhost:4000\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
		{"own host", "> GET /a\n> host: {{addr}}\n> connection: keep-alive", "GET /a HTTP/1.1\r\nhost: 127.0.0.1:4000\r\nconnection: keep-alive\r\n\r\n"},
		{"escapes", "> GET /a\\\\b\\xff", "GET /a\\b\xff HTTP/1.1\r\nHost: localhost:4000\r\nConnection: close\r\n\r\n"},
		{"many", "> GET /{{3 q}}", "GET /qqq HTTP/1.1\r\nHost: localhost:4000\r\nConnection: close\r\n\r\n"},
		{"raw", "@raw\n> GET /a HTTP/1.0", "GET /a HTTP/1.0\r\n\r\n"},
		{"upstream", "@to upstream\n> GET {{upstream}}/a", "GET http://127.0.0.1:5000/a HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nConnection: close\r\n\r\n"},
		{"repeat", "> POST /a\n> Content-Length: 6\n> Connection: close\n>\n> @repeat 3 ab", "POST /a HTTP/1.1\r\nHost: localhost:4000\r\nContent-Length: 6\r\nConnection: close\r\n\r\nababab"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, err := parse("t", "== a\n"+c.entry+"\n")
			if err != nil {
				t.Fatal(err)
			}
			_, got, err := tr.Entries[0].bytes(vars)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestParseKnown(t *testing.T) {
	tr := &Transcript{File: "t", Entries: []*Entry{{ID: "a"}, {ID: "b"}}}
	for _, c := range []struct{ text, want string }{
		{"# comment\n\na  a reason\nb other\n", ""},
		{"a\n", "k:1: a has no reason"},
		{"a x\na y\n", "k:2: a is there twice"},
		{"c x\n", "k:1: no entry c in t"},
	} {
		_, err := parseKnown("k", c.text, tr)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%q: %v", c.text, err)
		case c.want != "" && (err == nil || err.Error() != c.want):
			t.Errorf("%q: got %v, want %s", c.text, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("@recorded next@1.2.3\n== a\n@mask x -> y\n> POST /\n>\n> b\n< next 1.2.3\n< 200 OK\n< a: b\n<\n< \\xff\n! reason: r\n! -a\n")
	f.Fuzz(func(t *testing.T, text string) {
		tr, err := parse("t", text)
		if err != nil {
			return
		}
		for _, e := range tr.Entries {
			if e.Build {
				continue
			}
			// Neither may panic; what they say is their own business.
			_, _ = e.expected("1.2.3")
			_, _, _ = e.bytes(Vars{Addr: "127.0.0.1:1"})
		}
	})
}

func FuzzEscape(f *testing.F) {
	f.Add([]byte("a\\b\n\r\t\x00\xff "))
	f.Add([]byte("\ufeffé\u2028"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := escape(b)
		if strings.ContainsAny(s, "\n\r") {
			t.Fatalf("%q is not one line", s)
		}
		back, err := unescape(s)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(back, b) {
			t.Fatalf("%q became %q", b, back)
		}
	})
}
