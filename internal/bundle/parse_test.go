package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPlainJSON(t *testing.T) {
	tests := []struct{ in, want string }{
		{`{"a":1}`, `{"a":1}`},
		{"\ufeff{}", `   {}`},
		{"{ // c\n\"a\": 1, /* , } */ }", "{     \n\"a\": 1            }"},
		{`["//", "/* */", "\"//", "\\"]`, `["//", "/* */", "\"//", "\\"]`},
		{`[1,2,]`, `[1,2 ]`},
		{`{"a":[1,],}`, `{"a":[1 ] }`},
		{`[",]"]`, `[",]"]`},
		{"[1, // last\n]", "[1         \n]"},
		{`/* open`, `       `},
		{`/**/1`, `    1`},
		{`[1 / 2]`, `[1 / 2]`},
		{`"open`, `"open`},
		{`"open\`, `"open\`},
	}
	for _, test := range tests {
		if got := string(plainJSON([]byte(test.in))); got != test.want {
			t.Errorf("plainJSON(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

// What is JSON stays the same, and bytes keep their places.
func FuzzPlainJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,"//,]",null]}`, "{ // c\n}", `/* */[1,]`, "\ufeff{}", `"\\"`, `"\`, `[,]`, `/*/`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		out := plainJSON(in)
		if !bytes.Equal(in, before) {
			t.Fatalf("plainJSON changed its argument %q", before)
		}
		if len(out) != len(in) || bytes.Count(out, []byte("\n")) != bytes.Count(in, []byte("\n")) {
			t.Fatalf("plainJSON(%q) = %q moves bytes", in, out)
		}
		if json.Valid(in) && !bytes.Equal(in, out) {
			t.Fatalf("plainJSON(%q) = %q changes JSON", in, out)
		}
		if again := plainJSON(out); json.Valid(out) && !bytes.Equal(again, out) {
			t.Fatalf("plainJSON(%q) = %q, and again %q", in, out, again)
		}
	})
}

func TestExportTarget(t *testing.T) {
	tests := []struct{ exports, subpath, want string }{
		{`"./index.js"`, "", "./index.js"},
		{`"./index.js"`, "sub", ""},
		{`{"import": "./i.js", "default": "./d.js"}`, "", "./i.js"},
		{`{"default": "./d.js", "import": "./i.js"}`, "", "./d.js"},
		{`{"node": "./n.js", "default": "./d.js"}`, "", "./d.js"},
		{`{"edge": {"node": "./n.js"}, "default": "./d.js"}`, "", "./d.js"},
		{`{"edge": {"node": "./n.js", "import": "./i.js"}, "default": "./d.js"}`, "", "./i.js"},
		{`{".": "./a.js", "./sub": {"edge": "./e.js"}}`, "sub", "./e.js"},
		{`{".": "./a.js", "./sub": {"edge": "./e.js"}}`, "", "./a.js"},
		{`{".": "./a.js", "./*": "./x/*.js"}`, "sub", ""},
		{`{"import": "../outside.js"}`, "", ""},
		{`{"import": "./../outside.js"}`, "", ""},
		{`{"import": "other-package"}`, "", ""},
		{`{"import": null}`, "", ""},
		{`{"import": ["./a.js"]}`, "", ""},
		{`{}`, "", ""},
		{`null`, "", ""},
		{``, "", ""},
		{`{"import"`, "", ""},
		{`[`, "", ""},
	}
	for _, test := range tests {
		got, ok := exportTarget(json.RawMessage(test.exports), test.subpath, []string{"import", "default", "edge"})
		if got != test.want && ok || ok != (test.want != "") {
			t.Errorf("exportTarget(%s, %q) = %q, %v, want %q", test.exports, test.subpath, got, ok, test.want)
		}
	}
}

// A target never leaves the package, and the members are those encoding/json
// sees.
func FuzzExportTarget(f *testing.F) {
	for _, s := range []string{`"./a"`, `{".":{"import":"./a"}}`, `{"import":{"default":"./a"},"x":1}`, `{"a":1,"a":2}`, `{"./sub":null}`} {
		f.Add(s, "sub")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, exports, subpath string) {
		if target, ok := exportTarget(json.RawMessage(exports), subpath, []string{"import", "default"}); ok && !filepath.IsLocal(target) {
			t.Fatalf("exportTarget(%q, %q) = %q leaves the package", exports, subpath, target)
		}
		members, ok := objectMembers(json.RawMessage(exports))
		var all map[string]json.RawMessage
		if json.Unmarshal([]byte(exports), &all) != nil || all == nil {
			return
		}
		if !ok {
			t.Fatalf("objectMembers(%q) refuses an object", exports)
		}
		seen := map[string]bool{}
		for _, m := range members {
			seen[m.key] = true
		}
		if len(seen) != len(all) {
			t.Fatalf("objectMembers(%q) has keys %v, want those of %v", exports, seen, all)
		}
	})
}

