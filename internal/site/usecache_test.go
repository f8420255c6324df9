package site

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
	"golang.org/x/tools/txtar"

	"github.com/portico-dev/portico/internal/bundle"
	"github.com/portico-dev/portico/internal/js"
)

var update = flag.Bool("update", false, "write what came out into the fixtures' want files")

// recordingCache is a host module that keeps in memory and says what it is asked.
const recordingCache = `(function (log) {
	const kept = new Map();
	const text = (value) => JSON.stringify(value, (_, v) => typeof v === "function" ? "a function" : v === undefined ? "undefined" : v);
	const cachedWith = (id, kind, captured, fn, params) => function (...args) {
		args = args.slice(0, params);
		let values;
		try { values = captured(); } catch (error) { return Promise.reject(error); }
		const key = id + (kind === "default" ? "" : " " + kind) + " " + text(args) + (values.length > 0 ? " with " + text(values) : "");
		log((kept.has(key) ? "hit " : "run ") + key);
		if (!kept.has(key)) kept.set(key, fn(...args));
		return kept.get(key);
	};
	return { __esModule: true, cachedWith, cached: (id, kind, fn, params) => cachedWith(id, kind, () => [], fn, params) };
})`

// cachedApp is a project in a script engine, as far as it takes to call its
// functions.
type cachedApp struct {
	rt  *goja.Runtime
	log strings.Builder
}

func startCached(t testing.TB, built *bundle.Bundle) *cachedApp {
	t.Helper()
	a := &cachedApp{rt: goja.New()}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%v\n%s", err, built.Code)
		}
	}
	check(a.rt.Set("log", func(c goja.FunctionCall) goja.Value {
		var words []string
		for _, v := range c.Arguments {
			words = append(words, v.String())
		}
		a.log.WriteString(strings.Join(words, " ") + "\n")
		return goja.Undefined()
	}))
	_, err := a.rt.RunString(`Symbol.asyncIterator ??= Symbol("Symbol.asyncIterator")`)
	check(err)
	v, err := a.rt.RunString(recordingCache)
	check(err)
	f, _ := goja.AssertFunction(v)
	module, err := f(goja.Undefined(), a.rt.Get("log"))
	check(err)
	ast, err := goja.Parse(bundle.ScriptName, built.Code, parser.WithSourceMapLoader(func(string) ([]byte, error) { return built.SourceMap, nil }))
	check(err)
	p, err := goja.CompileAST(ast, false)
	check(err)
	v, err = a.rt.RunProgram(p)
	check(err)
	f, _ = goja.AssertFunction(v)
	loaders, err := f(goja.Undefined(), a.rt.ToValue(func(name string) (goja.Value, error) {
		switch name {
		case bundle.UseCacheModule:
			return module, nil
		case js.AsyncGeneratorModule:
			return a.rt.NewObject(), nil
		}
		return nil, fmt.Errorf("no module %q", name)
	}))
	check(err)
	check(a.rt.Set("load", func(entry string) (goja.Value, error) {
		load, ok := goja.AssertFunction(loaders.ToObject(a.rt).Get(entry))
		if !ok {
			return nil, fmt.Errorf("no entry %q", entry)
		}
		return load(goja.Undefined())
	}))
	return a
}

func (a *cachedApp) run(t testing.TB, body string) string {
	t.Helper()
	v, err := a.rt.RunString("(async () => {" + body + "\n})()")
	if err != nil {
		t.Fatal(err)
	}
	switch p := v.Export().(*goja.Promise); p.State() {
	case goja.PromiseStateRejected:
		reason := p.Result().String()
		if o, ok := p.Result().(*goja.Object); ok {
			reason = o.Get("stack").String()
		}
		t.Fatalf("run.js threw %s", reason)
	case goja.PromiseStatePending:
		t.Fatal("run.js never ended")
	}
	return a.log.String()
}

func buildCached(t testing.TB, dir string, entries ...string) (*bundle.Bundle, error) {
	return bundle.Build(t.Context(), bundle.Options{Dir: dir, Entries: entries, Outline: js.ReadOutline,
		Host: func(name string) bool { return name == bundle.UseCacheModule }}, js.Check)
}

