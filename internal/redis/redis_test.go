package redis

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/cache/cachetest"
	"github.com/portico-dev/portico/internal/limit"
)

// server is a real server where one is installed, else one in this process.
type server struct {
	addr    string
	program string
	cmd     *exec.Cmd
	mini    *miniredis.Miniredis
}

func start(t *testing.T) *server {
	t.Helper()
	s := &server{}
	for _, name := range []string{"redis-server", "valkey-server"} {
		if p, err := exec.LookPath(name); err == nil {
			s.program = p
		}
	}
	if s.program == "" {
		s.mini = miniredis.RunT(t)
		s.addr = s.mini.Addr()
		return s
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	l.Close()
	s.run(t)
	t.Cleanup(s.stop)
	return s
}

func (s *server) run(t *testing.T) {
	t.Helper()
	_, port, _ := net.SplitHostPort(s.addr)
	s.cmd = exec.Command(s.program, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			go func() {
				for lines.Scan() {
				}
			}()
			return
		}
	}
	t.Fatal("the server did not start")
}

// stop is kill -9.
func (s *server) stop() {
	if s.mini != nil {
		s.mini.Close()
	} else if s.cmd != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		s.cmd = nil
	}
}

func (s *server) again(t *testing.T) {
	t.Helper()
	if s.mini == nil {
		s.run(t)
	} else if err := s.mini.Restart(); err != nil {
		t.Fatal(err)
	}
}

// node is what one process has.
type node struct {
	conn  *Conn
	store *Store
	state chan State
}

func (s *server) node(t *testing.T) *node {
	t.Helper()
	n := &node{state: make(chan State, 100)}
	var err error
	n.conn, err = Dial(Options{URL: "redis://" + s.addr, Timeout: 5 * time.Second, Retry: 5 * time.Millisecond, OnState: func(st State) { n.state <- st }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.conn.Close)
	tags := cache.NewTagTable(time.Now, 0)
	n.store = NewStore(n.conn, StoreOptions{Local: cachetest.NewPlain(tags), Tags: tags})
	return n
}

func (n *node) wait(t *testing.T, up bool) {
	t.Helper()
	for st := range n.state {
		if st.Up == up {
			return
		}
	}
}

func TestStore(t *testing.T) {
	cachetest.Run(t, func(t *testing.T) cache.Store {
		n := start(t).node(t)
		if !n.conn.State().Up {
			t.Fatal(n.conn.State().Err)
		}
		return n.store
	})
}

// Ten thousand random operations on three nodes, against a model.
func TestModel(t *testing.T) {
	s := start(t)
	operations := 10_000
	if testing.Short() {
		operations = 2000
	}
	cachetest.Model(t, operations, rand.New(rand.NewPCG(7, 8)), s.node(t).store, s.node(t).store, s.node(t).store)
}

// The same with time that goes by: three caches, and a server whose clock can be
// set.
func TestMaking(t *testing.T) {
	m := miniredis.RunT(t)
	clock := cachetest.NewClock(m.SetTime)
	s := &server{mini: m, addr: m.Addr()}
	var caches []*cache.Cache
	for range 3 {
		n := s.node(t)
		tags := cache.NewTagTable(clock.Now, 0)
		c := cache.New(cache.Options{Store: NewStore(n.conn, StoreOptions{Local: cachetest.NewPlain(tags), Tags: tags}), Now: clock.Now, Problem: func(err error) { t.Error(err) }})
		t.Cleanup(func() { c.Close() })
		caches = append(caches, c)
	}
	operations := 10_000
	if testing.Short() {
		operations = 2000
	}
	cachetest.Making(t, operations, rand.New(rand.NewPCG(9, 10)), clock, caches...)
}

// One call for all nodes, and after a revalidation on one node none answers
// from before it.
func TestThreeNodes(t *testing.T) {
	s := start(t)
	var caches []*cache.Cache
	for range 3 {
		c := cache.New(cache.Options{Store: s.node(t).store, Problem: func(err error) { t.Error(err) }})
		t.Cleanup(func() { c.Close() })
		caches = append(caches, c)
	}
	var truth, made atomic.Int64
	request := cache.Request{Key: cachetest.Key("a"), Fill: func(context.Context) (*cache.Entry, error) {
		made.Add(1)
		return cachetest.Entry(0, fmt.Sprint(truth.Load()), "x"), nil
	}}
	rounds := 100
	if testing.Short() {
		rounds = 20
	}
	for round := range rounds {
		truth.Store(int64(round))
		if err := caches[round%3].Revalidate(t.Context(), []string{"x"}, cache.Mark{}); err != nil {
			t.Fatal(err)
		}
		made.Store(0)
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				r, err := caches[i%3].Do(t.Context(), request)
				if err != nil || r.Entry == nil || string(r.Entry.Body) != fmt.Sprint(round) {
					t.Errorf("round %d: node %d answered %+v, %v", round, i%3, r, err)
				}
			})
		}
		wg.Wait()
		if n := made.Load(); n != 1 {
			t.Fatalf("round %d: made %d times", round, n)
		}
	}
}

