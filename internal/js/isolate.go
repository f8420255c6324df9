// Package js runs scripts: isolates with their event loops, the pool that
// spreads requests over them, compiled programs, host classes and modules,
// async context, timers, and script errors with their places.
//
// An Isolate is one engine runtime. One goroutine at a time runs it: whoever
// finds it idle runs its own task there and then; whoever finds it busy leaves
// the task in the queue. Requests interleave on an isolate at their awaits, as
// on Node. Work that blocks leaves the isolate and comes back through Promise.
package js

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"
)

// Errors with which a scope is ended from outside.
var (
	// ErrCompute: one job computed for longer than Options.JobLimit.
	ErrCompute = errors.New("script computed for too long")
	// ErrStack: calls went deeper than the isolate's stack.
	ErrStack = errors.New("maximum call stack size exceeded")
	// ErrClosed: the isolate was closed while the work was under way.
	ErrClosed = errors.New("script isolate is closed")
)

// PanicError is a Go panic inside a host function.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic in a host function: %v", e.Value) }

// Detail is the error with Go's stack.
func (e *PanicError) Detail() string { return e.Error() + "\n" + string(e.Stack) }

// LogValue lets every log have the stack.
func (e *PanicError) LogValue() slog.Value { return slog.StringValue(e.Detail()) }

// Isolate is one engine runtime with its event loop.
type Isolate struct {
	rt      *goja.Runtime
	eng     *engine
	tracker *tracker
	opts    *Options

	mu      sync.Mutex
	queue   []task
	running atomic.Bool // written under mu; Pool.Begin looks without
	closed  bool
	gone    chan struct{} // closed with it

	// The slice is the uninterrupted computing for one scope that the pool's
	// watchdog measures.
	sliceMu     sync.Mutex
	sliceStart  int64 // nanoseconds since processStart, 0 when idle
	sliceScope  *Scope
	interrupted bool
	// What the process had allocated when the slice began, in bytes; 0 while
	// nobody counts. unscoped is what slices of no scope allocated.
	sliceAllocs, unscoped int64

	load    atomic.Int64 // requests that are on this isolate
	failure error        // the last that ended a task
	broken  atomic.Bool  // an interrupt left it unusable, or it grew too large: no new requests
	// charged is what was allocated while it ran, in bytes, as far as that was counted.
	charged     atomic.Int64
	onBreakDown []func()
	dead        bool // breakDown has run: no job runs any more

	spare []func() // the job queue's second buffer
	// ticks wait until no promise job is left, or with ticksFirst, as behind a
	// timer's callback, run before them.
	ticks      []func()
	ticksFirst bool
	timers     timers
	pending    map[*Promise]struct{}
	unhandled  map[*goja.Promise]*rejection

	scopeMu sync.Mutex
	scopes  Scope // head of the list of scopes under way, to be told when the isolate breaks

	pool    *Pool
	modules map[string]*module
	classes map[any]any               // per-isolate state of other packages, by their key
	ctors   map[*goja.Object]struct{} // of the classes that Class made
	als     *goja.Object

	json jsonState
	es   esState
	rx   rxState

	promiseProto *goja.Object
	entries      *goja.Object // the bundle's entries, once evaluated
}

type task struct {
	frame *Frame
	fn    func()
}

type rejection struct {
	frame  *Frame
	reason goja.Value
}

var processStart = time.Now()

func now() int64 { return int64(time.Since(processStart)) + 1 }

// Options are an isolate's settings.
type Options struct {
	// JobLimit is how long one job may compute; 0 is 10 s.
	JobLimit time.Duration
	// StackSize is the depth of script calls; 0 is 2500.
	StackSize int
	// MemoryLimit is how much of the process's heap may live, in bytes, until the
	// scope that allocated most is ended; 0 is five eighths of GOMEMLIMIT, and
	// none where there is none, a negative limit is none.
	MemoryLimit int64
	// Setup installs globals and modules; it runs once an isolate.
	Setup func(*Isolate) error
	// Unhandled is told of promises that were rejected and that nobody
	// handled, and of errors thrown by timers and other callbacks. scope is nil
	// outside a request. It is called on the isolate.
	Unhandled func(scope *Scope, err error)

	fallback bool // for tests: JSON and regular expressions by goja's public API
}

