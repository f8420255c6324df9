package site

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/portico-dev/portico/internal/bundle"
	"github.com/portico-dev/portico/internal/js"
)

// Exports that are read without running their module: bundle makes plain
// script of it, js finds the value.
func TestStaticExport(t *testing.T) {
	for _, c := range []struct {
		name, file, src string
		want            string // as JSON, "" when there is none
		err             string
	}{
		{"object", "middleware.ts", "import type { X } from 'y'\nexport function middleware(r: X) {}\nexport const config = { matcher: ['/a', `/b`, { source: '/c', has: [{ type: 'header', key: \"x\" }], locale: false }] }", `{"matcher":["/a","/b",{"has":[{"key":"x","type":"header"}],"locale":false,"source":"/c"}]}`, ""},
		{"as const", "middleware.ts", "export const config = { matcher: '/((?!api|_next/static|favicon.ico).*)' } as const", `{"matcher":"/((?!api|_next/static|favicon.ico).*)"}`, ""},
		{"satisfies", "proxy.ts", "export const config = ({ matcher: [] as string[], n: -1, u: undefined, z: null, t: true } satisfies X) as X", `{"matcher":[],"n":-1,"t":true,"u":null,"z":null}`, ""},
		{"escapes", "middleware.js", `export const config = { matcher: "/a/:x(\\d{1,})", "with space": '\u00e9\x41\u{1F600}', t: ` + "`\\\\d`" + ` }`, `{"matcher":"/a/:x(\\d{1,})","t":"\\d","with space":"éA😀"}`, ""},
		{"list of exports", "middleware.mjs", "const c = { matcher: '/a' };\nexport { c as config };", `{"matcher":"/a"}`, ""},
		{"let and var", "middleware.mjs", "export var config = { matcher: '/a', n: 1_000, h: 0x10, f: .5 };", `{"f":0.5,"h":16,"matcher":"/a","n":1000}`, ""},
		{"JSX beside it", "middleware.tsx", "export const x = <a b={1}>c</a>;\nexport const config = { matcher: '/a' }", `{"matcher":"/a"}`, ""},
		{"modern syntax beside it", "middleware.ts", "class A { static #x = 1; get = 2; static { A.#x = 3 } has(o: any) { return #x in o } }\nfor await (const x of []) ;\n" +
			"export const config = {}", "", "top-level await keeps the exports of this module from being read"},
		{"classes beside it", "middleware.ts", "class A { static #x = 1; get = 2; static { A.#x = 3 } has(o: any) { return #x in o } }\nasync function* g() { for await (const x of []) yield x }\nconst r = /[\\p{L}&&\\d]/v;\nexport const config = { matcher: '/a' }", `{"matcher":"/a"}`, ""},
		{"nothing", "middleware.ts", "export const other = { config: 1 }; const config = 2", "", ""},
		{"default only", "middleware.ts", "export default function config() {}", "", ""},
		{"empty file", "middleware.ts", "", "", ""},
		{"body limit", "app/api/route.ts", "export const config = '4mb'", `"4mb"`, ""},

		{"variable", "middleware.ts", "const m = '/a'\nexport const config = {\n  matcher: [m],\n}", "", "middleware.ts:3:13: config must be a literal: there is the variable m in matcher[0]\nhint: it is read without running the module"},
		{"shorthand", "middleware.ts", "const matcher = '/a'\nexport const config = { matcher }", "", "middleware.ts:2:25: config must be a literal: there is the variable matcher"},
		{"call", "middleware.ts", "export const config = { matcher: paths() }", "", "middleware.ts:1:34: config must be a literal: there is a call in matcher\nhint"},
		{"new", "middleware.ts", "export const config = { matcher: new URL('x') }", "", "there is a call"},
		{"template", "middleware.ts", "const é = 1; export const config = { matcher: `/😀${é}` }", "", "middleware.ts:1:52: config must be a literal: there is an expression in a template"},
		{"tagged", "middleware.ts", "export const config = { matcher: String.raw`/a` }", "", "config must be a literal"},
		{"spread", "middleware.ts", "export const config = { ...base }", "", "config must be a literal: there is a spread"},
		{"spread in a list", "middleware.ts", "export const config = { matcher: ['/a', ...more] }", "", "config must be a literal: there is a spread"},
		{"condition", "middleware.ts", "export const config = process.env.X ? { matcher: '/a' } : {}", "", "middleware.ts:1:23: config must be a literal: there is an expression"},
		{"arithmetic", "middleware.ts", "export const config = 60 * x", "", "config must be a literal: there is an expression"},
		{"member", "middleware.ts", "export const config = { matcher: paths.all }", "", "config must be a literal: there is an expression"},
		{"computed key", "middleware.ts", "export const config = { ['mat' + x]: '/a' }", "", "config must be a literal: there is a computed key"},
		{"getter", "middleware.ts", "export const config = { get matcher() { return '/a' } }", "", "config must be a literal: there is a get"},
		{"method", "middleware.ts", "export const config = { matcher() {} }", "", "config must be a literal: there is a "},
		{"function", "middleware.ts", "export function config() {}", "", "middleware.ts:1:8: config must be a literal: it is a function"},
		{"class", "middleware.ts", "export class config {}", "", "config must be a literal: it is a"},
		{"regular expression", "middleware.ts", "export const config = { matcher: /a/ }", "", "config must be a literal: there is a regular expression"},
		{"arrow", "middleware.ts", "export const config = { matcher: () => '/a' }", "", "config must be a literal: there is a function"},
		{"hole", "middleware.ts", "export const config = { matcher: [, '/a'] }", "", "there is a list with holes"},
		{"no value", "middleware.ts", "export let config; config = {}", "", "it has no value where it is declared"},
		{"pattern", "middleware.ts", "export const { config } = all", "", "it is not a plain declaration at the top of the module"},
		{"other module", "middleware.ts", "import { config } from './config'\nexport { config }", "", "config must be a literal: it comes from another module"},
		{"forwarded", "middleware.ts", "export { config } from './config'", "", "config must be a literal: it comes from another module"},
		{"prototype", "middleware.ts", "export const config = { __proto__: { matcher: '/a' } }", "", "there is a prototype"},
		{"syntax", "middleware.ts", "export const config = {\n  matcher: '/a'\n  has: 1\n}", "", "middleware.ts:3:3: expected \"}\" but found \"has\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, found, err := bundle.StaticExport(c.file, []byte(c.src), "config", js.Literal)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("got  %v\nwant %s", err, c.err)
			}
			got := ""
			if found && err == nil {
				b, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				got = string(b)
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if err != nil && found != strings.Contains(err.Error(), "must be a literal") {
				t.Errorf("found %v with %v", found, err)
			}
		})
	}
}

// Reading an export never panics, and gives data only.
func FuzzStaticExport(f *testing.F) {
	for _, s := range []string{"export const config = { matcher: ['/a', `/b`] }", "export let config", "export * from 'x'; export const config = [1, -2, , 0n]", "export const config = { a: { b: [/x/v, 'c' + 1, !0, void 0] } } as const", "export enum config { A = 'x' }", "export namespace config { export const a = 1 }", "import config = require('x'); export { config }", "export default 1; export { default as config } from 'y'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		v, found, err := bundle.StaticExport("middleware.ts", []byte(src), "config", js.Literal)
		if err == nil && found {
			if _, err := json.Marshal(v); err != nil {
				t.Errorf("%#v is no data: %v", v, err)
			}
		}
		if err == nil && !found && v != nil {
			t.Errorf("%#v was not found", v)
		}
	})
}
