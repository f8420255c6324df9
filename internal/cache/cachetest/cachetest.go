// Package cachetest is what every store of the cache must do.
package cachetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portico-dev/portico/internal/cache"
)

// Bound is about how many bytes a store under test keeps.
const Bound = 1 << 20

// Run runs the suite. Open makes an empty store that keeps about Bound bytes
// and closes it at the end of the test.
func Run(t *testing.T, open func(t *testing.T) cache.Store) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s cache.Store)
	}{
		{"round trip", roundTrip},
		{"later wins", laterWins},
		{"delete", deletes},
		{"tags", tags},
		{"everything", everything},
		{"under way", underWay},
		{"lease", leases},
		{"lease wait", leaseWait},
		{"one making", oneMaking},
		{"bound", bound},
		{"list", list},
		{"together", together},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
	t.Run("model", func(t *testing.T) { Model(t, 1000, rand.New(rand.NewPCG(1, 2)), open(t)) })
}

// Key is a key for tests.
func Key(name string) cache.Key { return cache.NewKey("test").Text(name).Key() }

// Entry is an entry for tests that holds for an hour.
func Entry(made cache.Stamp, body string, tags ...string) *cache.Entry {
	return &cache.Entry{
		Kind: cache.Route, Name: "GET /" + body, Status: 200, Made: made,
		Header:   http.Header{"content-type": {"text/plain"}, "set-cookie": {"a=1", "b=2"}},
		Body:     []byte(body),
		Tags:     tags,
		Lifetime: cache.Lifetime{Revalidate: time.Hour, Expire: cache.Forever},
	}
}

func stamp(t *testing.T, s cache.Store, key cache.Key) cache.Stamp {
	t.Helper()
	l, err := s.Lease(t.Context(), key)
	must(t, err)
	if l.Release == nil {
		t.Fatal("a lease that nobody has was not granted")
	}
	l.Release()
	return l.Stamp
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, s cache.Store, key cache.Key, further ...string) cache.Hit {
	t.Helper()
	hit, err := s.Get(t.Context(), key, further)
	must(t, err)
	return hit
}

func state(h cache.Hit) cache.State {
	if h.Entry == nil {
		return cache.Expired
	}
	return h.Entry.State(time.Now(), h.Tags)
}

func roundTrip(t *testing.T, s cache.Store) {
	key := Key("a")
	if hit := get(t, s, key); hit.Entry != nil || hit.Tags != (cache.TagState{}) {
		t.Fatalf("an empty store has %+v", hit)
	}
	for i, e := range []*cache.Entry{
		Entry(0, "body", "x", "y"),
		{Kind: cache.Value, Status: 0, Body: []byte{0, 255, '\n'}, Lifetime: cache.Lifetime{Revalidate: time.Hour, Expire: 2 * time.Hour}},
		{Kind: cache.Fetch, Name: "é", URL: "https://example.com/é", Status: 404, Header: http.Header{"X": {""}}, Body: []byte{}, Lifetime: cache.Lifetime{Revalidate: cache.Forever, Expire: cache.Forever}},
	} {
		e.Made = stamp(t, s, key)
		if i == 2 {
			e.Checked = stamp(t, s, key)
		}
		must(t, s.Set(t.Context(), key, e))
		if got := get(t, s, key).Entry; !reflect.DeepEqual(got, e) {
			t.Fatalf("set %+v, got %+v", e, got)
		}
	}
	if hit := get(t, s, Key("b")); hit.Entry != nil {
		t.Fatalf("another key has %+v", hit.Entry)
	}
}

func laterWins(t *testing.T, s cache.Store) {
	key := Key("a")
	first, second := stamp(t, s, key), stamp(t, s, key)
	if second <= first {
		t.Fatalf("stamp %d came after %d", second, first)
	}
	must(t, s.Set(t.Context(), key, Entry(second, "new")))
	must(t, s.Set(t.Context(), key, Entry(first, "old")))
	must(t, s.Set(t.Context(), key, Entry(first, "old").Postponed(second+1)))
	if got := get(t, s, key).Entry; string(got.Body) != "new" {
		t.Fatalf("an earlier entry took the place of a later one: %s", got.Body)
	}
	must(t, s.Set(t.Context(), key, Entry(second, "new").Postponed(second+5)))
	must(t, s.Set(t.Context(), key, Entry(second, "new").Postponed(second+3)))
	if got := get(t, s, key).Entry; got.Checked != second+5 {
		t.Fatalf("checked is %d, want %d", got.Checked, second+5)
	}
}

