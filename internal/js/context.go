package js

import (
	"sync/atomic"

	"github.com/dop251/goja"
)

// Scope is the work done on behalf of one request: everything that a handler
// started, across awaits, timers and callbacks, belongs to the scope that was
// current when it was started.
//
// The zero value is a scope with no owner. A scope enters one isolate only.
type Scope struct {
	// Value is the owner's own state, found again with Isolate.Scope.
	Value any
	// OnKill is called once, on the isolate, when the scope is ended from
	// outside: it computed for too long, ran out of stack or panicked in Go. A
	// Value with a method Killed(error) stands in for a nil OnKill.
	OnKill func(error)

	killed error
	root   Frame // see NewFrame

	charged atomic.Int64 // bytes that were allocated while it ran, as far as that was counted
	doomed  atomic.Bool  // the watchdog has told the isolate to end it

	// The scope's neighbours in its isolate's list; Isolate.scopeMu guards them.
	prev, next *Scope
}

// Frame is one link of an async context: an immutable list of bindings. The
// nil frame is the context of no request.
type Frame struct {
	scope *Scope
	key   *goja.Object // an AsyncLocalStorage, nil in a scope's first frame
	val   goja.Value
	next  *Frame
	set   func() // makes this frame current; built once, see tracker.Exited
}

// NewFrame returns the first frame of a scope. It is part of the scope; its
// first call must come before the scope is shared between goroutines.
func NewFrame(s *Scope) *Frame {
	if s.root.scope == nil {
		s.root.scope = s
	}
	return &s.root
}

func (f *Frame) with(key *goja.Object, val goja.Value) *Frame {
	if f == nil {
		return &Frame{key: key, val: val}
	}
	next := f
	if f.key == key && key != nil { // an older binding of the same key would never be seen again
		next = f.next
	}
	return &Frame{scope: f.scope, key: key, val: val, next: next}
}

func (f *Frame) lookup(key *goja.Object) goja.Value {
	for ; f != nil; f = f.next {
		if f.key == key {
			return f.val
		}
	}
	return goja.Undefined()
}

// tracker carries the current frame across promise reactions.
type tracker struct {
	iso  *Isolate
	cur  *Frame
	mark int // length of the job queue when the running reaction began
	on   bool
}

func (t *tracker) Grab() any { return t.cur }

func (t *tracker) Resumed(o any) {
	f, _ := o.(*Frame)
	t.cur = f
	t.iso.slice(f)
	if t.on {
		t.mark = len(*t.iso.eng.queue)
	}
}

func (t *tracker) Exited() {
	if t.on {
		// goja queues the body of a thenable's then without asking for the
		// context: jobs queued meanwhile are wrapped, and a thenable that the
		// reaction returned is queued right behind, so a marker sets its frame.
		t.wrap(t.mark)
		if f := t.cur; f != nil {
			if f.set == nil {
				f.set = func() { t.cur = f }
			}
			q := t.iso.eng.queue
			*q = append(*q, f.set)
		}
	}
	t.cur = nil
}

// wrap gives the jobs queued since from the current frame; jobs of reactions
// override it again in Resumed.
func (t *tracker) wrap(from int) {
	f := t.cur
	if f == nil || !t.on {
		return
	}
	q := *t.iso.eng.queue
	for i := from; i < len(q); i++ {
		job := q[i]
		q[i] = func() {
			t.cur = f
			job()
			t.cur = nil
		}
	}
}

func (t *tracker) queued() int {
	if !t.on {
		return 0
	}
	return len(*t.iso.eng.queue)
}

// Current returns the async context that is running. It must be called on the
// isolate; work that leaves the isolate keeps it for the way back.
func (iso *Isolate) Current() *Frame { return iso.tracker.cur }

// Scope returns the scope that is running, or nil outside any.
func (iso *Isolate) Scope() *Scope {
	if f := iso.tracker.cur; f != nil {
		return f.scope
	}
	return nil
}

