package cachetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/portico-dev/portico/internal/cache"
)

// Clock is a clock that goes on when it is told to.
type Clock struct {
	mu  sync.Mutex
	now time.Time
	set func(time.Time)
}

// NewClock makes a clock. Set, unless it is nil, is told the time now and at
// each change: for a server that has its own.
func NewClock(set func(time.Time)) *Clock {
	c := &Clock{now: time.Unix(1_800_000_000, 0), set: set}
	c.Advance(0)
	return c
}

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance sets the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	if c.set != nil {
		c.set(c.now)
	}
}

// item is what the model of Making knows of a key.
type item struct {
	number int // of its making
	kept   bool
	made   time.Time
	life   cache.Lifetime
	stale  bool      // a tag says so
	end    time.Time // of being stale; zero is never
}

// Making does random operations on caches of one store, which are nodes where
// there are several, and compares what they answer and how often something is
// made with a model: asking, revalidating at once, with an end and without one,
// by tags of the entry and of the request, and time that goes by.
func Making(t *testing.T, operations int, r *rand.Rand, clock *Clock, caches ...*cache.Cache) {
	const keys = 8
	items := map[int]*item{}
	var mu sync.Mutex
	made := map[int]int{}
	lives := []cache.Lifetime{
		// The clock goes in whole seconds, so that nothing happens at an end.
		{Revalidate: 10500 * time.Millisecond, Expire: cache.Forever}, {Revalidate: 5500 * time.Millisecond, Expire: 30500 * time.Millisecond}, {Revalidate: cache.Forever, Expire: cache.Forever},
	}
	ask := func(n, i int, noStale bool) (number int, o cache.Outcome) {
		t.Helper()
		res, err := caches[n].Do(t.Context(), cache.Request{Key: Key(fmt.Sprint("making ", i)), Tags: []string{fmt.Sprint("path ", i)}, NoStale: noStale, Fill: func(context.Context) (*cache.Entry, error) {
			mu.Lock()
			defer mu.Unlock()
			made[i]++
			e := Entry(0, fmt.Sprint(made[i]), fmt.Sprint("tag ", i%3))
			e.Lifetime = lives[i%len(lives)]
			return e, nil
		}})
		must(t, err)
		if res.Entry == nil {
			t.Fatalf("key %d has no answer: %+v", i, res)
		}
		if _, err := fmt.Sscan(string(res.Entry.Body), &number); err != nil {
			t.Fatal(err)
		}
		return number, res.Outcome
	}
	mark := func(tag string, m cache.Mark, of func(i int) bool) {
		t.Helper()
		must(t, caches[r.IntN(len(caches))].Revalidate(t.Context(), []string{tag}, m))
		for i, it := range items {
			if !of(i) {
				continue
			}
			if !m.Stale {
				it.kept = false
				continue
			}
			it.stale = true
			if end := clock.Now().Add(m.Expire); m.Expire > 0 && (it.end.IsZero() || end.Before(it.end)) {
				it.end = end
			}
		}
	}
	for op := range operations {
		i := r.IntN(keys)
		m := cache.Mark{}
		switch r.IntN(3) {
		case 0:
			m.Stale = true
		case 1:
			m.Stale, m.Expire = true, 20500*time.Millisecond
		}
		switch what := r.IntN(20); {
		case what < 2:
			mark(fmt.Sprint("tag ", i%3), m, func(j int) bool { return j%3 == i%3 })
		case what < 4:
			mark(fmt.Sprint("path ", i), m, func(j int) bool { return j == i })
		case what < 5 && r.IntN(10) == 0:
			mark(cache.Everything, m, func(int) bool { return true })
		case what < 8:
			clock.Advance(time.Duration(1+r.IntN(7)) * time.Second)
		default:
			it := items[i]
			if it == nil {
				it = &item{life: lives[i%len(lives)]}
				items[i] = it
			}
			now := clock.Now()
			age := now.Sub(it.made)
			n := r.IntN(len(caches))
			number, outcome := ask(n, i, false)
			want := cache.HitFresh
			switch {
			case !it.kept, age > it.life.Expire, !it.end.IsZero() && now.After(it.end):
				want = cache.Miss
			case !it.end.IsZero() && outcome == cache.Miss:
				want = cache.Miss // where marks meet, an entry may end early
			case it.stale, age > it.life.Revalidate:
				want = cache.HitStale
			}
			if want == cache.Miss {
				*it = item{number: it.number + 1, kept: true, made: now, life: it.life}
			}
			if outcome != want || number != it.number {
				t.Fatalf("operation %d: cache %d answers key %d with a %s of making %d, want %s of %d", op, n, i, outcome.Header(), number, want.Header(), it.number)
			}
			if want == cache.HitStale {
				*it = item{number: it.number + 1, kept: true, made: now, life: it.life}
				// The same cache: it waits for what it has begun.
				if number, _ = ask(n, i, true); number != it.number {
					t.Fatalf("operation %d: cache %d has making %d of key %d, want %d", op, n, number, i, it.number)
				}
			}
			mu.Lock()
			if made[i] != it.number {
				t.Fatalf("operation %d: key %d was made %d times, want %d", op, i, made[i], it.number)
			}
			mu.Unlock()
		}
	}
}