func deletes(t *testing.T, s cache.Store) {
	key := Key("a")
	must(t, s.Delete(t.Context(), key))
	must(t, s.Set(t.Context(), key, Entry(stamp(t, s, key), "a")))
	must(t, s.Delete(t.Context(), key))
	if hit := get(t, s, key); hit.Entry != nil {
		t.Fatal("a deleted entry is there")
	}
	must(t, s.Set(t.Context(), key, Entry(stamp(t, s, key), "b")))
	if hit := get(t, s, key); hit.Entry == nil {
		t.Fatal("an entry that was set after deleting is not there")
	}
}

func tags(t *testing.T, s cache.Store) {
	key := Key("a")
	set := func(tags ...string) { must(t, s.Set(t.Context(), key, Entry(stamp(t, s, key), "a", tags...))) }
	want := func(what string, want cache.State, further ...string) {
		t.Helper()
		if got := state(get(t, s, key, further...)); got != want {
			t.Fatalf("%s: the entry is %s, want %s", what, got, want)
		}
	}
	set("x", "y")
	want("new", cache.Fresh)
	must(t, s.Mark(t.Context(), []string{"z"}, cache.Mark{}))
	want("another tag", cache.Fresh)
	want("a tag of the request", cache.Expired, "w", "z")
	must(t, s.Mark(t.Context(), []string{"w", "y"}, cache.Mark{Stale: true}))
	want("stale", cache.Stale)
	must(t, s.Mark(t.Context(), []string{"y"}, cache.Mark{}))
	want("expired", cache.Expired)
	must(t, s.Mark(t.Context(), []string{"y"}, cache.Mark{Stale: true, Expire: time.Hour}))
	want("stale after expired", cache.Expired)
	set("x", "y")
	want("made anew", cache.Fresh)
	must(t, s.Mark(t.Context(), []string{"x"}, cache.Mark{Stale: true, Expire: time.Hour}))
	want("stale with an end", cache.Stale)
	if hit := get(t, s, key); hit.Entry.State(time.Now().Add(61*time.Minute), hit.Tags) != cache.Expired {
		t.Fatal("the end of a stale tag is not kept")
	}
	// An end that has come before the next mark is none of that mark's.
	must(t, s.Mark(t.Context(), []string{"v"}, cache.Mark{Stale: true, Expire: time.Microsecond}))
	set("v")
	want("made after an end", cache.Fresh)
	must(t, s.Mark(t.Context(), []string{"v"}, cache.Mark{Stale: true, Expire: time.Hour}))
	want("stale with a later end", cache.Stale)
	set("x", "y")
	must(t, s.Mark(t.Context(), []string{"x"}, cache.Mark{Stale: true, Expire: time.Hour}))
	if hit := get(t, s, Key("none"), "x"); hit.Entry != nil || hit.Tags.Stale == 0 {
		t.Fatalf("a miss has %+v, want the state of the tags asked for", hit)
	}
}

func everything(t *testing.T, s cache.Store) {
	must(t, s.Set(t.Context(), Key("a"), Entry(stamp(t, s, Key("a")), "a")))
	must(t, s.Mark(t.Context(), []string{cache.Everything}, cache.Mark{}))
	if got := state(get(t, s, Key("a"))); got != cache.Expired {
		t.Fatalf("an entry without tags is %s after everything was revalidated", got)
	}
	must(t, s.Set(t.Context(), Key("a"), Entry(stamp(t, s, Key("a")), "a")))
	if got := state(get(t, s, Key("a"))); got != cache.Fresh {
		t.Fatalf("a new entry is %s", got)
	}
}

// What was under way while its tag was revalidated is dropped.
func underWay(t *testing.T, s cache.Store) {
	key := Key("a")
	l, err := s.Lease(t.Context(), key)
	must(t, err)
	must(t, s.Mark(t.Context(), []string{"x"}, cache.Mark{}))
	must(t, s.Set(t.Context(), key, Entry(l.Stamp, "old", "x")))
	l.Release()
	if got := state(get(t, s, key)); got != cache.Expired {
		t.Fatalf("an entry that began before the revalidation is %s", got)
	}
}

