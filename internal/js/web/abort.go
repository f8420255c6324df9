package web

import (
	"runtime"
	"slices"
	"time"
	"weak"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// Signal is the state of an AbortSignal (DOM §3.3). Its script object is made
// when a script first asks for it, so that a signal nobody looks at costs no
// more than this struct. It must be used on its isolate only.
type Signal struct {
	eventTarget
	e       *Env
	object  *goja.Object
	aborted bool
	// reason is what the signal was aborted with; nil stands for an AbortError
	// that is made when somebody asks for it.
	reason goja.Value

	algorithms []*abortAlgorithm

	// A dependent signal, made by AbortSignal.any, follows its sources. Sources
	// hold it weakly as long as nobody listens to it, so that a signal which
	// lives as long as its module does not keep every request's signal.
	dependent  bool
	sources    []*Signal
	dependents []weak.Pointer[Signal]
	listening  map[*Signal]struct{} // dependents that somebody listens to

	timeout *timeoutHold // of a signal that AbortSignal.timeout made
}

// timeoutHold is all that a timeout's timer knows of its signal: a signal that
// nobody can see any more is collected, and its timer with the request that it
// would keep in memory until then.
type timeoutHold struct{ signal *Signal } // nil while nobody listens

type abortAlgorithm struct{ fn func() }

// LazySignal makes a signal without its script object.
func (e *Env) LazySignal() *Signal { return &Signal{e: e} }

// NewSignal makes a signal and its script object.
func (e *Env) NewSignal() (*goja.Object, *Signal) {
	s := e.LazySignal()
	return s.Object(), s
}

// SignalOf returns the signal that v is.
func (e *Env) SignalOf(v goja.Value) (*Signal, bool) { return js.Host[Signal](e.iso, v) }

// Object is the AbortSignal that scripts see.
func (s *Signal) Object() *goja.Object {
	if s.object == nil {
		s.object = s.e.abortSignalClass().New(s)
	}
	return s.object
}

// Aborted reports whether the signal was aborted.
func (s *Signal) Aborted() bool { return s.aborted }

// Reason is what the signal was aborted with, undefined before that.
func (s *Signal) Reason() goja.Value {
	if !s.aborted {
		return goja.Undefined()
	}
	if s.reason == nil {
		s.reason = s.e.domException("AbortError", "This operation was aborted")
	}
	return s.reason
}

// OnAbort calls fn once, on the isolate, when the signal is aborted, before its
// abort event. It does nothing when the signal is aborted already. remove takes
// fn off again; it may be called more than once.
func (s *Signal) OnAbort(fn func()) (remove func()) {
	if s.aborted {
		return func() {}
	}
	a := &abortAlgorithm{fn}
	s.algorithms = append(s.algorithms, a)
	s.listenersChanged()
	return func() {
		if i := slices.Index(s.algorithms, a); i >= 0 {
			s.algorithms = slices.Delete(s.algorithms, i, i+1)
			s.listenersChanged()
		}
	}
}

// Abort aborts the signal, and those that depend on it; a second call does
// nothing. A nil or undefined reason is a new AbortError.
func (s *Signal) Abort(reason goja.Value) {
	if s.aborted {
		return
	}
	if reason != nil && goja.IsUndefined(reason) {
		reason = nil
	}
	s.aborted, s.reason = true, reason
	// All dependent signals are aborted before anybody hears of it.
	var follow []*Signal
	for _, w := range s.dependents {
		if d := w.Value(); d != nil && !d.aborted {
			d.aborted, d.reason = true, s.Reason()
			follow = append(follow, d)
		}
	}
	s.runAbortSteps()
	for _, d := range follow {
		d.runAbortSteps()
	}
}

func (s *Signal) runAbortSteps() {
	s.unlink()
	list := s.algorithms
	s.algorithms = nil
	for _, a := range list {
		a.fn()
	}
	if s.object != nil && s.listens("abort") {
		s.e.dispatch(s.object, s.e.newEvent(s.e.eventClass(), "abort", &event{}))
	}
}

// unlink takes an aborted signal out of the graph.
func (s *Signal) unlink() {
	for _, src := range s.sources {
		delete(src.listening, s)
		src.listenersChanged()
	}
	s.sources, s.dependents, s.listening = nil, nil, nil
}

// listenersChanged makes the sources of a dependent signal hold it as long as
// somebody listens to it (DOM §3.3.3, garbage collection).
func (s *Signal) listenersChanged() {
	if s.aborted || !s.dependent && s.timeout == nil {
		return
	}
	heard := len(s.algorithms) > 0 || len(s.listening) > 0 || s.listens("abort")
	if s.timeout != nil {
		s.timeout.signal = nil
		if heard {
			s.timeout.signal = s
		}
	}
	for _, src := range s.sources {
		if !heard {
			delete(src.listening, s)
		} else {
			if src.listening == nil {
				src.listening = map[*Signal]struct{}{}
			}
			src.listening[s] = struct{}{}
		}
		src.listenersChanged() // sources have none themselves: this goes one level deep
	}
}

// addDependent links s as a source of d.
func (s *Signal) addDependent(d *Signal) {
	if slices.Contains(d.sources, s) {
		return
	}
	if n := len(s.dependents); n == cap(s.dependents) && n >= 8 {
		// Full: those that are gone make room before the slice grows.
		s.dependents = slices.DeleteFunc(s.dependents, func(w weak.Pointer[Signal]) bool { return w.Value() == nil })
	}
	d.sources = append(d.sources, s)
	s.dependents = append(s.dependents, weak.Make(d))
}

// AnySignal returns a signal that is aborted as soon as one of the sources is.
func (e *Env) AnySignal(sources []*Signal) *Signal {
	d := e.LazySignal()
	for _, s := range sources {
		if s.aborted {
			d.aborted, d.reason = true, s.Reason()
			return d
		}
	}
	d.dependent = true
	for _, s := range sources {
		if !s.dependent {
			s.addDependent(d)
			continue
		}
		for _, src := range s.sources { // they are never dependent themselves
			src.addDependent(d)
		}
	}
	return d
}

// TimeoutSignal returns a signal that is aborted with a TimeoutError after d.
func (e *Env) TimeoutSignal(d time.Duration) *Signal {
	s := e.LazySignal()
	s.timeout = &timeoutHold{}
	hold, seen := s.timeout, weak.Make(s)
	iso := e.iso
	id := iso.After(d, false, func() {
		s := hold.signal
		if s == nil {
			s = seen.Value()
		}
		if s != nil {
			s.Abort(e.domException("TimeoutError", "The operation was aborted due to timeout"))
		}
	})
	runtime.AddCleanup(s, func(id int64) { iso.ClearTimer(id) }, id)
	return s
}

func (e *Env) abortSignalClass() *js.Class {
	return class(&e.events.abortSignal, func() *js.Class {
		c := e.iso.Class("AbortSignal", 0, e.eventTargetClass(), nil)
		self := func(v goja.Value) *Signal {
			s, ok := e.SignalOf(v)
			if !ok {
				panic(e.illegal())
			}
			return s
		}
		c.Static("abort", 0, func(c goja.FunctionCall) goja.Value {
			s := e.LazySignal()
			s.Abort(c.Argument(0))
			s.Reason() // its stack is that of this call
			return s.Object()
		})
		c.Static("timeout", 1, func(c goja.FunctionCall) goja.Value {
			e.need(c.Arguments, 1, "timeout", "AbortSignal")
			ms := e.enforceRange(c.Argument(0), maxSafe, "The delay")
			const longest = float64(1<<63-1) / float64(time.Millisecond) / 2 // 146 years
			return e.TimeoutSignal(time.Duration(min(ms, longest)) * time.Millisecond).Object()
		})
		c.Static("any", 1, func(c goja.FunctionCall) goja.Value {
			e.need(c.Arguments, 1, "any", "AbortSignal")
			if _, ok := c.Argument(0).(*goja.Object); !ok {
				panic(e.iso.TypeError("Failed to execute 'any' on 'AbortSignal': The provided value cannot be converted to a sequence"))
			}
			var sources []*Signal
			e.rt.ForOf(c.Argument(0), func(v goja.Value) bool {
				s, ok := e.SignalOf(v)
				if !ok {
					panic(e.iso.TypeError("Failed to execute 'any' on 'AbortSignal': Failed to convert value to 'AbortSignal'"))
				}
				sources = append(sources, s)
				return true
			})
			return e.AnySignal(sources).Object()
		})
		c.Getter("aborted", func(c goja.FunctionCall) goja.Value { return e.rt.ToValue(self(c.This).aborted) })
		c.Getter("reason", func(c goja.FunctionCall) goja.Value { return self(c.This).Reason() })
		c.Method("throwIfAborted", 0, func(c goja.FunctionCall) goja.Value {
			if s := self(c.This); s.aborted {
				panic(s.Reason())
			}
			return goja.Undefined()
		})
		e.eventHandler(c, "abort")
		return c
	})
}

type abortController struct{ signal *Signal }

func (e *Env) abortControllerClass() *js.Class {
	return class(&e.events.abortController, func() *js.Class {
		c := e.iso.Class("AbortController", 0, nil, func(goja.ConstructorCall) any {
			return &abortController{e.LazySignal()}
		})
		self := func(v goja.Value) *abortController {
			a, ok := js.Host[abortController](e.iso, v)
			if !ok {
				panic(e.illegal())
			}
			return a
		}
		c.Getter("signal", func(c goja.FunctionCall) goja.Value { return self(c.This).signal.Object() })
		c.Method("abort", 0, func(c goja.FunctionCall) goja.Value {
			if s := self(c.This).signal; !s.aborted {
				reason := c.Argument(0)
				if goja.IsUndefined(reason) {
					reason = e.domException("AbortError", "This operation was aborted")
				}
				s.Abort(reason)
			}
			return goja.Undefined()
		})
		return c
	})
}

func (s *Signal) inspectFields(e *Env) []inspectField {
	return []inspectField{{name: "aborted", value: e.rt.ToValue(s.aborted)}}
}
