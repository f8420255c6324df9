package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/portico-dev/portico"
)

func yes(b bool) *bool { return &b }

// variants are the projects that create makes, with what their routes answer.
var variants = []struct {
	name  string
	cmd   createCmd
	files string
	asked []asked
}{
	{"page", createCmd{}, `
		.gitignore .portico/types/next.d.ts .portico/types/node.d.ts .portico/types/portico.d.ts README.md
		app/api/hello/[name]/route.ts app/api/hello/route.ts
		frontend/index.html frontend/main.js frontend/style.css portico.config.ts tsconfig.json`,
		[]asked{
			{"/api/hello", 200, "application/json", `{"message":"Hello, world"}`},
			{"/api/hello/ada", 200, "application/json", `{"message":"Hello, ada"}`},
			{"/api/hello/ada?greeting=Welcome", 200, "application/json", `{"message":"Welcome, ada"}`},
			{"/", 200, "text/html; charset=UTF-8", "<title>Portico</title>"},
			{"/main.js", 200, "application/javascript; charset=UTF-8", "/api/hello"},
			{"/style.css", 200, "text/css; charset=UTF-8", "color-scheme"},
			{"/none.txt", 404, "", ""},
		}},
	{"page in src", createCmd{SrcDir: yes(true), Middleware: yes(true)}, `
		.gitignore .portico/types/next.d.ts .portico/types/node.d.ts .portico/types/portico.d.ts README.md
		frontend/index.html frontend/main.js frontend/style.css portico.config.ts
		src/app/api/hello/[name]/route.ts src/app/api/hello/route.ts src/middleware.ts tsconfig.json`,
		[]asked{
			{"/api/hello", 200, "application/json", `{"message":"Hello, world"}`},
			{"/api/hello/ada", 200, "application/json", `{"message":"Hello, ada"}`},
			{"/", 200, "text/html; charset=UTF-8", "<title>Portico</title>"},
		}},
	{"api", createCmd{API: yes(true)}, `
		.gitignore .portico/types/next.d.ts .portico/types/node.d.ts .portico/types/portico.d.ts README.md
		app/[slug]/route.ts app/route.ts portico.config.ts tsconfig.json`,
		[]asked{
			{"/", 200, "application/json", `{"message":"Hello, world"}`},
			{"/ada", 200, "application/json", `{"message":"Hello, ada"}`},
			{"/ada?greeting=Welcome", 200, "application/json", `{"message":"Welcome, ada"}`},
			{"/ada/b", 404, "", ""},
		}},
	{"api in src", createCmd{API: yes(true), SrcDir: yes(true), Middleware: yes(true)}, `
		.gitignore .portico/types/next.d.ts .portico/types/node.d.ts .portico/types/portico.d.ts README.md
		portico.config.ts src/app/[slug]/route.ts src/app/route.ts src/middleware.ts tsconfig.json`,
		[]asked{
			{"/", 200, "application/json", `{"message":"Hello, world"}`},
			{"/ada", 200, "application/json", `{"message":"Hello, ada"}`},
		}},
}

type asked struct {
	path        string
	status      int
	contentType string
	has         string
}

// newProject makes a project in a folder of the test's.
func newProject(t *testing.T, c createCmd) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	files, err := c.project("shop")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := create(t.Context(), dir, files); err != nil {
		t.Fatal(err)
	}
	return dir
}

// load loads a project for a test, which asks it by get.
func load(t *testing.T, c portico.Config) (get func(path string) *httptest.ResponseRecorder) {
	t.Helper()
	c.Cache, c.Isolates, c.Logger = "memory", 1, slog.New(slog.NewTextHandler(t.Output(), nil))
	app := portico.New(c)
	if err := app.Load(t.Context()); err != nil {
		t.Fatalf("the project does not load:\n%v", err)
	}
	t.Cleanup(func() {
		if err := app.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, nil))
		return w
	}
}