func leases(t *testing.T, s cache.Store) {
	a, err := s.Lease(t.Context(), Key("a"))
	must(t, err)
	if a.Release == nil || a.Wait != nil {
		t.Fatal("the first lease was not granted")
	}
	b, err := s.Lease(t.Context(), Key("b"))
	must(t, err)
	if b.Release == nil {
		t.Fatal("a lease of another key was not granted")
	}
	b.Release()
	again, err := s.Lease(t.Context(), Key("a"))
	must(t, err)
	if again.Release != nil || again.Wait == nil {
		t.Fatal("a second lease was granted")
	}
	a.Release()
	a.Release() // does nothing
	must(t, again.Wait(t.Context()))
	c, err := s.Lease(t.Context(), Key("a"))
	must(t, err)
	if c.Release == nil {
		t.Fatal("the lease was not granted after its release")
	}
	a.Release() // is not c's
	d, err := s.Lease(t.Context(), Key("a"))
	must(t, err)
	if d.Release != nil {
		t.Fatal("a released lease released another's")
	}
	c.Release()
}

func leaseWait(t *testing.T, s cache.Store) {
	a, err := s.Lease(t.Context(), Key("a"))
	must(t, err)
	b, err := s.Lease(t.Context(), Key("a"))
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("waiting with an ended context gave %v", err)
	}
	waited := make(chan error)
	for range 8 {
		go func() { waited <- b.Wait(t.Context()) }()
	}
	must(t, s.Set(t.Context(), Key("a"), Entry(a.Stamp, "a")))
	a.Release()
	for range 8 {
		must(t, <-waited)
	}
	if get(t, s, Key("a")).Entry == nil {
		t.Fatal("the entry is not there after the wait")
	}
}

func oneMaking(t *testing.T, s cache.Store) {
	// Two caches on one store are two nodes, where the store is shared.
	nodes := []*cache.Cache{node(t, s), node(t, s)}
	var mu sync.Mutex
	made := 0
	request := cache.Request{Key: Key("a"), Fill: func(context.Context) (*cache.Entry, error) {
		mu.Lock()
		made++
		mu.Unlock()
		return Entry(0, "a"), nil
	}}
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			r, err := nodes[i%2].Do(t.Context(), request)
			if err != nil || r.Entry == nil || string(r.Entry.Body) != "a" {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
	wg.Wait()
	if made != 1 {
		t.Fatalf("the entry was made %d times", made)
	}
}

// node is a cache on a store that somebody else closes.
func node(t *testing.T, s cache.Store) *cache.Cache {
	c := cache.New(cache.Options{Store: kept{s}, Problem: func(err error) { t.Error(err) }})
	t.Cleanup(func() { c.Close() })
	return c
}

type kept struct{ cache.Store }

func (kept) Close() error { return nil }

func bound(t *testing.T, s cache.Store) {
	b, ok := s.(interface{ Bytes() int64 })
	if !ok {
		t.Skip("the store is bounded elsewhere")
	}
	body := strings.Repeat("x", 4<<10)
	for i := range 3 * Bound / len(body) {
		key := Key(fmt.Sprint(i))
		must(t, s.Set(t.Context(), key, Entry(cache.Stamp(i+1), body)))
		if n := b.Bytes(); n > Bound {
			t.Fatalf("after %d entries %d bytes are kept, over the bound of %d", i+1, n, Bound)
		}
	}
	must(t, s.Set(t.Context(), Key("huge"), Entry(1, strings.Repeat("x", 2*Bound))))
	if n := b.Bytes(); n > Bound || n == 0 {
		t.Fatalf("%d bytes are kept after an entry that is over the bound", n)
	}
}

func list(t *testing.T, s cache.Store) {
	l, ok := s.(cache.Lister)
	if !ok {
		t.Fatal("the store does not list")
	}
	want := map[cache.Key]string{}
	for i := range 10 {
		name := fmt.Sprint("entry ", i)
		want[Key(name)] = name
		must(t, s.Set(t.Context(), Key(name), Entry(1, name)))
	}
	must(t, s.Delete(t.Context(), Key("entry 3")))
	delete(want, Key("entry 3"))
	got := map[cache.Key]string{}
	must(t, l.Each(t.Context(), func(k cache.Key, e *cache.Entry) bool {
		got[k] = string(e.Body)
		return true
	}))
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("listed %v, want %v", got, want)
	}
	n := 0
	must(t, l.Each(t.Context(), func(cache.Key, *cache.Entry) bool { n++; return n < 4 }))
	if n != 4 {
		t.Fatalf("the list went on to %d after being told to end at 4", n)
	}
}

