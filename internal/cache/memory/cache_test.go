package memory_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/cache/cachetest"
	"github.com/portico-dev/portico/internal/cache/memory"
)

// origin is what entries are made from.
type origin struct {
	made  int
	body  string
	err   error
	gate  chan struct{} // where not nil, every making waits for it
	life  cache.Lifetime
	tags  []string
	began chan struct{} // told of every making, where not nil
	ctx   error         // what the context said at the end
}

func (o *origin) request() cache.Request {
	return cache.Request{Key: cachetest.Key("a"), Tags: []string{"place"}, Fill: func(ctx context.Context) (*cache.Entry, error) {
		o.made++
		body, err := o.body, o.err
		if o.began != nil {
			o.began <- struct{}{}
		}
		if o.gate != nil {
			select {
			case <-o.gate:
			case <-ctx.Done():
			}
		}
		o.ctx = ctx.Err()
		if o.ctx != nil {
			return nil, o.ctx
		}
		if err != nil {
			return nil, err
		}
		return &cache.Entry{Name: "a", Body: []byte(body), Tags: o.tags, Lifetime: o.life}, nil
	}}
}

// world runs a test in a bubble whose clock is the cache's.
func world(t *testing.T, f func(t *testing.T, c *cache.Cache, o *origin)) {
	synctest.Test(t, func(t *testing.T) {
		c := cache.New(cache.Options{Store: memory.New(memory.Options{})})
		defer c.Close()
		f(t, c, &origin{body: "1", life: cache.Lifetime{Revalidate: 10 * time.Second, Expire: time.Hour}, tags: []string{"x"}})
	})
}

func want(t *testing.T, c *cache.Cache, o *origin, outcome cache.Outcome, body string) {
	t.Helper()
	r, err := c.Do(t.Context(), o.request())
	synctest.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome != outcome || string(r.Entry.Body) != body {
		t.Fatalf("%s %q, want %s %q", r.Outcome.Header(), r.Entry.Body, outcome.Header(), body)
	}
}

func TestStaleWhileRevalidate(t *testing.T) {
	world(t, func(t *testing.T, c *cache.Cache, o *origin) {
		want(t, c, o, cache.Miss, "1")
		o.body = "2"
		want(t, c, o, cache.HitFresh, "1")
		time.Sleep(10 * time.Second) // of the bubble
		want(t, c, o, cache.HitStale, "1")
		want(t, c, o, cache.HitFresh, "2")
		o.body = "3"
		time.Sleep(time.Hour) // of the bubble
		want(t, c, o, cache.Miss, "3")
		if o.made != 3 {
			t.Fatalf("made %d times", o.made)
		}
	})
}

