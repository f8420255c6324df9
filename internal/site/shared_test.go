package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/cache/disk"
	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/limit"
)

// lines is a log that a test reads.
type lines struct {
	mu   sync.Mutex
	b    bytes.Buffer
	wait chan struct{} // told of every line, where not nil
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wait != nil {
		l.wait <- struct{}{}
	}
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// node is a loader of a project with one route, whose settings a test
// changes between loads.
type node struct {
	*Loader
	dir string
	set config.Settings
	log lines
}

func newNode(t *testing.T, change func(o *Options)) *node {
	t.Helper()
	p := &node{dir: t.TempDir()}
	p.write(t, "export const GET = () => new Response('x')")
	o := Options{Dir: p.dir, Logger: p.log.logger(), Settings: func(s *config.Settings) {
		s.Cache, s.CacheMaxMemorySize, s.Server.Isolates = p.set.Cache, p.set.CacheMaxMemorySize, 1
	}}
	if change != nil {
		change(&o)
	}
	p.Loader = NewLoader(o)
	t.Cleanup(p.Close)
	return p
}

func (p *node) write(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(p.dir, "app", "a", "route.ts")
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// load is a site, which is closed with the test unless that has happened.
func (p *node) load(t *testing.T) *Site {
	t.Helper()
	s, _, err := p.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	t.Cleanup(func() {
		once.Do(func() {
			s.shared.stores.mu.Lock()
			open := s.shared.users > 0
			s.shared.stores.mu.Unlock()
			if open {
				closeSite(t, s)
			}
		})
	})
	return s
}

func closeSite(t *testing.T, s *Site) {
	t.Helper()
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// value asks the cache for an entry, which is made from what is given where it
// is not there.
func value(t *testing.T, c *cache.Cache, fill string) string {
	t.Helper()
	r, err := c.Do(t.Context(), cache.Request{Key: cache.NewKey("test").Text("a").Key(), Fill: func(context.Context) (*cache.Entry, error) {
		return &cache.Entry{Kind: cache.Value, Name: "a", Body: []byte(fill), Tags: []string{"t"}, Lifetime: cache.Lifetime{Revalidate: time.Hour, Expire: 2 * time.Hour}}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return string(r.Entry.Body)
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// A reload goes on with what is open, and so does a load that fails.
func TestSharedOutlivesLoads(t *testing.T) {
	p := newNode(t, nil)
	first := p.load(t)
	want(t, "at first", value(t, first.Shared().Cache, "1"), "1")
	p.write(t, "export const GET = 5")
	if _, _, err := p.Load(t.Context()); err == nil {
		t.Fatal("a handler that is a number loads")
	}
	want(t, "after a load that failed", value(t, first.Shared().Cache, "2"), "1")
	p.write(t, "export const GET = () => new Response('y')")
	second := p.load(t)
	if first.Shared() != second.Shared() {
		t.Error("a reload has opened a cache of its own")
	}
	closeSite(t, first)
	want(t, "after the first site", value(t, second.Shared().Cache, "3"), "1")
	if text := p.log.String(); text != "" {
		t.Errorf("the log has %s", text)
	}
}

// Other settings open another store; the old one goes when nobody uses it, and
// the file that both have stays open until then.
func TestSharedChanges(t *testing.T) {
	p := newNode(t, nil)
	first := p.load(t)
	want(t, "at first", value(t, first.Shared().Cache, "1"), "1")
	p.set.CacheMaxMemorySize = 1 << 20
	second := p.load(t)
	if first.Shared() == second.Shared() {
		t.Fatal("the cache has another bound and is the same")
	}
	want(t, "of the second, from the file", value(t, second.Shared().Cache, "2"), "1")
	closeSite(t, first)
	if _, err := first.Shared().Cache.Do(t.Context(), cache.Request{Fill: func(context.Context) (*cache.Entry, error) { return nil, nil }}); !errors.Is(err, cache.ErrClosed) {
		t.Errorf("the cache of the first site is open: %v", err)
	}
	if err := second.Shared().Cache.Revalidate(t.Context(), []string{"t"}, cache.Mark{}); err != nil {
		t.Fatal(err)
	}
	want(t, "of the second, made anew", value(t, second.Shared().Cache, "3"), "3")

	p.set.Cache.Store = config.CacheMemory
	third := p.load(t)
	want(t, "of the third, in memory", value(t, third.Shared().Cache, "4"), "4")
	closeSite(t, second) // and with it the file
	open, err := disk.Open(filepath.Join(p.dir, ".portico", "cache", "entries.db"), disk.Options{LockTimeout: time.Millisecond})
	if err != nil {
		t.Fatalf("the file is still open: %v", err)
	}
	open.Close()

	p.set.Cache.Store = config.CacheOff
	if c := p.load(t).Shared().Cache; c != nil {
		t.Error("there is a cache where none is wanted")
	}
	if text := p.log.String(); text != "" {
		t.Errorf("the log has %s", text)
	}
}

// A load that fails after it has opened another store closes that, and the old
// one is as it was.
func TestSharedOfFailedLoad(t *testing.T) {
	p := newNode(t, nil)
	first := p.load(t)
	want(t, "at first", value(t, first.Shared().Cache, "1"), "1")
	other := filepath.Join(p.dir, "other")
	p.set.Cache.Dir = other
	p.write(t, "export const GET = 5")
	if _, _, err := p.Load(t.Context()); err == nil {
		t.Fatal("a handler that is a number loads")
	}
	open, err := disk.Open(filepath.Join(other, "entries.db"), disk.Options{LockTimeout: time.Millisecond})
	if err != nil {
		t.Fatalf("the new file is still open: %v", err)
	}
	open.Close()
	want(t, "after that", value(t, first.Shared().Cache, "2"), "1")
	p.set.Cache = config.Cache{Store: "nowhere:secret"}
	if _, _, err := p.Load(t.Context()); err == nil || strings.Contains(err.Error(), "secret") || !strings.HasPrefix(err.Error(), "Config.Cache: this names no store\nhint: ") {
		t.Errorf("the error of a store that is none: %v", err)
	}
}

// What was answered before a process ended is there in the next one.
func TestSharedOnDisk(t *testing.T) {
	p := newNode(t, nil)
	s := p.load(t)
	want(t, "at first", value(t, s.Shared().Cache, "1"), "1")
	closeSite(t, s)
	p.Close()
	p.Loader = NewLoader(p.o)
	want(t, "in the next process", value(t, p.load(t).Shared().Cache, "2"), "1")
	text, err := os.ReadFile(filepath.Join(p.dir, ".portico", ".gitignore"))
	if err != nil || string(text) != "*\n" {
		t.Errorf(".portico/.gitignore is %q, %v", text, err)
	}
	for name, mode := range map[string]fs.FileMode{"cache": 0o700 | fs.ModeDir, "cache/entries.db": 0o600} {
		if info, err := os.Stat(filepath.Join(p.dir, ".portico", name)); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, mode)
		}
	}
}

// Where the file cannot be used there is one warning, and memory.
func TestSharedWithoutFile(t *testing.T) {
	for _, c := range []struct {
		name, text string
		prepare    func(t *testing.T, p *node)
	}{
		{"another process has it", "another process has this cache open", func(t *testing.T, p *node) {
			other := newNode(t, func(o *Options) { o.Dir = p.dir })
			other.load(t)
		}},
		{"a file is where the folder should be", "not a directory", func(t *testing.T, p *node) {
			if err := os.WriteFile(filepath.Join(p.dir, ".portico"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"a file system that is read only", "permission denied", func(t *testing.T, p *node) {
			if os.Getuid() == 0 {
				t.Skip("root writes everywhere")
			}
			if err := os.Chmod(p.dir, 0o500); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(p.dir, 0o700) })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newNode(t, nil)
			c.prepare(t, p)
			s := p.load(t)
			want(t, "made", value(t, s.Shared().Cache, "1"), "1")
			want(t, "kept", value(t, s.Shared().Cache, "2"), "1")
			p.load(t)
			if text := p.log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "the cache is in memory only") || !strings.Contains(text, c.text) {
				t.Errorf("the log has %q", text)
			}
			want(t, "health", s.Shared().Health(), "memory: the file cannot be used")
		})
	}
}

// In development, for Go routes alone and for an embedded project nothing is
// written unless there is a folder for it.
func TestSharedInMemory(t *testing.T) {
	dev := newNode(t, func(o *Options) { o.Dev = true })
	want(t, "in development", value(t, dev.load(t).Shared().Cache, "1"), "1")
	if _, err := os.Stat(filepath.Join(dev.dir, ".portico")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something is written in development: %v", err)
	}
	embedded := newNode(t, func(o *Options) { o.FS, o.Dir = os.DirFS(o.Dir), "" })
	want(t, "embedded", value(t, embedded.load(t).Shared().Cache, "1"), "1")
	embedded.set.Cache.Store = config.CacheDisk
	if _, _, err := embedded.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no folder") {
		t.Errorf("a file without a folder: %v", err)
	}
	embedded.set.Cache.Dir = filepath.Join(embedded.dir, "kept")
	want(t, "embedded with a folder", value(t, embedded.load(t).Shared().Cache, "1"), "1")
	if _, err := os.Stat(filepath.Join(embedded.dir, "kept", "entries.db")); err != nil {
		t.Error(err)
	}
	routes := newNode(t, func(o *Options) { o.Dir = "" })
	want(t, "Go routes", value(t, routes.load(t).Shared().Cache, "1"), "1")
	for _, p := range []*node{dev, embedded, routes} {
		if text := p.log.String(); text != "" {
			t.Errorf("the log has %s", text)
		}
	}
}

// The bound of memory counts; that of nothing leaves what is behind it.
func TestSharedMemorySize(t *testing.T) {
	p := newNode(t, nil)
	p.set.CacheMaxMemorySize = -1
	s := p.load(t)
	want(t, "on disk", value(t, s.Shared().Cache, "1"), "1")
	want(t, "from disk", value(t, s.Shared().Cache, "2"), "1")
	p.set.Cache.Store = config.CacheMemory
	s = p.load(t)
	want(t, "made", value(t, s.Shared().Cache, "1"), "1")
	want(t, "not kept", value(t, s.Shared().Cache, "2"), "2")
	p.set.Cache.MaxMemory = 1 << 20
	s = p.load(t)
	want(t, "made", value(t, s.Shared().Cache, "1"), "1")
	want(t, "kept", value(t, s.Shared().Cache, "2"), "1")
}

// The clock of the options is that of entries and allowances.
func TestSharedClock(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	p := newNode(t, func(o *Options) { o.Now = func() time.Time { return now } })
	s := p.load(t)
	rule := limit.Rule{Limit: 1, Window: time.Minute}
	limited := func() bool {
		t.Helper()
		r, err := s.Shared().Limiter.Take(t.Context(), "k", rule, 1)
		if err != nil {
			t.Fatal(err)
		}
		return r.Limited
	}
	want(t, "made", value(t, s.Shared().Cache, "1"), "1")
	want(t, "limited", fmt.Sprint(limited(), limited()), "false true")
	p.set.CacheMaxMemorySize = 1 << 20
	s = p.load(t) // a change of the cache forgives nobody
	want(t, "limited after a reload", fmt.Sprint(limited()), "true")
	now = now.Add(time.Minute)
	want(t, "limited a minute later", fmt.Sprint(limited()), "false")
	want(t, "a minute later", value(t, s.Shared().Cache, "2"), "1")
	now = now.Add(2 * time.Hour)
	want(t, "when it has expired", value(t, s.Shared().Cache, "3"), "3")
}

// A server is shared by two projects; when it is away nobody fails.
func TestSharedOnRedis(t *testing.T) {
	server := miniredis.RunT(t)
	server.RequireAuth("secret")
	nodes := [2]*node{newNode(t, nil), newNode(t, nil)}
	var sites [2]*Site
	for i, p := range nodes {
		p.log.wait = make(chan struct{}, 100)
		p.set.Cache = config.Cache{Store: "redis://:secret@" + server.Addr(), Prefix: "shop", Timeout: 5 * time.Second}
		sites[i] = p.load(t)
		want(t, "health", sites[i].Shared().Health(), "")
	}
	want(t, "made", value(t, sites[0].Shared().Cache, "1"), "1")
	want(t, "from the other node", value(t, sites[1].Shared().Cache, "2"), "1")
	if err := sites[1].Shared().Cache.Revalidate(t.Context(), []string{"t"}, cache.Mark{}); err != nil {
		t.Fatal(err)
	}
	want(t, "revalidated by the other node", value(t, sites[0].Shared().Cache, "3"), "3")
	rule := limit.Rule{Limit: 1, Window: time.Hour}
	for i, limited := range []bool{false, true} {
		if r, err := sites[i].Shared().Limiter.Take(t.Context(), "k", rule, 1); err != nil || r.Limited != limited {
			t.Errorf("node %d: %+v, %v", i, r, err)
		}
	}
	for _, key := range server.Keys() {
		if !strings.HasPrefix(strings.TrimPrefix(key, "{"), "shop") {
			t.Errorf("the server has the key %q", key)
		}
	}
	for i, p := range nodes {
		if text := p.log.String(); text != "" {
			t.Errorf("node %d has logged %s", i, text)
		}
	}

	server.Close()
	want(t, "when the server is away", value(t, sites[0].Shared().Cache, "4"), "3")
	<-nodes[0].log.wait
	text := nodes[0].log.String()
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, "the server of the cache is away") || strings.Contains(text, "secret") {
		t.Errorf("the log has %s", text)
	}
	if h := sites[0].Shared().Health(); !strings.HasPrefix(h, "redis: away since 2") || strings.Contains(h, "127.0.0.1") {
		t.Errorf("health is %q", h)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	<-nodes[0].log.wait
	if text := nodes[0].log.String(); !strings.Contains(text, "the server of the cache is back") {
		t.Errorf("the log has %s", text)
	}
	want(t, "health", sites[0].Shared().Health(), "")
}

// A server that is away at the start is no error.
func TestSharedRedisAwayAtStart(t *testing.T) {
	server := miniredis.RunT(t)
	addr := server.Addr()
	server.Close()
	p := newNode(t, nil)
	p.log.wait = make(chan struct{}, 100)
	p.set.Cache = config.Cache{Store: "redis://user:secret@" + addr}
	s := p.load(t)
	<-p.log.wait
	want(t, "made", value(t, s.Shared().Cache, "1"), "1")
	want(t, "kept", value(t, s.Shared().Cache, "2"), "1")
	if text := p.log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "the server of the cache is away") || strings.Contains(text, "secret") {
		t.Errorf("the log has %s", text)
	}
	if h := s.Shared().Health(); !strings.HasPrefix(h, "redis: away since ") {
		t.Errorf("health is %q", h)
	}
	if r, err := s.Shared().Limiter.Take(t.Context(), "k", limit.Rule{Limit: 1, Window: time.Hour}, 1); err != nil || r.Limited {
		t.Errorf("a request is not let through: %+v, %v", r, err)
	}
}

// The same problem is not told again within a minute, and how often it was is
// told then.
func TestProblems(t *testing.T) {
	now := time.Unix(0, 0)
	var log lines
	p := &problems{now: func() time.Time { return now }, logger: log.logger()}
	for range 5 {
		p.tell(errors.New("the disk is full"))
	}
	p.tell(errors.New("another"))
	now = now.Add(time.Minute)
	p.tell(errors.New("the disk is full"))
	for i := range 3 * kinds {
		p.tell(fmt.Errorf("number %d", i))
	}
	text := log.String()
	if strings.Count(text, "the disk is full") != 2 || strings.Count(text, "repeated=4") != 1 || strings.Count(text, "another") != 1 || strings.Count(text, "number") != 3*kinds {
		t.Errorf("the log is\n%s", text)
	}
	if len(p.last) > kinds {
		t.Errorf("%d are remembered", len(p.last))
	}
}

func TestRedact(t *testing.T) {
	s := storage{store: "redis://user:p%40ss@host:6379"}
	for _, text := range []string{"dial redis://user:p%40ss@host:6379: no", "WRONGPASS p@ss"} {
		if got := s.redact(errors.New(text)); strings.Contains(got, "p@ss") || strings.Contains(got, "p%40ss") {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// Every form of a URL that the configuration takes is one that the connection
// takes.
func TestStoreURLs(t *testing.T) {
	for _, u := range []string{"redis://127.0.0.1:1", "redis://127.0.0.1:1/3", "rediss://user:w@127.0.0.1:1", "valkey://127.0.0.1:1", "valkeys://:w@127.0.0.1:1/0", "unix:///none/redis.sock", "unix://user:w@/none/redis.sock"} {
		if err := config.CheckStore(u); err != nil {
			t.Errorf("%s: %v", u, err)
		}
		p := newNode(t, nil)
		p.log.wait = make(chan struct{}, 100)
		p.set.Cache.Store = u
		s := p.load(t)
		<-p.log.wait // that it is away
		if h := s.Shared().Health(); !strings.HasPrefix(h, "redis: away since ") {
			t.Errorf("%s: %q", u, h)
		}
	}
	p := newNode(t, nil)
	p.set.Cache.Store = "redis://:hidden@127.0.0.1:1/three"
	if _, _, err := p.Load(t.Context()); err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("a database that is no number: %v", err)
	}
}