func together(t *testing.T, s cache.Store) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for range 60 {
				name := fmt.Sprint(r.IntN(5))
				var err error
				switch r.IntN(5) {
				case 0:
					err = s.Delete(t.Context(), Key(name))
				case 1:
					err = s.Mark(t.Context(), []string{name}, cache.Mark{Stale: r.IntN(2) == 0})
				case 2:
					err = s.Set(t.Context(), Key(name), Entry(cache.StampOf(time.Now()), name, name))
				default:
					var hit cache.Hit
					hit, err = s.Get(t.Context(), Key(name), nil)
					if hit.Entry != nil && string(hit.Entry.Body) != name {
						t.Errorf("key %s has %s", name, hit.Entry.Body)
					}
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// Model does random operations on several stores that share their entries, or
// on one, and compares them with a map.
func Model(t *testing.T, operations int, r *rand.Rand, stores ...cache.Store) {
	type modelled struct {
		entry *cache.Entry
		// expired and stale say what has been done to its tags since it began.
		expired, stale bool
	}
	model := map[string]*modelled{}
	names := []string{"a", "b", "c", "d", "e", "f"}
	all := []string{"t", "u", "v", "w"}
	some := func() []string {
		n := r.IntN(3)
		var list []string
		for _, i := range r.Perm(len(all))[:n] {
			list = append(list, all[i])
		}
		return list
	}
	var under []*modelled                  // began, not yet set
	history := map[cache.Stamp]*modelled{} // by when they began, replaced ones too
	for i := range operations {
		s := stores[r.IntN(len(stores))]
		name := names[r.IntN(len(names))]
		key := Key(name)
		switch op := r.IntN(12); {
		case op == 0:
			must(t, s.Delete(t.Context(), key))
			delete(model, name)
			if hit := get(t, s, key); hit.Entry != nil {
				t.Fatalf("operation %d: %s was deleted and is there", i, name)
			}
		case op == 1:
			tags, m := some(), cache.Mark{Stale: r.IntN(2) == 0}
			if len(tags) == 0 {
				break
			}
			must(t, s.Mark(t.Context(), tags, m))
			for _, e := range history {
				hit(e.entry, tags, m, &e.expired, &e.stale)
			}
		case op == 2:
			under = append(under, &modelled{entry: Entry(stamp(t, s, key), name+fmt.Sprint(i), some()...)})
			under[len(under)-1].entry.Name = name
			history[under[len(under)-1].entry.Made] = under[len(under)-1]
		case op <= 4 && len(under) > 0:
			j := r.IntN(len(under))
			e := under[j]
			under = append(under[:j], under[j+1:]...)
			must(t, s.Set(t.Context(), Key(e.entry.Name), e.entry))
			if old := model[e.entry.Name]; old == nil || old.entry.Made < e.entry.Made {
				model[e.entry.Name] = e
			}
		default:
			got := get(t, s, key)
			m := model[name]
			if m == nil {
				if got.Entry != nil {
					t.Fatalf("operation %d: %s is not there and was found", i, name)
				}
				break
			}
			if got.Entry == nil {
				t.Fatalf("operation %d: %s is there and was not found", i, name)
			}
			// An entry that another node has replaced just now may be seen once
			// more, but in the state that its tags have left it in.
			if len(stores) > 1 {
				m = history[got.Entry.Made]
			}
			want := cache.Fresh
			switch {
			case m.expired:
				want = cache.Expired
			case m.stale:
				want = cache.Stale
			}
			if state(got) != want || got.Entry.Made != m.entry.Made || string(got.Entry.Body) != string(m.entry.Body) {
				t.Fatalf("operation %d: %s of %d is %s, want %s of %d", i, got.Entry.Body, got.Entry.Made, state(got), want, m.entry.Made)
			}
		}
	}
}

func hit(e *cache.Entry, tags []string, m cache.Mark, expired, stale *bool) {
	for _, tag := range tags {
		for _, own := range e.Tags {
			if tag == own {
				if m.Stale {
					*stale = true
				} else {
					*expired = true
				}
			}
		}
	}
}