func TestErrorsKeepTheLastGood(t *testing.T) {
	world(t, func(t *testing.T, c *cache.Cache, o *origin) {
		want(t, c, o, cache.Miss, "1")
		time.Sleep(10 * time.Second) // of the bubble
		o.err = errors.New("broken")
		want(t, c, o, cache.HitStale, "1")
		want(t, c, o, cache.HitFresh, "1") // until it is tried again
		if o.made != 2 {
			t.Fatalf("made %d times", o.made)
		}
		time.Sleep(10 * time.Second) // of the bubble
		o.err, o.body = nil, "2"
		want(t, c, o, cache.HitStale, "1")
		want(t, c, o, cache.HitFresh, "2")

		o.err = errors.New("broken")
		if err := c.Revalidate(t.Context(), []string{"x"}, cache.Mark{}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Do(t.Context(), o.request()); err != o.err {
			t.Fatalf("an expired entry came back: %v", err)
		}
	})
}

func TestRevalidate(t *testing.T) {
	world(t, func(t *testing.T, c *cache.Cache, o *origin) {
		for _, tag := range []string{"x", "place", cache.Everything} {
			o.body = "1"
			if err := c.Revalidate(t.Context(), []string{tag}, cache.Mark{}); err != nil {
				t.Fatal(err)
			}
			want(t, c, o, cache.Miss, "1")
			o.body = "2"
			if err := c.Revalidate(t.Context(), []string{tag}, cache.Mark{Stale: true}); err != nil {
				t.Fatal(err)
			}
			want(t, c, o, cache.HitStale, "1")
			want(t, c, o, cache.HitFresh, "2")
		}
	})
}

func TestSingleFlight(t *testing.T) {
	world(t, func(t *testing.T, c *cache.Cache, o *origin) {
		o.gate = make(chan struct{})
		results := make(chan cache.Result, 100)
		ask := func(n int) {
			for range n {
				go func() {
					r, err := c.Do(t.Context(), o.request())
					if err != nil {
						t.Error(err)
					}
					results <- r
				}()
			}
			synctest.Wait()
		}
		ask(100)
		close(o.gate)
		made := 0
		for range 100 {
			if r := <-results; string(r.Entry.Body) != "1" || r.Outcome != cache.Miss {
				t.Fatalf("got %+v", r)
			} else if r.Made {
				made++
			}
		}
		time.Sleep(10 * time.Second) // of the bubble
		o.gate = make(chan struct{})
		ask(100)
		for range 100 {
			if r := <-results; r.Outcome != cache.HitStale {
				t.Fatalf("got %+v", r)
			}
		}
		close(o.gate)
		synctest.Wait()
		if o.made != 2 || made != 1 {
			t.Fatalf("made %d times, and %d times for the one who asked", o.made, made)
		}
	})
}

func TestLeavingCancelsNobody(t *testing.T) {
	world(t, func(t *testing.T, c *cache.Cache, o *origin) {
		o.gate = make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			_, err := c.Do(ctx, o.request())
			left <- err
		}()
		synctest.Wait()
		stayed := make(chan cache.Result)
		go func() {
			r, err := c.Do(t.Context(), o.request())
			if err != nil {
				t.Error(err)
			}
			stayed <- r
		}()
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Fatalf("the one who left got %v", err)
		}
		close(o.gate)
		if r := <-stayed; string(r.Entry.Body) != "1" {
			t.Fatalf("the one who stayed got %+v", r)
		}
		if o.made != 1 || o.ctx != nil {
			t.Fatalf("made %d times, the making's context said %v", o.made, o.ctx)
		}
	})
}

// Who asks after a revalidation is not given what was under way before it.
func TestJoinedTooOld(t *testing.T) {
	world(t, func(t *testing.T, c *cache.Cache, o *origin) {
		o.gate = make(chan struct{})
		got := make(chan string)
		ask := func() {
			r, err := c.Do(t.Context(), o.request())
			if err != nil {
				t.Error(err)
			}
			got <- string(r.Entry.Body)
		}
		go ask()
		synctest.Wait()
		o.body = "2"
		if err := c.Revalidate(t.Context(), []string{"x"}, cache.Mark{}); err != nil {
			t.Fatal(err)
		}
		go ask()
		synctest.Wait()
		close(o.gate)
		if a, b := <-got, <-got; !(a == "1" && b == "2" || a == "2" && b == "1") {
			t.Fatalf("got %s and %s, want 1 for who asked before and 2 for who asked after", a, b)
		}
	})
}

func TestNotForSharing(t *testing.T) {
	world(t, func(t *testing.T, c *cache.Cache, o *origin) {
		gate := make(chan struct{})
		r := o.request()
		r.Fill = func(context.Context) (*cache.Entry, error) { <-gate; return nil, nil }
		results := make(chan cache.Result)
		for range 5 {
			go func() {
				res, err := c.Do(t.Context(), r)
				if err != nil {
					t.Error(err)
				}
				results <- res
			}()
		}
		synctest.Wait()
		close(gate)
		made := 0
		for range 5 {
			res := <-results
			if res.Outcome != cache.Bypass || res.Entry != nil {
				t.Fatalf("got %+v", res)
			}
			if res.Made {
				made++
			}
		}
		if made != 1 {
			t.Fatalf("%d of 5 have made it themselves", made)
		}
		// An entry that is not kept any more is dropped.
		want(t, c, o, cache.Miss, "1")
		// Stamps that were given at one moment are microseconds ahead of it.
		time.Sleep(11 * time.Second) // of the bubble
		o.life = cache.Lifetime{}
		want(t, c, o, cache.HitStale, "1")
		want(t, c, o, cache.Miss, "1")
	})
}

