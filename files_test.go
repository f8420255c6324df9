package portico_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

// page is what a browser sends for a navigation.
const page = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"

// onDisk writes a project to a folder.
func onDisk(t *testing.T, texts ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(texts); i += 2 {
		putFile(t, dir, texts[i], texts[i+1])
	}
	return dir
}

func putFile(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fetched is an answer, read whole.
type fetched struct {
	status int
	body   string
	header http.Header
}

func getFile(t *testing.T, s *porticotest.Server, method, path string, lines ...string) fetched {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	client := *s.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fetched{res.StatusCode, string(b), res.Header}
}

// fileCase is a request with the answer that it wants; of header lines the ones
// without a value must not be there.
type fileCase struct {
	method, path string
	ask          string
	status       int
	body         string
	want         []string
}

func checkFiles(t *testing.T, s *porticotest.Server, cases []fileCase) {
	t.Helper()
	for _, c := range cases {
		var lines []string
		if c.ask != "" {
			lines = strings.Split(c.ask, "\n")
		}
		got := getFile(t, s, c.method, c.path, lines...)
		if got.status != c.status || c.body != "*" && got.body != c.body {
			t.Errorf("%s %s %q: got %d %q, want %d %q", c.method, c.path, c.ask, got.status, got.body, c.status, c.body)
		}
		for _, line := range c.want {
			name, value, _ := strings.Cut(line, ": ")
			if v := strings.Join(got.header[http.CanonicalHeaderKey(name)], " | "); v != value {
				t.Errorf("%s %s %q: %s is %q, want %q", c.method, c.path, c.ask, name, v, value)
			}
		}
	}
}

const fileRules = `
export default {
  headers: async () => [
    { source: '/style.css', headers: [{ key: 'cache-control', value: 'public, max-age=60' }, { key: 'x-rule', value: 'yes' }] },
  ],
  redirects: async () => [{ source: '/moved.txt', destination: '/a.txt', permanent: true }],
  rewrites: async () => ({
    beforeFiles: [{ source: '/hidden.txt', destination: '/a.txt' }, { source: '/pages/:x', destination: '/dir/page.html' }],
    afterFiles: [{ source: '/a.txt', destination: '/never' }, { source: '/late', destination: '/style.css' }],
    fallback: [{ source: '/last', destination: '/dir/page.html' }],
  }),
  %s
}`

var publicProject = []string{
	"public/a.txt", "a", "public/hidden.txt", "hidden", "public/moved.txt", "moved", "public/style.css", "css", "public/dir/page.html", "page", "public/guarded.txt", "SECRET",
	"public/app.js", "plain", "public/app.js.gz", "GZIP", "public/chunk-BxYz12ab.js", "chunk", "public/.env", "SECRET", "public/.well-known/security.txt", "contact",
	"public/taken", "the file", "app/taken/route.ts", "export const GET = () => new Response('the route')\nexport const POST = () => new Response('posted')",
	"app/[slug]/route.ts", "export const GET = async (_: Request, c: any) => new Response('slug ' + (await c.params).slug)",
	"middleware.ts", `
export function middleware(request: Request) {
  if (request.headers.get('authorization') !== 'ok') return new Response('denied', { status: 401 })
}
export const config = { matcher: '/guarded.txt' }`,
}

// Files of public/ stand behind middleware and beforeFiles, and before every
// route, as in Next.js.
func TestPublic(t *testing.T) {
	for _, base := range []string{"", "/docs"} {
		key := ""
		if base != "" {
			key = "basePath: '" + base + "',"
		}
		dir := onDisk(t, append([]string{"next.config.ts", fmt.Sprintf(fileRules, key)}, publicProject...)...)
		var loaded portico.Loaded
		s := porticotest.New(t, portico.Config{Dir: dir, OnLoad: func(l portico.Loaded) { loaded = l }})
		checkFiles(t, s, []fileCase{
			{"GET", base + "/a.txt", "", 200, "a", []string{"Content-Type: text/plain; charset=UTF-8", "Cache-Control: public, max-age=0", "Accept-Ranges: bytes", "Content-Length: 1"}},
			{"HEAD", base + "/a.txt", "", 200, "", []string{"Content-Length: 1"}},
			{"GET", base + "/a.txt?x=1", "", 200, "a", nil},
			{"GET", base + "/a.txt", "Range: bytes=0-0", 206, "a", []string{"Content-Range: bytes 0-0/1"}},
			{"POST", base + "/a.txt", "", 405, "", []string{"Allow: GET, HEAD, OPTIONS"}},
			{"GET", base + "/taken", "", 200, "the file", []string{"Content-Type: application/octet-stream"}},
			{"POST", base + "/taken", "", 405, "", nil},
			{"GET", base + "/hidden.txt", "", 200, "a", nil},
			{"GET", base + "/pages/7", "", 200, "page", []string{"Content-Type: text/html; charset=UTF-8"}},
			{"GET", base + "/moved.txt", "", 308, "*", []string{"Location: " + base + "/a.txt"}},
			{"GET", base + "/style.css", "", 200, "css", []string{"Cache-Control: public, max-age=60", "X-Rule: yes"}},
			{"GET", base + "/late", "", 200, "css", []string{"X-Rule"}},
			{"GET", base + "/last/x", "", 404, "*", nil},
			{"GET", base + "/dir", "", 200, "slug dir", nil},
			{"GET", base + "/dir/", "", 308, "*", nil},
			{"GET", base + "/a.txt/", "", 308, "*", nil},
			{"GET", base + "/guarded.txt", "", 401, "denied", nil},
			{"GET", base + "/guarded.txt", "Authorization: ok", 200, "SECRET", nil},
			{"GET", base + "/%67uarded.txt", "", 401, "denied", nil},
			{"GET", base + "/app.js", "Accept-Encoding: gzip", 200, "GZIP", []string{"Content-Encoding: gzip", "Vary: Accept-Encoding"}},
			{"GET", base + "/app.js", "", 200, "plain", []string{"Content-Encoding", "Vary: Accept-Encoding"}},
			{"GET", base + "/chunk-BxYz12ab.js", "", 200, "chunk", []string{"Cache-Control: public, max-age=31536000, immutable"}},
			{"GET", base + "/.well-known/security.txt", "", 200, "contact", nil},
			{"GET", base + "/dir/.env", "", 404, "*", nil},
		})
		if base != "" {
			checkFiles(t, s, []fileCase{{"GET", "/a.txt", "", 404, "*", nil}})
		}
		putFile(t, dir, "public/later.txt", "later")
		checkFiles(t, s, []fileCase{{"GET", base + "/later.txt", "", 200, "slug later.txt", nil}})
		want := "public/taken: this file and the route app/taken/route.ts both answer /taken\nhint: rename one of them, or remove it: in production the file is served, and the route is never asked"
		if len(loaded.Warnings) != 1 || loaded.Warnings[0] != want {
			t.Errorf("the warnings are %q, want %q", loaded.Warnings, want)
		}
	}
}

// In development files are looked up when they are asked for, and one that
// hides a route is an error.
func TestPublicInDevelopment(t *testing.T) {
	dir := onDisk(t, publicProject...)
	s := porticotest.New(t, portico.Config{Dir: dir, Dev: true, Logger: slog.New(slog.DiscardHandler)})
	putFile(t, dir, "public/later.txt", "later")
	checkFiles(t, s, []fileCase{
		{"GET", "/later.txt", "", 200, "later", []string{"Cache-Control: public, max-age=0"}},
		{"GET", "/chunk-BxYz12ab.js", "", 200, "chunk", []string{"Cache-Control: public, max-age=0"}},
		{"GET", "/.env", "", 200, "slug .env", nil},
	})
	got := getFile(t, s, "GET", "/taken")
	if got.status != 500 || !strings.Contains(got.body, "public/taken: this file and the route app/taken/route.ts both answer /taken") || !strings.Contains(got.body, "hint: rename one of them") {
		t.Errorf("a conflict is %d %q", got.status, got.body)
	}
	if err := os.RemoveAll(filepath.Join(dir, "public")); err != nil {
		t.Fatal(err)
	}
	checkFiles(t, s, []fileCase{{"GET", "/taken", "", 200, "the route", nil}, {"GET", "/a.txt", "", 200, "slug a.txt", nil}})
}

// A project that is embedded has its files in the program.
func TestPublicEmbedded(t *testing.T) {
	m := fstest.MapFS{}
	for i := 0; i < len(publicProject); i += 2 {
		m[publicProject[i]] = &fstest.MapFile{Data: []byte(publicProject[i+1])}
	}
	m["portico.config.ts"] = &fstest.MapFile{Data: []byte("export default { frontend: './dist/', generateEtags: true }")}
	m["dist/index.html"] = &fstest.MapFile{Data: []byte("page")}
	s := porticotest.New(t, portico.Config{FS: m})
	checkFiles(t, s, []fileCase{
		{"GET", "/a.txt", "", 200, "a", []string{"Last-Modified"}},
		{"GET", "/guarded.txt", "", 401, "denied", nil},
		{"GET", "/", "", 200, "page", nil},
		{"GET", "/x/y", page, 200, "page", []string{"Cache-Control: no-cache", "Vary: Accept, Sec-Fetch-Dest"}},
		{"GET", "/x", page, 200, "slug x", nil},
	})
	tag := getFile(t, s, "GET", "/a.txt").header.Get("Etag")
	checkFiles(t, s, []fileCase{{"GET", "/a.txt", "If-None-Match: " + tag, 304, "", []string{"Etag: " + tag}}})
}

var frontendProject = []string{
	"dist/index.html", "page", "dist/assets/app.js", "script", "dist/docs/index.html", "docs", "dist/both.txt", "dist", "public/both.txt", "public",
	"app/api/users/route.ts", "export const GET = () => Response.json([1])", "app/u/[id]/route.ts", "export const GET = () => new Response('u')", "dist/u/7", "never",
	"next.config.ts", `export default {
  rewrites: async () => ({ fallback: [{ source: '/old/:x', destination: '/api/users' }, { source: '/app/:x', destination: '/index.html' }] }),
  portico: { frontend: { dir: 'dist', immutable: 'assets' } },
}`,
}

// A built frontend answers what nothing else does; navigations get its page.
func TestFrontend(t *testing.T) {
	var loaded portico.Loaded
	s := porticotest.New(t, portico.Config{Dir: onDisk(t, frontendProject...), OnLoad: func(l portico.Loaded) { loaded = l }})
	checkFiles(t, s, []fileCase{
		{"GET", "/", "", 200, "page", []string{"Cache-Control: no-cache", "Vary"}},
		{"GET", "/assets/app.js", "", 200, "script", []string{"Cache-Control: public, max-age=31536000, immutable"}},
		{"GET", "/docs", "", 200, "docs", []string{"Cache-Control: no-cache"}},
		{"GET", "/both.txt", "", 200, "public", nil},
		{"GET", "/api/users", page, 200, "[1]", nil},
		{"GET", "/u/7", page, 200, "u", nil},
		{"GET", "/old/7", page, 200, "[1]", nil},
		{"GET", "/app/7", "", 200, "page", nil},
		{"GET", "/users/7", page, 200, "page", []string{"Cache-Control: no-cache", "Vary: Accept, Sec-Fetch-Dest"}},
		{"HEAD", "/users/7", page, 200, "", []string{"Content-Length: 4"}},
		{"GET", "/users/7", "Accept: application/json", 404, "*", nil},
		{"GET", "/assets/old.js", page, 404, "*", nil},
		{"POST", "/users/7", page, 404, "*", nil},
		{"POST", "/", "", 405, "", []string{"Allow: GET, HEAD, OPTIONS"}},
		{"GET", "/healthz", page, 200, "{\"status\":\"ready\"}\n", nil},
	})
	want := "app/u/[id]/route.ts: the route /u/[id] answers in the place of files of the frontend: u/7 in dist\nhint: routes are asked first; give the route a path of its own, such as /api, or move the files to public/, which comes before routes"
	if len(loaded.Warnings) != 1 || loaded.Warnings[0] != want {
		t.Errorf("the warnings are %q, want %q", loaded.Warnings, want)
	}
	if r := loaded.Rules[len(loaded.Rules)-1]; r.Kind != "frontend" || r.Destination != "dist" || r.File != "next.config.ts" {
		t.Errorf("the last rule is %+v", r)
	}
}

// A program names its frontend itself, and may have it inside.
func TestFrontendOfAProgram(t *testing.T) {
	build := fstest.MapFS{"index.html": {Data: []byte("page")}, "app.js": {Data: []byte("script")}}
	for name, f := range map[string]*portico.Frontend{
		"embedded": {FS: build},
		"a folder": {Dir: filepath.Join(onDisk(t, "dist/index.html", "page", "dist/app.js", "script"), "dist")},
	} {
		s := porticotest.New(t, portico.Config{Frontend: f}, func(app *portico.App) {
			app.Route("/api", portico.Handlers{GET: func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "api") }})
		})
		for path, want := range map[string]string{"/": "page", "/app.js": "script", "/x": "page", "/api": "api"} {
			if got := getFile(t, s, "GET", path, page); got.status != 200 || got.body != want {
				t.Errorf("%s: %s is %d %q", name, path, got.status, got.body)
			}
		}
	}
}

