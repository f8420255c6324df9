package route

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func table(t testing.TB, patterns ...string) *Table[string] {
	t.Helper()
	tab, err := NewTable(entries(t, patterns...))
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func entries(t testing.TB, patterns ...string) []Entry[string] {
	t.Helper()
	list := make([]Entry[string], len(patterns))
	for i, s := range patterns {
		list[i] = Entry[string]{must(t, s), "app" + strings.TrimSuffix(s, "/") + "/route.ts", s}
	}
	return list
}

// show writes parameters as JavaScript would: id=1 slug=[a,b].
func show(params Params) string {
	var parts []string
	for _, p := range params {
		if p.Values != nil {
			parts = append(parts, fmt.Sprintf("%s=[%s]", p.Name, strings.Join(p.Values, ",")))
		} else {
			parts = append(parts, p.Name+"="+p.Value)
		}
	}
	return strings.Join(parts, " ")
}

func TestLookup(t *testing.T) {
	tab := table(t,
		"/", "/index", "/api/index", "/rss.xml", "/.well-known/thing", "/_name", "/[c]d", "/page",
		"/sp ace", "/tärget", "/CaseDir",
		"/prec/x/y", "/prec/[id]", "/prec/[...slug]", "/prec/x/[...slug]",
		"/d/static", "/d/[id]", "/m/get", "/D/only",
		"/c/[...slug]", "/o/[[...slug]]",
		"/u/[user-id]/posts/[post]", "/u/[user-id]/[...rest_of]", "/ä/[id]",
	)
	tests := []struct{ path, pattern, params string }{
		{"/", "/", ""},
		{"/index", "/index", ""},
		{"/api/index", "/api/index", ""},
		{"/api", "", ""},
		{"/rss.xml", "/rss.xml", ""},
		{"/.well-known/thing", "/.well-known/thing", ""},
		{"/page", "/page", ""},
		// %5F in a folder's name is a plain underscore to requests.
		{"/_name", "/_name", ""},
		{"/%5Fname", "", ""},
		// Only a whole segment is dynamic.
		{"/[c]d", "/[c]d", ""},
		{"/xd", "", ""},
		// Better than Next.js, where these two are 404.
		{"/sp%20ace", "/sp ace", ""},
		{"/t%C3%A4rget", "/tärget", ""},
		{"/t%c3%a4rget", "/tärget", ""},
		{"/%C3%A4/1", "/ä/[id]", "id=1"},
		{"/%c3%a4/1", "/ä/[id]", "id=1"},
		// Case matters.
		{"/casedir", "", ""},
		{"/D/1", "", ""},
		// An escaped letter is not the letter in an exact route.
		{"/m/get", "/m/get", ""},
		{"/m%2Fget", "", ""},
		{"/%6d/get", "", ""},
		{"/m/get%2F", "", ""},
		{"/d/static", "/d/static", ""},
		{"/d/%73tatic", "/d/[id]", "id=static"},
		// Precedence.
		{"/prec/1", "/prec/[id]", "id=1"},
		{"/prec/1/2", "/prec/[...slug]", "slug=[1,2]"},
		{"/prec/x/y", "/prec/x/y", ""},
		{"/prec/x/z", "/prec/x/[...slug]", "slug=[z]"},
		{"/prec/x", "/prec/[id]", "id=x"},
		{"/prec/x/y/z", "/prec/x/[...slug]", "slug=[y,z]"},
		// The base of a catch-all.
		{"/c", "", ""},
		{"/c/", "", ""},
		{"/o", "/o/[[...slug]]", ""},
		{"/o/1", "/o/[[...slug]]", "slug=[1]"},
		// Decoded once; '+' stays.
		{"/d/a%20b", "/d/[id]", "id=a b"},
		{"/d/a%2Fb", "/d/[id]", "id=a/b"},
		{"/d/a%252Fb", "/d/[id]", "id=a%2Fb"},
		{"/d/%E4%BD%A0", "/d/[id]", "id=你"},
		{"/d/a+b", "/d/[id]", "id=a+b"},
		{"/d/[id]", "/d/[id]", "id=[id]"},
		{"/d/:;,@!$'()*|=", "/d/[id]", "id=:;,@!$'()*|="},
		{"/c/a%2Fb/c", "/c/[...slug]", "slug=[a/b,c]"},
		{"/c/a%20b", "/c/[...slug]", "slug=[a b]"},
		// Several parameters.
		{"/u/1/posts/2", "/u/[user-id]/posts/[post]", "user-id=1 post=2"},
		{"/u/1/posts", "/u/[user-id]/[...rest_of]", "user-id=1 rest_of=[posts]"},
		{"/u/1/posts/2/3", "/u/[user-id]/[...rest_of]", "user-id=1 rest_of=[posts,2,3]"},
		{"/u/1", "", ""},
		// A slash at the end means nothing here.
		{"/m/get/", "/m/get", ""},
		{"/d/1/", "/d/[id]", "id=1"},
		{"/c/1/", "/c/[...slug]", "slug=[1]"},
		{"/o/", "/o/[[...slug]]", ""},
		// What Clean would not have let through finds nothing.
		{"", "", ""},
		{"//", "", ""},
		{"/c//1", "", ""},
		{"/o//", "", ""},
		{"/d//", "", ""},
		{"d/1", "", ""},
		{"/(group)/x", "", ""},
	}
	for _, tt := range tests {
		e, params, err := tab.Lookup(tt.path)
		if err != nil {
			t.Errorf("%s: %v", tt.path, err)
			continue
		}
		got := ""
		if e != nil {
			got = e.Value
		}
		if got != tt.pattern || show(params) != tt.params {
			t.Errorf("%s: %q with %q, want %q with %q", tt.path, got, show(params), tt.pattern, tt.params)
		}
		if e != nil && (params == nil) != e.Pattern.Static() {
			t.Errorf("%s: parameters %#v of %s", tt.path, params, e.Pattern)
		}
	}
}

func TestRootParameters(t *testing.T) {
	tests := []struct{ pattern, path, params string }{
		{"/[id]", "/a", "id=a"},
		{"/[...a]", "/a/b", "a=[a,b]"},
		{"/[[...a]]", "/a", "a=[a]"},
		{"/[[...a]]", "/", ""},
	}
	for _, tt := range tests {
		e, params, err := table(t, tt.pattern).Lookup(tt.path)
		if e == nil || err != nil || params == nil || show(params) != tt.params {
			t.Errorf("%s for %s: %v, %#v, %v", tt.pattern, tt.path, e, params, err)
		}
	}
	for _, pattern := range []string{"/[id]", "/[...a]"} {
		if e, _, err := table(t, pattern).Lookup("/"); e != nil || err != nil {
			t.Errorf("%s matches the root: %v, %v", pattern, e, err)
		}
	}
}

func TestParams(t *testing.T) {
	_, params, err := table(t, "/[a]/[...rest]").Lookup("/1/x%20y/z")
	if err != nil {
		t.Fatal(err)
	}
	if rest, ok := params.Get("rest"); !ok || rest.Value != "x y/z" || !slices.Equal(rest.Values, []string{"x y", "z"}) {
		t.Errorf("rest is %+v, %v", rest, ok)
	}
	if a, ok := params.Get("a"); !ok || a.Value != "1" || a.Values != nil {
		t.Errorf("a is %+v, %v", a, ok)
	}
	if p, ok := params.Get("b"); ok {
		t.Errorf("there is a parameter b: %+v", p)
	}
}

// TestMalformedEscape: only where a dynamic route would take the segment is a
// bad escape an error; elsewhere the path is simply not found.
func TestMalformedEscape(t *testing.T) {
	tab := table(t, "/d/[id]", "/c/[...slug]", "/m/get", "/d/[id]/x")
	tests := []struct {
		path string
		bad  bool
	}{
		{"/d/%zz", true},
		{"/d/%FF", true},
		{"/d/%FF/x", true},
		{"/c/a/%FF/b", true},
		{"/%zz", false},
		{"/m/%zz", false},
		{"/d/%zz/y", false},
	}
	for _, tt := range tests {
		e, params, err := tab.Lookup(tt.path)
		var p *PathError
		if errors.As(err, &p) != tt.bad || e != nil || params != nil {
			t.Errorf("%s: %v, %v, %v; want an error: %v", tt.path, e, params, err, tt.bad)
		}
	}
}

func TestDynamicInOrder(t *testing.T) {
	tab := table(t, "/[[...all]]", "/a/[...rest]", "/a/[id]", "/[x]/b", "/a/b", "/a/[id]/c")
	tests := []struct {
		path string
		want []string
	}{
		{"/a/b", []string{"/a/[id] id=b", "/a/[...rest] rest=[b]", "/[x]/b x=a", "/[[...all]] all=[a,b]"}},
		{"/a/z/c", []string{"/a/[id]/c id=z", "/a/[...rest] rest=[z,c]", "/[[...all]] all=[a,z,c]"}},
		{"/a", []string{"/[[...all]] all=[a]"}},
		{"/", []string{"/[[...all]] "}},
	}
	for _, tt := range tests {
		var got []string
		for m, err := range tab.Dynamic(tt.path) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, m.Entry.Value+" "+show(m.Params))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.path, got, tt.want)
		}
		for m := range tab.Dynamic(tt.path) { // stopping early is safe
			if got := m.Entry.Value + " " + show(m.Params); got != tt.want[0] {
				t.Errorf("%s: first is %q, want %q", tt.path, got, tt.want[0])
			}
			break
		}
	}
}

