package site

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/portico-dev/portico/internal/bundle"
	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/js"
)

// project writes a project into a temporary folder: names and texts in turn.
func project(t *testing.T, nameAndText ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(nameAndText); i += 2 {
		file := filepath.Join(dir, filepath.FromSlash(nameAndText[i]))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(nameAndText[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// load loads once, and gives up the site when the test ends.
func load(t *testing.T, o Options) (*Site, *Inputs, error) {
	t.Helper()
	o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	own := o.Settings
	o.Settings = func(s *config.Settings) {
		s.Server.Isolates = 1
		if own != nil {
			own(s)
		}
	}
	l := NewLoader(o)
	t.Cleanup(l.Close)
	s, in, err := l.Load(t.Context())
	if err == nil {
		t.Cleanup(func() {
			if err := s.Close(t.Context()); err != nil && !errors.Is(err, t.Context().Err()) {
				t.Error(err)
			}
		})
	}
	return s, in, err
}

func get(s *Site, path string) string {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost"+path, nil))
	return w.Body.String()
}

const hello = "export const GET = () => new Response('hello')\n"

func TestLoad(t *testing.T) {
	dir := project(t,
		"app/b/route.ts", hello,
		"app/[id]/route.ts", hello,
		"app/a/route.ts", "import { x } from '../../lib/x'\nexport const POST = () => new Response(x)\nexport function get() {}\nexport default 1",
		"app/page.tsx", "export default () => null",
		"lib/x.ts", "export const x = ''",
		".env", "A=1", ".env.production", "B=1", ".env.development", "C=1",
		"tsconfig.json", "{}",
	)
	s, in, err := load(t, Options{Dir: dir, Routes: []GoRoute{{Pattern: "/go", Source: "main.go:1", Any: http.NotFoundHandler()}}})
	if err != nil {
		t.Fatal(err)
	}
	var routes []string
	for _, r := range s.Routes {
		routes = append(routes, r.Pattern+" "+r.Source+" "+strings.Join(r.Methods, ","))
	}
	want := []string{
		"/a app/a/route.ts OPTIONS,POST",
		"/b app/b/route.ts GET,HEAD,OPTIONS",
		"/go main.go:1 ",
		"/[id] app/[id]/route.ts GET,HEAD,OPTIONS",
	}
	if !slices.Equal(routes, want) {
		t.Errorf("the routes are\n%s\nwant\n%s", strings.Join(routes, "\n"), strings.Join(want, "\n"))
	}
	if want := []string{".env.production", ".env"}; !slices.Equal(s.EnvFiles, want) {
		t.Errorf("the environment comes from %v, want %v", s.EnvFiles, want)
	}
	warnings := []string{
		"app/page.tsx: pages are not served",
		"app/a/route.ts: detected lower-case method 'get'; export the upper-case 'GET' method name to fix this",
		"app/a/route.ts: detected a default export; export a named export for each HTTP method instead",
	}
	if !slices.Equal(s.Warnings, warnings) {
		t.Errorf("the warnings are\n%s\nwant\n%s", strings.Join(s.Warnings, "\n"), strings.Join(warnings, "\n"))
	}
	if in.Failed || in.Started.IsZero() || in.App != filepath.Join(in.Root, "app") {
		t.Errorf("the inputs are %+v", in)
	}
	for _, f := range []string{"app/a/route.ts", "app/[id]/route.ts", "lib/x.ts", "tsconfig.json"} {
		if !slices.Contains(in.Files, filepath.Join(in.Root, filepath.FromSlash(f))) {
			t.Errorf("%s is not among the inputs %v", f, in.Files)
		}
	}
}

// A load that fails still tells what to watch.
func TestFailedLoad(t *testing.T) {
	for name, c := range map[string]struct {
		files []string
		want  string // an input
	}{
		"syntax":    {[]string{"app/a/route.ts", "import '../../lib/x'\nexport const GET = 1", "lib/x.ts", "let"}, "lib/x.ts"},
		"evaluates": {[]string{"app/a/route.ts", "import '../../lib/x'\nexport const GET = 1", "lib/x.ts", "export {}"}, "lib/x.ts"},
		"no app":    {[]string{"readme.md", ""}, ""},
		"env":       {[]string{"app/a/route.ts", hello, ".env", "A=$A"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, in, err := load(t, Options{Dir: project(t, c.files...)})
			if err == nil {
				t.Fatal("it loads")
			}
			if in == nil || !in.Failed || in.Root == "" || in.Started.IsZero() {
				t.Fatalf("the inputs are %+v", in)
			}
			if c.want != "" && !slices.Contains(in.Files, filepath.Join(in.Root, filepath.FromSlash(c.want))) {
				t.Errorf("%s is not among the inputs %v", c.want, in.Files)
			}
		})
	}
}

func TestFolder(t *testing.T) {
	dir := project(t, "file", "", "web/app/a/route.ts", hello, "packages/api/src/app/a/route.ts", hello, "node_modules/x/app/a/route.ts", hello)
	for _, c := range []struct{ dir, want string }{
		{"none", "DIR/none: there is no such folder\nhint: name the folder that holds app/ or src/app/"},
		{"file", "DIR/file: this is a file, not a folder\nhint: name the folder that holds app/ or src/app/"},
		{".", "DIR/.: there is no app folder here, nor src/app\nhint: name the folder that holds app/; there is one in web"},
		{"packages", "DIR/packages: there is no app folder here, nor src/app\nhint: name the folder that holds app/; there is one in api"},
		{"web/app", "DIR/web/app: there is no app folder here, nor src/app\nhint: this is the app folder itself; name the one above it"},
		{"web/app/a", "DIR/web/app/a: there is no app folder here, nor src/app\nhint: name the folder that holds app/, or begin with app/api/hello/route.ts"},
	} {
		_, _, err := load(t, Options{Dir: dir + "/" + c.dir})
		if err == nil || strings.ReplaceAll(err.Error(), dir, "DIR") != c.want {
			t.Errorf("%s: the error is %v, want\n%s", c.dir, err, c.want)
		}
	}
}

// What the program says is checked as the configuration is.
func TestPublicOrigin(t *testing.T) {
	for origin, want := range map[string]string{
		"":                      "",
		"https://example.com":   "",
		"http://localhost:3000": "",
		"http://[::1]:3000":     "",
		"example.com":           "it is a scheme and a host",
		"https://a.test/x?y":    "it is a scheme and a host",
		"https://u:p@a.test":    "it is a scheme and a host",
		"https://":              "it is a scheme and a host",
		"ftp://a.test":          "it is a scheme and a host",
		"https://a b":           "it is a scheme and a host",
	} {
		got := ""
		if _, _, err := load(t, Options{Settings: func(s *config.Settings) { s.PublicOrigin = origin }}); err != nil {
			_, got, _ = strings.Cut(err.Error(), "\nhint: ")
		}
		if !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%q: the hint is %q, want %q", origin, got, want)
		}
	}
}

// A loader that is asked again sees new files and new values, NEXT_PUBLIC_ ones
// among them, which are compiled in.
func TestReload(t *testing.T) {
	dir := project(t, "app/a/route.ts", "export const GET = () => new Response(process.env.NEXT_PUBLIC_A + process.env.B)", ".env", "NEXT_PUBLIC_A=1\nB=1")
	l := NewLoader(Options{Dir: dir, Settings: func(s *config.Settings) { s.Server.Isolates = 1 }, Environ: []string{}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	defer l.Close()
	for _, want := range []string{"11", "x\"\n\U0001F600\\2"} {
		s, _, err := l.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := get(s, "/a"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(filepath.Join(dir, ".env"), []byte("NEXT_PUBLIC_A='x\"\n\U0001F600\\'\nB=2"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// NODE_ENV is the server's mode whether a script spells it out, which the
// bundler replaces, or not.
func TestNodeEnv(t *testing.T) {
	dir := project(t, "app/a/route.ts", "export const GET = () => { const { NODE_ENV } = process.env; return new Response(NODE_ENV + ' ' + process.env.NODE_ENV) }")
	for dev, want := range map[bool]string{true: "development development", false: "production production"} {
		s, _, err := load(t, Options{Dir: dir, Dev: dev, Environ: []string{"NODE_ENV=test"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := get(s, "/a"); got != want {
			t.Errorf("dev %v: got %s, want %s", dev, got, want)
		}
	}
}

// Frames of the bundler's helpers are known by this name.
func TestBundleName(t *testing.T) {
	if bundle.ScriptName != js.BundleName {
		t.Errorf("bundle calls the script %q, js looks for %q", bundle.ScriptName, js.BundleName)
	}
}
