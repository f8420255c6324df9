package js

import (
	"sync/atomic"

	"github.com/dop251/goja"
)

// Promise is a script promise that Go settles, exactly once and from any
// goroutine. It remembers the async context that it was made in.
type Promise struct {
	iso     *Isolate
	frame   *Frame
	own     *goja.Promise // without resolving functions, else nil
	value   goja.Value
	resolve func(any) error
	reject  func(any) error
	settled atomic.Bool
}

// NewPromise makes a pending promise. It must be called on the isolate, before
// the work leaves it.
func (iso *Isolate) NewPromise() *Promise {
	p := &Promise{iso: iso, frame: iso.tracker.cur}
	if p.own = iso.eng.pending(iso.promiseProto); p.own != nil {
		p.value = iso.rt.ToValue(p.own)
		return p
	}
	var own *goja.Promise
	own, p.resolve, p.reject = iso.rt.NewPromise()
	p.value = iso.rt.ToValue(own)
	return p
}

// Value is the promise as scripts see it.
func (p *Promise) Value() goja.Value { return p.value }

// Settle resolves the promise with what make returns, or rejects it with what
// make throws or with its error. make runs on the isolate, in the promise's
// context. Only the first call counts.
func (p *Promise) Settle(make func() (goja.Value, error)) {
	if !p.settled.CompareAndSwap(false, true) {
		return
	}
	p.iso.Post(p.frame, func() { p.settle(make) })
}

func (p *Promise) settle(make func() (goja.Value, error)) {
	v, err := p.iso.attempt(make)
	switch {
	case err != nil && p.own != nil:
		p.rejectOwn(p.iso.Thrown(err))
		return
	case err != nil:
		p.iso.fatal(p.reject(p.iso.Thrown(err)))
		return
	case v == nil:
		v = goja.Undefined()
	}
	if p.own != nil {
		p.resolveOwn(v)
		return
	}
	p.iso.fatal(p.resolve(v))
}

// resolveOwn is a promise resolve function (ECMAScript §27.2.1.3.2) of a promise
// that has none.
func (p *Promise) resolveOwn(v goja.Value) {
	if o, ok := v.(*goja.Object); ok {
		then, err := p.iso.attempt(func() (goja.Value, error) { return o.Get("then"), nil })
		if err != nil {
			p.rejectOwn(p.iso.Thrown(err))
			return
		}
		if f, ok := goja.AssertFunction(then); ok {
			p.adopt(o, f)
			return
		}
	}
	p.iso.eng.finish(p.own, goja.PromiseStateFulfilled, v)
}

func (p *Promise) rejectOwn(reason goja.Value) {
	if !p.iso.eng.finish(p.own, goja.PromiseStateRejected, reason) {
		p.iso.trackRejection(p.own, goja.PromiseRejectionReject)
	}
}

// adopt follows a thenable in a job of its own (§27.2.2.2).
func (p *Promise) adopt(thenable *goja.Object, then goja.Callable) {
	iso := p.iso
	iso.Microtask(func() {
		done := false
		once := func(f func(goja.Value)) goja.Value {
			return iso.rt.ToValue(func(c goja.FunctionCall) goja.Value {
				if !done {
					done = true
					f(c.Argument(0))
				}
				return goja.Undefined()
			})
		}
		_, err := iso.Call(then, thenable, once(p.resolveOwn), once(p.rejectOwn))
		if err != nil && !done {
			done = true
			p.rejectOwn(iso.Thrown(err))
		}
	})
}

// attempt runs make and turns a script exception that it panics with into an error.
func (iso *Isolate) attempt(make func() (goja.Value, error)) (v goja.Value, err error) {
	defer func() {
		switch x := recover().(type) {
		case nil:
		case *goja.Exception:
			err = x
		case goja.Value:
			err = thrown{x}
		default:
			panic(x)
		}
	}()
	return make()
}

// thrown is a script value that travels as a Go error.
type thrown struct{ v goja.Value }

func (t thrown) Error() string { return t.v.String() }

// Throw wraps a script value as an error, for Settle.
func Throw(v goja.Value) error { return thrown{v} }

// Thrown returns the script value of an error: that of a script exception, or
// a new Error with the error's text.
func (iso *Isolate) Thrown(err error) goja.Value {
	switch e := err.(type) {
	case thrown:
		return e.v
	case *goja.Exception:
		return e.Value()
	case interface{ ScriptValue(*Isolate) goja.Value }:
		return e.ScriptValue(iso)
	}
	return iso.NewError("Error", err.Error())
}

// fatal passes an interrupt or a stack overflow on to the task.
func (iso *Isolate) fatal(err error) {
	if err != nil {
		panic(err)
	}
}

