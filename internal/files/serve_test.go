package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// built is when files of a test were written.
var built = time.Date(2026, 2, 3, 4, 5, 6, 789e6, time.UTC)

const (
	builtTag  = "19c21acec65" // built in milliseconds
	builtText = "Tue, 03 Feb 2026 04:05:06 GMT"
)

// tree writes files to a folder, all of the same time.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		put(t, filepath.Join(dir, name), text, built)
	}
	return dir
}

func put(t *testing.T, file, text string, at time.Time) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

func folder(t *testing.T, dir string, o Options) *Folder {
	t.Helper()
	f, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// ask sends a request; a path that leads to no file is 404.
func ask(t *testing.T, f *Folder, method, path string, lines ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "http://app.test/", nil)
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	name, ok := f.Find(path)
	if !ok {
		name, ok = f.Page(r, path)
	}
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return w.Result()
	}
	if err := f.Serve(w, r, name); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return w.Result()
}

func text(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// check compares an answer: its status, its body, and header lines; a line
// without a value is a header that must not be there.
func check(t *testing.T, what string, res *http.Response, status int, body string, lines ...string) {
	t.Helper()
	if got := text(t, res); res.StatusCode != status || got != body {
		t.Errorf("%s: got %d %q, want %d %q", what, res.StatusCode, got, status, body)
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		if got := strings.Join(res.Header[http.CanonicalHeaderKey(name)], " | "); got != value {
			t.Errorf("%s: %s is %q, want %q", what, name, got, value)
		}
	}
}

func TestServe(t *testing.T) {
	f := folder(t, tree(t, map[string]string{"a.txt": "hello", "empty": "", "dir/b.css": "b{}", "a b.js": "1", "a%20b.js": "2", "main.3f2a9c1b.css": "m", ".env": "SECRET", ".well-known/acme": "x", "sub/index.html": "no", "page.html": "p", "€.txt": "e"}), Options{})
	tag := `W/"5-` + builtTag + `"`
	whole := []string{"Content-Type: text/plain; charset=UTF-8", "Content-Length: 5", "Accept-Ranges: bytes", "Cache-Control: public, max-age=0", "Last-Modified: " + builtText, "Etag: " + tag, "Vary", "Content-Range", "Content-Encoding"}
	for _, c := range []struct {
		method, path string
		ask          []string
		status       int
		body         string
		want         []string
	}{
		{"GET", "/a.txt", nil, 200, "hello", whole},
		{"HEAD", "/a.txt", nil, 200, "", whole},
		{"GET", "/empty", nil, 200, "", []string{"Content-Type: application/octet-stream", "Content-Length: 0"}},
		{"GET", "/dir/b.css", nil, 200, "b{}", []string{"Content-Type: text/css; charset=UTF-8"}},
		{"GET", "/a%20b.js", nil, 200, "1", nil},
		{"GET", "/a%2520b.js", nil, 200, "2", nil},
		{"GET", "/%E2%82%AC.txt", nil, 200, "e", nil},
		{"GET", "/main.3f2a9c1b.css", nil, 200, "m", []string{"Cache-Control: public, max-age=31536000, immutable"}},
		{"GET", "/.well-known/acme", nil, 200, "x", nil},
		{"GET", "/page.html", nil, 200, "p", []string{"Cache-Control: public, max-age=0"}},

		{"GET", "/", nil, 404, "", nil},
		{"GET", "/dir", nil, 404, "", nil},
		{"GET", "/sub", nil, 404, "", nil},
		{"GET", "/sub/", nil, 404, "", nil},
		{"GET", "/page", nil, 404, "", nil},
		{"GET", "/a.txt/", nil, 404, "", nil},
		{"GET", "/a.txt/x", nil, 404, "", nil},
		{"GET", "/A.TXT", nil, 404, "", nil},
		{"GET", "/.env", nil, 404, "", nil},

		{"POST", "/a.txt", nil, 405, "", []string{"Allow: GET, HEAD, OPTIONS", "Content-Length: 0", "Content-Type", "Etag"}},
		{"DELETE", "/a.txt", nil, 405, "", []string{"Allow: GET, HEAD, OPTIONS"}},
		{"OPTIONS", "/a.txt", nil, 204, "", []string{"Allow: GET, HEAD, OPTIONS"}},

		{"GET", "/a.txt", []string{"If-None-Match: " + tag}, 304, "", []string{"Etag: " + tag, "Cache-Control: public, max-age=0", "Last-Modified: " + builtText, "Content-Type", "Content-Length"}},
		{"HEAD", "/a.txt", []string{"If-None-Match: " + tag}, 304, "", nil},
		{"GET", "/a.txt", []string{"If-None-Match: " + tag[2:]}, 304, "", nil},
		{"GET", "/a.txt", []string{`If-None-Match: "x" , ` + tag + `, "y"`}, 304, "", nil},
		{"GET", "/a.txt", []string{`If-None-Match: "x"`, "If-None-Match: " + tag}, 304, "", nil},
		{"GET", "/a.txt", []string{"If-None-Match: *"}, 304, "", nil},
		{"GET", "/a.txt", []string{`If-None-Match: "x"`}, 200, "hello", nil},
		{"GET", "/a.txt", []string{`If-None-Match: "5-` + builtTag}, 200, "hello", nil},
		{"GET", "/a.txt", []string{`If-None-Match: "x"`, "If-Modified-Since: " + builtText}, 200, "hello", nil},
		{"GET", "/a.txt", []string{"If-None-Match: " + tag, "If-Modified-Since: Tue, 03 Feb 2025 04:05:06 GMT"}, 304, "", nil},
		{"GET", "/a.txt", []string{"If-None-Match: " + tag, "Cache-Control: no-cache"}, 200, "hello", nil},
		{"GET", "/a.txt", []string{"If-None-Match: " + tag, "Cache-Control: max-age=0"}, 304, "", nil},
		{"GET", "/a.txt", []string{"If-Modified-Since: " + builtText}, 304, "", nil},
		{"GET", "/a.txt", []string{"If-Modified-Since: Tue, 03 Feb 2026 04:05:05 GMT"}, 200, "hello", nil},
		{"GET", "/a.txt", []string{"If-Modified-Since: Tue, 03 Feb 2027 04:05:05 GMT"}, 304, "", nil},
		{"GET", "/a.txt", []string{"If-Modified-Since: yesterday"}, 200, "hello", nil},
		{"GET", "/a.txt", []string{"If-Match: " + tag}, 200, "hello", nil},
		{"GET", "/a.txt", []string{"If-Match: *"}, 200, "hello", nil},
		{"GET", "/a.txt", []string{`If-Match: "x"`}, 412, "", []string{"Content-Length: 0"}},
		{"GET", "/a.txt", []string{`If-Match: "x"`, "If-None-Match: " + tag}, 412, "", nil},
		{"GET", "/a.txt", []string{"If-Unmodified-Since: " + builtText}, 200, "hello", nil},
		{"GET", "/a.txt", []string{"If-Unmodified-Since: Tue, 03 Feb 2026 04:05:05 GMT"}, 412, "", nil},
		{"GET", "/a.txt", []string{"If-Match: *", "If-Unmodified-Since: Tue, 03 Feb 2026 04:05:05 GMT"}, 200, "hello", nil},

		{"GET", "/a.txt", []string{"Range: bytes=1-3"}, 206, "ell", []string{"Content-Range: bytes 1-3/5", "Content-Length: 3", "Etag: " + tag, "Content-Type: text/plain; charset=UTF-8"}},
		{"HEAD", "/a.txt", []string{"Range: bytes=1-3"}, 206, "", []string{"Content-Range: bytes 1-3/5", "Content-Length: 3"}},
		{"GET", "/a.txt", []string{"Range: bytes=-2"}, 206, "lo", []string{"Content-Range: bytes 3-4/5"}},
		{"GET", "/a.txt", []string{"Range: bytes=3-"}, 206, "lo", nil},
		{"GET", "/a.txt", []string{"Range: bytes=0-0,2-2"}, 200, "hello", []string{"Content-Range"}},
		{"GET", "/a.txt", []string{"Range: bytes=9-"}, 416, "", []string{"Content-Range: bytes */5", "Content-Length: 0", "Etag", "Cache-Control", "Content-Type"}},
		{"GET", "/empty", []string{"Range: bytes=0-"}, 416, "", []string{"Content-Range: bytes */0"}},
		{"GET", "/a.txt", []string{"Range: lines=1-2"}, 200, "hello", nil},
		{"GET", "/a.txt", []string{"Range: bytes=0-0", "Range: bytes=1-1"}, 200, "hello", nil},
		{"GET", "/a.txt", []string{"Range: bytes=0-0", "If-Range: " + tag}, 206, "h", nil},
		{"GET", "/a.txt", []string{"Range: bytes=0-0", `If-Range: W/"6-` + builtTag + `"`}, 200, "hello", nil},
		{"GET", "/a.txt", []string{"Range: bytes=0-0", "If-Range: " + builtText}, 206, "h", nil},
		{"GET", "/a.txt", []string{"Range: bytes=0-0", "If-Range: Tue, 03 Feb 2027 04:05:06 GMT"}, 200, "hello", nil},
		{"GET", "/a.txt", []string{"Range: bytes=9-", `If-Range: "other"`}, 200, "hello", nil},
		{"GET", "/a.txt", []string{"Range: bytes=0-0", "If-None-Match: " + tag}, 304, "", nil},
	} {
		check(t, fmt.Sprint(c.method, " ", c.path, " ", c.ask), ask(t, f, c.method, c.path, c.ask...), c.status, c.body, c.want...)
	}
}

func TestServeWithoutTags(t *testing.T) {
	f := folder(t, tree(t, map[string]string{"a.txt": "hello"}), Options{NoETags: true})
	check(t, "plain", ask(t, f, "GET", "/a.txt"), 200, "hello", "Etag", "Last-Modified: "+builtText)
	check(t, "a tag", ask(t, f, "GET", "/a.txt", `If-None-Match: W/"5-`+builtTag+`"`), 200, "hello")
	check(t, "a date", ask(t, f, "GET", "/a.txt", "If-Modified-Since: "+builtText), 304, "")
}

func TestPrecompressed(t *testing.T) {
	dir := tree(t, map[string]string{
		"a.js": "plain", "a.js.br": "BR", "a.js.zst": "ZSTD", "a.js.gz": "GZIP!", "b.css": "plain", "b.css.gz": "GZIP",
		"old.js": "plain", "old.js.br": "BR", "x-BxYz12ab.js": "plain", "x-BxYz12ab.js.br": "BR", "near.js": "plain", "near.js.br": "BR",
	})
	for name, at := range map[string]time.Duration{"old.js.br": -2 * time.Second, "x-BxYz12ab.js.br": -time.Hour, "near.js.br": -time.Second, "b.css.gz": time.Hour} {
		put(t, filepath.Join(dir, name), map[bool]string{true: "BR", false: "GZIP"}[strings.HasSuffix(name, "br")], built.Add(at))
	}
	for _, live := range []bool{false, true} {
		f := folder(t, dir, Options{Live: live, Place: "public"})
		tag := `W/"5-` + builtTag + `"`
		for _, c := range []struct {
			path   string
			ask    []string
			status int
			body   string
			want   []string
		}{
			{"/a.js", nil, 200, "plain", []string{"Vary: Accept-Encoding", "Content-Encoding", "Etag: " + tag, "Accept-Ranges: bytes"}},
			{"/a.js", []string{"Accept-Encoding: gzip, deflate, br, zstd"}, 200, "BR", []string{"Vary: Accept-Encoding", "Content-Encoding: br", "Content-Length: 2", "Etag: W/\"2-" + builtTag + "-br\"", "Content-Type: application/javascript; charset=UTF-8", "Last-Modified: " + builtText, "Accept-Ranges"}},
			{"/a.js", []string{"Accept-Encoding: gzip;q=0.9, zstd"}, 200, "ZSTD", []string{"Content-Encoding: zstd", "Etag: W/\"4-" + builtTag + "-zstd\""}},
			{"/a.js", []string{"Accept-Encoding: gzip"}, 200, "GZIP!", []string{"Content-Encoding: gzip", "Etag: W/\"5-" + builtTag + "-gzip\""}},
			{"/a.js", []string{"Accept-Encoding: br;q=0"}, 200, "plain", nil},
			{"/a.js", []string{"Accept-Encoding: br", "If-None-Match: W/\"2-" + builtTag + "-br\""}, 304, "", []string{"Vary: Accept-Encoding", "Content-Encoding"}},
			{"/a.js", []string{"Accept-Encoding: br", "If-None-Match: " + tag}, 200, "BR", nil},
			{"/a.js", []string{"If-None-Match: W/\"2-" + builtTag + "-br\""}, 200, "plain", nil},
			{"/a.js", []string{"Accept-Encoding: br", "Range: bytes=0-1"}, 206, "pl", []string{"Vary: Accept-Encoding", "Content-Encoding", "Content-Range: bytes 0-1/5", "Etag: " + tag}},
			{"/a.js", []string{"Accept-Encoding: br", "Range: bytes=0-1", "If-Range: W/\"2-" + builtTag + "-br\""}, 200, "plain", []string{"Content-Encoding"}},
			{"/b.css", []string{"Accept-Encoding: br"}, 200, "plain", []string{"Vary: Accept-Encoding"}},
			{"/b.css", []string{"Accept-Encoding: br, gzip"}, 200, "GZIP", []string{"Content-Encoding: gzip", "Last-Modified: " + builtText}},
			{"/old.js", []string{"Accept-Encoding: br"}, 200, "plain", []string{"Vary", "Content-Encoding"}},
			{"/near.js", []string{"Accept-Encoding: br"}, 200, "BR", nil},
			{"/a.js.br", nil, 200, "BR", []string{"Content-Type: application/octet-stream", "Content-Encoding", "Vary"}},
			{"/b.css.gz", nil, 200, "GZIP", []string{"Content-Type: application/gzip", "Content-Encoding"}},
		} {
			check(t, fmt.Sprint(live, c.path, c.ask), ask(t, f, "GET", c.path, c.ask...), c.status, c.body, c.want...)
		}
		res := ask(t, f, "GET", "/x-BxYz12ab.js", "Accept-Encoding: br")
		if live {
			check(t, "live hashed", res, 200, "plain", "Cache-Control: public, max-age=0")
			continue
		}
		check(t, "hashed", res, 200, "BR", "Cache-Control: public, max-age=31536000, immutable")
		if got, want := strings.Join(f.Warnings, "\n"), "public/old.js.br: it is older than old.js, and not served in its place\nhint: compress it again when the file has changed"; got != want {
			t.Errorf("the warnings are %q, want %q", got, want)
		}
		// What was compressed is not of the file any more.
		put(t, filepath.Join(dir, "a.js"), "newer", built.Add(time.Minute))
		check(t, "changed", ask(t, f, "GET", "/a.js", "Accept-Encoding: br"), 200, "newer", "Content-Encoding", "Vary: Accept-Encoding")
		if err := os.Remove(filepath.Join(dir, "b.css.gz")); err != nil {
			t.Fatal(err)
		}
		check(t, "removed", ask(t, f, "GET", "/b.css", "Accept-Encoding: gzip"), 200, "plain", "Content-Encoding")
		put(t, filepath.Join(dir, "a.js"), "plain", built)
		put(t, filepath.Join(dir, "b.css.gz"), "GZIP", built.Add(time.Hour))
	}
}

// A folder's files are those of the load; their content is that of now.
func TestList(t *testing.T) {
	dir := tree(t, map[string]string{"a.txt": "one", "gone.txt": "x"})
	f := folder(t, dir, Options{})
	put(t, filepath.Join(dir, "late.txt"), "late", built)
	put(t, filepath.Join(dir, "a.txt"), "three", built.Add(time.Second))
	if err := os.Remove(filepath.Join(dir, "gone.txt")); err != nil {
		t.Fatal(err)
	}
	check(t, "late", ask(t, f, "GET", "/late.txt"), 404, "")
	check(t, "changed", ask(t, f, "GET", "/a.txt"), 200, "three", "Content-Length: 5")
	name, ok := f.Find("/gone.txt")
	if err := f.Serve(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), name); !ok || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is gone: %v, %v", ok, err)
	}
	if err := os.Mkdir(filepath.Join(dir, "gone.txt"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := f.Serve(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that became a folder: %v", err)
	}
	if got := fmt.Sprint(f.Paths()); got != "[/a.txt /gone.txt]" {
		t.Errorf("the paths are %s", got)
	}
	if _, err := Open(filepath.Join(dir, "none"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "a.txt"), Options{}); err == nil {
		t.Error("a file is taken for a folder")
	}
}

func TestLive(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dist")
	f := folder(t, dir, Options{Live: true, Pages: true, Fallback: "index.html"})
	check(t, "no folder", ask(t, f, "GET", "/a.txt"), 404, "")
	put(t, filepath.Join(dir, "a.txt"), "one", built)
	put(t, filepath.Join(dir, "sub", "index.html"), "sub", built)
	check(t, "made", ask(t, f, "GET", "/a.txt"), 200, "one", "Cache-Control: public, max-age=0")
	check(t, "a folder", ask(t, f, "GET", "/sub/"), 200, "sub", "Cache-Control: no-cache")
	check(t, "no page", ask(t, f, "GET", "/x", "Accept: text/html"), 404, "")
	if f.Has("index.html") {
		t.Error("there is no index.html")
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	check(t, "gone", ask(t, f, "GET", "/a.txt"), 404, "")
	put(t, filepath.Join(dir, "index.html"), "page", built)
	check(t, "made anew", ask(t, f, "GET", "/x", "Accept: text/html"), 200, "page")
	if !f.Has("index.html") || f.Has("../x") || f.Has(".") || f.Has("sub") {
		t.Error("Has is wrong")
	}
	// As on systems whose file names have no case.
	f.exact = true
	check(t, "exact", ask(t, f, "GET", "/index.html"), 200, "page")
	for _, path := range refused {
		if name, ok := f.Find(path); ok {
			t.Errorf("%q leads to %q", path, name)
		}
	}
}

func TestPages(t *testing.T) {
	f := folder(t, tree(t, map[string]string{"index.html": "page", "docs/index.html": "docs", "assets/a.js": "a", "docs.txt": "x", "about.html": "about"}), Options{Pages: true, Fallback: "index.html"})
	html, script := "Accept: text/html,application/xhtml+xml,*/*;q=0.8", "Accept: */*"
	for _, c := range []struct {
		method, path string
		ask          []string
		status       int
		body         string
		want         []string
	}{
		{"GET", "/", nil, 200, "page", []string{"Cache-Control: no-cache", "Content-Type: text/html; charset=UTF-8", `Etag: W/"4-` + builtTag + `"`}},
		{"GET", "/", []string{`If-None-Match: W/"4-` + builtTag + `"`}, 304, "", []string{"Cache-Control: no-cache"}},
		{"HEAD", "/", nil, 200, "", nil},
		{"POST", "/", nil, 405, "", nil},
		{"GET", "/docs", nil, 200, "docs", nil},
		{"GET", "/docs/", nil, 200, "docs", nil},
		{"GET", "/about.html", nil, 200, "about", []string{"Cache-Control: no-cache"}},
		{"GET", "/assets/a.js", nil, 200, "a", []string{"Cache-Control: public, max-age=0"}},
		{"GET", "/users/7", []string{html}, 200, "page", []string{"Cache-Control: no-cache"}},
		{"HEAD", "/users/7", []string{html}, 200, "", nil},
		{"GET", "/users/7/", []string{html}, 200, "page", nil},
		{"GET", "/users/jane.doe", []string{html}, 200, "page", nil},
		{"GET", "/v1.2", []string{html}, 200, "page", nil},
		{"GET", "/old.html", []string{html}, 200, "page", nil},
		{"GET", "/assets", []string{html}, 200, "page", nil},
		{"GET", "/users/7", []string{"Sec-Fetch-Dest: document"}, 200, "page", nil},
		{"GET", "/users/7", []string{"Sec-Fetch-Dest: iframe", html}, 200, "page", nil},
		{"GET", "/users/7", []string{"Sec-Fetch-Dest: empty", html}, 404, "", nil},
		{"GET", "/users/7", []string{"Sec-Fetch-Dest: script", script}, 404, "", nil},
		{"GET", "/users/7", []string{script}, 404, "", nil},
		{"GET", "/users/7", nil, 404, "", nil},
		{"GET", "/users/7", []string{"Accept: application/json, text/htmlx"}, 404, "", nil},
		{"POST", "/users/7", []string{html}, 404, "", nil},
		{"OPTIONS", "/users/7", []string{html}, 404, "", nil},
		{"GET", "/assets/old-BxYz12ab.js", []string{html}, 404, "", nil},
		{"GET", "/missing.png", []string{html, "Sec-Fetch-Dest: document"}, 404, "", nil},
		{"GET", "/missing.CSS", []string{html}, 404, "", nil},
	} {
		check(t, fmt.Sprint(c.method, " ", c.path, " ", c.ask), ask(t, f, c.method, c.path, c.ask...), c.status, c.body, c.want...)
	}
	// No page for what has no single reading, however it is asked for.
	for _, path := range refused {
		check(t, path, ask(t, f, "GET", path, html), 404, "")
	}
	f = folder(t, tree(t, map[string]string{"index.html": "page"}), Options{Pages: true})
	check(t, "no fallback", ask(t, f, "GET", "/users/7", html), 404, "")
}

// Nothing outside of the folder is reached through links, with slashes behind
// them or without (Go's CVE-2026-39822 was one in os.Root).
func TestLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links want a privilege there")
	}
	outside := tree(t, map[string]string{"secret.txt": "SECRET", "dir/secret.txt": "SECRET"})
	dir := tree(t, map[string]string{"a.txt": "a", "dir/b.txt": "b"})
	for name, to := range map[string]string{
		"out.txt": filepath.Join(outside, "secret.txt"), "out": outside, "outdir": filepath.Join(outside, "dir"), "up": "..", "dir/up": "../..", "dangling": "nothing", "self": "self",
		"rel.txt": filepath.Join("..", filepath.Base(outside), "secret.txt"), "slash": outside + "/", "slashfile": filepath.Join(outside, "secret.txt") + "/",
		"in.txt": "a.txt", "indir": "dir", "dir/loop": "..", "chain": "out", "there": "dir/../dir/b.txt", "tmp": "/tmp", "root": "/",
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	list := folder(t, dir, Options{Place: "public"})
	for _, f := range []*Folder{list, folder(t, dir, Options{Live: true}), folder(t, dir, Options{Live: true, Pages: true})} {
		for path, want := range map[string]string{"/a.txt": "a", "/in.txt": "a", "/indir/b.txt": "b", "/there": "b", "/dir/b.txt": "b"} {
			check(t, path, ask(t, f, "GET", path), 200, want)
		}
		for _, base := range []string{"/out.txt", "/out", "/outdir", "/up", "/dir/up", "/dangling", "/self", "/rel.txt", "/slash", "/slashfile", "/chain", "/tmp", "/root", "/in.txt/", "/indir", "/indir/", "/a.txt/"} {
			for _, tail := range []string{"", "/", "/.", "/..", "/secret.txt", "/secret.txt/", "/dir/secret.txt", "/../secret.txt", "/%2e%2e/secret.txt", "/etc/passwd", "/" + filepath.Base(outside) + "/secret.txt", "/index.html"} {
				res := ask(t, f, "GET", base+tail)
				if got := text(t, res); res.StatusCode != 404 {
					t.Errorf("%s is %d %q", base+tail, res.StatusCode, got)
				}
			}
		}
	}
	all := strings.Join(list.Warnings, "\n")
	for _, want := range []string{"public/out.txt: this symbolic link leads to nothing inside of the folder", "public/up: this", "public/dangling: this", "public/self: this", "public/dir/loop: folders are nested without an end"} {
		if !strings.Contains(all, want) {
			t.Errorf("there is no warning %q in\n%s", want, all)
		}
	}
	if strings.Contains(all, "SECRET") || strings.Contains(all, outside) {
		t.Errorf("the warnings say too much:\n%s", all)
	}
	// A file that becomes a link when it has been listed.
	if err := os.Remove(filepath.Join(dir, "a.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "secret.txt"), filepath.Join(dir, "a.txt")); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := list.Serve(w, httptest.NewRequest("GET", "/", nil), "a.txt"); err == nil || w.Body.Len() > 0 {
		t.Errorf("a link that came later: %v, %q", err, w.Body)
	}
}

func TestRefusedNames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such files there")
	}
	f := folder(t, tree(t, map[string]string{"aux.js": "x", `a\b`: "x", "C:x": "x", "ok.js": "x", ".DS_Store": "x", "\x01": "x"}), Options{Place: "public"})
	for _, path := range append([]string{"/aux.js", "/a%5Cb", "/C:x", "/.DS_Store", "/%01"}, refused...) {
		check(t, path, ask(t, f, "GET", path), 404, "")
	}
	if len(f.Warnings) != 4 || len(f.Paths()) != 1 {
		t.Errorf("the warnings are %q, the paths %q", f.Warnings, f.Paths())
	}
}