func TestFrontendErrors(t *testing.T) {
	handler := []string{"app/api/route.ts", "export const GET = () => new Response('x')"}
	for name, c := range map[string]struct {
		files  []string
		config portico.Config
		want   string
	}{
		"not built": {files: []string{"portico.config.ts", "export default {\n  frontend: { dir: 'dist' },\n}"},
			want: "portico.config.ts:2:15: frontend.dir: there is no folder dist\nhint: build the frontend first, with npm run build for example; in development frontend.dev is asked in its place"},
		"no page": {files: []string{"portico.config.ts", "export default { frontend: { dir: 'dist', fallback: '200.html' } }", "dist/index.html", ""},
			want: "portico.config.ts:1:43: frontend.fallback: there is no file 200.html in dist\nhint: build the frontend first, with npm run build for example; in development frontend.dev is asked in its place; for a frontend of many pages write fallback: false"},
		"a file": {files: []string{"portico.config.ts", "export default { frontend: { dir: 'dist' } }", "dist", ""}, want: "frontend.dir: the folder cannot be served: "},
		"the project": {files: []string{"portico.config.ts", "export default { frontend: { dir: 'app/..' } }"},
			want: "frontend.dir: this is the project's own folder, whose sources nobody may read"},
		"above the project": {files: []string{"portico.config.ts", "export default { frontend: { dir: '..' } }"},
			want: "frontend.dir: .. holds the project itself, whose sources nobody may read"},
		"nothing":   {config: portico.Config{Frontend: &portico.Frontend{}}, want: "Config.Frontend: there is neither Dir nor FS"},
		"no origin": {config: portico.Config{Dev: true, Frontend: &portico.Frontend{Dir: "dist", Dev: "localhost:5173"}}, want: "Config.Frontend: Dev is \"localhost:5173\", which is not an origin"},
	} {
		config := c.config
		config.Dir, config.Logger = onDisk(t, append(c.files, handler...)...), slog.New(slog.DiscardHandler)
		app := portico.New(config)
		if err := app.Load(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
		if err := app.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// devServer is a frontend's development server such as Vite: it has an answer
// to every path, and sends what its page has to know over a WebSocket.
func devServer(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" {
			fmt.Fprintf(w, "dev %s %s of %s", r.Method, r.URL.RequestURI(), r.Header.Get("X-Forwarded-Host"))
			return
		}
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: %s\r\n\r\n", r.Header.Get("Sec-WebSocket-Protocol"))
		if err := rw.Flush(); err != nil {
			t.Error(err)
			return
		}
		_, _ = io.Copy(c, rw) // an echo, until the client leaves
	}))
	t.Cleanup(s.Close)
	return s
}