// tree has all below a folder: names with slashes, folders ending in one.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	all := []string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		name, err := filepath.Rel(dir, p)
		if d.IsDir() {
			name += "/"
		}
		all = append(all, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func filesOf(t *testing.T, dir string) []string {
	return slices.DeleteFunc(tree(t, dir), func(name string) bool { return strings.HasSuffix(name, "/") })
}

func TestCreatedProjectsServe(t *testing.T) {
	for _, v := range variants {
		for _, dev := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s dev %v", v.name, dev), func(t *testing.T) {
				dir := newProject(t, v.cmd)
				if got, want := filesOf(t, dir), strings.Fields(v.files); !slices.Equal(got, want) {
					t.Errorf("files\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
				var warnings []string
				get := load(t, portico.Config{Dir: dir, Dev: dev, OnLoad: func(l portico.Loaded) { warnings = append(warnings, l.Warnings...) }})
				if len(warnings) > 0 {
					t.Errorf("warnings: %q", warnings)
				}
				ids := map[string]bool{}
				for _, a := range v.asked {
					res := get(a.path)
					kind, body := res.Header().Get("Content-Type"), res.Body.String()
					if res.Code != a.status || a.contentType != "" && kind != a.contentType || !strings.Contains(body, a.has) {
						t.Errorf("%s: %d %s\n%s\nwant %d %s and %s", a.path, res.Code, kind, body, a.status, a.contentType, a.has)
					}
					if a.contentType == "application/json" && v.cmd.Middleware != nil {
						id := res.Header().Get("X-Request-Id")
						if id == "" || ids[id] {
							t.Errorf("%s: x-request-id is %q", a.path, id)
						}
						ids[id] = true
					}
				}
			})
		}
	}
}

// What is written stands for itself: nothing is left to fill in, every line
// ends as lines do, and names are those that any system has.
func TestTemplates(t *testing.T) {
	for _, v := range variants {
		files, err := v.cmd.project("shop")
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range files {
			if bytes.Contains(text, []byte("{{")) || bytes.Contains(text, []byte("\r")) || !bytes.HasSuffix(text, []byte("\n")) || bytes.HasSuffix(text, []byte("\n\n")) {
				t.Errorf("%s: %s is not a text of lines, or not filled in", v.name, name)
			}
			if strings.ContainsAny(name, `\:*?"<>|`) || !fs.ValidPath(name) {
				t.Errorf("%s: %s is not a name on every system", v.name, name)
			}
		}
		if !bytes.Contains(files[".gitignore"], []byte("\n.portico/\n")) {
			t.Errorf("%s: what is kept would be committed", v.name)
		}
		readme := string(files["README.md"])
		for name := range files {
			if strings.HasSuffix(name, ".ts") && !strings.HasPrefix(name, ".") && !strings.Contains(readme, "`"+name+"`") {
				t.Errorf("%s: README.md says nothing of %s", v.name, name)
			}
		}
	}
}

// cancelAfter is a context that is cancelled when it has been looked at n times.
type cancelAfter struct {
	context.Context
	n int
}

func (c *cancelAfter) Err() error {
	if c.n--; c.n < 0 {
		return context.Canceled
	}
	return nil
}

// An interruption at any moment leaves what was there.
func TestCreateInterrupted(t *testing.T) {
	files, err := (&createCmd{API: yes(true)}).project("shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		before []string // in the folder; nil is no folder
	}{
		{"no folder", nil},
		{"empty", []string{}},
		{"welcome", []string{".git/", ".git/config", "README.md"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for n := 0; ; n++ {
				top := t.TempDir()
				dir := filepath.Join(top, "a", "shop")
				if c.before != nil {
					fill(t, dir, c.before)
				}
				before := tree(t, top)
				_, err := create(&cancelAfter{t.Context(), n}, dir, files)
				after := tree(t, top)
				if err == nil {
					if n < len(files) {
						t.Fatalf("it looked %d times for the end of the context, with %d files", n, len(files))
					}
					want := append(slices.Sorted(maps.Keys(files)), slices.DeleteFunc(c.before, func(s string) bool { return strings.HasSuffix(s, "/") })...)
					slices.Sort(want)
					if got := filesOf(t, dir); !slices.Equal(got, slices.Compact(want)) {
						t.Errorf("in the end there is %q, want %q", got, want)
					}
					return
				}
				if !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				if !slices.Equal(before, after) {
					t.Fatalf("cancelled after %d looks: there was %q, and is %q", n, before, after)
				}
			}
		})
	}
}

