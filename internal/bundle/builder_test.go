package bundle

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

func noHost(*goja.Runtime, string) (goja.Value, error) { return nil, errors.New("no host modules") }

// result loads an entry of the bundle and returns what its GET returns.
func result(t *testing.T, b *Bundle, entry string) string {
	t.Helper()
	m := newMachine(t, b, noHost)
	return strings.TrimSpace(m.run(t, `log((await load(`+quote(entry)+`)).GET())`))
}

func TestRebuild(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	write(t, dir, "a/route.ts", `import { x } from "../lib"; export const GET = () => "a" + x;`)
	write(t, dir, "lib.ts", `export const x = 1;`)
	compiled := 0
	b, err := NewBuilder(Options{Dir: dir}, func(code, name string) error {
		compiled++
		return gojaCompile(code, name)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	build := func(entries ...string) *Bundle {
		t.Helper()
		out, err := b.Rebuild(ctx, entries)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := result(t, build("a/route.ts"), "a/route.ts"); got != "a1" {
		t.Errorf("first build: GET() = %q, want a1", got)
	}
	write(t, dir, "lib.ts", `export const x = 2;`)
	if got := result(t, build("a/route.ts"), "a/route.ts"); got != "a2" {
		t.Errorf("after a change: GET() = %q, want a2", got)
	}

	// A new entry, a module that was missing, and a new tsconfig.json.
	write(t, dir, "b/route.ts", `import y from "@/y"; export const GET = () => "b" + y;`)
	_, err = b.Rebuild(ctx, []string{"a/route.ts", "b/route.ts"})
	var failed *Error
	if !errors.As(err, &failed) {
		t.Fatalf("unresolved import: error %v, want an *Error", err)
	}
	if want := filepath.Join(b.o.Dir, "b", "route.ts"); !slices.Contains(failed.Inputs, want) {
		t.Errorf("Inputs of the failed build are %q, without %s", failed.Inputs, want)
	}
	write(t, dir, "y.ts", `export default "y";`)
	write(t, dir, "tsconfig.json", `{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }`)
	out := build("a/route.ts", "b/route.ts")
	if got := result(t, out, "b/route.ts"); got != "by" {
		t.Errorf("after the correction: GET() = %q, want by", got)
	}

	// The same as a build from nothing.
	fresh, err := Build(ctx, Options{Dir: dir, Entries: []string{"a/route.ts", "b/route.ts"}}, gojaCompile)
	if err != nil {
		t.Fatal(err)
	}
	if fresh.Code != out.Code || string(fresh.SourceMap) != string(out.SourceMap) {
		t.Error("a rebuild differs from a build of the same files")
	}

	// An entry that is gone leaves nothing behind.
	if out := build("a/route.ts"); strings.Contains(out.Code, "b/route.ts") || slices.ContainsFunc(out.Inputs, func(f string) bool { return strings.HasSuffix(f, "y.ts") }) {
		t.Error("an entry that is gone is still in the bundle")
	}

	// Class syntax that goja lacks: the second pass, and from then on only it.
	write(t, dir, "lib.ts", `export class C { get = 3 } export const x = new C().get;`)
	compiled = 0
	if out := build("a/route.ts"); !out.Lowered || compiled != 2 {
		t.Errorf("Lowered = %v after %d compilations, want true after 2", out.Lowered, compiled)
	}
	compiled = 0
	if out := build("a/route.ts"); !out.Lowered || compiled != 1 || result(t, out, "a/route.ts") != "a3" {
		t.Errorf("Lowered = %v after %d compilations, want true after 1", out.Lowered, compiled)
	}
}

func TestCancel(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "route.ts", `export const GET = 1;`)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Build(ctx, Options{Dir: dir, Entries: []string{"route.ts"}}, gojaCompile); !errors.Is(err, context.Canceled) {
		t.Errorf("before the build: error %v, want context.Canceled", err)
	}

	// While esbuild runs: it is inside the host callback, which returns only
	// after the cancellation.
	write(t, dir, "route.ts", `import "one"; import "./two"; export const GET = 1;`)
	write(t, dir, "two.ts", `import "three"`)
	ctx, cancel = context.WithCancel(context.Background())
	host := func(string) bool { cancel(); return true }
	b, err := NewBuilder(Options{Dir: dir, Host: host}, gojaCompile)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.Rebuild(ctx, []string{"route.ts"}); !errors.Is(err, context.Canceled) {
		t.Errorf("during the build: error %v, want context.Canceled", err)
	}
	if _, err := b.Rebuild(context.Background(), []string{"route.ts"}); err != nil {
		t.Errorf("the build after it: error %v", err)
	}
}

// The same project in another place makes the same bundle, byte for byte, so
// that builds are reproducible and no path of the machine leaks.
func TestDeterministic(t *testing.T) {
	f := readFixture(t, "testdata/run/modules.txtar")
	g := readFixture(t, "testdata/run/modules.txtar")
	for _, dir := range []string{f.dir, g.dir} {
		write(t, dir, "meta.ts", `export const GET = () => [import.meta.url, __filename];`)
	}
	var first *Bundle
	for _, o := range []Options{f.options(), g.options(), f.options(), g.options()} {
		o.Entries = append(slices.Clone(o.Entries), "meta.ts")
		b, err := Build(context.Background(), o, gojaCompile)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.Code, o.Dir) || strings.Contains(string(b.SourceMap), o.Dir) {
			t.Error("the project's path is in the bundle")
		}
		if first == nil {
			first = b
		}
		if b.Code != first.Code || string(b.SourceMap) != string(first.SourceMap) {
			t.Error("two builds of the same project differ")
		}
	}
}

func TestInputs(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"package.json":                                  `{}`,
		"tsconfig.json":                                 `{ "extends": ["./base.json", "@acme/ts/strict.json"] }`,
		"base.json":                                     `{ "extends": "./tsconfig.json" }`, // a circle
		"unused.ts":                                     ``,
		"app/route.ts":                                  `import "../lib/a"; import data from "./d.json"; import "pkg"; import "./x.css"; import type { T } from "./types"; export const GET = (t: T) => data;`,
		"app/d.json":                                    `1`,
		"app/x.css":                                     ``,
		"app/types.ts":                                  `export type T = 1`,
		"lib/a.ts":                                      `export {}`,
		"lib/jsconfig.json":                             `{}`,
		"node_modules/pkg/package.json":                 `{ "main": "dist/index.js" }`,
		"node_modules/pkg/tsconfig.json":                `{}`,
		"node_modules/pkg/dist/package.json":            `{ "type": "commonjs" }`,
		"node_modules/pkg/dist/index.js":                `require("react")`,
		"node_modules/react/package.json":               `{ "exports": { ".": "./index.js" } }`,
		"node_modules/react/index.js":                   ``,
		"node_modules/@acme/ts/strict.json":             `{}`,
		"node_modules/@acme/ts/package.json":            `{}`,
		"node_modules/pkg/node_modules/x/tsconfig.json": `{}`,
	} {
		write(t, dir, name, text)
	}
	b, err := Build(context.Background(), Options{Dir: dir, Entries: []string{"app/route.ts"}}, gojaCompile)
	if err != nil {
		t.Fatal(err)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range b.Inputs {
		rel, err := filepath.Rel(real, f)
		if err != nil || !filepath.IsLocal(rel) {
			// A configuration above the temporary folder, if the machine has one.
			continue
		}
		got = append(got, filepath.ToSlash(rel))
	}
	want := []string{
		"app/d.json", "app/route.ts", "app/x.css", "base.json", "lib/a.ts", "lib/jsconfig.json",
		"node_modules/@acme/ts/strict.json",
		"node_modules/pkg/dist/index.js", "node_modules/pkg/dist/package.json", "node_modules/pkg/package.json",
		"node_modules/react/index.js", "node_modules/react/package.json",
		"package.json", "tsconfig.json",
	}
	if !slices.Equal(got, want) {
		t.Errorf("Inputs are\n%q, want\n%q", got, want)
	}
}

// Building through a symbolic link must not move the sources out of the root.
func TestSymlinkedDir(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "real/route.ts", `export const GET = () => "linked";`)
	link := filepath.Join(dir, "link")
	if err := os.Symlink("real", link); err != nil {
		if runtime.GOOS == "windows" {
			t.Skip("no right to make symbolic links")
		}
		t.Fatal(err)
	}
	b, err := Build(context.Background(), Options{Dir: link, Entries: []string{"route.ts"}}, gojaCompile)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b.SourceMap), `"route.ts"`) {
		t.Errorf("the sources are not relative to the root: %s", b.SourceMap)
	}
	if got := result(t, b, "route.ts"); got != "linked" {
		t.Errorf("GET() = %q, want linked", got)
	}
}

func TestOptionsErrors(t *testing.T) {
	for _, dir := range []string{"", "relative", filepath.Join(t.TempDir(), "missing")} {
		if _, err := Build(context.Background(), Options{Dir: dir}, gojaCompile); err == nil {
			t.Errorf("Dir %q: no error", dir)
		}
	}
	// A definition that is not JavaScript is the caller's fault, and said.
	_, err := Build(context.Background(), Options{Dir: t.TempDir(), Define: map[string]string{"process.env.X": "not js"}}, gojaCompile)
	var failed *Error
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "not js") {
		t.Errorf("bad Define: error %v, want an *Error that names it", err)
	}
}
