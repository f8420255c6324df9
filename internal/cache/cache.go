package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Outcome says how a request for an entry was met.
type Outcome uint8

const (
	// Bypass is an answer that is not for sharing: the caller makes its own.
	Bypass Outcome = iota
	// Miss is an entry that was made for this request, or while it waited.
	Miss
	// HitStale is a kept entry that is being made anew.
	HitStale
	// HitFresh is a kept entry.
	HitFresh
)

// Header is the outcome as Next.js has it in x-nextjs-cache; "" for Bypass.
func (o Outcome) Header() string { return [...]string{"", "MISS", "STALE", "HIT"}[o] }

// Request asks for an entry.
type Request struct {
	Key Key
	// Kind and Name are those of the entry that Fill makes, for a store that
	// tells others what it is asked for ([Asker]). They may be left out.
	Kind Kind
	Name string
	// Tags drop the entry for this request beside its own: the place of the
	// handler that asks.
	Tags []string
	// Revalidate is how long an entry is fresh for this request; 0 is as long
	// as the entry says itself. As in Next.js, who asks for a fetch says how old
	// it may be, whoever made it.
	Revalidate time.Duration
	// NoStale has a stale entry made anew before it is given: what is made from
	// it is kept itself, and would be stale from the start.
	NoStale bool
	// Anew has the entry made anew whatever is kept: a developer reloads.
	Anew bool
	// Fill makes the entry. It runs at most once at a time, and in the
	// background where a stale entry was given, so it must not depend on who
	// asks more than Key does. Its context has the values of the first who
	// asked; it ends with the Cache, not with any request. A nil entry is an
	// answer that is not for sharing; one that does not keep
	// ([Lifetime.Keeps]) is given to those who wait and not stored. Both drop
	// an entry that was kept before; with [ErrUnkept] in place of an entry that
	// stays, as with any error.
	Fill func(ctx context.Context) (*Entry, error)
}

// Result is the answer to a Request.
type Result struct {
	Entry   *Entry // nil with Bypass
	Outcome Outcome
	// Made reports that Fill ran for this very call, and not for another that
	// this one waited for. It tells, with Bypass, that the caller's own Fill has
	// run and has seen the answer.
	Made bool
}

// Options are what a Cache works with.
type Options struct {
	Store Store
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Problem is told what went wrong with the store, and with making entries
	// anew in the background. No request fails by it. Nil is nobody.
	Problem func(error)
}

// Cache gives entries, makes them once however many ask, and keeps the last
// good one when that fails.
type Cache struct {
	store   Store
	asker   Asker // the store, where it is one
	now     func() time.Time
	problem func(error)

	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	flights map[Key]*flight
}

// flight is one making of an entry.
type flight struct {
	done   chan struct{}
	entry  *Entry // after done, as all below
	err    error
	filled bool // Fill ran, and the entry is not another node's
}

// ErrClosed is the answer of a Cache after Close.
var ErrClosed = errors.New("the cache is closed")

// ErrUnkept is wrapped by Fill's error where there is an answer, but not one to
// keep, such as an upstream's 500. Those who wait for it get Bypass.
var ErrUnkept = errors.New("the answer is not one to keep")

// New makes a Cache. It owns the store from then on.
func New(o Options) *Cache {
	c := &Cache{store: o.Store, now: o.Now, problem: o.Problem, flights: map[Key]*flight{}}
	if c.now == nil {
		c.now = time.Now
	}
	if c.problem == nil {
		c.problem = func(error) {}
	}
	c.asker, _ = o.Store.(Asker)
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// Close ends what is being made, waits for it and closes the store.
func (c *Cache) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.running.Wait()
	return c.store.Close()
}

// Store is where the entries are.
func (c *Cache) Store() Store { return c.store }

// Revalidate marks tags.
func (c *Cache) Revalidate(ctx context.Context, tags []string, m Mark) error {
	return c.store.Mark(ctx, tags, m)
}