func newIsolate(pool *Pool) (*Isolate, error) {
	rt := goja.New()
	o := &pool.opts
	iso := &Isolate{
		rt: rt, opts: o, pool: pool,
		gone:      make(chan struct{}),
		pending:   map[*Promise]struct{}{},
		unhandled: map[*goja.Promise]*rejection{},
		modules:   map[string]*module{},
		classes:   map[any]any{},
		ctors:     map[*goja.Object]struct{}{},
	}
	rt.SetMaxCallStackSize(o.StackSize)
	iso.eng = newEngine(theLayout(), rt)
	iso.promiseProto = rt.Get("Promise").(*goja.Object).Get("prototype").(*goja.Object)
	iso.tracker = &tracker{iso: iso, on: iso.eng.has(TrickThenables)}
	rt.SetAsyncContextTracker(iso.tracker)
	iso.eng.tracker = iso.tracker
	rt.SetPromiseRejectionTracker(iso.trackRejection)
	iso.timers.iso = iso
	iso.installErrors()
	iso.installES()
	var err error
	if e := iso.Do(nil, func() { err = o.Setup(iso) }); e != nil {
		err = e
	}
	return iso, err
}

// Runtime is the engine's runtime. It must be used on the isolate only.
func (iso *Isolate) Runtime() *goja.Runtime { return iso.rt }

// State returns per-isolate state of another package: key is a private type of
// that package, make builds the state when it is first asked for.
func State[T any](iso *Isolate, key any, make func() *T) *T {
	if v, ok := iso.classes[key]; ok {
		return v.(*T)
	}
	v := make()
	iso.classes[key] = v
	return v
}

// Post runs fn on the isolate in context f: at once on this goroutine when the
// isolate is idle, else later on another. It returns false, and never runs fn,
// when the isolate is closed.
func (iso *Isolate) Post(f *Frame, fn func()) bool {
	iso.mu.Lock()
	if iso.closed {
		iso.mu.Unlock()
		return false
	}
	if iso.running.Load() {
		iso.queue = append(iso.queue, task{f, fn})
		iso.mu.Unlock()
		return true
	}
	iso.running.Store(true)
	iso.mu.Unlock()
	iso.runTask(task{f, fn})
	iso.leave()
	return true
}

// leave gives the isolate up; tasks that came meanwhile go on elsewhere, so
// that this goroutine can answer its own client.
func (iso *Isolate) leave() {
	iso.mu.Lock()
	if len(iso.queue) == 0 {
		iso.running.Store(false)
		iso.mu.Unlock()
		return
	}
	iso.mu.Unlock()
	go iso.drainTasks()
}

func (iso *Isolate) drainTasks() {
	var batch []task
	for {
		iso.mu.Lock()
		if len(iso.queue) == 0 {
			iso.running.Store(false)
			iso.mu.Unlock()
			return
		}
		batch, iso.queue = iso.queue, batch[:0]
		iso.mu.Unlock()
		for i := range batch {
			iso.runTask(batch[i])
			batch[i] = task{}
		}
	}
}

// Do runs fn on the isolate and waits for it (not for promises that it
// starts). A failure of the isolate itself, an interrupt for one, is the error.
func (iso *Isolate) Do(f *Frame, fn func()) error {
	done := make(chan error, 1)
	ok := iso.Post(f, func() {
		err := errAborted
		defer func() { done <- err }()
		fn()
		err = nil
	})
	if !ok {
		return ErrClosed
	}
	return <-done
}

var errAborted = errors.New("script task was ended")

