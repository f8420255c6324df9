package site

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/portico-dev/portico/internal/config"
)

// settingsOf reads the configuration of a project.
func settingsOf(t *testing.T, dir, mode string) (*config.Settings, []string, []string, error) {
	t.Helper()
	l := configLoader(t, dir)
	env := &Env{Vars: map[string]string{"FROM_ENV": "yes", "NODE_ENV": mode}}
	return l.settings(t.Context(), folderOf(t, dir), env, mode)
}

func configLoader(t *testing.T, dir string) *Loader {
	l := NewLoader(Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Settings: func(s *config.Settings) { s.Server.JobLimit = 200 * time.Millisecond }})
	t.Cleanup(l.Close)
	return l
}

func folderOf(t *testing.T, dir string) string {
	t.Helper()
	real, err := folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return real
}

// What a configuration may look like. Each sets basePath, and env to show what
// it has seen.
func TestConfigForms(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string // names and texts in turn; the first is the configuration
		mode  string
		want  config.Settings
	}{
		{name: "ts", files: []string{"next.config.ts", `
			import type { NextConfig } from 'next'
			const config: NextConfig = { basePath: '/ts', env: { A: process.env.FROM_ENV, B: process.env.NODE_ENV, C: undefined } }
			export default config satisfies NextConfig`},
			want: config.Settings{BasePath: "/ts", Env: map[string]string{"A": "yes", "B": "production"}}},
		{name: "import of the type without type", files: []string{"next.config.ts", `
			import { NextConfig } from 'next'
			export default { basePath: '/t' } as NextConfig`, "tsconfig.json", `{"compilerOptions":{"verbatimModuleSyntax":true}}`},
			want: config.Settings{BasePath: "/t"}},
		{name: "mjs", files: []string{"next.config.mjs", "/** @type {import('next').NextConfig} */\nconst nextConfig = { basePath: '/m' };\nexport default nextConfig;"},
			want: config.Settings{BasePath: "/m"}},
		{name: "CommonJS", files: []string{"next.config.js", "const { x } = require('./lib/x');\nmodule.exports = { basePath: x }", "lib/x.js", "exports.x = '/c'"},
			want: config.Settings{BasePath: "/c"}},
		{name: "CommonJS that was compiled", files: []string{"next.config.cjs", "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = { basePath: '/d' }"},
			want: config.Settings{BasePath: "/d"}},
		{name: "JSON module", files: []string{"next.config.mts", "import x from './package.json'; export default { basePath: '/' + x.name }", "package.json", `{"name":"p"}`},
			want: config.Settings{BasePath: "/p"}},
		{name: "function", files: []string{"next.config.mjs", `
			import { PHASE_PRODUCTION_SERVER } from 'next/constants'
			export default (phase, { defaultConfig }) => ({ ...defaultConfig, basePath: phase === PHASE_PRODUCTION_SERVER ? '/prod' : '/other' })`},
			want: config.Settings{BasePath: "/prod", Env: map[string]string{}, PageExtensions: []string{"tsx", "ts", "jsx", "js"}, DistDir: ".next", ExpireTime: 8760 * time.Hour, CacheMaxMemorySize: 50 << 20}},
		{name: "async function in development", mode: "development", files: []string{"next.config.mjs", `
			import constants from 'next/constants.js'
			export default async (phase) => { await new Promise(r => setTimeout(r, 1)); return { basePath: phase === constants.PHASE_DEVELOPMENT_SERVER ? '/dev' : '/other', env: { A: process.env.NODE_ENV } } }`},
			want: config.Settings{BasePath: "/dev", Env: map[string]string{"A": "development"}}},
		{name: "promise", files: []string{"next.config.mjs", "export default Promise.resolve({ basePath: '/p' })"},
			want: config.Settings{BasePath: "/p"}},
		{name: "plugins", files: []string{"next.config.ts", `
			import withTool from 'with-tool'
			export default withTool({ enabled: true })({ basePath: '/w', webpack: (c: any) => c, reactStrictMode: true })`,
			"node_modules/with-tool/package.json", `{"name":"with-tool","main":"index.js"}`,
			"node_modules/with-tool/index.js", "const path = require('path'), webpack = require('child_process'); class Huge { constructor() { this.self = this } }\n" +
				"module.exports = (o) => (config) => ({ ...config, turbopack: new Huge(), webpack() { return new webpack.Thing() }, env: { P: path.join('a', '..', 'b') } })"},
			want: config.Settings{BasePath: "/w", Env: map[string]string{"P": "b"}, Ignored: []string{"webpack", "reactStrictMode", "turbopack"}}},
		{name: "files", files: []string{"next.config.mjs", `
			import fs, { readFileSync, existsSync } from 'node:fs'
			import { readFile } from 'fs/promises'
			import path from 'node:path'
			const a = JSON.parse(readFileSync('data/a.json', 'utf8')).a, b = (await readFile(new URL('./data/b.txt', import.meta.url))).toString().trim()
			let code; try { fs.readFileSync(path.join(process.cwd(), 'nope')) } catch (e) { code = e.code + ' ' + e.message.includes('open') }
			export default { basePath: a, env: { B: b, C: code, D: String(existsSync('data')), E: fs.readdirSync('data').join(), F: String(readFileSync('data/a.json') instanceof Buffer) } }`,
			"data/a.json", `{"a":"/f"}`, "data/b.txt", "text\n"},
			want: config.Settings{BasePath: "/f", Env: map[string]string{"B": "text", "C": "ENOENT true", "D": "true", "E": "a.json,b.txt", "F": "true"}}},
		{name: "portico.config.json", files: []string{"portico.config.json", `{"basePath":"/j","bodyLimit":"1mb"}`},
			want: config.Settings{BasePath: "/j", BodyLimit: 1 << 20}},
		{name: "portico.config.ts spreads next.config", files: []string{"portico.config.ts", "import next from './next.config'\nexport default { ...next, bodyLimit: 5000, csrf: { exempt: ['/hook'] } }", "next.config.ts", "export default { basePath: '/n', portico: { maxConcurrency: 3 } }"},
			want: config.Settings{BasePath: "/n", BodyLimit: 5000, MaxConcurrency: 3, CSRF: config.CSRF{Exempt: []string{"/hook"}}}},
		{name: "this", files: []string{"next.config.mjs", "export default { get basePath() { return '/g' }, rules: undefined, async redirects() { return this.basePath === '/g' ? [] : [5] } }"},
			want: config.Settings{BasePath: "/g"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			mode := "production"
			if c.mode != "" {
				mode = c.mode
			}
			dir := project(t, c.files...)
			s, inputs, warnings, err := settingsOf(t, dir, mode)
			if err != nil {
				t.Fatal(err)
			}
			c.want.File = c.files[0]
			if !reflect.DeepEqual(*s, c.want) {
				t.Errorf("got  %+v\nwant %+v", *s, c.want)
			}
			for i := 0; i < len(c.files); i += 2 {
				if file := filepath.Join(folderOf(t, dir), filepath.FromSlash(c.files[i])); !slices.Contains(inputs, file) {
					t.Errorf("%s is not among the inputs %v", file, inputs)
				}
			}
			if len(c.want.Ignored) == 0 && len(warnings) > 0 {
				t.Errorf("warnings %q", warnings)
			}
		})
	}
}