// What is embedded has no times: its tags are of what it holds.
func TestEmbedded(t *testing.T) {
	at := func(text string) *Folder {
		f, err := New(fstest.MapFS{"a.txt": {Data: []byte(text)}, "a.txt.gz": {Data: []byte("GZ" + text)}, "b.txt": {Data: []byte("hello"), ModTime: built}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := at("hello")
	res := ask(t, f, "GET", "/a.txt")
	tag := res.Header.Get("Etag")
	check(t, "embedded", res, 200, "hello", "Last-Modified", "Accept-Ranges: bytes")
	check(t, "known", ask(t, f, "GET", "/a.txt", "If-None-Match: "+tag), 304, "", "Etag: "+tag)
	check(t, "a range", ask(t, f, "GET", "/a.txt", "Range: bytes=-2", "If-Range: "+tag), 206, "lo")
	check(t, "compressed", ask(t, f, "GET", "/a.txt", "Accept-Encoding: gzip"), 200, "GZhello", "Etag: "+strings.TrimSuffix(tag, `"`)+`-gzip"`, "Content-Encoding: gzip")
	check(t, "a time", ask(t, f, "GET", "/b.txt"), 200, "hello", `Etag: W/"5-`+builtTag+`"`, "Last-Modified: "+builtText)
	check(t, "another of the same size", ask(t, at("world"), "GET", "/a.txt", "If-None-Match: "+tag), 200, "world")
	if tag == "" || strings.HasPrefix(tag, "W/") {
		t.Errorf("the tag is %q, want a strong one", tag)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	live, err := New(fstest.MapFS{"a.txt": {Data: []byte("x"), ModTime: built}}, Options{Live: true})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "live", ask(t, live, "GET", "/a.txt"), 200, "x")
}

// sink takes what is copied as a net.TCPConn does.
type sink struct {
	*httptest.ResponseRecorder
	got io.Reader
}

func (s *sink) ReadFrom(r io.Reader) (int64, error) {
	s.got = r
	return io.Copy(s.ResponseRecorder, r)
}

// The system sends files itself: what is copied from is an *os.File, behind no
// more than one LimitedReader.
func TestSendfile(t *testing.T) {
	f := folder(t, tree(t, map[string]string{"a.bin": strings.Repeat("x", 1<<16)}), Options{})
	for _, lines := range []string{"", "bytes=5-100"} {
		r := httptest.NewRequest("GET", "/", nil)
		if lines != "" {
			r.Header.Set("Range", lines)
		}
		w := &sink{ResponseRecorder: httptest.NewRecorder()}
		if err := f.Serve(w, r, "a.bin"); err != nil {
			t.Fatal(err)
		}
		l, ok := w.got.(*io.LimitedReader)
		if !ok {
			t.Fatalf("the copy is of a %T", w.got)
		}
		if _, ok := l.R.(*os.File); !ok {
			t.Errorf("the copy is of a %T", l.R)
		}
	}
}

// broken is a file system whose file ends before its size.
type broken struct{ fstest.MapFS }

func (b broken) Open(name string) (fs.File, error) {
	f, err := b.MapFS.Open(name)
	return short{f}, err
}

type short struct{ fs.File }

func (s short) Read(p []byte) (int, error) { return 0, io.EOF }

// A file that cannot be read to its end is no answer that looks whole.
func TestShortFile(t *testing.T) {
	f, err := New(broken{fstest.MapFS{"a.txt": {Data: bytes.Repeat([]byte("x"), 100), ModTime: built}}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // a panic's value
			t.Errorf("the handler ends with %v", p)
		}
	}()
	_ = f.Serve(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), "a.txt")
}

func BenchmarkFind(b *testing.B) {
	f, err := New(fstest.MapFS{"assets/index-BxYz12ab.js": {ModTime: built}}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := f.Find("/assets/index-BxYz12ab.js"); !ok {
			b.Fatal("not found")
		}
	}
}
