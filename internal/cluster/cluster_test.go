package cluster

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestThreeNodes(t *testing.T) {
	c := newCluster(t, startRedis(t), 3)
	t.Run("invalidation", c.invalidation)
	t.Run("one call", c.oneCall)
	t.Run("one refresh", c.oneRefresh)
	t.Run("model", c.model)
	t.Run("rate limit", c.rateLimit)
}

// readers read paths from all nodes until stop is called, which waits for them.
// What they get is checked; floor is the number that an answer to a request
// that begins now must have at least.
func (c *cluster) readers(t *testing.T, paths []string, floor *atomic.Int64) (stop func()) {
	t.Helper()
	var wg sync.WaitGroup
	var ended atomic.Bool
	for i, path := range paths {
		wg.Go(func() {
			for j := i; !ended.Load(); j++ {
				n := c.nodes[j%len(c.nodes)]
				least := int(floor.Load())
				a, err := n.do("GET", path)
				var got int
				if err == nil {
					got, err = a.number()
				}
				switch {
				case err != nil:
					t.Errorf("node %s: GET %s: %v", n.name, path, err)
					return
				case got < least:
					t.Errorf("node %s: GET %s is from before a revalidation that had been answered: %d, want at least %d", n.name, path, got, least)
					return
				}
			}
		})
	}
	stop = sync.OnceFunc(func() { ended.Store(true); wg.Wait() })
	t.Cleanup(stop)
	return stop
}

func paths(id string) (all []string) {
	for _, kind := range kinds {
		all = append(all, "/"+kind+"/"+id)
	}
	return all
}

// After a revalidation has been answered by one node, no node answers from
// before it.
func (c *cluster) invalidation(t *testing.T) {
	all := paths("shared")
	var floor atomic.Int64
	c.set(0, all...)
	stop := c.readers(t, all, &floor)
	for i := 1; i <= often(300, 25) && !t.Failed(); i++ {
		c.set(i, all...)
		c.nodes[i%3].revalidate(t, "tag", "t-shared")
		floor.Store(int64(i))
		for _, path := range all {
			n := c.nodes[(i+1)%3]
			if got := n.number(t, path); got != i {
				t.Fatalf("round %d: GET %s on node %s is %d", i, path, n.name, got)
			}
		}
	}
	stop()
}

// storm asks all nodes for a path at once, and calls sent when all requests
// have been written. It returns the answers' numbers.
func (c *cluster) storm(t *testing.T, path string, sent func()) []int {
	t.Helper()
	const each = 8
	var requests, written sync.WaitGroup
	got := make([]int, each*len(c.nodes))
	written.Add(len(got))
	for i := range got {
		n := c.nodes[i%len(c.nodes)]
		once := sync.OnceFunc(written.Done)
		requests.Go(func() {
			defer once()
			r, err := http.NewRequest("GET", n.url+path, nil)
			if err != nil {
				t.Error(err)
				return
			}
			trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { once() }}
			a, err := n.send(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
			if err == nil {
				got[i], err = a.number()
			}
			if err != nil {
				t.Errorf("node %s: %v", n.name, err)
			}
		})
	}
	written.Wait()
	sent()
	requests.Wait()
	return got
}

// However many ask on all nodes for what is not there, the upstream is asked
// once.
func (c *cluster) oneCall(t *testing.T) {
	for _, kind := range kinds {
		for i := range often(20, 2) {
			path := fmt.Sprintf("/%s/cold-%d", kind, i)
			asked, release := c.held(path)
			got := c.storm(t, path, func() {
				select {
				case <-asked:
				case <-time.After(patience):
					t.Errorf("%s: the upstream is not asked", path)
				}
				release()
			})
			for _, n := range got {
				if n != 1 {
					t.Fatalf("%s: the answers are those of the calls %v", path, got)
				}
			}
			if n := c.count(path); n != 1 {
				t.Fatalf("%s: the upstream was asked %d times", path, n)
			}
		}
	}
}