func unpack(t testing.TB, dir string, files []txtar.File) {
	t.Helper()
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var programCounter = regexp.MustCompile(`\(\d+\)`)

// TestUseCache builds the projects in testdata/usecache, and compares what they
// ask of the cache, or why they cannot be built.
func TestUseCache(t *testing.T) {
	files, err := filepath.Glob("testdata/usecache/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures (%v)", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var run, want string
			var project []txtar.File
			for _, f := range archive.Files {
				switch f.Name {
				case "run.js":
					run = string(f.Data)
				case "want":
					want = string(f.Data)
				default:
					project = append(project, f)
				}
			}
			dir := t.TempDir()
			unpack(t, dir, project)
			var entries []string
			if found, ok := strings.CutPrefix(strings.TrimSpace(string(archive.Comment)), "entries: "); ok {
				entries = strings.Fields(found)
			}
			var got string
			var failed *bundle.Error
			built, err := buildCached(t, dir, entries...)
			switch {
			case errors.As(err, &failed):
				got = failed.Error() + "\n"
			case err != nil:
				t.Fatal(err)
			case run == "":
				t.Fatalf("there is no error and nothing to run\n%s", built.Code)
			default:
				app := startCached(t, built)
				got = programCounter.ReplaceAllString(app.run(t, run), "")
			}
			if got == want {
				return
			}
			if !*update {
				t.Fatalf("got\n%s\nwant\n%s", got, want)
			}
			i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
			if i < 0 {
				i = len(archive.Files)
				archive.Files = append(archive.Files, txtar.File{Name: "want"})
			}
			archive.Files[i].Data = []byte(got)
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestUseCacheErrors: what cannot be cached is said where it stands.
func TestUseCacheErrors(t *testing.T) {
	tests := []struct {
		name, source string
		want         string // the file's name and a colon stand before each line but hints; "" is no error
	}{
		{"lib.ts", "export const x: number = 1;\nexport function f() {\n  'use cache'; return 1 }",
			"3:3: a function with 'use cache' must be async\nhint: put async before it; generators, getters and setters cannot be cached"},
		{"lib.ts", "export const f = () => { 'use cache' }",
			"1:26: a function with 'use cache' must be async\nhint: put async before it; generators, getters and setters cannot be cached"},
		{"lib.ts", "export async function* f() { 'use cache' }",
			"1:30: a function with 'use cache' must be async\nhint: put async before it; generators, getters and setters cannot be cached"},
		{"lib.ts", "export const o = { get x() { 'use cache'; return 1 } }",
			"1:30: a function with 'use cache' must be async\nhint: put async before it; generators, getters and setters cannot be cached"},
		{"lib.ts", "export class A { async m() { 'use cache' } }",
			"1:30: 'use cache' cannot stand in a method of a class's instances\nhint: use a function, a method of an object or a static method of the class"},
		{"lib.ts", "export const o = { x: 1, async m() { 'use cache'; const f = () => this.x; return f() } }",
			"1:67: a function with 'use cache' cannot use this\nhint: give it what it needs as an argument"},
		{"lib.ts", "export class A { static async m() { 'use cache'; return super.toString() } }",
			"1:57: a function with 'use cache' cannot use super\nhint: give it what it needs as an argument"},
		{"lib.ts", "export function o() { return async () => { 'use cache'; return arguments[0] } }",
			"1:64: a function with 'use cache' cannot use the arguments of the function around it\nhint: give them a name there"},
		{"lib.ts", "export async function f() { 'use cache'; return function () { return this } }", ""},
		{"lib.ts", "export async function f() { 'use cache'; return class { x = this } }", ""},
		{"lib.ts", "export async function f(é: string) { const a = 1; 'use cache'; return a }",
			"1:51: the directive \"use cache\" must be at the top of the function's body\nhint: put it before all other statements, or take it out"},
		{"lib.ts", "export const a = 1;\n'use cache';",
			"2:1: the directive \"use cache\" must be at the top of the file\nhint: put it before all other statements, or take it out"},
		{"lib.ts", "export async function f() { 'use caches'; /* use cache */ }",
			"1:29: \"use caches\" is no directive\nhint: did you mean \"use cache: s\""},
		{"lib.ts", "export async function f() { 'use cahce' } // use cache",
			"1:29: \"use cahce\" is no directive\nhint: did you mean \"use cache\""},
		{"lib.ts", "export async function f() { 'use cache:remote' }",
			"1:29: \"use cache:remote\" is no directive\nhint: did you mean \"use cache: remote\""},
		{"lib.ts", "export async function f() { 'use cache : remote' }",
			"1:29: \"use cache : remote\" is no directive\nhint: did you mean \"use cache: remote\""},
		{"lib.ts", "export async function f() { 'use cache: private' }",
			"1:29: 'use cache: private' is not supported\nhint: it keeps nothing on a server; read cookies and headers in the handler, and give what they say to a function with 'use cache'"},
		{"lib.ts", "export async function f() { 'use server'; 'use cache' }",
			"1:43: \"use server\" and \"use cache\" exclude each other\nhint: take one of them out"},
		{"app/route.ts", "export async function GET() { 'use cache'; return new Response() }",
			"1:31: 'use cache' cannot stand in GET itself: a Response cannot be kept so\nhint: move what is to be kept into a function of its own, and call that from GET"},
		{"app/route.ts", "const get = async () => { 'use cache'; return new Response() };\nexport { get as GET }",
			"1:27: 'use cache' cannot stand in GET itself: a Response cannot be kept so\nhint: move what is to be kept into a function of its own, and call that from GET"},
		{"app/route.ts", "'use cache';\nexport const dynamic = 'auto';\nexport const POST = async () => new Response()",
			"1:1: 'use cache' cannot stand in POST itself: a Response cannot be kept so\nhint: move what is to be kept into a function of its own, and call that from POST"},
		{"app/route.ts", "async function data() { 'use cache'; return 1 }\nexport async function GET() { return Response.json(await data()) }", ""},
		{"lib.ts", "'use cache';\nexport function f() { return 1 }",
			"2:8: a function with 'use cache' must be async\nhint: put async before it; generators, getters and setters cannot be cached"},
		{"lib.ts", "'use cache';\nexport class A {}",
			"2:8: a file with 'use cache' at its top can only export async functions\nhint: make it an async function, or put the directive into each function that is to be cached"},
		{"lib.ts", "'use cache';\nexport const { a } = { a: async () => 1 };",
			"2:16: a file with 'use cache' at its top can only export async functions\nhint: \"a\" is taken out of another value; export an async function that calls it"},
		{"lib.ts", "'use cache';\nexport * from 'node:fs';",
			"2:1: a file with 'use cache' at its top can only export async functions\nhint: export * gives names that are not known here; export async functions that call those of the other module"},
		{"lib.ts", "'use cache';\nimport { a } from 'node:fs';\nexport { a as b }",
			"3:1: a file with 'use cache' at its top can only export async functions\nhint: \"b\" comes from another module; put 'use cache' there, or export an async function that calls it"},
		{"lib.ts", "'use cache';\nexport { a } from 'node:fs';",
			"2:1: a file with 'use cache' at its top can only export async functions\nhint: \"a\" comes from another module; put 'use cache' there, or export an async function that calls it"},
		{"lib.ts", "'use cache';\nexport default 5",
			"2:16: a file with 'use cache' at its top can only export async functions\nhint: make it an async function, or put the directive into each function that is to be cached"},
		{"lib.ts", "'use cache';\nexport async function f() { return this }",
			"2:36: a function with 'use cache' cannot use this\nhint: give it what it needs as an argument"},
		// Messages of the build itself have the place in the source too.
		{"lib.ts", "interface X { a: 1 }\n\nexport async function f(a: number) { 'use cache'; const é = 'é'; return import('./missing') }",
			"3:80: cannot resolve \"./missing\"\nhint: there is no \"missing\" in the project's root"},
		{"lib.ts", "export async function f(a: number { 'use cache' }",
			"1:35: expected \")\" but found \"{\""},
	}
	for _, test := range tests {
		dir := t.TempDir()
		unpack(t, dir, []txtar.File{{Name: test.name, Data: []byte(test.source)}})
		_, err := buildCached(t, dir, test.name)
		want := test.want
		if want != "" {
			want = test.name + ":" + want
		}
		if got := fmt.Sprint(err); got != want && (err != nil || want != "") {
			t.Errorf("%s\n got %s\nwant %s", test.source, got, want)
		}
	}
}

// TestUseCacheRebuild: a builder that goes on sees directives come and go.
func TestUseCacheRebuild(t *testing.T) {
	dir := t.TempDir()
	hosted := true
	options := bundle.Options{Dir: dir, Dev: true, Outline: js.ReadOutline, Host: func(name string) bool { return hosted && name == bundle.UseCacheModule }}
	b, err := bundle.NewBuilder(options, js.Check)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, step := range []struct {
		lib  string
		want string // the log of a call, or the error
	}{
		{"export async function f(n: number) { 'use cache'; return n }", "run lib.ts#f [1]\n1\n"},
		{"export async function f(n: number) { return n }", "1\n"},
		{"export async function f(n: number) { 'use cache'; return missing.x }; import missing from './missing'", "lib.ts:1:91: cannot resolve \"./missing\"\nhint: there is no \"missing\" in the project's root"},
		{"\n\nexport function f(n: number) { 'use cache'; return n }", "lib.ts:3:32: a function with 'use cache' must be async\nhint: put async before it; generators, getters and setters cannot be cached"},
		// The engine lacks a field of that name with a value: both passes are made.
		{"class C { get = 2; static #p = 1; static has(o: object) { return 1 + +(#p in o) } }\nexport const f = async (n: number) => { 'use cache'; return new C().get + n + C.has(C) }", "run lib.ts#f [1]\n5\n"},
		{"// @ts-nocheck\nexport async function* g() { yield 1 }\nexport async function f(n) { 'use cache'; for await (const x of []) {} await using y = null; return y === null }", "run lib.ts#f [1]\ntrue\n"},
	} {
		unpack(t, dir, []txtar.File{{Name: "lib.ts", Data: []byte(step.lib)}})
		built, err := b.Rebuild(t.Context(), []string{"lib.ts"})
		got := fmt.Sprint(err)
		if err == nil {
			got = startCached(t, built).run(t, `log(await (await load("lib.ts")).f(1))`)
		}
		if got != step.want {
			t.Errorf("%s\n got %s\nwant %s", step.lib, got, step.want)
		}
	}
	// A host without the module: functions like others.
	hosted = false
	unpack(t, dir, []txtar.File{{Name: "lib.ts", Data: []byte("export async function f(n: number) { 'use cache'; return n }")}})
	built, err := b.Rebuild(t.Context(), []string{"lib.ts"})
	if err != nil {
		t.Fatal(err)
	}
	if got := startCached(t, built).run(t, `log(await (await load("lib.ts")).f(1))`); got != "1\n" {
		t.Errorf("without the host's module: %s", got)
	}
}

// Files without the directive are left as they are, and editing the others
// leads to no error but our own.
func FuzzUseCache(f *testing.F) {
	for _, source := range []string{
		`export async function f(a: number) { 'use cache'; return a }`, `'use cache'; export const f = async () => 1, g = wrap(f); export default async () => f()`,
		"export const o = (a) => ({ async m(x = a) { 'use cache'; return `${a}` }, n: async () => { 'use cache: remote'; return <p>{a}</p> } })",
		`for (const x of y) z.push(async () => { "use cache"; return x.a?.b })`, `export default class { static async m() { 'use cache' } } export * from './x'`,
		"const t = `\nimport a from 'b'\nexport default x${async () => { 'use cache' }}`", `export default async function () { 'use cache'; return import.meta.url + import('y') }`,
		`export async function é() { 'use cache' } export { é as "a b", é as c }`, `function f() { 1; 'use cache' }`, `module.exports = async function () { 'use cache' }`,
		`'use cache'; export const a = async () => b ? (c, d) : new E(), x = /use cache/`,
	} {
		f.Add(source)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, source string) {
		if strings.Contains(source, "__portico") {
			t.Skip("our own names")
		}
		unpack(t, dir, []txtar.File{{Name: "main.tsx", Data: []byte(source)}})
		host := func(name string) bool { return name == bundle.UseCacheModule }
		plain, plainErr := bundle.Build(t.Context(), bundle.Options{Dir: dir, Entries: []string{"main.tsx"}, Host: host}, js.Check)
		built, err := buildCached(t, dir, "main.tsx")
		switch {
		case err == nil && plainErr != nil:
			t.Fatalf("an error is gone: %v\n%s", plainErr, source)
		case err == nil:
			if !strings.Contains(source, "use cache") && built.Code != plain.Code {
				t.Fatalf("%s became\n%s", source, built.Code)
			}
			return
		}
		var failed *bundle.Error
		if !errors.As(err, &failed) {
			t.Fatal(err)
		}
		for _, m := range failed.Messages {
			if plainErr == nil && !strings.Contains(m.Text, "use cache") && !strings.Contains(m.Text, "directive") || m.File != "" && (m.Line < 1 || m.Column < 1) {
				t.Fatalf("%v\n%s", m, source)
			}
		}
	})
}