// fill makes files, whose text is their name, and folders, which end in a slash.
func fill(t *testing.T, dir string, names []string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		file := filepath.Join(dir, filepath.FromSlash(name))
		var err error
		if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(file, 0o755)
		} else {
			err = os.WriteFile(file, []byte(name), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	files, err := (&createCmd{}).project("shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		before []string
		want   string
	}{
		{"a route", []string{"app/", "app/route.ts"}, "is not empty: there is app/\n"},
		{"several", []string{"README.md", ".git/", "package.json", "index.js"}, "is not empty: there is index.js, package.json\n"},
		{"many", []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}, "there is a, b, c, d, e, f, g, h and 2 more\n"},
		{"what is kept of before", []string{".portico/"}, "there is .portico/\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "shop")
			fill(t, dir, c.before)
			before := tree(t, dir)
			if _, err := create(t.Context(), dir, files); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if after := tree(t, dir); !slices.Equal(after, before) {
				t.Errorf("there was %q, and is %q", before, after)
			}
		})
	}
	t.Run("a file", func(t *testing.T) {
		top := t.TempDir()
		fill(t, top, []string{"shop"})
		for _, dir := range []string{"shop", "shop/below"} {
			if _, err := create(t.Context(), filepath.Join(top, filepath.FromSlash(dir)), files); err == nil {
				t.Errorf("%s was made", dir)
			}
		}
		if got := tree(t, top); !slices.Equal(got, []string{"shop"}) {
			t.Errorf("there is %q", got)
		}
	})
}

// Files of the same name stay, and are told.
func TestCreateKeeps(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	fill(t, dir, []string{"README.md", ".gitignore", "LICENSE"})
	files, err := (&createCmd{}).project("shop")
	if err != nil {
		t.Fatal(err)
	}
	m, err := create(t.Context(), dir, files)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{".gitignore", "README.md"}; !slices.Equal(m.kept, want) {
		t.Errorf("kept %q, want %q", m.kept, want)
	}
	for _, name := range []string{"README.md", ".gitignore", "LICENSE"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != name {
			t.Errorf("%s has %q, %v", name, b, err)
		}
	}
}

// What comes between the first look and the last step is not overwritten.
func TestMoveInto(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	fill(t, from, []string{"a", "b/", "b/x", "c", "d"})
	fill(t, to, []string{"c"})
	err := moveInto(t.Context(), from, to)
	if err == nil || !strings.Contains(err.Error(), "came meanwhile") {
		t.Errorf("error %v", err)
	}
	if got, want := tree(t, from), []string{"a", "b/", "b/x", "c", "d"}; !slices.Equal(got, want) {
		t.Errorf("from has %q, want %q", got, want)
	}
	if got, want := tree(t, to), []string{"c"}; !slices.Equal(got, want) {
		t.Errorf("to has %q, want %q", got, want)
	}
}