// runTask runs one task and all promise jobs that follow from it.
func (iso *Isolate) runTask(t task) {
	iso.beginSlice(t.frame)
	iso.pool.watch()
	iso.protect(t.frame, t.fn)
	iso.pump()
	iso.reportRejections()
	iso.endSlice()
}

// protect runs fn in frame f and contains what goes wrong in it.
func (iso *Isolate) protect(f *Frame, fn func()) {
	iso.tracker.cur = f
	if f != nil && f.scope != nil && f.scope.killed != nil {
		iso.tracker.cur = nil
		return
	}
	defer func() {
		if x := recover(); x != nil {
			iso.failed(x)
		}
		iso.tracker.cur = nil
	}()
	mark := iso.tracker.queued()
	fn()
	iso.tracker.wrap(mark)
}

// pump runs promise jobs, then ticks, until none is left.
func (iso *Isolate) pump() {
	if !iso.eng.pump {
		return
	}
	if iso.ticksFirst {
		iso.ticksFirst = false
		iso.runTicks()
	}
	for {
		iso.runPromiseJobs()
		if len(iso.ticks) == 0 {
			return
		}
		iso.runTicks()
	}
}

// runTicks runs the tick queue until it is empty; the promise jobs that ticks
// make wait, as in Node.
func (iso *Isolate) runTicks() {
	for len(iso.ticks) > 0 {
		ticks := iso.ticks
		iso.ticks = nil
		for i := 0; i < len(ticks) && !iso.dead; {
			i = iso.runJobs(ticks, i)
		}
	}
}

func (iso *Isolate) runPromiseJobs() {
	q := iso.eng.queue
	for len(*q) > 0 {
		if iso.dead {
			*q, iso.spare = nil, nil
			return
		}
		jobs := *q
		*q = iso.spare[:0]
		iso.spare = nil
		for i := 0; i < len(jobs) && !iso.dead; {
			i = iso.runJobs(jobs, i)
		}
		if iso.spare == nil {
			iso.spare = jobs[:0]
		}
	}
}

// runJobs runs jobs from i on and returns the index after the last one that
// ran: the end, or that of a job that was interrupted.
func (iso *Isolate) runJobs(jobs []func(), i int) (next int) {
	next = i
	defer func() {
		if x := recover(); x != nil {
			iso.failed(x)
			iso.tracker.cur = nil
		}
	}()
	for next < len(jobs) {
		job := jobs[next]
		jobs[next] = nil
		next++
		job()
	}
	return next
}

// failed handles a panic that came out of the engine: an interrupt, a stack
// overflow, a script error that nobody caught, or a panic in a host function.
func (iso *Isolate) failed(x any) {
	scope := iso.Scope()
	switch e := x.(type) {
	case *goja.Exception:
		iso.unhandledError(scope, iso.Error(e.Value()))
		return
	case *goja.Object: // thrown by a host function outside any call
		iso.unhandledError(scope, iso.Error(e))
		return
	}
	var err error
	switch e := x.(type) {
	case *goja.InterruptedError:
		err, _ = e.Value().(error)
		if err == nil {
			err = ErrCompute
		}
		iso.clearInterrupt()
	case *goja.StackOverflowError:
		err = ErrStack
	case error:
		if errors.Is(e, ErrCompute) || errors.Is(e, ErrStack) || errors.Is(e, ErrClosed) || errors.Is(e, ErrMemory) {
			err = e
			break
		}
		err = &PanicError{Value: x, Stack: debug.Stack()}
	default:
		err = &PanicError{Value: x, Stack: debug.Stack()}
	}
	iso.failure = err
	if !iso.eng.restore() {
		iso.breakDown(err)
		return
	}
	if scope != nil {
		iso.kill(scope, err)
	} else {
		iso.unhandledError(nil, err)
	}
	if errors.Is(err, ErrMemory) {
		iso.outOfMemory()
	}
}

func (iso *Isolate) unhandledError(s *Scope, err error) {
	if iso.opts.Unhandled != nil {
		iso.opts.Unhandled(s, err)
	}
}