// What is wrong, with the place. The place of what is thrown comes from the
// source map.
func TestConfigErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		want  string
	}{
		{"no default", []string{"next.config.mjs", "export const redirects = []"}, "next.config.mjs: there is no default export\nhint: write export default { … }, or module.exports = { … }"},
		{"not an object", []string{"next.config.mjs", "export default 5"}, "next.config.mjs: the configuration is the number 5, want an object"},
		{"a list", []string{"next.config.mjs", "export default () => []"}, "next.config.mjs: the configuration is a list, want an object"},
		{"throws", []string{"next.config.ts", "const a: string = 'x'\n\nif (a) throw new TypeError('no ' + a)\nexport default {}"}, "next.config.ts:3:14: the configuration threw: TypeError: no x\n    at next.config.ts (next.config.ts:3:14)\nhint: "},
		{"throws in a function", []string{"next.config.ts", "interface X {}\nexport default {\n  async redirects() {\n    return fails();\n  },\n}\nfunction fails() { throw new Error('no') }"}, "next.config.ts:7:26: redirects() threw: Error: no\n    at fails (next.config.ts:7:26)\n    at redirects (next.config.ts:4:18)"},
		{"rejects", []string{"next.config.mjs", "export default async () => { throw new Error('late') }"}, "the exported function threw: Error: late"},
		{"rejects with a cause", []string{"next.config.mjs", "export default { redirects: () => fetch('http://127.0.0.1:1/') }"}, "redirects() threw: TypeError: fetch failed|\n  [cause]: Error: "},
		{"rejects with a string", []string{"next.config.mjs", "export default { headers: () => Promise.reject('text') }"}, "next.config.mjs: headers() threw: uncaught text"},
		{"getter", []string{"next.config.mjs", "export default { get basePath() { throw new Error('got') } }"}, "next.config.mjs:1:41: the configuration threw: Error: got"},
		{"returns nothing", []string{"next.config.mjs", "export default { rewrites() {} }"}, "next.config.mjs: rewrites(): it returned undefined, want a list"},
		{"never ends", []string{"next.config.mjs", "export default { rewrites() { for (;;); } }"}, "next.config.mjs: rewrites() computed for too long"},
		{"never settles", []string{"next.config.mjs", "export default { redirects: () => new Promise(() => {}) }"}, "next.config.mjs: redirects() did not settle within 30s"},
		{"top level never settles", []string{"next.config.mjs", "await new Promise(() => {}); export default {}"}, "next.config.mjs: the configuration did not settle within 30s"},
		{"syntax", []string{"next.config.ts", "export default {\n  a b\n}"}, "next.config.ts:2:5: expected "},
		{"import", []string{"next.config.ts", "import x from './nope'\nexport default x"}, "next.config.ts:1:15: cannot resolve \"./nope\""},
		{"two of a kind", []string{"next.config.ts", "export default {}", "next.config.js", "module.exports = {}"}, "next.config.js: next.config.ts is there as well, and a project has one configuration\nhint: remove one of the two"},
		{"wrong kind", []string{"next.config.json", "{}"}, "next.config.json: a configuration of this kind is not read\nhint: rename it to next.config.ts or next.config.mjs"},
		{"JSON", []string{"portico.config.json", "{\n  a: 1\n}"}, "portico.config.json:2:3: this is not JSON: "},
		{"key", []string{"next.config.ts", "export default {\n  trailingSlash: true,\n  traillingSlash: true,\n}"}, "next.config.ts:3:3: traillingSlash: unknown key\nhint: did you mean trailingSlash"},
		{"odd values", []string{"next.config.mjs", "const o = {}; o.o = o; export default { basePath: /x/, distDir: 5n, output: Symbol('a'), compress: () => true, env: { A: new Date(0), B: o } }"},
			"basePath: this is a RegExp, want a string|distDir: this is a bigint, want a string|output: this is a symbol|compress: this is a function, want true or false|env.A: this is a Date, want a string|env.B: this is an object, want a string"},
		{"too large", []string{"next.config.mjs", "const list = Array(3000).fill(0); export default { redirects: () => Array(3000).fill(list) }"}, "next.config.mjs: the configuration has too many values"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := project(t, c.files...)
			l := configLoader(t, dir)
			ctx := t.Context()
			if strings.Contains(c.name, "never settles") {
				short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
				defer cancel()
				ctx = short
			}
			s, inputs, _, err := l.settings(ctx, folderOf(t, dir), &Env{}, "production")
			if err == nil {
				t.Fatalf("settings %+v", s)
			}
			for want := range strings.SplitSeq(c.want, "|") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got  %s\nwant %s", err, want)
				}
			}
			if file := filepath.Join(folderOf(t, dir), c.files[0]); !slices.Contains(inputs, file) {
				t.Errorf("%s is not among the inputs %v", file, inputs)
			}
		})
	}
}

