package js

import (
	"cmp"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Pool is a set of isolates that run the same program.
type Pool struct {
	opts    Options
	program *Program

	mu       sync.Mutex // guards changes of isolates
	shutMu   sync.Mutex // guards shut; it is taken while mu is held, since making an isolate runs script
	shut     bool
	isolates atomic.Pointer[[]*Isolate]
	making   atomic.Pointer[Isolate] // starts the program
	memory   memory
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
	pool.memory.init(o.MemoryLimit)
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
// in the list yet, so that the watchdog only looks at its memory: its limit of
// time is the caller's deadline.
func (p *Pool) newIsolate() (*Isolate, error) {
	iso, err := newIsolate(p)
	if err != nil {
		return nil, err
	}
	p.making.Store(iso)
	defer p.making.Store(nil)
	if e := iso.Do(nil, func() { err = iso.start(p.program) }); e != nil {
		err = cmp.Or(iso.failure, e)
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
	best.settleLoad(1)
	if best.broken.Load() { // since we looked
		best.settleLoad(-1)
		return p.Begin(s)
	}
	best.enter(s)
	return best, nil
}

// Join counts a scope on an isolate that it is bound to, until End: a retired
// isolate is not closed before. A closed one stays so, which Post tells.
func (p *Pool) Join(iso *Isolate, s *Scope) {
	iso.settleLoad(1)
	iso.enter(s)
}

// enter puts a scope in the list of those under way.
func (iso *Isolate) enter(s *Scope) {
	iso.scopeMu.Lock()
	s.prev, s.next = &iso.scopes, iso.scopes.next
	if s.next != nil {
		s.next.prev = s
	}
	iso.scopes.next = s
	iso.scopeMu.Unlock()
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
	iso.settleLoad(-1)
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
	p.shutMu.Lock()
	if !p.shut {
		p.watchers.Add(1)
		done = p.watchers.Done
	}
	p.shutMu.Unlock()
	go func() {
		defer done()
		every := min(max(p.opts.JobLimit/20, time.Millisecond), 100*time.Millisecond)
		tick := time.NewTimer(min(every, p.look()))
		defer tick.Stop()
		closed := p.closed
		for last := now(); now()-last < 10*int64(every); {
			select {
			case <-tick.C:
			case <-closed:
				closed = nil // once; from then on the tick alone
			}
			tick.Reset(min(every, p.look()))
			idle := true
			for _, iso := range p.Isolates() {
				if iso.watch(p.opts.JobLimit) {
					idle = false
				}
			}
			if closed != nil && p.making.Load() != nil {
				idle = false
			}
			if !idle {
				last = now()
			} else if closed == nil {
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
		p.shutMu.Lock()
		p.shut = true
		p.shutMu.Unlock()
		close(p.closed)
	})
	p.watchers.Wait()
}