func TestCheckName(t *testing.T) {
	for name, ok := range map[string]bool{
		"my-app": true, "shop_2": true, "Größe": true, "my app": true, ".hidden": true, "a.b": true, "console": true, "@scope": true,
		"": false, "/": false, `\`: false, ".": false, "-y": false, "a:b": false, "a*": false, `a"b`: false, "a\\b": false, "$HOME": false, "`ls`": false,
		"con": false, "CON": false, "nul.txt": false, "Com1": false, "a.": false, "a ": false, "a\nb": false, "a\x00": false, "a\xff": false, "a\u202eb": false,
	} {
		if err := checkName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// The lines that a person types in a form without cursor movements.
func TestAsk(t *testing.T) {
	for _, c := range []struct {
		name  string
		cmd   createCmd
		in    string
		want  string
		not   []string
		shown []string
	}{
		{"all", createCmd{}, "shop\ny\ny\ny\nn\n", "shop api src middleware", nil, []string{"called", "Handlers alone", "src/", "middleware", "git"}},
		{"as usual", createCmd{}, "\n\n\n\n\n", "my-app git", nil, nil},
		{"a name that cannot be", createCmd{}, "a*\nshop\n\n\n\n\n", "shop git", nil, []string{"has one of"}},
		{"what is not said", createCmd{Dir: "x", API: yes(true), Git: yes(false)}, "y\nn\n", "x api src", []string{"called", "Handlers alone", "git"}, []string{"src/"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := c.cmd.ask(t.Context(), oneByOne{strings.NewReader(c.in)}, &out, true); err != nil {
				t.Fatal(err)
			}
			got := c.cmd.Dir
			for _, f := range []struct {
				name string
				yes  *bool
			}{{"api", c.cmd.API}, {"src", c.cmd.SrcDir}, {"middleware", c.cmd.Middleware}, {"git", c.cmd.Git}} {
				switch {
				case f.yes == nil:
					got += " undecided " + f.name
				case *f.yes:
					got += " " + f.name
				}
			}
			if got != c.want {
				t.Errorf("it made of the answers %q, want %q\n%s", got, c.want, out.String())
			}
			for _, s := range c.shown {
				if !strings.Contains(out.String(), s) {
					t.Errorf("%q was not shown:\n%s", s, out.String())
				}
			}
			for _, s := range c.not {
				if strings.Contains(out.String(), s) {
					t.Errorf("%q was asked:\n%s", s, out.String())
				}
			}
		})
	}
}

// oneByOne gives a byte a read, as a form reads each answer through a buffer of
// its own.
type oneByOne struct{ r io.Reader }

func (o oneByOne) Read(p []byte) (int, error) {
	if len(p) > 1 {
		p = p[:1]
	}
	return o.r.Read(p)
}

func TestRefreshTypes(t *testing.T) {
	dir := newProject(t, createCmd{API: yes(true)})
	refresh := func(want bool) {
		t.Helper()
		if wrote, err := refreshTypes(dir); err != nil || wrote != want {
			t.Errorf("wrote %v, %v, want %v", wrote, err, want)
		}
	}
	whole := filesOf(t, dir)
	refresh(false) // they are of this version
	next := filepath.Join(dir, ".portico", "types", "next.d.ts")
	if err := os.WriteFile(next, []byte("// of an older version\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	refresh(true)
	if b, err := os.ReadFile(next); err != nil || !bytes.Contains(b, []byte("declare module 'next/server'")) {
		t.Errorf("next.d.ts: %v\n%.100s", err, b)
	}
	if err := os.RemoveAll(filepath.Join(dir, ".portico")); err != nil { // a clone
		t.Fatal(err)
	}
	refresh(true)
	refresh(false)
	if got := filesOf(t, dir); !slices.Equal(got, whole) {
		t.Errorf("there is %q, want %q", got, whole)
	}
	// A project that does not ask gets none.
	if err := os.WriteFile(filepath.Join(dir, "tsconfig.json"), []byte(`{}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, ".portico")); err != nil {
		t.Fatal(err)
	}
	refresh(false)
	if _, err := os.Stat(filepath.Join(dir, ".portico")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is .portico: %v", err)
	}
}

// A link out of the project is not followed.
func TestRefreshTypesLink(t *testing.T) {
	dir, outside := newProject(t, createCmd{API: yes(true)}), t.TempDir()
	if err := os.RemoveAll(filepath.Join(dir, ".portico")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, ".portico")); err != nil {
		t.Skip("no symbolic links here: " + err.Error())
	}
	if _, err := refreshTypes(dir); err == nil {
		t.Error("it was followed")
	}
	if got := tree(t, outside); len(got) > 0 {
		t.Errorf("outside there is %q", got)
	}
}

// typescript is the compiler that TestTypes installs.
const typescript = "typescript@5.9.3"

// TestTypes gives projects with a file of testdata/types each to the TypeScript
// compiler: what is there has a type, and what is marked @ts-expect-error is
// wrong. The declarations are checked as well.
func TestTypes(t *testing.T) {
	if testing.Short() {
		t.Skip("installs the TypeScript compiler")
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("needs npm, which is not here")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("needs Node, which is not here")
	}
	tools := t.TempDir()
	install := exec.CommandContext(t.Context(), npm, "install", "--prefix", tools, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", typescript)
	if out, err := install.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install %s: %v\n%s", typescript, err, out)
	}
	for _, v := range variants[1:3] { // these have every template
		t.Run(v.name, func(t *testing.T) {
			dir := newProject(t, v.cmd)
			if err := os.CopyFS(filepath.Join(dir, "checks"), os.DirFS(filepath.Join("testdata", "types"))); err != nil {
				t.Fatal(err)
			}
			tsc := exec.CommandContext(t.Context(), node, filepath.Join(tools, "node_modules", "typescript", "bin", "tsc"), "--noEmit", "--pretty", "false", "--skipLibCheck", "false", "-p", ".")
			tsc.Dir = dir
			if out, err := tsc.CombinedOutput(); err != nil {
				t.Errorf("tsc: %v\n%s", err, out)
			}
		})
	}
}

// undeclared are exports that a handler has no use for: hooks of React and
// functions for pages, which throw, and what is left of older versions.
var undeclared = []string{
	"next/cache navigation", "next/cache prefetch",
	"next/navigation useParams", "next/navigation usePathname", "next/navigation useRouter", "next/navigation useSearchParams",
	"next/navigation useSelectedLayoutSegment", "next/navigation useSelectedLayoutSegments",
}

// TestTypesMatchModules compares what the declarations have with what a handler
// can import.
func TestTypesMatchModules(t *testing.T) {
	declared := declarations(t)
	modules := []string{
		"next/server", "next/headers", "next/navigation", "next/cache", "next/constants", "next/og", "portico/cors", "portico/rate-limit",
	}
	files := map[string]string{}
	for _, m := range modules {
		files["app/"+m+"/route.ts"] = fmt.Sprintf("import * as m from '%s'\nexport const GET = () => Response.json(Object.getOwnPropertyNames(m))\n", m)
	}
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	get := load(t, portico.Config{Dir: dir})
	missing := map[string]bool{}
	for _, m := range modules {
		res := get("/" + m)
		var there []string
		if err := json.Unmarshal(res.Body.Bytes(), &there); err != nil || res.Code != http.StatusOK || len(there) == 0 {
			t.Fatalf("%s: %d, %v", m, res.Code, err)
		}
		for _, name := range there {
			if name != "default" && name != "__esModule" && !slices.Contains(declared[m], name) {
				missing[m+" "+name] = true
			}
		}
		for _, name := range declared[m] {
			if !slices.Contains(there, name) {
				t.Errorf("%s is declared to have %s, and has not", m, name)
			}
		}
	}
	for _, name := range undeclared {
		if !missing[name] {
			t.Errorf("%s is listed as undeclared and is not", name)
		}
		delete(missing, name)
	}
	for name := range missing {
		t.Errorf("%s is not declared", name)
	}
}

var (
	declareModule = regexp.MustCompile(`(?ms)^declare module '([^']+)' \{\n(.*?)^\}`)
	declareValue  = regexp.MustCompile(`(?m)^  export (?:const|function|class) (\w+)`)
	declareList   = regexp.MustCompile(`(?m)^  export \{ (.*?) \}`)
)

// declarations has the values that the types of each module export.
func declarations(t *testing.T) map[string][]string {
	t.Helper()
	files, err := typeFiles()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, text := range files {
		for _, m := range declareModule.FindAllStringSubmatch(string(text), -1) {
			for _, v := range declareValue.FindAllStringSubmatch(m[2], -1) {
				all[m[1]] = append(all[m[1]], v[1])
			}
			for _, l := range declareList.FindAllStringSubmatch(m[2], -1) {
				for x := range strings.SplitSeq(l[1], ", ") {
					_, as, renamed := strings.Cut(x, " as ")
					if !renamed {
						as = x
					}
					all[m[1]] = append(all[m[1]], as)
				}
			}
		}
	}
	return all
}

// TestTypesMatchConfiguration looks for every key of the documentation's tables
// in the type of the configuration.
func TestTypesMatchConfiguration(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	types, err := templates.ReadFile("template/types/portico.d.ts")
	if err != nil {
		t.Fatal(err)
	}
	table, seen := false, 0
	for line := range strings.Lines(string(page)) {
		switch {
		case strings.HasPrefix(line, "| key") || strings.HasPrefix(line, "| option"):
			table = true
		case !strings.HasPrefix(line, "|"):
			table = false
		case table:
			first, _, _ := strings.Cut(line[1:], "|")
			for _, m := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(first, -1) {
				seen++
				if !regexp.MustCompile(`\b` + m[1] + `\??: `).Match(types) {
					t.Errorf("the type of the configuration has no %s", m[1])
				}
			}
		}
	}
	if seen < 80 {
		t.Errorf("docs/configuration.md has %d keys in its tables: they look different now", seen)
	}
}
