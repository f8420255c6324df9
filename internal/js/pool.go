package js

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Pool is a set of isolates that run the same program.
type Pool struct {
	opts    Options
	program *Program

	mu       sync.Mutex // guards changes of isolates, and shut
	shut     bool
	isolates atomic.Pointer[[]*Isolate]
	next     atomic.Uint32
	closed   chan struct{}
	once     sync.Once // closes closed
	watching atomic.Bool
	watchers sync.WaitGroup // the watchdog, while there is one
}

// NewPool makes a pool of size isolates, each with the program started; 0 is
// GOMAXPROCS.
func NewPool(p *Program, size int, o Options) (*Pool, error) {
	if size <= 0 {
		size = runtime.GOMAXPROCS(0)
	}
	if o.JobLimit <= 0 {
		o.JobLimit = 10 * time.Second
	}
	if o.StackSize <= 0 {
		o.StackSize = 2500
	}
	pool := &Pool{opts: o, program: p, closed: make(chan struct{})}
	var list []*Isolate
	for range size {
		iso, err := pool.newIsolate()
		if err != nil {
			for _, i := range list {
				i.Close()
			}
			return nil, err
		}
		list = append(list, iso)
	}
	pool.isolates.Store(&list)
	return pool, nil
}

// newIsolate makes an isolate and starts the program on it. The isolate is not
// in the list yet, so the watchdog does not see it: its own limit is the
// caller's deadline.
func (p *Pool) newIsolate() (*Isolate, error) {
	iso, err := newIsolate(p)
	if err != nil {
		return nil, err
	}
	if e := iso.Do(nil, func() { err = iso.start(p.program) }); e != nil {
		err = e
	}
	return iso, err
}

// Isolates returns the isolates of this moment; none while the first are made.
func (p *Pool) Isolates() []*Isolate {
	if l := p.isolates.Load(); l != nil {
		return *l
	}
	return nil // the watchdog looks before NewPool is done
}

// Begin chooses an isolate for a scope, the least busy and if possible one that
// is not running just now, and counts it there until
// End. The error is that of making an isolate in place of a broken one.
func (p *Pool) Begin(s *Scope) (*Isolate, error) {
	list := *p.isolates.Load()
	start := int(p.next.Add(1))
	var best *Isolate
	var least int64
	for i := range list {
		iso := list[(start+i)%len(list)]
		if iso.broken.Load() {
			if err := p.replace(iso); err != nil {
				return nil, err
			}
			return p.Begin(s)
		}
		n := iso.load.Load()
		if iso.running.Load() {
			// Waiting for its turn costs more than sharing an isolate that sleeps
			// with many requests that wait.
			n += 1 << 32
		}
		if best == nil || n < least {
			best, least = iso, n
		}
	}
	best.load.Add(1)
	best.scopeMu.Lock()
	s.prev, s.next = &best.scopes, best.scopes.next
	if s.next != nil {
		s.next.prev = s
	}
	best.scopes.next = s
	best.scopeMu.Unlock()
	return best, nil
}

// End counts a scope as gone from its isolate.
func (p *Pool) End(iso *Isolate, s *Scope) {
	iso.scopeMu.Lock()
	s.prev.next = s.next
	if s.next != nil {
		s.next.prev = s.prev
	}
	s.prev, s.next = nil, nil
	iso.scopeMu.Unlock()
	iso.load.Add(-1)
}

// replace puts a new isolate in the place of a broken one.
func (p *Pool) replace(old *Isolate) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := *p.isolates.Load()
	for i, iso := range list {
		if iso != old {
			continue
		}
		fresh, err := p.newIsolate()
		if err != nil {
			return err
		}
		changed := append([]*Isolate(nil), list...)
		changed[i] = fresh
		p.isolates.Store(&changed)
	}
	return nil
}

// watch keeps one goroutine that interrupts jobs which compute for too long;
// it ends when nothing has run for a while, so that an idle process sleeps.
func (p *Pool) watch() {
	if p.watching.Load() || !p.watching.CompareAndSwap(false, true) {
		return
	}
	// After Close a task that was queued may still run, watched by a goroutine
	// that nobody waits for.
	done := func() {}
	p.mu.Lock()
	if !p.shut {
		p.watchers.Add(1)
		done = p.watchers.Done
	}
	p.mu.Unlock()
	go func() {
		defer done()
		tick := time.NewTicker(min(max(p.opts.JobLimit/20, time.Millisecond), 100*time.Millisecond))
		defer tick.Stop()
		closed := p.closed
		for idle := 0; idle < 10; {
			select {
			case <-tick.C:
			case <-closed:
				closed = nil // once; from then on the tick alone
			}
			idle++
			for _, iso := range p.Isolates() {
				if iso.watch(p.opts.JobLimit) {
					idle = 0
				}
			}
			if closed == nil && idle > 0 {
				break
			}
		}
		p.watching.Store(false)
		for _, iso := range p.Isolates() { // a job may have begun between the last look and the store
			if iso.watch(p.opts.JobLimit) {
				p.watch()
				return
			}
		}
	}()
}

// Close closes all isolates. A job that runs is let finish, or is interrupted
// at its limit.
func (p *Pool) Close() {
	for _, iso := range p.Isolates() {
		iso.Close()
	}
	p.once.Do(func() {
		p.mu.Lock()
		p.shut = true
		p.mu.Unlock()
		close(p.closed)
	})
	p.watchers.Wait()
}
