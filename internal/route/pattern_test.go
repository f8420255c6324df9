package route

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		in, out string // out is empty when it is in
		static  bool
		names   []string
	}{
		{in: "/", static: true},
		{in: "/api/users", static: true},
		{in: "/api/users/[id]", names: []string{"id"}},
		{in: "/[a]/x/[b]/[...c]", names: []string{"a", "b", "c"}},
		{in: "/[...slug]", names: []string{"slug"}},
		{in: "/docs/[[...slug]]", names: []string{"slug"}},
		// Names may hold '-' and '_'.
		{in: "/[user-id]/[...rest_of]", names: []string{"user-id", "rest_of"}},
		{in: "/[größe]", names: []string{"größe"}},
		// Only a whole segment is dynamic.
		{in: "/[c]d", static: true},
		{in: "/a[b]", static: true},
		{in: "/[e", static: true},
		{in: "/e]", static: true},
		{in: "/[", static: true},
		{in: "/rss.xml", static: true},
		{in: "/.well-known/thing", static: true},
		{in: "/(group)/@slot", static: true}, // conventions of folders, not of patterns
		// What needs an escape in a URL is stored with it.
		{in: "/sp ace", out: "/sp%20ace", static: true},
		{in: "/sp%20ace", static: true},
		{in: "/tärget", out: "/t%C3%A4rget", static: true},
		{in: "/t%c3%a4rget", out: "/t%C3%A4rget", static: true},
		{in: "/%5Fname", out: "/_name", static: true},
		{in: "/%6dy", out: "/my", static: true},
		{in: "/100%", out: "/100%25", static: true},
		{in: "/a?b#c", out: "/a%3Fb%23c", static: true},
		{in: "/a%2Fb", static: true},
		{in: "/!$&'()*+,;=:@|~-._", static: true},
		{in: "/...", static: true},
	}
	for _, tt := range tests {
		p, err := Parse(tt.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.in, err)
			continue
		}
		want := tt.out
		if want == "" {
			want = tt.in
		}
		if p.String() != want || p.Static() != tt.static || !slices.Equal(p.ParamNames(), tt.names) {
			t.Errorf("Parse(%q) = %q, static %v, names %q; want %q, %v, %q",
				tt.in, p, p.Static(), p.ParamNames(), want, tt.static, tt.names)
		}
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ in, text, hint string }{
		{"", "does not start with a slash", "write /"},
		{"a/b", "does not start with a slash", "write /a/b"},
		{"GET /a", "does not start with a slash", "write /a; a handler's methods"},
		{"/a/", "ends in a slash", "write /a;"},
		{"//", "ends in a slash", "write /;"},
		{"/a//b", "has an empty segment", ""},
		{"/users/{id}", "is not how a parameter is written", "write [id]"},
		{"/users/{rest...}", "is not how a parameter is written", "write [...rest]"},
		{"/users/:id", "is not how a parameter is written", "write [id]"},
		{"/users/:path*", "is not how a parameter is written", "write [[...path]]"},
		// The texts of Next.js.
		{"/[id]/[id]", `you cannot have the same slug name "id" repeat within a single dynamic path in route "/[id]/[id]"`, ""},
		{"/[id]/x/[...id]", `the same slug name "id" repeat`, ""},
		{"/[user-id]/[userid]", `the slug names "user-id" and "userid" differ only by non-word symbols within a single dynamic path`, ""},
		{"/[...a]/x", `catch-all must be the last part of the URL in route "/[...a]/x"`, ""},
		{"/[[...a]]/[b]", `catch-all must be the last part of the URL`, ""},
		{"/[]", `parameter names cannot be empty in route "/[]"`, ""},
		{"/[...]", `parameter names cannot be empty in route "/[...]"`, ""},
		{"/[[...]]", `parameter names cannot be empty`, ""},
		{"/[[]]", `optional route parameters are not yet supported ("[[]]")`, ""},
		{"/[[id]]", `optional route parameters are not yet supported ("[[id]]")`, "[[...id]]"},
		{"/[[id]", `may not start or end with extra brackets`, ""},
		{"/[id]]", `may not start or end with extra brackets`, ""},
		{"/[a][b]", `may not start or end with extra brackets`, ""},
		{"/[.id]", `may not start with erroneous periods ('.id')`, ""},
		{"/[..id]", `may not start with erroneous periods ('..id')`, ""},
		{"/[....id]", `may not start with erroneous periods ('.id')`, ""},
		{"/[…id]", `three-dot character ('…') at ('[…id]')`, "'...'"},
		// What no request can reach.
		{"/..", "no request can reach", ""},
		{"/a/./b", "no request can reach", ""},
		{"/%2e%2e", "no request can reach", ""},
		{"/..;a", "no request can reach", ""},
		{`/a\b`, "no request can reach", ""},
		{"/a%5cb", "no request can reach", ""},
		{"/a%00", "no request can reach", ""},
		{"/a\x01", "no request can reach", ""},
		{"/a\xff", "no request can reach", ""},
	}
	for _, tt := range tests {
		p, err := Parse(tt.in)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("Parse(%q) = %q, %v; want an *Error", tt.in, p, err)
			continue
		}
		if !strings.Contains(e.Text, tt.text) || !strings.Contains(e.Hint, tt.hint) || e.Hint == "" || e.File != "" {
			t.Errorf("Parse(%q): %+v; want text %q, hint %q", tt.in, *e, tt.text, tt.hint)
		}
	}
}

func TestErrorText(t *testing.T) {
	tests := []struct {
		err  Error
		want string
	}{
		{Error{Text: "bad"}, "bad"},
		{Error{Text: "bad", Hint: "mend it"}, "bad\nhint: mend it"},
		{Error{File: "app/route.ts", Text: "bad", Hint: "mend it"}, "app/route.ts: bad\nhint: mend it"},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.err, got, tt.want)
		}
	}
}

func TestSegmentsIsACopy(t *testing.T) {
	p := must(t, "/a/[b]")
	p.Segments()[0].Text = "changed"
	if p.String() != "/a/[b]" {
		t.Errorf("a caller changed the pattern to %q", p)
	}
}

func must(t testing.TB, s string) Pattern {
	t.Helper()
	p, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// FuzzParse: a pattern's text is a fixed point, and a static pattern's text is
// a path that Clean leaves alone, so that a request can reach it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"/", "/a/[id]", "/[...a]", "/[[...a]]", "/sp ace/%5F", "/[…]", "/a%2Fb", "/100%", "GET /x", "/{id}", "/[[]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error with no text")
			}
			return
		}
		again, err := Parse(p.String())
		if err != nil || again.String() != p.String() || !slices.Equal(again.segments, p.segments) {
			t.Fatalf("Parse(%q) = %q, which parses as %q, %v", s, p, again, err)
		}
		if p.Static() {
			if clean, redirect, err := Clean(p.String()); clean != p.String() || redirect || err != nil {
				t.Fatalf("Parse(%q) = %q, which a request cannot reach: %q, %v, %v", s, p, clean, redirect, err)
			}
		}
	})
}
