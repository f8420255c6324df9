package route

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func files(names ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for _, name := range names {
		m[name] = &fstest.MapFile{}
	}
	return m
}

// routes lists "file pattern" for every route of a tree.
func routes(tree *Tree) []string {
	var list []string
	for _, f := range tree.Routes {
		list = append(list, f.Path+" "+f.Pattern.String())
	}
	return list
}

func TestScan(t *testing.T) {
	tests := []struct {
		name       string
		files      []string
		extensions []string
		app        string
		want       []string // "file pattern"
		ignored    []string // "file: part of the reason"
	}{
		{
			name:  "extensions",
			files: []string{"app/a/route.ts", "app/b/route.tsx", "app/c/route.js", "app/d/route.jsx", "app/e/route.mjs", "app/f/route.mts", "app/g/route.cjs", "app/h/route.cts"},
			app:   "app",
			want:  []string{"app/a/route.ts /a", "app/b/route.tsx /b", "app/c/route.js /c", "app/d/route.jsx /d", "app/e/route.mjs /e", "app/f/route.mts /f"},
			ignored: []string{
				"app/g/route.cjs: a route file ends in one of: .tsx, .ts, .jsx, .js, .mjs, .mts",
				"app/h/route.cts: a route file ends in",
			},
		},
		{
			name:       "own extensions",
			files:      []string{"app/a/route.api.ts", "app/b/route.ts", "app/c/route.mjs", "app/page.api.ts", "app/layout.tsx"},
			extensions: []string{"api.ts"},
			app:        "app",
			want:       []string{"app/a/route.api.ts /a"},
			ignored: []string{
				"app/b/route.ts: a route file ends in one of: .api.ts",
				"app/c/route.mjs: a route file ends in",
				"app/page.api.ts: pages are not served",
			},
		},
		{
			name: "folders",
			files: []string{
				"app/route.ts", "app/(a)/x/route.ts", "app/(a)/(b)/y/route.ts", "app/_lib/route.ts", "app/z/_p/q/route.ts",
				"app/%5Fname/route.ts", "app/.well-known/thing/route.ts", "app/rss.xml/route.ts", "app/slot/@par/x/route.ts",
				"app/page/route.ts", "app/route/route.ts", "app/index/route.ts", "app/api/index/route.ts", "app/(a)b/route.ts",
				"app/[c]d/route.ts", "app/a[b]/route.ts", "app/[e/route.ts", "app/sp ace/route.ts", "app/tärget/route.ts",
				"app/d/[id]/route.ts", "app/c/[...slug]/route.ts", "app/o/[[...slug]]/route.ts", "app/u/[user-id]/[...rest_of]/route.ts",
			},
			app: "app",
			want: []string{
				"app/%5Fname/route.ts /_name",
				"app/(a)/(b)/y/route.ts /y",
				"app/(a)/x/route.ts /x",
				"app/(a)b/route.ts /(a)b",
				"app/.well-known/thing/route.ts /.well-known/thing",
				"app/[c]d/route.ts /[c]d",
				"app/[e/route.ts /[e",
				"app/a[b]/route.ts /a[b]",
				"app/api/index/route.ts /api/index",
				"app/c/[...slug]/route.ts /c/[...slug]",
				"app/d/[id]/route.ts /d/[id]",
				"app/index/route.ts /index",
				"app/o/[[...slug]]/route.ts /o/[[...slug]]",
				"app/page/route.ts /page",
				"app/route.ts /",
				"app/route/route.ts /route",
				"app/rss.xml/route.ts /rss.xml",
				"app/slot/@par/x/route.ts /slot/x",
				"app/sp ace/route.ts /sp%20ace",
				"app/tärget/route.ts /t%C3%A4rget",
				"app/u/[user-id]/[...rest_of]/route.ts /u/[user-id]/[...rest_of]",
			},
		},
		{
			name: "what is not served",
			files: []string{
				"app/page.tsx", "app/layout.tsx", "app/b/loading.js", "app/b/not-found.ts", "app/b/Route.ts", "app/b/helper.ts", "app/b/page.css",
				"app/b/route.test.ts", "app/b/route.d.ts", "app/b/route", "app/b/route.json", "app/_p/page.tsx",
				"app/b/icon.gif", "app/x/(.)y/route.ts", "app/x/(..)(..)y/z/page.tsx", "app/README.md",
				"pages/api/hello.ts", "src/app/a/route.ts",
			},
			app: "app",
			ignored: []string{
				"app/b/Route.ts: a route file's name is in lower case: route.ts",
				"app/b/loading.js: pages are not served",
				"app/b/not-found.ts: pages are not served",
				"app/layout.tsx: pages are not served",
				"app/page.tsx: pages are not served",
				"app/x/(.)y/route.ts: a route in an intercepting folder",
				"app/x/(..)(..)y/z/page.tsx: pages are not served",
				"pages/api: the pages router is not served",
				"src/app: the app directory at the root is used",
			},
		},
		{
			name:  "in src",
			files: []string{"src/app/a/route.ts", "src/app/_private/route.ts", "app.ts"},
			app:   "src/app",
			want:  []string{"src/app/a/route.ts /a"},
		},
		{
			name:    "a page and a route at different paths",
			files:   []string{"app/a/route.ts", "app/b/page.tsx", "app/(g)/a/@slot/page.tsx"},
			app:     "app",
			want:    []string{"app/a/route.ts /a"},
			ignored: []string{"app/(g)/a/@slot/page.tsx: pages", "app/b/page.tsx: pages"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree, err := Scan(files(tt.files...), tt.extensions)
			if err != nil {
				t.Fatal(err)
			}
			if tree.App != tt.app {
				t.Errorf("app is %q, want %q", tree.App, tt.app)
			}
			if got := routes(tree); !slices.Equal(got, tt.want) {
				t.Errorf("routes:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			for i, ig := range tree.Ignored {
				got := ig.Path + ": " + ig.Reason
				if i >= len(tt.ignored) || !strings.HasPrefix(got, tt.ignored[i]) {
					t.Errorf("ignored, and not in the list at %d: %s", i, got)
				}
			}
			if len(tree.Ignored) < len(tt.ignored) {
				t.Errorf("%d ignored, want %d", len(tree.Ignored), len(tt.ignored))
			}
		})
	}
}

func TestScanProblems(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		want  []string // "file: text", a prefix of each problem, in order
	}{
		{
			"two route files in a folder",
			[]string{"app/a/route.js", "app/a/route.ts"},
			[]string{"app/a/route.ts: this folder has another route file, route.js"},
		},
		{
			"a route beside a page",
			[]string{"app/x/route.ts", "app/x/page.tsx", "app/(g)/y/page.tsx", "app/y/route.ts"},
			[]string{
				"app/x/route.ts: conflicting route and page at /x: the page is app/x/page.tsx",
				"app/y/route.ts: conflicting route and page at /y: the page is app/(g)/y/page.tsx",
			},
		},
		{
			"patterns",
			[]string{"app/[]/route.ts", "app/[...a]/x/route.ts", "app/[id]/[id]/route.ts", "app/ok/route.ts", `app/b\c/route.ts`},
			[]string{
				`app/[...a]/x/route.ts: catch-all must be the last part of the URL in route "/[...a]/x"`,
				`app/[]/route.ts: parameter names cannot be empty in route "/[]"`,
				`app/[id]/[id]/route.ts: you cannot have the same slug name "id" repeat within a single dynamic path`,
				`app/b\c/route.ts: no request can reach the segment "b\\c" of route "/b\\c"`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree, err := Scan(files(tt.files...), nil)
			joined, ok := err.(interface{ Unwrap() []error })
			if !ok || tree == nil {
				t.Fatalf("%v, %v", tree, err)
			}
			for i, err := range joined.Unwrap() {
				var e *Error
				if !errors.As(err, &e) || e.Hint == "" || i >= len(tt.want) || !strings.HasPrefix(err.Error(), tt.want[i]) {
					t.Errorf("problem %d: %v", i, err)
				}
			}
			if n := len(joined.Unwrap()); n != len(tt.want) {
				t.Errorf("%d problems, want %d", n, len(tt.want))
			}
		})
	}
}