func TestDecodeVLQ(t *testing.T) {
	tests := []struct {
		segment string
		want    []int
	}{
		{"", nil},
		{"A", []int{0}},
		{"C", []int{1}},
		{"D", []int{-1}},
		{"gB", []int{16}},
		{"AAAA", []int{0, 0, 0, 0}},
		{"SAASA", []int{9, 0, 0, 9, 0}},
		{"SAASAC", []int{9, 0, 0, 9, 0}}, // no segment has six
		{"2HwcqxB", []int{123, 456, 789}},
		{"A!A", []int{0}},
		{"g", nil},          // ends in the middle
		{"gggggggggB", nil}, // larger than any place
	}
	for _, test := range tests {
		fields, n := decodeVLQ(test.segment)
		if !slices.Equal(fields[:n], test.want) && n+len(test.want) > 0 {
			t.Errorf("decodeVLQ(%q) = %v, want %v", test.segment, fields[:n], test.want)
		}
	}
}

func TestRenamed(t *testing.T) {
	b := &Bundle{
		Code: "GET2 x\n  é GET3\nGET2 GET3",
		// GET2 is GET; GET3 stands after é, where columns are uncertain; then
		// GET2 is GET again and GET3 is POST.
		SourceMap: []byte(`{"mappings":"AAAAA,KAAA;IAAAA;AAAAA,KAAAC","names":["GET","POST"]}`),
	}
	got, err := b.Renamed()
	if want := map[string]string{"GET2": "GET", "GET3": "POST"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Renamed() = %v, %v, want %v", got, err, want)
	}
	b.SourceMap = []byte(`{"mappings":"AAAAA;;AAAAC","names":["GET","POST"]}`)
	if got, err := b.Renamed(); err != nil || len(got) != 0 {
		t.Errorf("Renamed() of a name that stands for two = %v, %v, want none", got, err)
	}
	b.SourceMap = []byte(`{`)
	if _, err := b.Renamed(); err == nil {
		t.Error("Renamed() of a broken source map: no error")
	}
}

func FuzzRenamed(f *testing.F) {
	f.Add("GET2 x\nGET3", "AAAAA,KAAA;AAAAC", "GET")
	f.Add("é a", "EAAAA", "x")
	f.Add("", "////////", "")
	f.Fuzz(func(t *testing.T, code, mappings, name string) {
		if !utf8.ValidString(mappings) || !utf8.ValidString(name) {
			t.Skip("not JSON")
		}
		sourceMap, err := json.Marshal(map[string]any{"mappings": mappings, "names": []string{name}})
		if err != nil {
			t.Fatal(err)
		}
		b := &Bundle{Code: code, SourceMap: sourceMap}
		names, err := b.Renamed()
		if err != nil {
			t.Fatal(err)
		}
		for now, was := range names {
			if was != name || !strings.Contains(code, now) {
				t.Fatalf("Renamed() of %q with %q gives %q → %q", code, mappings, now, was)
			}
		}
	})
}

func TestEditDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"users", "usres", 1}, {"users", "user", 1},
		{"kitten", "sitting", 3}, {"abcdef", "ghijkl", 5}, {"ab", "ba", 1},
	}
	for _, test := range tests {
		if got := editDistance(test.a, test.b, 5); got != test.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestMessage(t *testing.T) {
	tests := []struct {
		m    Message
		want string
	}{
		{Message{Text: "t"}, "t"},
		{Message{File: "a.ts", Text: "t"}, "a.ts: t"},
		{Message{File: "a.ts", Line: 2, Column: 3, Text: "t", Hint: "h"}, "a.ts:2:3: t\nhint: h"},
	}
	for _, test := range tests {
		if got := test.m.Error(); got != test.want {
			t.Errorf("%+v: %q, want %q", test.m, got, test.want)
		}
	}
	for in, want := range map[string]string{
		`Expected ";" but found "x":`:        `expected ";" but found "x"`,
		"TypeScript says no.":                "TypeScript says no",
		"JSX is off":                         "JSX is off",
		"":                                   "",
		"A return statement cannot be here:": "a return statement cannot be here",
	} {
		if got := sentence(in); got != want {
			t.Errorf("sentence(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWithoutSourceMap(t *testing.T) {
	const comment = "//# sourceMappingURL=x.js.map"
	for in, want := range map[string]string{
		"a();\n" + comment + "\n":            "a();\n",
		"a();\n" + comment:                   "a();\n",
		comment:                              "",
		"a();":                               "a();",
		"x = `\n" + comment + "`":            "x = `\n" + comment + "`",
		comment + "\na();":                   comment + "\na();",
		"a(); " + comment:                    "a(); " + comment,
		"a();\n//# sourceMappingURLs are ok": "a();\n//# sourceMappingURLs are ok",
	} {
		if got := withoutSourceMap(in); got != want {
			t.Errorf("withoutSourceMap(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMentionsMeta(t *testing.T) {
	for in, want := range map[string]bool{
		"import.meta.url":        true,
		"x = import\n . meta":    true,
		"metadata; import.meta":  true,
		"path.join(__dirname)":   true,
		"__filename":             true,
		"import x from 'meta'":   false,
		"a.meta; metadata":       false,
		"meta":                   false,
		"import { meta } from 1": false,
		"":                       false,
	} {
		if got := mentionsMeta(in); got != want {
			t.Errorf("mentionsMeta(%q) = %v, want %v", in, got, want)
		}
	}
}

func TestTSConfigPaths(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "base.json", `{ "compilerOptions": { "paths": { "never/*": ["x/*"] } } }`)
	write(t, dir, "sub/tsconfig.json", `{ "extends": "../base.json", "compilerOptions": { "baseUrl": "..", "paths": { "@/*": ["./src/*"], "*.gen": ["gen/*.ts"], "exact": ["./e"], "*": ["any/*"] } } }`)
	c, ok := enclosingConfig(filepath.Join(dir, "sub", "deep", "er"))
	if !ok {
		t.Fatal("no configuration found")
	}
	for specifier, want := range map[string]string{
		"@/a/b": "src/a/b", "x.gen": "gen/x.ts", "exact": "e", "never/x": "", "other": "", "@": "",
	} {
		var wants []string
		if want != "" {
			wants = []string{filepath.Join(dir, filepath.FromSlash(want))}
		}
		if got := c.candidates(specifier); !slices.Equal(got, wants) {
			t.Errorf("candidates(%q) = %q, want %q", specifier, got, wants)
		}
	}
}

func TestPackageName(t *testing.T) {
	for in, want := range map[string]string{"zod": "zod", "zod/v4": "zod", "@a/b": "@a/b", "@a/b/c/d": "@a/b", "@a": "@a", "": ""} {
		if got := packageName(in); got != want {
			t.Errorf("packageName(%q) = %q, want %q", in, got, want)
		}
	}
}

// Whatever a source says, Build answers with code that the engine takes or with
// explained errors that have their place.
func FuzzBuild(f *testing.F) {
	for _, s := range []string{
		`export const GET = () => 1`, `import "./x"; import "y"; import "node:fs"; require("z/")`,
		`import x from "./data.json"; export default <p/>`, "\u2028 syntax é error", `await import.meta.url; export {}`,
		`class C { get = 1; static { super.x } #p; static q = o => #p in o }`, `import "https://x"; import "go:"; import "@/"; import "#"`,
		`with (x) {}`, "//# sourceMappingURL=data:,{", "import \"\\\"\"; import '\\n'", `export * from "./main"`,
	} {
		f.Add(s)
	}
	dir := f.TempDir()
	write(f, dir, "data.json", `{ "a": 1 }`)
	f.Fuzz(func(t *testing.T, source string) {
		write(t, dir, "main.tsx", source)
		b, err := Build(context.Background(), Options{Dir: dir, Entries: []string{"main.tsx"}}, gojaCompile)
		if err == nil {
			if _, err := b.Renamed(); err != nil {
				t.Fatal(err)
			}
			return
		}
		var failed *Error
		if !errors.As(err, &failed) || len(failed.Messages) == 0 {
			t.Fatalf("error %v, want an *Error with messages", err)
		}
		for _, m := range failed.Messages {
			if m.File != "" && (m.Line < 1 || m.Column < 1) || m.Text == "" || strings.HasPrefix(m.Hint, "hint") {
				t.Fatalf("message %+v", m)
			}
		}
	})
}