func TestDynamicStopsAtError(t *testing.T) {
	n := 0
	for m, err := range table(t, "/[id]", "/[...all]").Dynamic("/%zz") {
		if n++; err == nil || m.Entry != nil {
			t.Errorf("%+v, %v", m, err)
		}
	}
	if n != 1 {
		t.Errorf("%d pairs, want one", n)
	}
}

func TestAll(t *testing.T) {
	tab := table(t, "/[...all]", "/b/[id]", "/b", "/", "/a/[...rest]", "/a/[id]", "/a/b", "/[x]/b", "/a/[id]/c")
	var got []string
	for _, e := range tab.All() {
		got = append(got, e.Value)
	}
	want := []string{"/", "/a/b", "/b", "/a/[id]", "/a/[id]/c", "/a/[...rest]", "/b/[id]", "/[x]/b", "/[...all]"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestConflicts(t *testing.T) {
	tests := []struct {
		patterns []string
		text     string // empty when there is none
	}{
		{[]string{"/a", "/a"}, "conflicting routes at /a"},
		{[]string{"/", "/"}, "conflicting routes at /"},
		{[]string{"/sp ace", "/sp%20ace"}, "conflicting routes at /sp%20ace"},
		{[]string{"/[id]/x", "/[id]/x"}, "conflicting routes at /[id]/x"},
		{[]string{"/[...a]", "/[...a]"}, "conflicting routes at /[...a]"},
		{[]string{"/[[...a]]", "/[[...a]]"}, "conflicting routes at /[[...a]]"},
		{[]string{"/[a]", "/[b]/x"}, "you cannot use different slug names for the same dynamic path ('a' !== 'b')"},
		{[]string{"/y/[a]/z", "/y/[b]/[c]"}, "('a' !== 'b')"},
		{[]string{"/[...a]", "/[...b]"}, "('a' !== 'b')"},
		{[]string{"/[[...a]]", "/[[...b]]"}, "('a' !== 'b')"},
		{[]string{"/[...a]", "/[[...a]]"}, `you cannot use both an required and optional catch-all route at the same level ("[...a]" and "[[...a]]")`},
		{[]string{"/[[...a]]", "/[...b]"}, `you cannot use both an optional and required catch-all route at the same level ("[[...a]]" and "[...b]")`},
		{[]string{"/", "/[[...a]]"}, `you cannot define a route with the same specificity as an optional catch-all route ("/" and "/[[...a]]")`},
		{[]string{"/[[...a]]", "/"}, `("/" and "/[[...a]]")`},
		{[]string{"/x/[id]/[[...a]]", "/x/[id]"}, `("/x/[id]" and "/x/[id]/[[...a]]")`},
		{[]string{"/x/[id]", "/x/[id]/[[...a]]"}, `("/x/[id]" and "/x/[id]/[[...a]]")`},
		// Siblings that get along.
		{[]string{"/[id]", "/[...slug]", "/x", "/[id]/x"}, ""},
		{[]string{"/a/[id]", "/[x]/b"}, ""},
		{[]string{"/x/[[...a]]", "/", "/x/y"}, ""},
		{[]string{"/[a]/[...b]", "/[...c]"}, ""},
	}
	for _, tt := range tests {
		list := entries(t, tt.patterns...)
		for i := range list {
			list[i].Source = fmt.Sprintf("source%d", i)
		}
		tab, err := NewTable(list)
		if tt.text == "" {
			if err != nil || len(tab.All()) != len(list) {
				t.Errorf("%q: %v", tt.patterns, err)
			}
			continue
		}
		var e *Error
		if tab != nil || !errors.As(err, &e) {
			t.Errorf("%q: %v", tt.patterns, err)
			continue
		}
		if !strings.Contains(e.Text, tt.text) || e.File != "source1" || !strings.Contains(e.Text, "source0") || e.Hint == "" {
			t.Errorf("%q: %+v, want %q and both sources", tt.patterns, *e, tt.text)
		}
	}
}

func TestConflictsAreAllReported(t *testing.T) {
	_, err := NewTable(entries(t, "/a", "/a", "/[x]", "/[y]", "/ok", "/a"))
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 3 {
		t.Errorf("want three problems, have: %v", err)
	}
}

func TestEmptyTable(t *testing.T) {
	tab := table(t)
	if e, params, err := tab.Lookup("/"); e != nil || params != nil || err != nil || len(tab.All()) != 0 {
		t.Errorf("%v, %v, %v", e, params, err)
	}
}

func TestTableKeepsItsOwnEntries(t *testing.T) {
	list := entries(t, "/a", "/[id]")
	tab, err := NewTable(list)
	if err != nil {
		t.Fatal(err)
	}
	list[0].Value, list[1].Value = "changed", "changed"
	for _, path := range []string{"/a", "/b"} {
		if e, _, _ := tab.Lookup(path); e == nil || e.Value == "changed" {
			t.Errorf("%s: %+v", path, e)
		}
	}
}

func TestManyParameters(t *testing.T) {
	var pattern, path, want strings.Builder
	for i := range 40 {
		fmt.Fprintf(&pattern, "/[p%d]", i)
		fmt.Fprintf(&path, "/v%d", i)
		fmt.Fprintf(&want, " p%d=v%d", i, i)
	}
	_, params, err := table(t, pattern.String()).Lookup(path.String())
	if err != nil || show(params) != want.String()[1:] {
		t.Errorf("%s, %v", show(params), err)
	}
}

func TestAllocations(t *testing.T) {
	tab := table(t, "/api/users", "/api/users/[id]", "/files/[...path]")
	for path, most := range map[string]float64{"/api/users": 0, "/api/users/42": 1, "/files/a/b": 2, "/nope": 0} {
		if n := testing.AllocsPerRun(100, func() { _, _, _ = tab.Lookup(path) }); n > most {
			t.Errorf("%s: %v allocations, want at most %v", path, n, most)
		}
	}
}

// model is what the table has to agree with: each pattern compared with the
// whole path, and the matches sorted position by position.
func model(patterns []Pattern, path string) []string {
	segs := strings.Split(strings.Trim(path, "/"), "/")
	if path == "/" {
		segs = nil
	}
	var found []Pattern
	for _, p := range patterns {
		if modelMatch(p.segments, segs) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b Pattern) int {
		for i := 0; ; i++ {
			switch {
			case i == len(a.segments) && i == len(b.segments):
				return 0
			case i == len(a.segments): // ends here, before what may go on
				return -1
			case i == len(b.segments):
				return 1
			case a.segments[i].Kind != b.segments[i].Kind:
				return int(a.segments[i].Kind) - int(b.segments[i].Kind)
			}
		}
	})
	// Exact routes come first of all.
	slices.SortStableFunc(found, func(a, b Pattern) int { return order(a) - order(b) })
	var list []string
	for _, p := range found {
		list = append(list, p.String())
	}
	return list
}

func modelMatch(pattern []Segment, segs []string) bool {
	if len(pattern) == 0 {
		return len(segs) == 0
	}
	switch pattern[0].Kind {
	case CatchAll:
		return len(segs) > 0
	case Optional:
		return true
	}
	return len(segs) > 0 && (pattern[0].Kind == One || pattern[0].Text == segs[0]) && modelMatch(pattern[1:], segs[1:])
}

func TestTableAgreesWithModel(t *testing.T) {
	word := rapid.SampledFrom([]string{"a", "b", "c"})
	// One name for each depth, so that most drawn sets have no conflict.
	patternGen := rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		depth := rapid.IntRange(0, 4).Draw(t, "depth")
		for i := range depth {
			kind := rapid.IntRange(0, 5).Draw(t, "kind")
			switch {
			case kind < 3:
				b.WriteString("/" + word.Draw(t, "word"))
			case kind == 3:
				fmt.Fprintf(&b, "/[p%d]", i)
			case kind == 4:
				fmt.Fprintf(&b, "/[...r%d]", i)
				return b.String()
			default:
				fmt.Fprintf(&b, "/[[...r%d]]", i)
				return b.String()
			}
		}
		if depth == 0 {
			return "/"
		}
		return b.String()
	})
	rapid.Check(t, func(t *rapid.T) {
		var list []Entry[string]
		var patterns []Pattern
		for _, s := range rapid.SliceOfN(patternGen, 1, 12).Draw(t, "patterns") {
			p, err := Parse(s)
			if err != nil {
				t.Fatal(err)
			}
			e := Entry[string]{Pattern: p, Source: s, Value: p.String()}
			if _, err := NewTable(append(slices.Clip(list), e)); err == nil {
				list, patterns = append(list, e), append(patterns, p)
			}
		}
		tab, err := NewTable(list)
		if err != nil {
			t.Fatal(err)
		}
		path := "/" + strings.Join(rapid.SliceOfN(word, 0, 5).Draw(t, "path"), "/")
		want := model(patterns, path)
		var got []string
		if e, ok := tab.Static(path); ok {
			got = append(got, e.Value)
		}
		for m, err := range tab.Dynamic(path) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, m.Entry.Value)
			if back := rebuild(m.Entry.Pattern, m.Params); back != path {
				t.Fatalf("%s for %s has the parameters of %s", m.Entry.Pattern, path, back)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s: %q, want %q", path, got, want)
		}
	})
}