// What the edge and the proxy have to say about settings has its place, too.
func TestSettingPlaces(t *testing.T) {
	for name, text := range map[string]string{
		"portico.config.ts": `export default {
  allowedHosts: 'https://a.test', trustedProxies: ['loopback', 'nginx'],
  cors: [{ source: '/(', origins: '*' }, { origins: '*', methods: ['G ET'] }],
  csrf: { exempt: ['/ok', '/a*'] },
  proxy: { allow: ['api.test', 'b c'], upstreams: { 'http://api.test': { addresses: ['http://c'] } } },
}`,
		"next.config.mjs": `export default { trailingSlash: true,
  portico: { allowedHosts: 'https://a.test', trustedProxies: ['loopback', 'nginx'],
  cors: [{ source: '/(', origins: '*' }, { origins: '*', methods: ['G ET'] }],
  csrf: { exempt: ['/ok', '/a*'] },
  proxy: { allow: ['api.test', 'b c'], upstreams: { 'http://api.test': { addresses: ['http://c'] } } },
} }`,
	} {
		_, _, err := load(t, Options{Dir: project(t, name, text, "app/route.ts", hello)})
		if err == nil {
			t.Fatal("it loads")
		}
		for what, entry := range map[string]string{
			"allowedHosts: ": "'https://a.test'", "trustedProxies: ": "'nginx'", "cors[0]: `source`": "cors", "cors[1]: methods": "{ origins: '*', m",
			"csrf.exempt: ": "'/a*'", "proxy.allow: ": "'b c'", "proxy.upstreams[": "'http://c'",
		} {
			before, _, _ := strings.Cut(text, entry)
			if what == "cors[0]: `source`" {
				before, _, _ = strings.Cut(text, "{ source")
			}
			line := strings.Count(before, "\n")
			place := fmt.Sprintf("%s:%d:%d: ", name, line+1, len(before)-strings.LastIndex(before, "\n"))
			if !strings.Contains(err.Error(), place+what) && !strings.Contains(err.Error(), place+"portico."+what) {
				t.Errorf("there is no %q in\n%s", place+what, err)
			}
		}
	}
	_, _, err := load(t, Options{Dir: project(t, "portico.config.json", `{ "rewrites": [{ "source": "/x", "destination": "http://b.test/" }, { "source": "/y", "destination": "http://a.test/" }], "proxy": { "allow": "a.test" } }`, "app/route.ts", hello)})
	if want := "portico.config.json:1:134: proxy.allow does not have the host of http://b.test, where the rewrite /x leads to\nhint: add the host to the list, or leave the list out"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestConfigAbsent(t *testing.T) {
	dir := project(t, "app/route.ts", hello)
	s, inputs, warnings, err := settingsOf(t, dir, "production")
	if err != nil || len(warnings) > 0 || !reflect.DeepEqual(*s, config.Settings{}) {
		t.Fatalf("%+v, %q, %v", s, warnings, err)
	}
	if file := filepath.Join(folderOf(t, dir), "next.config.ts"); !slices.Contains(inputs, file) {
		t.Errorf("nothing waits for %s: %v", file, inputs)
	}
}

func TestConfigOfBothKinds(t *testing.T) {
	dir := project(t, "next.config.ts", "throw new Error('not to be run')", "portico.config.mjs", "export default { basePath: '/p', images: {} }")
	s, _, warnings, err := settingsOf(t, dir, "production")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"next.config.ts: not read, as portico.config.mjs is there: import it there and spread it, or move the keys",
		"portico.config.mjs: ignored, being about React rendering or Next.js's own build: images",
	}
	if s.BasePath != "/p" || !slices.Equal(warnings, want) {
		t.Errorf("%+v\n%q", s, warnings)
	}
}