func TestPanicAndGoexit(t *testing.T) {
	world(t, func(t *testing.T, c *cache.Cache, o *origin) {
		r := o.request()
		r.Fill = func(context.Context) (*cache.Entry, error) { panic("oh no") }
		if _, err := c.Do(t.Context(), r); err == nil || !strings.Contains(err.Error(), "oh no") {
			t.Fatalf("a panic gave %v", err)
		}
		r.Fill = func(context.Context) (*cache.Entry, error) { runtime.Goexit(); return nil, nil }
		if _, err := c.Do(t.Context(), r); err == nil {
			t.Fatal("an ended goroutine gave no error")
		}
		want(t, c, o, cache.Miss, "1")
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cache.New(cache.Options{Store: memory.New(memory.Options{})})
		o := &origin{gate: make(chan struct{})}
		got := make(chan error)
		go func() {
			_, err := c.Do(t.Context(), o.request())
			got <- err
		}()
		synctest.Wait()
		go c.Close()
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Fatalf("closing gave %v", err)
		}
		synctest.Wait()
		if _, err := c.Do(t.Context(), o.request()); !errors.Is(err, cache.ErrClosed) {
			t.Fatalf("a closed cache gave %v", err)
		}
	})
}

// away is a store that has broken down.
type away struct{ cache.Store }

var errAway = errors.New("away")

func (away) Get(context.Context, cache.Key, []string) (cache.Hit, error) {
	return cache.Hit{}, errAway
}
func (away) Set(context.Context, cache.Key, *cache.Entry) error    { return errAway }
func (away) Lease(context.Context, cache.Key) (cache.Lease, error) { return cache.Lease{}, errAway }

func TestStoreAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		problems := 0
		c := cache.New(cache.Options{Store: away{memory.New(memory.Options{})}, Problem: func(err error) {
			if !errors.Is(err, errAway) {
				t.Error(err)
			}
			problems++
		}})
		defer c.Close()
		o := &origin{body: "1", life: cache.Lifetime{Revalidate: time.Hour, Expire: time.Hour}}
		want(t, c, o, cache.Miss, "1")
		want(t, c, o, cache.Miss, "1")
		if problems == 0 {
			t.Fatal("nobody was told")
		}
	})
}

// Who asks says how old an entry may be.
func TestAskedAge(t *testing.T) {
	world(t, func(t *testing.T, c *cache.Cache, o *origin) {
		ask := func(age time.Duration, outcome cache.Outcome, body string) {
			t.Helper()
			r := o.request()
			r.Revalidate = age
			peeked, ok := c.Peek(t.Context(), r)
			if ok != (outcome != cache.Miss) || ok && (peeked.Outcome != outcome || string(peeked.Entry.Body) != body) {
				t.Fatalf("Peek gave %+v, %t", peeked, ok)
			}
			if !ok {
				if res, err := c.Do(t.Context(), r); err != nil || res.Outcome != outcome || string(res.Entry.Body) != body {
					t.Fatalf("Do gave %+v, %v", res, err)
				}
			}
			synctest.Wait()
		}
		ask(0, cache.Miss, "1")
		o.body = "2"
		time.Sleep(5 * time.Second) // of the bubble
		ask(0, cache.HitFresh, "1")
		ask(6*time.Second, cache.HitFresh, "1")
		ask(4*time.Second, cache.HitStale, "1")
		ask(4*time.Second, cache.HitFresh, "2")
		time.Sleep(time.Minute) // of the bubble
		ask(cache.Forever, cache.HitFresh, "2")
		o.life = cache.Lifetime{}
		o.body = "3"
		ask(0, cache.HitStale, "2")
		ask(cache.Forever, cache.Miss, "3")
		ask(cache.Forever, cache.Miss, "3") // it was not one to keep
	})
}

