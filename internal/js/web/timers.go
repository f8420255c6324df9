package web

import (
	"slices"
	"strconv"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// setTimeout and its kin (HTML §8.7), with Node's objects in place of numbers:
// a Timeout converts to its number, and the clear functions take both.

type timerState struct {
	timeout, immediate *js.Class
	last               int64
	// numbered are the timers that were converted to their number.
	numbered map[int64]*timeout
}

func installTimers(e *Env) {
	fn := e.iso.LazyFunc
	fn("setTimeout", 2, func(c goja.FunctionCall) goja.Value { return e.setTimer(c, false) })
	fn("setInterval", 2, func(c goja.FunctionCall) goja.Value { return e.setTimer(c, true) })
	fn("setImmediate", 1, e.setImmediate)
	fn("clearTimeout", 1, e.clearTimer)
	fn("clearInterval", 1, e.clearTimer)
	fn("clearImmediate", 1, func(c goja.FunctionCall) goja.Value {
		if i, ok := js.Host[immediate](e.iso, c.Argument(0)); ok {
			i.fn = nil
		}
		return goja.Undefined()
	})
	fn("queueMicrotask", 1, func(c goja.FunctionCall) goja.Value {
		call := e.function(c.Argument(0), "callback")
		e.iso.Microtask(func() { e.iso.Contain(func() { e.call(call, goja.Undefined()) }) })
		return goja.Undefined()
	})
}

// timeout is what a Timeout carries.
type timeout struct {
	e      *Env
	object *goja.Object
	fn     goja.Callable // nil once cleared
	args   []goja.Value
	delay  time.Duration
	repeat bool
	frame  *js.Frame // where it was set, for refresh
	id     int64     // the isolate's timer
	number int64     // 0 until asked for
	unref  bool
	due    bool // it has not fired yet
}

func (e *Env) setTimer(c goja.FunctionCall, repeat bool) goja.Value {
	t := &timeout{e: e, fn: e.function(c.Argument(0), "callback"), delay: js.Delay(c.Argument(1)), repeat: repeat, frame: e.iso.Current()}
	if len(c.Arguments) > 2 {
		t.args = slices.Clone(c.Arguments[2:])
	}
	t.object = e.timeoutClass().New(t)
	t.start()
	return t.object
}

func (t *timeout) start() {
	t.due = true
	t.e.iso.InFrame(t.frame, func() { t.id = t.e.iso.After(t.delay, t.repeat, t.fire) })
}

func (t *timeout) fire() {
	fn := t.fn
	if fn == nil {
		return
	}
	t.due = t.repeat
	t.e.iso.Contain(func() { t.e.call(fn, t.object, t.args...) })
	if !t.due { // not refreshed meanwhile
		t.forget()
	}
}

func (t *timeout) clear() {
	t.fn, t.args, t.due = nil, nil, false
	t.e.iso.ClearTimer(t.id)
	t.forget()
}

func (t *timeout) forget() { delete(t.e.timers.numbered, t.number) }

func (e *Env) clearTimer(c goja.FunctionCall) goja.Value {
	v := c.Argument(0)
	if t, ok := js.Host[timeout](e.iso, v); ok {
		t.clear()
		return goja.Undefined()
	}
	// Node takes the number as a number or as text, and ignores all else.
	var n int64
	switch typeOf(v) {
	case "number":
		n = v.ToInteger()
	case "string":
		n, _ = strconv.ParseInt(v.String(), 10, 64)
	}
	if t := e.timers.numbered[n]; t != nil {
		t.clear()
	}
	return goja.Undefined()
}

func (e *Env) timeoutClass() *js.Class {
	return class(&e.timers.timeout, func() *js.Class {
		c := e.iso.Class("Timeout", 0, nil, nil).Hidden()
		self := func(v goja.Value) *timeout {
			t, ok := js.Host[timeout](e.iso, v)
			if !ok {
				panic(e.illegal())
			}
			return t
		}
		method := func(name string, fn func(*timeout) goja.Value) {
			c.Method(name, 0, func(c goja.FunctionCall) goja.Value { return fn(self(c.This)) })
		}
		// Nothing waits for timers to end here, so ref and unref only remember.
		method("ref", func(t *timeout) goja.Value { t.unref = false; return t.object })
		method("unref", func(t *timeout) goja.Value { t.unref = true; return t.object })
		method("hasRef", func(t *timeout) goja.Value { return e.rt.ToValue(!t.unref) })
		method("refresh", func(t *timeout) goja.Value {
			if t.fn != nil {
				e.iso.ClearTimer(t.id)
				t.start()
			}
			return t.object
		})
		method("close", func(t *timeout) goja.Value { t.clear(); return t.object })
		c.Symbol(goja.SymToPrimitive, e.iso.Func("[Symbol.toPrimitive]", 0, func(c goja.FunctionCall) goja.Value {
			t := self(c.This)
			if t.number == 0 {
				e.timers.last++
				t.number = e.timers.last
			}
			if t.due {
				if e.timers.numbered == nil {
					e.timers.numbered = map[int64]*timeout{}
				}
				e.timers.numbered[t.number] = t
			}
			return e.rt.ToValue(t.number)
		}))
		if sym := e.symbol("dispose"); sym != nil {
			c.Symbol(sym, e.iso.Func("[Symbol.dispose]", 0, func(c goja.FunctionCall) goja.Value {
				self(c.This).clear()
				return goja.Undefined()
			}))
		}
		return c
	})
}

// symbol returns a well-known symbol by its name, nil where there is none.
func (e *Env) symbol(name string) *goja.Symbol {
	s, _ := e.rt.Get("Symbol").(*goja.Object).Get(name).(*goja.Symbol)
	return s
}

// immediate is what an Immediate carries.
type immediate struct {
	object *goja.Object
	fn     goja.Callable // nil once cleared or called
	unref  bool
}

// setImmediate runs its callback as a task of its own, behind what waits for
// the isolate already.
func (e *Env) setImmediate(c goja.FunctionCall) goja.Value {
	i := &immediate{fn: e.function(c.Argument(0), "callback")}
	var args []goja.Value
	if len(c.Arguments) > 1 {
		args = slices.Clone(c.Arguments[1:])
	}
	i.object = e.immediateClass().New(i)
	// Where the isolate is closed nothing runs any more, as with timers.
	e.iso.Post(e.iso.Current(), func() {
		if fn := i.fn; fn != nil {
			i.fn = nil
			e.iso.TicksFirst()
			e.iso.Contain(func() { e.call(fn, i.object, args...) })
		}
	})
	return i.object
}

func (e *Env) immediateClass() *js.Class {
	return class(&e.timers.immediate, func() *js.Class {
		c := e.iso.Class("Immediate", 0, nil, nil).Hidden()
		method := func(name string, fn func(*immediate) goja.Value) {
			c.Method(name, 0, func(c goja.FunctionCall) goja.Value {
				i, ok := js.Host[immediate](e.iso, c.This)
				if !ok {
					panic(e.illegal())
				}
				return fn(i)
			})
		}
		method("ref", func(i *immediate) goja.Value { i.unref = false; return i.object })
		method("unref", func(i *immediate) goja.Value { i.unref = true; return i.object })
		method("hasRef", func(i *immediate) goja.Value { return e.rt.ToValue(!i.unref) })
		return c
	})
}