// rounds is how often a request joins a making that turns out to be older than
// a tag's revalidation before it makes its own.
const rounds = 3

// Do gives the entry of a request: the kept one, or one that is made now. Its
// error is that of Fill, or the context's.
func (c *Cache) Do(ctx context.Context, r Request) (Result, error) {
	var hit Hit
	if !r.Anew {
		hit = c.get(ctx, r, r.Tags)
	}
	for range rounds {
		var old *Entry
		if e := hit.Entry; e != nil {
			switch c.state(&r, e, hit.Tags) {
			case Fresh:
				return Result{Entry: e, Outcome: HitFresh}, nil
			case Stale:
				if !r.NoStale {
					c.refresh(ctx, r, e)
					return Result{Entry: e, Outcome: HitStale}, nil
				}
				old = e
			}
		}
		f, first, err := c.fly(ctx, r, old)
		if err != nil {
			return Result{}, err
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return Result{}, ctx.Err()
		}
		switch {
		case f.err != nil && !errors.Is(f.err, ErrUnkept):
			return Result{}, f.err
		case f.entry == nil:
			return Result{Outcome: Bypass, Made: first && f.filled}, nil
		case first:
			return Result{Entry: f.entry, Outcome: Miss, Made: f.filled}, nil
		}
		// The making may have begun before a revalidation that this request
		// came after. The store knows.
		hit = c.get(ctx, r, append(append([]string(nil), r.Tags...), f.entry.Tags...))
		if hit.Entry == nil || !hit.Entry.NotBefore(f.entry) {
			hit.Entry = f.entry
		}
		e := hit.Entry
		if !hit.Tags.expires(e.Made, c.now()) && hit.Tags.Stale < e.Made {
			return Result{Entry: e, Outcome: Miss}, nil
		}
	}
	return Result{Outcome: Bypass}, nil
}

// Peek is Do where the answer is at hand: a kept entry in the memory of this
// process. It does not wait, and ok is false where Do would have to.
func (c *Cache) Peek(ctx context.Context, r Request) (result Result, ok bool) {
	p, quick := c.store.(Peeker)
	if !quick || r.Anew {
		return Result{}, false
	}
	hit := p.Peek(r.Key, r.Tags)
	if hit.Entry == nil {
		return Result{}, false
	}
	switch c.state(&r, hit.Entry, hit.Tags) {
	case Fresh:
		return Result{Entry: hit.Entry, Outcome: HitFresh}, true
	case Stale:
		if r.NoStale {
			break
		}
		c.refresh(ctx, r, hit.Entry)
		return Result{Entry: hit.Entry, Outcome: HitStale}, true
	}
	return Result{}, false
}

// state is what an entry is good for here.
func (c *Cache) state(r *Request, e *Entry, tags TagState) State {
	if r.Revalidate > 0 && e.Lifetime.Keeps() {
		asked := *e
		asked.Lifetime.Revalidate = r.Revalidate
		e = &asked
	}
	if e.timeless(tags) {
		return e.State(time.Time{}, tags)
	}
	return e.State(c.now(), tags)
}

// get reads the store; when it cannot be read there is no entry.
func (c *Cache) get(ctx context.Context, r Request, tags []string) (hit Hit) {
	var err error
	if c.asker != nil {
		hit, err = c.asker.Ask(ctx, r.Key, r.Kind, r.Name, tags)
	} else {
		hit, err = c.store.Get(ctx, r.Key, tags)
	}
	if err != nil {
		if ctx.Err() == nil {
			c.problem(fmt.Errorf("cache: reading an entry: %w", err))
		}
		return Hit{}
	}
	return hit
}

// refresh makes an entry anew unless that is under way.
func (c *Cache) refresh(ctx context.Context, r Request, old *Entry) {
	// Whether it fails is said in run; a closed cache makes nothing.
	_, _, _ = c.fly(ctx, r, old)
}