func TestScanKeepsWhatIsSound(t *testing.T) {
	tree, err := Scan(files("app/[]/route.ts", "app/ok/route.ts"), nil)
	if err == nil || tree == nil || !slices.Equal(routes(tree), []string{"app/ok/route.ts /ok"}) {
		t.Errorf("%v, %v", tree, err)
	}
}

func TestScanWithoutApp(t *testing.T) {
	for name, fsys := range map[string]fs.FS{"nothing": files(), "a file": files("app", "src/main.go")} {
		tree, err := Scan(fsys, nil)
		var e *Error
		if tree != nil || !errors.Is(err, ErrNoApp) || !errors.As(err, &e) || e.Hint == "" || !strings.Contains(err.Error(), "\nhint: ") {
			t.Errorf("%s: %v, %v", name, tree, err)
		}
	}
}

func TestScanEmptyApp(t *testing.T) {
	tree, err := Scan(files("app/readme.md"), nil)
	if err != nil || tree.App != "app" || len(tree.Routes) != 0 {
		t.Errorf("%+v, %v", tree, err)
	}
}

// TestScanFollowsLinks: Next.js follows symbolic links in app; one that leads
// back to where it came from has to be a problem and not a loop.
func TestScanFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	shared := t.TempDir()
	mkdir := func(path string) {
		t.Helper()
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(path string) {
		t.Helper()
		mkdir(filepath.Dir(path))
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, from string) {
		t.Helper()
		if err := os.Symlink(to, from); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	write(filepath.Join(dir, "app/a/route.ts"))
	write(filepath.Join(shared, "deep/route.ts"))
	write(filepath.Join(shared, "file.ts"))
	link(shared, filepath.Join(dir, "app/linked"))
	mkdir(filepath.Join(dir, "app/b"))
	link(filepath.Join(shared, "file.ts"), filepath.Join(dir, "app/b/route.ts"))
	link(filepath.Join(dir, "app"), filepath.Join(dir, "app/a/back"))
	link(filepath.Join(dir, "nowhere"), filepath.Join(dir, "app/broken"))

	tree, err := Scan(os.DirFS(dir), nil)
	want := []string{"app/a/route.ts /a", "app/b/route.ts /b", "app/linked/deep/route.ts /linked/deep"}
	if tree == nil || !slices.Equal(routes(tree), want) {
		t.Fatalf("%+v, want %q", tree, want)
	}
	for _, part := range []string{"app/a/back: the link leads back", "app/broken: cannot follow the link"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("no %q in: %v", part, err)
		}
	}
}

// failing is a file system with one folder that cannot be read.
type failing struct{ fstest.MapFS }

func (f failing) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "app/locked" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.ReadDir(name)
}

func TestScanUnreadableFolder(t *testing.T) {
	tree, err := Scan(failing{files("app/locked/route.ts", "app/ok/route.ts")}, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "app/locked: cannot read the folder: permission denied") {
		t.Errorf("%v", err)
	}
	if tree == nil || !slices.Equal(routes(tree), []string{"app/ok/route.ts /ok"}) {
		t.Errorf("%+v", tree)
	}
}
