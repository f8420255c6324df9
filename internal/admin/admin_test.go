package admin

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/cache/disk"
	"github.com/portico-dev/portico/internal/cache/memory"
)

// server is a cache with a socket.
type server struct {
	*Client
	cache *cache.Cache
	front *memory.Store
	now   time.Time
	path  string
}

func start(t *testing.T) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "admin") // a test's own folder has too long a name for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &server{now: time.Unix(1_800_000_000, 0), path: filepath.Join(dir, "a.sock")}
	now := func() time.Time { return s.now }
	back, err := disk.Open(filepath.Join(dir, "entries.db"), disk.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	s.front = memory.New(memory.Options{Tags: back.Tags(), Now: now})
	s.cache = cache.New(cache.Options{Store: cache.Tier(s.front, back), Now: now})
	t.Cleanup(func() { s.cache.Close() })
	s.serve(t, Handler(s.cache, now))
	return s
}

func (s *server) serve(t *testing.T, h http.Handler) {
	t.Helper()
	l, err := net.Listen("unix", s.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(Serve(l, h, slog.New(slog.DiscardHandler)))
	if s.Client, err = NewClient("unix:" + s.path); err != nil {
		t.Fatal(err)
	}
}

func (s *server) put(t *testing.T, e cache.Entry) cache.Key {
	t.Helper()
	key := cache.NewKey("test").Text(e.Name).Key()
	if e.Lifetime == (cache.Lifetime{}) {
		e.Lifetime = cache.Lifetime{Revalidate: time.Minute, Expire: time.Hour}
	}
	if _, err := s.cache.Do(t.Context(), cache.Request{Key: key, Fill: func(context.Context) (*cache.Entry, error) { return &e, nil }}); err != nil {
		t.Fatal(err)
	}
	return key
}

// states is what a list says of each entry, in its order.
func (s *server) states(t *testing.T, kind string, limit int) string {
	t.Helper()
	list, err := s.List(t.Context(), kind, limit)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range list.Entries {
		all = append(all, e.Kind+" "+e.Name+" "+e.State)
	}
	return fmt.Sprintf("%d of %d: %s", len(list.Entries), list.Total, strings.Join(all, ", "))
}

func (s *server) want(t *testing.T, want string) {
	t.Helper()
	if got := s.states(t, "", 0); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func (s *server) purge(t *testing.T, p Purge, want Purged) {
	t.Helper()
	got, err := s.Purge(t.Context(), p)
	if err != nil || got.Entries != want.Entries || !slices.Equal(got.Tags, want.Tags) {
		t.Errorf("purging %+v: %+v, %v; want %+v", p, got, err, want)
	}
}

func TestList(t *testing.T) {
	s := start(t)
	s.want(t, "0 of 0: ")
	s.put(t, cache.Entry{Kind: cache.Value, Name: "v", Body: []byte("1")})
	s.put(t, cache.Entry{Kind: cache.Route, Name: "GET /b", Status: 200, Tags: []string{"t"}})
	s.put(t, cache.Entry{Kind: cache.Route, Name: "GET /a", Status: 404, Lifetime: cache.Lifetime{Revalidate: cache.Forever, Expire: cache.Forever}})
	s.put(t, cache.Entry{Kind: cache.Fetch, Name: "GET https://upstream.test/", Status: 200, Lifetime: cache.Lifetime{Revalidate: time.Hour, Expire: cache.Forever}})
	s.want(t, "4 of 4: route GET /a fresh, route GET /b fresh, fetch GET https://upstream.test/ fresh, value v fresh")
	if got := s.states(t, "route", 1); got != "1 of 2: route GET /a fresh" {
		t.Errorf("got %s", got)
	}
	s.now = s.now.Add(time.Minute + time.Millisecond) // no two entries have one stamp
	s.want(t, "4 of 4: route GET /a fresh, route GET /b stale, fetch GET https://upstream.test/ fresh, value v stale")
	s.now = s.now.Add(time.Hour)
	s.want(t, "4 of 4: route GET /a fresh, route GET /b expired, fetch GET https://upstream.test/ stale, value v expired")

	list, err := s.List(t.Context(), "route", 0)
	if err != nil {
		t.Fatal(err)
	}
	a, b := list.Entries[0], list.Entries[1]
	if a.Revalidate != nil || a.Expire != nil || a.Status != 404 || *b.Revalidate != 60 || *b.Expire != 3600 || len(b.Key) != 64 || !slices.Equal(b.Tags, []string{"t"}) || !b.Made.Equal(time.Unix(1_800_000_000, 0)) && b.Made.Sub(time.Unix(1_800_000_000, 0)) > time.Millisecond {
		t.Errorf("got %+v, %+v", a, b)
	}
	if list.Size != int64(a.Size+b.Size) || a.Size == 0 {
		t.Errorf("sizes: %d, %d, %d", list.Size, a.Size, b.Size)
	}
}

// Looking at what is there brings nothing to memory.
func TestListLeavesMemoryAlone(t *testing.T) {
	s := start(t)
	for i := range 50 {
		s.put(t, cache.Entry{Kind: cache.Value, Name: fmt.Sprint("v", i)})
	}
	s.front.Clear()
	if got := s.states(t, "", 3); got != "3 of 50: value v0 fresh, value v1 fresh, value v10 fresh" {
		t.Errorf("got %s", got)
	}
	if n := s.front.Len(); n != 0 {
		t.Errorf("%d entries came to memory", n)
	}
}

func TestShow(t *testing.T) {
	s := start(t)
	key := s.put(t, cache.Entry{Kind: cache.Route, Name: "GET /a", Status: 200, Header: http.Header{"X-A": {"1", "2"}}, Body: []byte{0xff, 0}})
	for _, what := range []string{key.String(), strings.ToUpper(key.String()), key.String()[:8], "/a"} {
		d, err := s.Show(t.Context(), what)
		if err != nil || d.Key != key.String() || d.State != "fresh" || string(d.Body) != "\xff\x00" || !slices.Equal(d.Header["X-A"], []string{"1", "2"}) {
			t.Errorf("%s: %+v, %v", what, d, err)
		}
	}
	for what, want := range map[string]string{
		"/b":                    "no answer of /b is kept\nhint: portico cache ls --kind route lists them",
		"1234567":               `"1234567" is no key` + "\nhint: a key is 64 hexadecimal digits, of which the first 8 or more are enough; portico cache ls has them",
		"notdigits":             `"notdigits" is no key`,
		strings.Repeat("0", 65): "is no key",
		strings.Repeat("0", 64): "there is no entry 0000",
		strings.Repeat("0", 8):  "there is no entry that begins with 00000000",
		"../cache":              "is no key",
	} {
		if _, err := s.Show(t.Context(), what); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
}

func TestPurge(t *testing.T) {
	s := start(t)
	put := func() {
		t.Helper()
		s.put(t, cache.Entry{Kind: cache.Route, Name: "GET /items/1", Tags: append(cache.PathTags("/items/[id]/route", "/items/1"), "x")})
		s.put(t, cache.Entry{Kind: cache.Route, Name: "GET /items/2", Tags: cache.PathTags("/items/[id]/route", "/items/2")})
		s.put(t, cache.Entry{Kind: cache.Value, Name: "v", Tags: []string{"x", "y"}})
		s.want(t, "3 of 3: route GET /items/1 fresh, route GET /items/2 fresh, value v fresh")
	}
	put()
	s.purge(t, Purge{Tags: []string{"x", "z"}}, Purged{Tags: []string{"x", "z"}})
	s.want(t, "3 of 3: route GET /items/1 expired, route GET /items/2 fresh, value v expired")
	put()
	s.purge(t, Purge{Path: "/items/2"}, Purged{Tags: []string{"_N_T_/items/2"}})
	s.want(t, "3 of 3: route GET /items/1 fresh, route GET /items/2 expired, value v fresh")
	put()
	s.purge(t, Purge{Route: "/items/[id]"}, Purged{Tags: []string{"_N_T_/items/[id]/route"}})
	s.want(t, "3 of 3: route GET /items/1 expired, route GET /items/2 expired, value v fresh")
	put()
	key := cache.NewKey("test").Text("v").Key().String()
	s.purge(t, Purge{Key: key[:10]}, Purged{Entries: 1})
	s.want(t, "2 of 2: route GET /items/1 fresh, route GET /items/2 fresh")
	put()
	s.purge(t, Purge{All: true}, Purged{Entries: 3})
	s.want(t, "0 of 0: ")
	put()

	for _, c := range []struct{ body, want string }{
		{`{}`, "this names 0"},
		{`{"all":true,"path":"/a"}`, "this names 2"},
		{`{"everything":true}`, "this is no purge"},
		{`[`, "this is no purge"},
		{`{"path":"a"}`, "does not begin with a slash"},
		{`{"path":"/` + strings.Repeat("a", cache.MaxPath) + `"}`, "longer than 1024"},
		{`{"tags":[]}`, "there are tags that no entry can have"},
		{`{"tags":[""]}`, "there are tags that no entry can have"},
		{`{"key":"zz"}`, "is no key"},
		{`{"tags":["` + strings.Repeat("a", maxPurge) + `"]}`, "this is no purge"},
	} {
		w := httptest.NewRecorder()
		Handler(s.cache, time.Now).ServeHTTP(w, httptest.NewRequest("POST", "/cache/purge", strings.NewReader(c.body)))
		if w.Code != 400 || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%.40s: %d %s, want %q", c.body, w.Code, w.Body, c.want)
		}
	}
	s.want(t, "3 of 3: route GET /items/1 fresh, route GET /items/2 fresh, value v fresh")
}

// What is dropped while it is being made is not given either.
func TestPurgeAllWhileMaking(t *testing.T) {
	s := start(t)
	began, finish := make(chan struct{}), make(chan struct{})
	key := cache.NewKey("test").Text("slow").Key()
	made := make(chan error, 1)
	go func() {
		_, err := s.cache.Do(t.Context(), cache.Request{Key: key, Fill: func(context.Context) (*cache.Entry, error) {
			close(began)
			<-finish
			return &cache.Entry{Kind: cache.Value, Name: "slow", Lifetime: cache.Lifetime{Revalidate: time.Hour, Expire: time.Hour}}, nil
		}})
		made <- err
	}()
	<-began
	s.purge(t, Purge{All: true}, Purged{})
	close(finish)
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	s.want(t, "1 of 1: value slow expired")
}

// A store that cannot be listed can be purged; one that is none has nothing.
func TestOtherStores(t *testing.T) {
	c := cache.New(cache.Options{Store: unlisted{memory.New(memory.Options{})}})
	t.Cleanup(func() { c.Close() })
	ask := func(c *cache.Cache, method, target, body string) string {
		w := httptest.NewRecorder()
		Handler(c, time.Now).ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
		return fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String()))
	}
	for _, x := range []struct{ method, target, body, want string }{
		{"GET", "/cache", "", `501 {"error":"the store cannot tell what is in it","hint":"tags, paths and --all can be purged all the same"}`},
		{"POST", "/cache/purge", `{"all":true}`, `200 {}`},
		{"POST", "/cache/purge", `{"tags":["a"]}`, `200 {"tags":["a"]}`},
		{"GET", "/cache?limit=0", "", `400 {"error":"\"0\" is no limit"}`},
		{"GET", "/cache/purge", "", `400 `},
		{"POST", "/cache", "", `405 Method Not Allowed`},
		{"GET", "/", "", `404 404 page not found`},
	} {
		if got := ask(c, x.method, x.target, x.body); !strings.HasPrefix(got, x.want) {
			t.Errorf("%s %s: %s, want %s", x.method, x.target, got, x.want)
		}
	}
	if got := ask(nil, "GET", "/cache", ""); got != `404 {"error":"this server keeps nothing","hint":"the configuration has cache: false"}` {
		t.Errorf("without a cache: %s", got)
	}
}