// fly joins the making of an entry, or begins it. Old is the stale entry that
// it is to replace, nil where somebody waits for a new one.
func (c *Cache) fly(ctx context.Context, r Request, old *Entry) (f *flight, first bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, false, ErrClosed
	}
	if f := c.flights[r.Key]; f != nil {
		return f, false, nil
	}
	f = &flight{done: make(chan struct{})}
	c.flights[r.Key] = f
	c.running.Add(1)
	go c.run(context.WithoutCancel(ctx), r, old, f)
	return f, true, nil
}

func (c *Cache) run(values context.Context, r Request, old *Entry, f *flight) {
	defer c.running.Done()
	ctx, cancel := context.WithCancel(values)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()
	f.err = errors.New("cache: making an entry ended its goroutine")
	// Whatever happens, nobody waits for ever.
	defer func() {
		c.mu.Lock()
		delete(c.flights, r.Key)
		c.mu.Unlock()
		close(f.done)
	}()
	f.entry, f.err = c.make(ctx, r, old, f)
	if f.err != nil && old != nil && c.ctx.Err() == nil {
		c.problem(fmt.Errorf("cache: making %q anew: %w", old.Name, f.err))
	}
}

// make gets the lease, makes the entry and stores it.
func (c *Cache) make(ctx context.Context, r Request, old *Entry, f *flight) (*Entry, error) {
	for {
		lease, err := c.store.Lease(ctx, r.Key)
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			// Without leases two may make it at once: better than none.
			c.problem(fmt.Errorf("cache: asking for a lease: %w", err))
			lease = Lease{Stamp: StampOf(c.now()), Release: func() {}}
		}
		if lease.Release != nil {
			return c.fill(ctx, r, old, f, lease)
		}
		if err := lease.Wait(ctx); err != nil {
			return nil, err
		}
		if e := c.usable(ctx, r); e != nil {
			return e, nil
		}
		// It failed elsewhere, or was not for sharing: this node's turn.
	}
}

// usable is a fresh entry that another node has made.
func (c *Cache) usable(ctx context.Context, r Request) *Entry {
	if r.Anew {
		return nil
	}
	hit := c.get(ctx, r, r.Tags)
	if hit.Entry == nil || c.state(&r, hit.Entry, hit.Tags) != Fresh {
		return nil
	}
	return hit.Entry
}

func (c *Cache) fill(ctx context.Context, r Request, old *Entry, f *flight, lease Lease) (*Entry, error) {
	defer lease.Release()
	// Between looking and the lease another node may have made it.
	if e := c.usable(ctx, r); e != nil {
		return e, nil
	}
	f.filled = true
	e, err := call(ctx, r.Fill)
	if err != nil {
		if old != nil {
			c.set(ctx, r.Key, old.Postponed(lease.Stamp))
		}
		return nil, err
	}
	if old != nil && (e == nil || !e.Lifetime.Keeps()) {
		// It is not for keeping any more: every later request would be given
		// the old entry.
		if err := c.store.Delete(ctx, r.Key); err != nil && ctx.Err() == nil {
			c.problem(fmt.Errorf("cache: dropping %q: %w", old.Name, err))
		}
	}
	if e == nil {
		return nil, nil
	}
	made := *e
	made.Made, made.Checked = lease.Stamp, 0
	if made.Lifetime.Keeps() {
		c.set(ctx, r.Key, &made)
	}
	return &made, nil
}

func (c *Cache) set(ctx context.Context, key Key, e *Entry) {
	if err := c.store.Set(ctx, key, e); err != nil && ctx.Err() == nil {
		c.problem(fmt.Errorf("cache: storing %q: %w", e.Name, err))
	}
}

// call contains a panic: it is the error of all who wait.
func call(ctx context.Context, fill func(context.Context) (*Entry, error)) (e *Entry, err error) {
	defer func() {
		if p := recover(); p != nil {
			e, err = nil, fmt.Errorf("cache: panic while making an entry: %v\n%s", p, debug.Stack())
		}
	}()
	return fill(ctx)
}