// In development the frontend's own server answers what nothing else does, its
// WebSocket included, so that there is one origin.
func TestFrontendInDevelopment(t *testing.T) {
	dev := devServer(t)
	texts := append([]string{"portico.config.ts", "export default { frontend: { dir: 'nowhere', dev: '" + dev.URL + "' }, proxy: { allow: ['api.example'] }, rewrites: async () => ({ fallback: [{ source: '/old/:x', destination: '/x/:x?a=1' }] }) }"},
		"public/a.txt", "a", "app/api/users/route.ts", "export const GET = () => Response.json([1])", "app/page/[id]/route.ts", "export const GET = () => new Response('id')")
	s := porticotest.New(t, portico.Config{Dir: onDisk(t, texts...), Dev: true, Logger: slog.New(slog.DiscardHandler)})
	checkFiles(t, s, []fileCase{
		{"GET", "/", page, 200, "dev GET / of app.test", nil},
		{"GET", "/@vite/client", "", 200, "dev GET /@vite/client of app.test", nil},
		{"GET", "/src/a%20b.ts?t=1&x=%2F", "", 200, "dev GET /src/a%20b.ts?t=1&x=%2F of app.test", nil},
		{"POST", "/x", "", 200, "dev POST /x of app.test", nil},
		{"GET", "/old/7", "", 200, "dev GET /x/7?a=1 of app.test", nil},
		{"GET", "/a.txt", "", 200, "a", nil},
		{"GET", "/api/users", "", 200, "[1]", nil},
		{"GET", "/page/1", page, 200, "id", nil},
	})
	c, err := s.Client().Transport.(*http.Transport).DialContext(t.Context(), "tcp", "app.test:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "GET /?token=x HTTP/1.1\r\nHost: app.test\r\nOrigin: http://app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: vite-hmr\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 101 || res.Header.Get("Sec-Websocket-Protocol") != "vite-hmr" {
		t.Fatalf("the upgrade is %d %v", res.StatusCode, res.Header)
	}
	if _, err := io.WriteString(c, "ping"); err != nil {
		t.Fatal(err)
	}
	back := make([]byte, 4)
	if _, err := io.ReadFull(r, back); err != nil || string(back) != "ping" {
		t.Errorf("the echo is %q, %v", back, err)
	}
}