// However many ask for what is stale, all get it at once and it is made anew
// once.
func (c *cluster) oneRefresh(t *testing.T) {
	for _, kind := range kinds {
		for i := range often(20, 2) {
			id := fmt.Sprintf("stale-%s-%d", kind, i)
			path := "/" + kind + "/" + id
			for _, n := range c.nodes {
				if got := n.number(t, path); got != 1 {
					t.Fatalf("%s: %d", path, got)
				}
			}
			asked, release := c.held(path)
			c.nodes[i%3].revalidate(t, "tag", "t-"+id, "profile", "max")
			// All are answered while the making waits.
			for _, n := range c.storm(t, path, func() {}) {
				if n != 1 {
					t.Fatalf("%s: a stale answer is that of call %d", path, n)
				}
			}
			who(t, asked)
			release()
			for _, n := range c.nodes {
				eventually(t, path+" is new", func() bool { return n.number(t, path) == 2 })
			}
			if n := c.count(path); n != 2 {
				t.Fatalf("%s: the upstream was asked %d times", path, n)
			}
		}
	}
}

// model does random operations on random nodes and compares each answer, and
// how often the upstream was asked, with what they should be.
func (c *cluster) model(t *testing.T) {
	const workers, ids = 4, 3
	operations := often(10_000, 1000)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			// Each has tags and paths of its own, and does one thing at a time.
			m := modelled{c: c, r: rand.New(rand.NewPCG(uint64(w), 10)), state: map[string]*state{}}
			for i := range ids {
				id := fmt.Sprintf("model-%d-%d", w, i)
				m.ids = append(m.ids, id)
				for _, path := range paths(id) {
					m.state[path] = &state{}
				}
			}
			for i := range operations / workers {
				if t.Failed() {
					return
				}
				if err := m.step(); err != nil {
					t.Errorf("worker %d, operation %d: %v", w, i, err)
				}
			}
		})
	}
	wg.Wait()
}

// state is what there is of a path.
type state struct {
	number int // of the making that is kept
	kept   bool
	stale  bool
	// late is that a making may have been begun for a stale answer whose
	// successor came at that moment. It finds it and makes nothing, unless
	// something is revalidated before it looks.
	late bool
}

type modelled struct {
	c     *cluster
	r     *rand.Rand
	ids   []string
	state map[string]*state
}

func (m *modelled) node() *node { return m.c.nodes[m.r.IntN(len(m.c.nodes))] }

func (m *modelled) step() error {
	id := m.ids[m.r.IntN(len(m.ids))]
	switch op := m.r.IntN(20); {
	case op < 3: // expired at once
		if err := m.revalidate("tag=t-" + id); err != nil {
			return err
		}
		for _, path := range paths(id) {
			m.state[path].kept = false
		}
	case op < 5: // given once more
		profile := []string{"max", "hours", "days"}[m.r.IntN(3)]
		if err := m.revalidate("tag=t-" + id + "&profile=" + profile); err != nil {
			return err
		}
		for _, path := range paths(id) {
			m.state[path].stale = true
		}
	case op < 7:
		path := paths(id)[m.r.IntN(len(kinds))]
		if err := m.revalidate("path=" + path); err != nil {
			return err
		}
		m.state[path].kept = false
	case op < 8: // of a tag that nothing has
		return m.revalidate("tag=t-" + id + "-")
	default:
		return m.read(paths(id)[m.r.IntN(len(kinds))])
	}
	return nil
}

func (m *modelled) revalidate(query string) error {
	n := m.node()
	a, err := n.do("POST", "/revalidate?"+query)
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("node %s: revalidating %s: %v", n.name, query, a)
	}
	return err
}

func (m *modelled) read(path string) error {
	s := m.state[path]
	n := m.node()
	read := func() (int, error) {
		a, err := n.do("GET", path)
		if err != nil {
			return 0, err
		}
		return a.number()
	}
	got, err := read()
	if err != nil {
		return err
	}
	late := s.late
	switch {
	case !s.kept:
		s.number, s.kept, s.stale, s.late = s.number+1, true, false, false
	case s.stale && got == s.number:
		s.number, s.stale, s.late = s.number+1, false, false
		for end := time.Now().Add(patience); got == s.number-1; {
			if time.Now().After(end) {
				return fmt.Errorf("node %s: GET %s stays %d", n.name, path, got)
			}
			made := m.c.count(path) == s.number
			if got, err = read(); err != nil {
				return err
			}
			s.late = s.late || made && got == s.number-1
		}
	}
	calls := m.c.count(path)
	if late && calls == s.number+1 {
		s.number, s.stale, s.late = calls, false, false
		if got != calls { // it was under way while this was read
			if got, err = read(); err != nil {
				return err
			}
		}
	}
	if got != s.number || calls != s.number {
		return fmt.Errorf("node %s: GET %s is that of call %d of %d, want %d", n.name, path, got, calls, s.number)
	}
	return nil
}