// Go runs work on a new goroutine and returns a promise of its outcome: work
// returns what builds the script value on the isolate.
func (iso *Isolate) Go(work func() func() (goja.Value, error)) goja.Value {
	p := iso.NewPromise()
	go func() { p.Settle(work()) }()
	return p.value
}

// Resolved returns a promise that is fulfilled with v, which is not a thenable.
func (iso *Isolate) Resolved(v goja.Value) goja.Value {
	return iso.eng.settled(v, iso.promiseProto)
}

// Rejected returns a promise that is rejected with v.
func (iso *Isolate) Rejected(v goja.Value) goja.Value {
	p, _, reject := iso.rt.NewPromise()
	iso.fatal(reject(v))
	return iso.rt.ToValue(p)
}

// Attempt runs fn and returns a promise of its outcome: a promise-returning
// operation of the Web never throws, it rejects.
func (iso *Isolate) Attempt(fn func() (goja.Value, error)) goja.Value {
	v, err := iso.attempt(fn)
	if err != nil {
		return iso.Rejected(iso.Thrown(err))
	}
	if v == nil {
		v = goja.Undefined()
	}
	if _, ok := v.(*goja.Object); ok && v.ExportType() == typePromise {
		return v
	}
	return iso.Resolved(v)
}

// Await calls then with the outcome of v: at once when v is no promise or one
// that is settled already, else when it settles. then is called exactly once,
// on the isolate.
func (iso *Isolate) Await(v goja.Value, then func(v goja.Value, err error)) {
	if v, err, ok := iso.Settled(v); ok {
		then(v, err)
		return
	}
	o := v.(*goja.Object)
	p, isPromise := iso.asPromise(o)
	if isPromise {
		if iso.eng.react(p, iso.tracker.Grab(),
			func(c goja.FunctionCall) goja.Value { then(c.Argument(0), nil); return goja.Undefined() },
			func(c goja.FunctionCall) goja.Value { then(nil, thrown{c.Argument(0)}); return goja.Undefined() }) {
			return
		}
	}
	m, err := iso.attempt(func() (goja.Value, error) { return o.Get("then"), nil })
	if err != nil {
		then(nil, err)
		return
	}
	f, ok := goja.AssertFunction(m)
	if !ok {
		then(v, nil)
		return
	}
	if !isPromise { // a foreign thenable: the standard's own way, through a promise
		q, resolve, _ := iso.rt.NewPromise()
		iso.fatal(resolve(o))
		o = iso.rt.ToValue(q).(*goja.Object)
		f, _ = goja.AssertFunction(iso.promiseProto.Get("then"))
	}
	_, err = iso.Call(f, o,
		iso.rt.ToValue(func(c goja.FunctionCall) goja.Value { then(c.Argument(0), nil); return goja.Undefined() }),
		iso.rt.ToValue(func(c goja.FunctionCall) goja.Value { then(nil, thrown{c.Argument(0)}); return goja.Undefined() }))
	if err != nil {
		then(nil, err)
	}
}

// Settled returns the outcome of v when it is there: that of a settled promise,
// or v itself when it is no object. A promise that it returns an error of counts
// as handled.
func (iso *Isolate) Settled(v goja.Value) (result goja.Value, err error, ok bool) {
	o, isObject := v.(*goja.Object)
	if !isObject {
		return v, nil, true
	}
	p, isPromise := iso.asPromise(o)
	if !isPromise {
		return nil, nil, false
	}
	switch p.State() {
	case goja.PromiseStateFulfilled:
		return p.Result(), nil, true
	case goja.PromiseStateRejected:
		delete(iso.unhandled, p) // nobody else may ever handle it
		return nil, thrown{p.Result()}, true
	}
	return nil, nil, false
}

// asPromise returns the promise behind an object. The type is asked first:
// Export on an unknown object would run its getters.
func (iso *Isolate) asPromise(o *goja.Object) (*goja.Promise, bool) {
	if iso.eng.has(TrickPromise) {
		hd := header(o)
		if hd.self.tab != iso.eng.selfPromise {
			return nil, false
		}
		return (*goja.Promise)(hd.self.data), true
	}
	if o.ExportType() != typePromise {
		return nil, false
	}
	p, ok := o.Export().(*goja.Promise)
	return p, ok
}

// Pending reports whether v is a promise that is not settled yet.
func (iso *Isolate) Pending(v goja.Value) bool {
	o, ok := v.(*goja.Object)
	if !ok {
		return false
	}
	p, ok := iso.asPromise(o)
	return ok && p.State() == goja.PromiseStatePending
}

// Handler is goja.AssertFunction for a function whose result goes to Await. An
// async function that never awaits is called without the promise around its
// result.
func (iso *Isolate) Handler(v goja.Value) (goja.Callable, bool) {
	if o, ok := v.(*goja.Object); ok {
		if f, ok := iso.eng.direct(o); ok {
			return f, true
		}
	}
	return goja.AssertFunction(v)
}