// A development server that is not there is a page that says so, each time.
func TestFrontendServerMissing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	origin := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := porticotest.New(t, portico.Config{Dir: onDisk(t, "app/api/route.ts", "export const GET = () => new Response('api')"), Dev: true, Frontend: &portico.Frontend{Dir: "dist", Dev: origin}, Logger: slog.New(slog.DiscardHandler)})
	for range 8 { // more often than an upstream may fail
		got := getFile(t, s, "GET", "/", page)
		if got.status != 502 || !strings.Contains(got.body, "development server at "+origin+" does not answer") || !strings.Contains(got.body, "npm run dev") {
			t.Fatalf("got %d %q", got.status, got.body)
		}
	}
	if got := getFile(t, s, "GET", "/api"); got.body != "api" {
		t.Errorf("a route is %d %q", got.status, got.body)
	}
}

// Without a development server the folder is served, as it is just now.
func TestFrontendFolderInDevelopment(t *testing.T) {
	dir := onDisk(t, "portico.config.ts", "export default { frontend: 'dist' }", "app/api/route.ts", "export const GET = () => new Response('api')")
	var loaded portico.Loaded
	s := porticotest.New(t, portico.Config{Dir: dir, Dev: true, Logger: slog.New(slog.DiscardHandler), OnLoad: func(l portico.Loaded) { loaded = l }})
	if len(loaded.Warnings) != 1 || !strings.Contains(loaded.Warnings[0], "frontend.fallback: there is no file index.html in dist\nhint: build the frontend first") {
		t.Errorf("the warnings are %q", loaded.Warnings)
	}
	checkFiles(t, s, []fileCase{{"GET", "/", page, 404, "*", nil}})
	putFile(t, dir, "dist/index.html", "one")
	checkFiles(t, s, []fileCase{{"GET", "/x", page, 200, "one", nil}})
	putFile(t, dir, "dist/index.html", "other")
	checkFiles(t, s, []fileCase{{"GET", "/x", page, 200, "other", nil}})
}

// A site that is replaced serves its files until its last request is answered.
func TestFilesWhileReloading(t *testing.T) {
	dir := onDisk(t, "public/big.bin", strings.Repeat("x", 1<<20), "app/api/route.ts", "export const GET = () => new Response('api')")
	s := porticotest.New(t, portico.Config{Dir: dir})
	res, err := s.Client().Get(s.URL + "/big.bin")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := s.App.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil || len(b) != 1<<20 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if got := getFile(t, s, "GET", "/big.bin"); len(got.body) != 1<<20 {
		t.Errorf("after the load: %d bytes", len(got.body))
	}
}