// Contain runs fn and tells Options.Unhandled of what a script throws in it:
// the standards' "report the exception", for event listeners and their like.
// It must be called on the isolate.
func (iso *Isolate) Contain(fn func()) {
	_, err := iso.attempt(func() (goja.Value, error) { fn(); return nil, nil })
	if err != nil {
		iso.unhandledError(iso.Scope(), iso.ErrorOf(err))
	}
}

// Kill ends a scope: jobs of it that are still queued do not run any more.
// It may be called from any goroutine.
func (iso *Isolate) Kill(s *Scope, err error) {
	iso.Post(nil, func() { iso.kill(s, err) })
}

func (iso *Isolate) kill(s *Scope, err error) {
	if s.killed != nil {
		return
	}
	s.killed = err
	if s.OnKill != nil {
		s.OnKill(err)
	} else if v, ok := s.Value.(interface{ Killed(error) }); ok {
		v.Killed(err)
	}
}

// breakDown ends all that runs on the isolate; the pool makes a new one.
func (iso *Isolate) breakDown(err error) {
	iso.broken.Store(true)
	iso.dead = true
	iso.scopeMu.Lock()
	var scopes []*Scope
	for s := iso.scopes.next; s != nil; s = s.next {
		scopes = append(scopes, s)
	}
	iso.scopeMu.Unlock()
	for _, s := range scopes {
		iso.kill(s, err)
	}
	iso.Close()
	for _, f := range iso.onBreakDown {
		f()
	}
}

// OnBreakDown calls f, on the isolate, when it has broken down: no script of
// its runs any more, and what waits for one waits in vain.
func (iso *Isolate) OnBreakDown(f func()) { iso.onBreakDown = append(iso.onBreakDown, f) }

func (iso *Isolate) beginSlice(f *Frame) {
	var s *Scope
	if f != nil {
		s = f.scope
	}
	pressed := iso.pool.memory.pressure.Load()
	var allocs int64
	if pressed {
		allocs = allocated()
	}
	iso.sliceMu.Lock()
	if iso.interrupted { // it was meant for the slice before
		iso.rt.ClearInterrupt()
		iso.interrupted = false
	}
	iso.charge(allocs)
	iso.sliceScope = s
	iso.sliceStart = now()
	iso.sliceAllocs = allocs
	iso.sliceMu.Unlock()
}

// slice starts a new slice when a job of another scope begins, and stops a
// scope that was ended.
func (iso *Isolate) slice(f *Frame) {
	if f == nil || f.scope == nil {
		return
	}
	if f.scope.killed != nil {
		iso.rt.Interrupt(f.scope.killed)
		iso.sliceMu.Lock()
		iso.interrupted = true
		iso.sliceMu.Unlock()
		return
	}
	if f.scope != iso.sliceScope {
		iso.beginSlice(f)
	}
}

func (iso *Isolate) endSlice() {
	var allocs int64
	if iso.pool.memory.pressure.Load() {
		allocs = allocated()
	}
	iso.sliceMu.Lock()
	iso.charge(allocs)
	iso.sliceAllocs = 0
	iso.sliceStart, iso.sliceScope = 0, nil
	if iso.interrupted { // it came too late to hit its job, and must not hit the next
		iso.rt.ClearInterrupt()
		iso.interrupted = false
	}
	iso.sliceMu.Unlock()
}

func (iso *Isolate) clearInterrupt() {
	iso.sliceMu.Lock()
	iso.rt.ClearInterrupt()
	iso.interrupted = false
	iso.sliceStart = now()
	iso.sliceScope = nil
	iso.sliceAllocs = 0
	iso.sliceMu.Unlock()
}

// watch interrupts the job that runs when its slice is older than limit, and
// tells whether the isolate is busy.
func (iso *Isolate) watch(limit time.Duration) (busy bool) {
	iso.sliceMu.Lock()
	defer iso.sliceMu.Unlock()
	if iso.sliceStart == 0 {
		return false
	}
	if !iso.interrupted && now()-iso.sliceStart > int64(limit) {
		iso.rt.Interrupt(ErrCompute)
		iso.interrupted = true
	}
	return true
}