// A server that is killed and comes back: nodes answer from memory, say so, and
// a revalidation made meanwhile reaches the others.
func TestAway(t *testing.T) {
	s := start(t)
	a, b := s.node(t), s.node(t)
	key := cachetest.Key("a")
	ctx := t.Context()
	check := func(what string, n *node, want cache.State) {
		t.Helper()
		hit, err := n.store.Get(ctx, key, nil)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		got := cache.Expired
		if hit.Entry != nil {
			got = hit.Entry.State(time.Now(), hit.Tags)
		}
		if got != want {
			t.Fatalf("%s: %s, want %s", what, got, want)
		}
	}
	set := func(n *node) {
		t.Helper()
		l, err := n.store.Lease(ctx, key)
		if err != nil || l.Release == nil {
			t.Fatalf("no lease: %v", err)
		}
		if err := n.store.Set(ctx, key, cachetest.Entry(l.Stamp, "a", "x")); err != nil {
			t.Fatal(err)
		}
		l.Release()
	}
	set(a)
	check("b", b, cache.Fresh)
	s.stop()
	check("a, away", a, cache.Fresh)
	check("b, away", b, cache.Fresh)
	a.wait(t, false)
	b.wait(t, false)
	if a.conn.State().Up {
		t.Fatal("the server is away and up")
	}
	if err := a.store.Mark(ctx, []string{"x"}, cache.Mark{}); err != nil {
		t.Fatal(err)
	}
	check("a, revalidated", a, cache.Expired)
	set(a)
	check("a, made anew", a, cache.Fresh)
	// What begins while the server is away is not for the others, also when it
	// ends after that.
	l, err := a.store.Lease(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	s.again(t)
	a.wait(t, true)
	b.wait(t, true)
	if err := a.store.Set(ctx, key, cachetest.Entry(l.Stamp, "late", "x")); err != nil {
		t.Fatal(err)
	}
	l.Release()
	check("b, back", b, cache.Expired)
	set(b)
	check("a, back", a, cache.Fresh)
}

func TestAwayFromTheStart(t *testing.T) {
	s := start(t)
	s.stop()
	n := s.node(t)
	n.wait(t, false)
	if hit, err := n.store.Get(t.Context(), cachetest.Key("a"), nil); err != nil || hit.Entry != nil {
		t.Fatalf("%+v, %v", hit, err)
	}
	s.again(t)
	n.wait(t, true)
}

func TestDial(t *testing.T) {
	for _, o := range []Options{{URL: "http://x"}, {URL: ""}, {URL: "redis://127.0.0.1:1", Prefix: "a{b}"}} {
		if c, err := Dial(o); err == nil {
			c.Close()
			t.Errorf("%+v is taken", o)
		} else if strings.Contains(err.Error(), o.URL) && o.URL != "" {
			t.Errorf("the error shows the URL, which may have a password: %v", err)
		}
	}
}

// The same requests at the same times: the server decides as the one in memory.
func TestLimiterReference(t *testing.T) {
	m := miniredis.RunT(t) // its clock can be set
	now := time.Unix(1_700_000_000, 0)
	reference := limit.NewMemory(0, func() time.Time { return now })
	n := (&server{mini: m, addr: m.Addr()}).node(t)
	l := NewLimiter(n.conn, nil)
	r := rand.New(rand.NewPCG(1, 1))
	rules := []limit.Rule{{Limit: 10, Window: time.Minute}, {Limit: 1, Window: time.Second}, {Limit: 7, Window: 100 * time.Millisecond}, {Limit: 1000, Window: 24 * time.Hour}}
	for i := range 2000 {
		k := r.IntN(len(rules))
		now = now.Add(time.Duration(r.Int64N(int64(rules[k].Window)/int64(rules[k].Limit)*2)) / 1000 * 1000)
		m.SetTime(now)
		key, count := fmt.Sprint(k), r.IntN(3)
		want, err := reference.Take(t.Context(), key, rules[k], count)
		if err != nil {
			t.Fatal(err)
		}
		got, err := l.Take(t.Context(), key, rules[k], count)
		if err != nil || got != want {
			t.Fatalf("request %d: %+v, %v; want %+v", i, got, err, want)
		}
	}
}

// Exact across nodes: of many at once just the limit gets through.
func TestLimiterNodes(t *testing.T) {
	s := start(t)
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 3 {
		l := NewLimiter(s.node(t).conn, nil)
		for range 8 {
			wg.Go(func() {
				for range 10 {
					res, err := l.Take(t.Context(), "a", limit.Rule{Limit: 50, Window: 24 * time.Hour}, 1)
					if err != nil {
						t.Error(err)
					}
					if !res.Limited {
						passed.Add(1)
					}
				}
			})
		}
	}
	wg.Wait()
	if n := passed.Load(); n != 50 {
		t.Fatalf("%d of 240 got through, want 50", n)
	}
}

func TestLimiterAway(t *testing.T) {
	s := start(t)
	n := s.node(t)
	rule := limit.Rule{Limit: 1, Window: time.Hour}
	refuse, local := NewLimiter(n.conn, nil), NewLimiter(n.conn, limit.NewMemory(0, nil))
	s.stop()
	for _, c := range []struct {
		l       *Limiter
		limited bool
	}{{refuse, true}, {local, false}, {local, true}} {
		res, err := c.l.Take(t.Context(), "a", rule, 1)
		if err != nil || res.Limited != c.limited {
			t.Fatalf("%+v, %v; want limited %v", res, err, c.limited)
		}
	}
}
