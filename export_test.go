package portico_test

import (
	"context"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

// exportOf writes a project to a folder and exports it.
func exportOf(t *testing.T, out string, list ...string) (*portico.Exported, string, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, sources(list...)); err != nil {
		t.Fatal(err)
	}
	app := portico.New(portico.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { app.Close(context.Background()) })
	x, err := app.Export(t.Context(), out)
	return x, dir, err
}

// What there is below a folder.
func tree(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestExport(t *testing.T) {
	x, dir, err := exportOf(t, "",
		"next.config.js", `module.exports = { output: 'export', async redirects() { return [{ source: '/a', destination: '/b', permanent: true }] } }`,
		"public/logo.svg", "<svg/>", "public/data.json", "of public",
		"app/route.ts", `export const dynamic = 'force-static'; export const GET = () => new Response('root')`,
		"app/data.json/route.ts", `export const revalidate = 60; export const GET = () => Response.json({ n: 1 })`,
		"app/g/[id]/route.ts", `export const generateStaticParams = () => [{ id: 'a b' }, { id: 'é' }, { id: 'x/y' }];
			export const GET = async (_: Request, { params }: any) => new Response((await params).id)`,
		"app/cat/[...path]/route.ts", `export const dynamic = 'error'; export const generateStaticParams = () => [{ path: ['p', 'q'] }];
			export const GET = async (_: Request, { params }: any) => new Response((await params).path.join()); export const POST = GET`,
		"app/hook/route.ts", `export const POST = () => new Response()`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"404.html", "cat/p/q", "data.json", "g/a b", "g/x%2Fy", "g/é", "index.html", "logo.svg"}
	if !slices.Equal(x.Files, want) {
		t.Errorf("files %q\nwant  %q", x.Files, want)
	}
	if got := tree(t, filepath.Join(dir, "out")); !slices.Equal(got, append([]string{".portico-export"}, want...)) {
		t.Errorf("on disk %q", got)
	}
	for name, body := range map[string]string{"data.json": `{"n":1}`, "g/x%2Fy": "x/y", "cat/p/q": "p,q", "logo.svg": "<svg/>", "index.html": "root"} {
		if b, err := os.ReadFile(filepath.Join(dir, "out", name)); err != nil || string(b) != body {
			t.Errorf("%s: %q %v, want %q", name, b, err, body)
		}
	}
	told := strings.Join(x.Warnings, "\n")
	for _, text := range []string{"app/hook/route.ts: POST is left out", "app/cat/[...path]/route.ts: POST is left out", "redirects do not work with an export"} {
		if !strings.Contains(told, text) {
			t.Errorf("no warning says %q:\n%s", text, told)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".out-*")); err != nil || left != nil {
		t.Errorf("left behind: %q %v", left, err)
	}
}

// What cannot be exported is an error with file and reason, and nothing is
// written, within the folder or outside of it.
func TestExportErrors(t *testing.T) {
	const strict = `module.exports = { output: 'export' }`
	const params = `export const dynamic = 'force-static'; export const GET = () => new Response('x'); export const generateStaticParams = () => `
	for _, c := range []struct{ name, file, text, want string }{
		{"not static", "app/h/route.ts", `export const GET = () => new Response('')`, `app/h/route.ts:1:14: export const dynamic = "force-static"/export const revalidate not configured on route "/h" with "output: export"`},
		{"force-dynamic", "app/h/route.ts", `export const dynamic = 'force-dynamic'; export const GET = () => new Response('')`, `"force-dynamic" on page "/h" cannot be used with "output: export"`},
		{"no parameters", "app/[id]/route.ts", `export const dynamic = 'force-static'; export const GET = () => new Response('')`, `page "/[id]" is missing "generateStaticParams()"`},
		{"an empty list", "app/[id]/route.ts", params + `[]`, "gave no parameters"},
		{"the request", "app/h/route.ts", `export const dynamic = 'force-static'; export const GET = (r: Request) => new Response(r.url)`, "because it used `request.url`"},
		{"a throw", "app/h/route.ts", `export const dynamic = 'force-static'; export const GET = () => { throw new Error('away') }`, "app/h/route.ts: /h cannot be exported: Error: away"},
		{"a redirect", "app/h/route.ts", `export const dynamic = 'force-static'; export const GET = () => new Response(null, { status: 307, headers: { location: '/x' } })`, "/h cannot be exported: it redirects to /x"},
		{"a status", "app/h/route.ts", `export const dynamic = 'force-static'; export const GET = () => new Response('no', { status: 404 })`, "/h cannot be exported: it answers 404"},
		{"another folder", "app/[id]/route.ts", params + `[{ id: '../../x' }]`, `"../../x" leads to another folder`},
		{"a folder above", "app/[...id]/route.ts", params + `[{ id: ['..', '..', 'x'] }]`, `".." leads to another folder`},
		{"a backslash", "app/[id]/route.ts", params + `[{ id: 'a\\b' }]`, `is no name of a file`},
		{"a NUL", "app/[id]/route.ts", params + `[{ id: 'a\0b' }]`, `is no name of a file`},
		{"a long name", "app/[id]/route.ts", params + `[{ id: 'a'.repeat(300) }]`, `is longer than the name of a file may be`},
		{"file and folder", "app/[...id]/route.ts", params + `[{ id: ['a'] }, { id: ['a', 'b'] }]`, `a would be a file, and a folder for a/b`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, dir, err := exportOf(t, "", "next.config.js", strict, c.file, c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "hint: ") {
				t.Errorf("got  %v\nwant %s, with a hint", err, c.want)
			}
			if got := tree(t, dir); len(got) != 2 {
				t.Errorf("there is %q", got)
			}
			if near, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), "x")); near != nil {
				t.Errorf("it wrote %q", near)
			}
		})
	}
}