// Call calls a script function. A thrown error comes back as *goja.Exception;
// an interrupt or a stack overflow goes on as a panic, up to the task.
func (iso *Isolate) Call(fn goja.Callable, this goja.Value, args ...goja.Value) (goja.Value, error) {
	v, err := fn(this, args...)
	if err != nil {
		if _, ok := err.(*goja.Exception); !ok {
			panic(err)
		}
	}
	return v, err
}

// Close ends the isolate: queued tasks still run, timers stop, promises that
// wait for Go are never settled.
func (iso *Isolate) Close() {
	iso.mu.Lock()
	if iso.closed {
		iso.mu.Unlock()
		return
	}
	iso.closed = true
	close(iso.gone)
	iso.mu.Unlock()
	iso.timers.stop()
}

// Done is closed when the isolate is: what listens for it outside ends then.
func (iso *Isolate) Done() <-chan struct{} { return iso.gone }

func (iso *Isolate) trackRejection(p *goja.Promise, op goja.PromiseRejectionOperation) {
	if op == goja.PromiseRejectionHandle {
		delete(iso.unhandled, p)
		return
	}
	iso.unhandled[p] = &rejection{frame: iso.tracker.cur, reason: p.Result()}
}

// reportRejections reports the promises that are still unhandled when all jobs
// have run, which is when Node does.
func (iso *Isolate) reportRejections() {
	if len(iso.unhandled) == 0 {
		return
	}
	for p, r := range iso.unhandled {
		delete(iso.unhandled, p)
		var s *Scope
		if r.frame != nil {
			s = r.frame.scope
		}
		if s != nil && s.killed != nil {
			continue
		}
		iso.unhandledError(s, &UnhandledRejection{Err: iso.Error(r.reason)})
	}
}

// UnhandledRejection is a rejected promise that nobody handled.
type UnhandledRejection struct{ Err error }

func (e *UnhandledRejection) Error() string { return "unhandled rejection: " + e.Err.Error() }
func (e *UnhandledRejection) Unwrap() error { return e.Err }

// LogValue lets every log have the stack.
func (e *UnhandledRejection) LogValue() slog.Value {
	var se *ScriptError
	if errors.As(e.Err, &se) {
		return slog.StringValue("unhandled rejection: " + se.Detail())
	}
	return slog.StringValue(e.Error())
}

// Tick queues fn, in the current context, as Node's process.nextTick does:
// behind all promise jobs, or right behind a callback that TicksFirst was called
// for. Without the engine's own queue it is a promise job.
func (iso *Isolate) Tick(fn func()) {
	if !iso.eng.pump {
		iso.Microtask(fn)
		return
	}
	f := iso.tracker.cur
	iso.ticks = append(iso.ticks, func() {
		iso.tracker.Resumed(f)
		fn()
		iso.tracker.Exited()
	})
}

// TicksFirst lets the ticks that the current task makes run before its promise
// jobs: Node does so behind every callback of its event loop. A handler begins in
// a promise job there, so that a task's ticks come last otherwise.
func (iso *Isolate) TicksFirst() { iso.ticksFirst = true }

// Microtask queues fn as a promise job in the current context.
func (iso *Isolate) Microtask(fn func()) {
	if !iso.eng.pump {
		v := iso.Resolved(goja.Undefined()).(*goja.Object)
		then, _ := goja.AssertFunction(v.Get("then"))
		_, err := then(v, iso.rt.ToValue(func(goja.FunctionCall) goja.Value { fn(); return goja.Undefined() }))
		must(err)
		return
	}
	f := iso.tracker.cur
	q := iso.eng.queue
	*q = append(*q, func() {
		iso.tracker.Resumed(f)
		fn()
		iso.tracker.Exited()
	})
}