// rateLimit: of many at once, on all nodes together, just the limit gets
// through.
func (c *cluster) rateLimit(t *testing.T) {
	var in, out atomic.Int64
	var wg sync.WaitGroup
	for i := range 60 {
		n := c.nodes[i%3]
		wg.Go(func() {
			a, err := n.do("GET", "/limited")
			switch {
			case err == nil && a.status == 200:
				in.Add(1)
			case err == nil && a.status == 429 && a.header.Get("Retry-After") != "":
				out.Add(1)
			default:
				t.Errorf("node %s: %v, %v", n.name, a, err)
			}
		})
	}
	wg.Wait()
	if in.Load() != 30 || out.Load() != 30 {
		t.Errorf("%d got through and %d did not, want 30 of each", in.Load(), out.Load())
	}
}

// The server is killed and comes back: no request fails, every node says so
// once, and what was revalidated meanwhile is for all.
func TestAway(t *testing.T) {
	r := startRedis(t)
	c := newCluster(t, r, 3)
	strict := c.start(t, "strict", "AWAY=refuse")
	strict.wait(t)
	everybody := append([]*node{strict}, c.nodes...)
	all := paths("x")
	for _, path := range append(paths("y"), all...) {
		for _, n := range everybody {
			if got := n.number(t, path); got != 1 {
				t.Fatalf("GET %s on node %s is %d", path, n.name, got)
			}
		}
	}
	for range 30 {
		if a := strict.get(t, "/limited"); a.status != 200 {
			t.Fatalf("within the limit: %v", a)
		}
	}
	stop := c.readers(t, append(paths("y"), all...), new(atomic.Int64))
	said := func(n *node, away, back int) {
		t.Helper()
		log := n.output.String()
		if a, b := strings.Count(log, "the server of the cache is away"), strings.Count(log, "the server of the cache is back"); a != away || b != back {
			t.Errorf("node %s said %d times that the server is away and %d times that it is back, want %d and %d", n.name, a, b, away, back)
		}
	}
	for round := 1; round <= often(5, 2); round++ {
		r.kill()
		// A node notices with its next exchange, and each reads.
		for _, n := range everybody {
			eventually(t, "node "+n.name+" says that the server is away", func() bool {
				n.number(t, "/kept/y")
				return strings.HasPrefix(n.health(t), "redis: away since ")
			})
			eventually(t, "node "+n.name+" has written so", func() bool {
				return strings.Count(n.output.String(), "the server of the cache is away") >= round
			})
			said(n, round, round-1)
		}
		// Answers from memory.
		for _, path := range all {
			for _, n := range c.nodes {
				if got := n.number(t, path); got != round {
					t.Errorf("away: GET %s on node %s is %d, want %d", path, n.name, got, round)
				}
			}
			if calls := c.count(path); calls != round {
				t.Errorf("away: the upstream was asked for %s %d times", path, calls)
			}
		}
		// Limits are each node's own, or refused.
		if a := strict.get(t, "/limited"); a.status != 503 || a.header.Get("Retry-After") == "" {
			t.Errorf("refuse: %v", a)
		}
		if round == 1 {
			for i := range 31 {
				if a := c.nodes[0].get(t, "/limited"); (a.status == 200) != (i < 30) || a.status != 200 && a.status != 429 {
					t.Errorf("local: request %d: %v", i, a)
				}
			}
			if a := c.nodes[1].get(t, "/limited"); a.status != 200 {
				t.Errorf("local, another node: %v", a)
			}
		}
		c.set(round+1, all...)
		c.nodes[0].revalidate(t, "tag", "t-x")
		for _, path := range all {
			if got := c.nodes[0].number(t, path); got != round+1 {
				t.Errorf("away, revalidated: GET %s is %d, want %d", path, got, round+1)
			}
			if got := c.nodes[1].number(t, path); got != round {
				t.Errorf("away, on a node that cannot know: GET %s is %d, want %d", path, got, round)
			}
		}
		r.again(t)
		for _, n := range everybody {
			eventually(t, "node "+n.name+" says that the server is back", func() bool { return n.health(t) == "" })
			eventually(t, "node "+n.name+" has written so", func() bool {
				return strings.Count(n.output.String(), "the server of the cache is back") >= round
			})
		}
		for _, path := range all {
			for _, n := range c.nodes {
				if got := n.number(t, path); got != round+1 {
					t.Errorf("back: GET %s on node %s is %d, want %d", path, n.name, got, round+1)
				}
			}
			c.mu.Lock()
			c.counts[path] = round + 1
			c.mu.Unlock()
		}
		for _, n := range everybody {
			said(n, round, round)
			if a := n.get(t, "/limited"); a.status != 429 {
				t.Errorf("back: node %s has forgotten the limit: %v", n.name, a)
			}
		}
	}
	stop()
	for _, path := range paths("y") {
		if calls := c.count(path); calls != 1 {
			t.Errorf("the upstream was asked for %s %d times, and nobody had revalidated it", path, calls)
		}
	}
}