// An export takes the place of the one before when it is whole, and of nothing
// else.
func TestExportReplaces(t *testing.T) {
	dir := t.TempDir()
	write := func(body string) {
		t.Helper()
		if err := os.CopyFS(dir, sources("app/"+body+"/route.ts", `export const dynamic = 'force-static'; export const GET = () => new Response('`+body+`')`)); err != nil {
			t.Fatal(err)
		}
	}
	app := portico.New(portico.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	defer app.Close(context.Background())
	export := func(out string) error {
		_, err := app.Export(t.Context(), out)
		return err
	}
	out := filepath.Join(dir, "out")
	write("a")
	if err := export(""); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "app", "a"), filepath.Join(dir, "app", "b")); err != nil {
		t.Fatal(err)
	}
	if err := export(""); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, out); !slices.Equal(got, []string{".portico-export", "404.html", "b"}) {
		t.Errorf("%q", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "app", "b", "route.ts"), []byte(`export const dynamic = 'force-static'; export const GET = () => { throw 1 }`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := export(""); err == nil {
		t.Error("a handler that throws was exported")
	}
	if got := tree(t, out); !slices.Equal(got, []string{".portico-export", "404.html", "b"}) {
		t.Errorf("after a failure: %q", got)
	}
	if err := os.RemoveAll(filepath.Join(dir, "app", "b")); err != nil {
		t.Fatal(err)
	}
	write("c")
	if err := os.MkdirAll(filepath.Join(dir, "photos", "of"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"photos", ".", "..", filepath.Dir(filepath.Dir(dir))} {
		if err := export(target); err == nil || !strings.Contains(err.Error(), "hint: ") {
			t.Errorf("%s was replaced: %v", target, err)
		}
	}
	if got := tree(t, dir); !slices.Contains(got, "app/c/route.ts") {
		t.Errorf("%q", got)
	}
}

// A plain host of files answers the export of the guide as the server does.
func TestExportGuide(t *testing.T) {
	app := portico.New(portico.Config{Dir: "examples/guide", Logger: slog.New(slog.DiscardHandler)})
	defer app.Close(context.Background())
	out := filepath.Join(t.TempDir(), "out")
	x, err := app.Export(t.Context(), out)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(x.Files, "hello-world") {
		t.Fatalf("%q", x.Files)
	}
	s := porticotest.New(t, portico.Config{Dir: "examples/guide"})
	host := httptest.NewServer(http.FileServer(http.Dir(out)))
	defer host.Close()
	for _, name := range x.Files {
		if name == "404.html" {
			continue
		}
		res, err := http.Get(host.URL + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if a := fetch(t, s, "/"+name); res.StatusCode != a.status || string(body) != a.body {
			t.Errorf("%s: the host answers %d %q, the server %d %q", name, res.StatusCode, body, a.status, a.body)
		}
	}
}