func TestNoStaleAndAnew(t *testing.T) {
	world(t, func(t *testing.T, c *cache.Cache, o *origin) {
		want(t, c, o, cache.Miss, "1")
		r := o.request()
		r.NoStale = true
		time.Sleep(10 * time.Second) // of the bubble
		o.body = "2"
		if _, ok := c.Peek(t.Context(), r); ok {
			t.Fatal("Peek gave a stale entry")
		}
		if res, err := c.Do(t.Context(), r); err != nil || string(res.Entry.Body) != "2" || !res.Made {
			t.Fatalf("got %+v, %v", res, err)
		}
		want(t, c, o, cache.HitFresh, "2")
		r.Anew, o.body = true, "3"
		if _, ok := c.Peek(t.Context(), r); ok {
			t.Fatal("Peek gave what was to be made anew")
		}
		if res, err := c.Do(t.Context(), r); err != nil || string(res.Entry.Body) != "3" {
			t.Fatalf("got %+v, %v", res, err)
		}
		want(t, c, o, cache.HitFresh, "3")
	})
}

// An answer that is not one to keep leaves what was kept.
func TestUnkept(t *testing.T) {
	world(t, func(t *testing.T, c *cache.Cache, o *origin) {
		unkept := func() {
			t.Helper()
			if res, err := c.Do(t.Context(), o.request()); err != nil || res.Outcome != cache.Bypass || !res.Made {
				t.Fatalf("got %+v, %v", res, err)
			}
		}
		o.err = fmt.Errorf("status 500: %w", cache.ErrUnkept)
		unkept()
		o.err = nil
		want(t, c, o, cache.Miss, "1")
		time.Sleep(11 * time.Second) // stamps given at one moment are ahead of it
		o.err = cache.ErrUnkept
		want(t, c, o, cache.HitStale, "1")
		want(t, c, o, cache.HitFresh, "1") // until it is tried again
		if err := c.Revalidate(t.Context(), []string{"x"}, cache.Mark{}); err != nil {
			t.Fatal(err)
		}
		unkept()
	})
}

// A store that has to be waited for is not peeked into, and a tier's front is.
func TestPeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tags := cache.NewTagTable(time.Now, 0)
		front, back := memory.New(memory.Options{Tags: tags}), memory.New(memory.Options{Tags: tags})
		c := cache.New(cache.Options{Store: cache.Tier(front, back)})
		defer c.Close()
		o := &origin{body: "1", life: cache.Lifetime{Revalidate: time.Hour, Expire: time.Hour}, tags: []string{"x"}}
		if _, ok := c.Peek(t.Context(), o.request()); ok {
			t.Fatal("there is nothing yet")
		}
		want(t, c, o, cache.Miss, "1")
		if res, ok := c.Peek(t.Context(), o.request()); !ok || res.Outcome != cache.HitFresh {
			t.Fatalf("got %+v", res)
		}
		front.Clear()
		if _, ok := c.Peek(t.Context(), o.request()); ok {
			t.Fatal("the back was asked")
		}
		want(t, c, o, cache.HitFresh, "1")
		if err := c.Revalidate(t.Context(), []string{"place"}, cache.Mark{}); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Peek(t.Context(), o.request()); ok {
			t.Fatal("an expired entry was given")
		}
		slow := cache.New(cache.Options{Store: struct{ cache.Store }{back}})
		defer slow.Close()
		want(t, slow, o, cache.Miss, "1")
		if _, ok := slow.Peek(t.Context(), o.request()); ok {
			t.Fatal("a store was asked that has to be waited for")
		}
	})
}