// rebuild puts parameters that need no escape back into a pattern.
func rebuild(p Pattern, params Params) string {
	var b strings.Builder
	for _, s := range p.segments {
		if s.Kind == Static {
			b.WriteString("/" + s.Text)
		} else if v, ok := params.Get(s.Text); ok {
			b.WriteString("/" + v.Value)
		}
	}
	if b.Len() == 0 {
		return "/"
	}
	return b.String()
}

// FuzzLookup: whatever is asked, the table does not panic; and no parameter of
// a path that Clean let through leads upwards, decoded once more or twice.
func FuzzLookup(f *testing.F) {
	tab := table(f, "/", "/d/[id]", "/d/static", "/c/[...slug]", "/o/[[...slug]]", "/[a]/[b]", "/tärget", "/[a]/x/[...r]")
	for _, s := range []string{"/", "/d/1", "/d/%zz", "/c/a%2Fb/c", "/o", "//", "/t%c3%a4rget", "/c/%252e%252e", "/d/..%2Fx", "d", "/d/a%5cb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if e, params, err := tab.Lookup(raw); err != nil && (e != nil || params != nil) || e == nil && params != nil {
			t.Fatalf("%q: %v, %v, %v", raw, e, params, err)
		}
		clean, _, err := Clean(raw)
		if err != nil {
			return
		}
		e, params, err := tab.Lookup(clean)
		if err != nil {
			t.Fatalf("Clean let %q through as %q, and the table refuses it: %v", raw, clean, err)
		}
		slash := clean
		if slash != "/" && !strings.HasSuffix(slash, "/") {
			slash += "/"
		}
		if other, _, _ := tab.Lookup(slash); other != e {
			t.Fatalf("%q and %q find different routes", clean, slash)
		}
		for _, p := range params {
			values := p.Values
			if values == nil {
				values = []string{p.Value}
			}
			for _, v := range values {
				for range 3 {
					if climbs(v) {
						t.Fatalf("%q gives %s the value %q", raw, p.Name, v)
					}
					v = unescapeValid(v)
				}
			}
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	patterns := []string{"/api/users/[id]", "/api/users/[id]/posts/[post]", "/files/[...path]", "/[...all]"}
	for i := range 200 {
		patterns = append(patterns, fmt.Sprintf("/api/r%d", i), fmt.Sprintf("/api/r%d/[id]", i))
	}
	tab := table(b, patterns...)
	for name, path := range map[string]string{
		"static":    "/api/r100",
		"one":       "/api/users/42",
		"two":       "/api/users/42/posts/7",
		"escaped":   "/api/users/a%20b",
		"catch-all": "/files/a/b/c",
		"fallback":  "/api/users/42/nothing/here",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if e, _, err := tab.Lookup(path); e == nil || err != nil {
					b.Fatal(e, err)
				}
			}
		})
	}
}