// A configuration runs again only when something that it depends on has changed.
func TestConfigRunsOnce(t *testing.T) {
	dir := project(t, "next.config.mjs", "import fs from 'fs'; import './lib.mjs'\nexport default { basePath: '/r' + Math.random(), env: { A: fs.readFileSync('data.txt', 'utf8') } }",
		"lib.mjs", "", "data.txt", "1")
	l := configLoader(t, dir)
	env := &Env{Vars: map[string]string{}}
	read := func(mode string) *config.Settings {
		t.Helper()
		s, _, _, err := l.settings(t.Context(), folderOf(t, dir), env, mode)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	last := read("production")
	if again := read("production"); again != last {
		t.Error("it ran again though nothing has changed")
	}
	for _, change := range []struct {
		name string
		make func()
	}{
		{"a module", func() { touch(t, filepath.Join(dir, "lib.mjs"), "// more") }},
		{"a file that it read", func() { touch(t, filepath.Join(dir, "data.txt"), "22") }},
		{"the file itself", func() { touch(t, filepath.Join(dir, "next.config.mjs"), "export default { basePath: '/x' }") }},
		{"the environment", func() { env = &Env{Vars: maps.Clone(env.Vars)}; env.Vars["X"] = "1" }},
		{"another configuration", func() { touch(t, filepath.Join(dir, "portico.config.json"), "{}") }},
	} {
		change.make()
		s := read("production")
		if s == last {
			t.Errorf("%s has changed, and it did not run again", change.name)
		}
		last = s
	}
	if read("development") == last {
		t.Error("it did not run again for development")
	}
}

func touch(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestDefines(t *testing.T) {
	got, err := defines(&Env{Public: map[string]string{"NEXT_PUBLIC_A": "1", "NEXT_PUBLIC_B": "2"}}, &config.Settings{Env: map[string]string{"NEXT_PUBLIC_B": `"x"`, "C": ""}})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"process.env.NEXT_PUBLIC_A": `"1"`, "process.env.NEXT_PUBLIC_B": `"\"x\""`, "process.env.C": `""`}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What the configuration says is what the site does.
func TestConfigured(t *testing.T) {
	dir := project(t,
		"next.config.ts", `export default {
			basePath: '/docs', pageExtensions: ['api.ts'], env: { TITLE: 'from the config', NEXT_PUBLIC_X: 'config' },
			redirects: async () => [{ source: '/twice', has: [{ type: 'query', key: 'q', value: '(.)\\1' }], destination: '/t', permanent: false }, { source: '/old/:id', destination: '/t?id=:id', permanent: true }],
		}`,
		"app/t/route.api.ts", "export const GET = () => new Response(process.env.TITLE + ', ' + process.env.NEXT_PUBLIC_X + ', ' + Object.keys(process.env).includes('TITLE'))",
		"app/u/route.ts", hello,
		".env", "NEXT_PUBLIC_X=env",
	)
	s, _, err := load(t, Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if got := get(s, "/docs/t"); got != "from the config, config, false" {
		t.Errorf("got %q", got)
	}
	for path, want := range map[string]string{"/docs/old/5": "308 /docs/t?id=5", "/docs/twice?q=aa": "307 /docs/t?q=aa", "/docs/twice?q=ab": "404 ", "/docs/u": "404 ", "/t": "404 "} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if got := strconv.Itoa(w.Code) + " " + w.Header().Get("Location"); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	if !slices.ContainsFunc(s.Warnings, func(w string) bool {
		return strings.HasPrefix(w, "next.config.ts:3:28: redirects[0]: ") && strings.Contains(w, "again and again")
	}) {
		t.Errorf("nobody said that a source is not matched in linear time: %q", s.Warnings)
	}
}