// A node is killed while it makes what others wait for: they go on when its
// lease has run out.
func TestKilledMaking(t *testing.T) {
	c := newCluster(t, startRedis(t), 3, "LEASE=1s")
	for _, kind := range []string{"kept", "value", "used"} {
		path := "/" + kind + "/lost"
		asked, release := c.held(path)
		first := c.start(t, "first", "LEASE=1s")
		first.wait(t)
		gone := make(chan error, 1)
		go func() {
			_, err := first.do("GET", path)
			gone <- err
		}()
		if name := who(t, asked); name != "first" {
			t.Fatalf("%s: node %s asks", path, name)
		}
		c.pass(path)
		for _, n := range c.storm(t, path, func() {
			if n := c.count(path); n != 1 {
				t.Errorf("%s: the upstream was asked %d times while a node made it", path, n)
			}
			first.kill()
		}) {
			if n != 2 {
				t.Errorf("%s: an answer is that of call %d", path, n)
			}
		}
		release()
		if err := <-gone; err == nil {
			t.Errorf("%s: a killed node answered", path)
		}
		if n := c.count(path); n != 2 {
			t.Errorf("%s: the upstream was asked %d times", path, n)
		}
	}
}

// A node alone, with its file, is killed at any moment: what it has answered is
// there when it is back, and what it has revalidated is not.
func TestKilledAlone(t *testing.T) {
	c := newCluster(t, nil, 0)
	dir := t.TempDir()
	type of struct {
		path  string
		known bool // no request for it was under way when the node was killed
		state
	}
	var all [][]*of // by worker
	for w := range 4 {
		var own []*of
		for _, path := range paths(fmt.Sprint("alone-", w)) {
			own = append(own, &of{path: path, known: true})
		}
		all = append(all, own)
	}
	r := rand.New(rand.NewPCG(11, 12))
	for life := range often(30, 5) {
		n := c.start(t, "alone", "CACHE_DIR="+dir)
		n.wait(t)
		for _, own := range all {
			for _, o := range own {
				got := n.number(t, o.path)
				if calls := c.count(o.path); o.known && o.kept && (got != o.number || calls != o.number) {
					t.Errorf("life %d: GET %s is that of call %d of %d: call %d had been answered", life, o.path, got, calls, o.number)
				} else if o.known && !o.kept && got <= o.number {
					t.Errorf("life %d: GET %s is that of call %d, which had been revalidated", life, o.path, got)
				}
				o.number, o.kept, o.known = got, true, true
			}
		}
		var acts atomic.Int64
		enough := make(chan struct{})
		last := int64(1 + r.IntN(60))
		var wg sync.WaitGroup
		for w, own := range all {
			r := rand.New(rand.NewPCG(uint64(life), uint64(w)))
			wg.Go(func() {
				for {
					o := own[r.IntN(len(own))]
					if r.IntN(3) == 0 {
						for _, o := range own {
							o.known = false
						}
						if a, err := n.do("POST", fmt.Sprintf("/revalidate?tag=t-alone-%d", w)); err != nil || a.status != 200 {
							return
						}
						for _, o := range own {
							o.known, o.kept = true, false
						}
					} else {
						o.known = false
						a, err := n.do("GET", o.path)
						if err != nil {
							return
						}
						got, err := a.number()
						if err != nil || o.kept && got != o.number || !o.kept && got <= o.number {
							t.Errorf("life %d: GET %s: %v, after %+v", life, o.path, a, o.state)
							return
						}
						o.known, o.kept, o.number = true, true, got
					}
					if acts.Add(1) == last {
						close(enough)
					}
				}
			})
		}
		select {
		case <-enough:
		case <-time.After(patience):
			t.Errorf("life %d: %d requests were answered", life, acts.Load())
		}
		n.kill()
		wg.Wait()
		if log := n.output.String(); strings.Contains(log, "WARN") || strings.Contains(log, "ERROR") {
			t.Errorf("life %d: the node says\n%s", life, log)
		}
		if t.Failed() {
			return
		}
	}
}