// InFrame calls fn with f as the current async context.
func (iso *Isolate) InFrame(f *Frame, fn func()) {
	t := iso.tracker
	prev, mark := t.cur, t.queued()
	t.cur = f
	// On a panic the isolate resets the context itself.
	fn()
	t.wrap(mark)
	t.cur = prev
}

// AsyncLocalStorage returns the class of node:async_hooks and of the global
// of the same name.
func (iso *Isolate) AsyncLocalStorage() goja.Value {
	if iso.als != nil {
		return iso.als
	}
	rt := iso.rt
	c := iso.Class("AsyncLocalStorage", 0, nil, func(c goja.ConstructorCall) any { return &localStorage{} })
	c.hidden = true
	call := func(args []goja.Value, n int, this goja.Value) goja.Value {
		fn, ok := goja.AssertFunction(argument(args, n))
		if !ok {
			panic(rt.NewTypeError(`The "callback" argument must be of type function`))
		}
		rest := args[min(len(args), n+1):]
		v, err := fn(this, rest...)
		if err != nil {
			panic(err)
		}
		return v
	}
	self := func(v goja.Value) *goja.Object {
		if _, ok := Host[localStorage](iso, v); !ok {
			panic(rt.NewTypeError("Value of \"this\" must be of type AsyncLocalStorage"))
		}
		return v.(*goja.Object)
	}
	c.Method("run", 2, func(c goja.FunctionCall) goja.Value {
		return iso.callIn(iso.tracker.cur.with(self(c.This), c.Argument(0)), func() goja.Value { return call(c.Arguments, 1, goja.Undefined()) })
	})
	c.Method("exit", 1, func(c goja.FunctionCall) goja.Value {
		return iso.callIn(iso.tracker.cur.with(self(c.This), goja.Undefined()), func() goja.Value { return call(c.Arguments, 0, goja.Undefined()) })
	})
	c.Method("enterWith", 1, func(c goja.FunctionCall) goja.Value {
		iso.tracker.cur = iso.tracker.cur.with(self(c.This), c.Argument(0))
		return goja.Undefined()
	})
	c.Method("disable", 0, func(c goja.FunctionCall) goja.Value {
		iso.tracker.cur = iso.tracker.cur.with(self(c.This), goja.Undefined())
		return goja.Undefined()
	})
	c.Method("getStore", 0, func(c goja.FunctionCall) goja.Value {
		return iso.tracker.cur.lookup(self(c.This))
	})
	c.Static("bind", 1, func(c goja.FunctionCall) goja.Value {
		fn, ok := goja.AssertFunction(c.Argument(0))
		if !ok {
			panic(rt.NewTypeError(`The "fn" argument must be of type function`))
		}
		snap := iso.tracker.cur
		return rt.ToValue(func(c goja.FunctionCall) goja.Value {
			return iso.callIn(snap, func() goja.Value {
				v, err := fn(c.This, c.Arguments...)
				if err != nil {
					panic(err)
				}
				return v
			})
		})
	})
	c.Static("snapshot", 0, func(goja.FunctionCall) goja.Value {
		snap := iso.tracker.cur
		return rt.ToValue(func(c goja.FunctionCall) goja.Value {
			return iso.callIn(snap, func() goja.Value { return call(c.Arguments, 0, c.This) })
		})
	})
	iso.als = c.Ctor
	return c.Ctor
}

type localStorage struct{ _ byte }

// callIn runs fn in f and restores the context also when fn throws.
func (iso *Isolate) callIn(f *Frame, fn func() goja.Value) goja.Value {
	t := iso.tracker
	prev, mark := t.cur, t.queued()
	t.cur = f
	defer func() {
		t.wrap(mark)
		t.cur = prev
	}()
	return fn()
}

func argument(args []goja.Value, i int) goja.Value {
	if i < len(args) {
		return args[i]
	}
	return goja.Undefined()
}