type unlisted struct{ cache.Store }

func TestClient(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:1", "http://127.0.0.1:1", "unix:", "", "/run/a.sock"} {
		if c, err := NewClient(addr); err == nil {
			t.Errorf("a client for %q: %+v", addr, c)
		}
	}
	s := start(t)
	gone, err := NewClient("unix:" + s.path + "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gone.List(t.Context(), "", 0); err == nil || !strings.HasPrefix(err.Error(), "no server listens on "+s.path+"x\nhint: is it running") {
		t.Errorf("of no server: %v", err)
	}
	if os.Getuid() != 0 && runtime.GOOS != "windows" {
		if err := os.Chmod(s.path, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.List(t.Context(), "", 0); err == nil || !strings.HasPrefix(err.Error(), "this user may not open") {
			t.Errorf("of another user: %v", err)
		}
	}
	other := &server{path: s.path + "2"}
	other.serve(t, http.NotFoundHandler())
	if _, err := other.List(t.Context(), "", 0); err == nil || !strings.Contains(err.Error(), "is no admin socket: it answered 404 Not Found") {
		t.Errorf("of another program: %v", err)
	}
}

func TestCheckFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("folders have no such modes there")
	}
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		mode fs.FileMode
		want string
	}{
		{"own", 0o700, ""},
		{"read", 0o755, ""},
		{"group", 0o770, "others may write to its folder"},
		{"all", 0o777, "others may write to its folder"},
		{"sticky", 0o777 | fs.ModeSticky, ""},
	} {
		sub := filepath.Join(dir, c.name)
		if err := os.Mkdir(sub, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(sub, c.mode); err != nil {
			t.Fatal(err)
		}
		err := CheckFolder(filepath.Join(sub, "a.sock"))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"none/a.sock": "its folder does not exist", "file/a.sock": "is no folder"} {
		if err := CheckFolder(filepath.Join(dir, path)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
