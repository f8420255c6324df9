package web

import (
	"slices"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// Event, EventTarget and CustomEvent of the DOM Standard (§2). There is no tree
// here: an event's path is its target alone.

type eventClasses struct {
	domException, event, customEvent, eventTarget *js.Class
	abortController, abortSignal                  *js.Class
	isTrusted                                     *goja.Object // the getter that all events share
}

func installEvents(e *Env) {
	e.global("DOMException", e.domExceptionClass)
	e.global("Event", e.eventClass)
	e.global("CustomEvent", e.customEventClass)
	e.global("EventTarget", e.eventTargetClass)
	e.global("AbortController", e.abortControllerClass)
	e.global("AbortSignal", e.abortSignalClass)
}

// event is what an Event carries; the carried value of a subclass embeds it.
type event struct {
	e    *Env
	typ  goja.Value // a string
	name string     // typ for comparisons

	target, current goja.Value // nil is null
	timeStamp       float64    // milliseconds since the time origin
	phase           int

	bubbles, cancelable, composed       bool
	initialized, dispatching, trusted   bool
	stop, stopImmediate, canceled       bool
	inPassiveListener, currentIsVisible bool
}

// An eventHost is a value that an instance of Event or of a subclass carries.
type eventHost interface{ base() *event }

func (ev *event) base() *event { return ev }

// Constructed defines isTrusted, which every event has as its own
// ([LegacyUnforgeable]).
func (ev *event) Constructed(o *goja.Object) {
	must(o.DefineAccessorProperty("isTrusted", ev.e.isTrustedGetter(), nil, goja.FLAG_FALSE, goja.FLAG_TRUE))
}

func (e *Env) isTrustedGetter() *goja.Object {
	if e.events.isTrusted == nil {
		e.events.isTrusted = e.iso.Func("get isTrusted", 0, func(c goja.FunctionCall) goja.Value {
			return e.rt.ToValue(e.thisEvent(c.This).trusted)
		})
	}
	return e.events.isTrusted
}

// eventOf returns the event that v is, or nil.
func (e *Env) eventOf(v goja.Value) *event {
	if h, ok := e.iso.HostValue(v).(eventHost); ok {
		return h.base()
	}
	return nil
}

func (e *Env) thisEvent(v goja.Value) *event {
	ev := e.eventOf(v)
	if ev == nil {
		panic(e.illegal())
	}
	return ev
}

// initEvent fills an event in as its constructor does, from (type, init).
func (e *Env) initEvent(ev *event, args []goja.Value, on string) *goja.Object {
	e.need(args, 1, "", on)
	typ := e.domString(args[0])
	var init *goja.Object
	if len(args) > 1 {
		init = e.dictionary(args[1], "EventInit")
	}
	*ev = event{e: e, typ: typ, name: typ.String(), initialized: true, timeStamp: e.now()}
	ev.bubbles, ev.cancelable, ev.composed = flag(init, "bubbles"), flag(init, "cancelable"), flag(init, "composed")
	return init
}

// newEvent makes an event of a class, as the host fires it: trusted. h carries
// an event whose fields other than the flags are still empty.
func (e *Env) newEvent(c *js.Class, name string, h eventHost) *goja.Object {
	ev := h.base()
	ev.e, ev.typ, ev.name, ev.initialized, ev.trusted, ev.timeStamp = e, e.rt.ToValue(name), name, true, true, e.now()
	o := c.New(h)
	ev.Constructed(o)
	return o
}

func orNull(v goja.Value) goja.Value {
	if v == nil {
		return goja.Null()
	}
	return v
}

func (e *Env) eventClass() *js.Class {
	return class(&e.events.event, func() *js.Class {
		c := e.iso.Class("Event", 1, nil, func(c goja.ConstructorCall) any {
			ev := new(event)
			e.initEvent(ev, c.Arguments, "Event")
			return ev
		})
		get := func(name string, of func(*event) any) {
			c.Getter(name, func(c goja.FunctionCall) goja.Value { return e.rt.ToValue(of(e.thisEvent(c.This))) })
		}
		get("type", func(ev *event) any { return ev.typ })
		get("target", func(ev *event) any { return orNull(ev.target) })
		get("srcElement", func(ev *event) any { return orNull(ev.target) })
		get("currentTarget", func(ev *event) any { return orNull(ev.current) })
		c.Method("composedPath", 0, func(c goja.FunctionCall) goja.Value {
			if ev := e.thisEvent(c.This); ev.dispatching {
				return e.rt.NewArray(ev.current)
			}
			return e.rt.NewArray()
		})
		for i, name := range []string{"NONE", "CAPTURING_PHASE", "AT_TARGET", "BUBBLING_PHASE"} {
			c.Const(name, e.rt.ToValue(i))
		}
		get("eventPhase", func(ev *event) any { return ev.phase })
		c.Method("stopPropagation", 0, func(c goja.FunctionCall) goja.Value {
			e.thisEvent(c.This).stop = true
			return goja.Undefined()
		})
		c.Accessor("cancelBubble",
			func(c goja.FunctionCall) goja.Value { return e.rt.ToValue(e.thisEvent(c.This).stop) },
			func(c goja.FunctionCall) goja.Value {
				if ev := e.thisEvent(c.This); c.Argument(0).ToBoolean() {
					ev.stop = true
				}
				return goja.Undefined()
			})
		c.Method("stopImmediatePropagation", 0, func(c goja.FunctionCall) goja.Value {
			ev := e.thisEvent(c.This)
			ev.stop, ev.stopImmediate = true, true
			return goja.Undefined()
		})
		get("bubbles", func(ev *event) any { return ev.bubbles })
		get("cancelable", func(ev *event) any { return ev.cancelable })
		c.Accessor("returnValue",
			func(c goja.FunctionCall) goja.Value { return e.rt.ToValue(!e.thisEvent(c.This).canceled) },
			func(c goja.FunctionCall) goja.Value {
				if ev := e.thisEvent(c.This); !c.Argument(0).ToBoolean() {
					ev.cancel()
				}
				return goja.Undefined()
			})
		c.Method("preventDefault", 0, func(c goja.FunctionCall) goja.Value {
			e.thisEvent(c.This).cancel()
			return goja.Undefined()
		})
		get("defaultPrevented", func(ev *event) any { return ev.canceled })
		get("composed", func(ev *event) any { return ev.composed })
		get("timeStamp", func(ev *event) any { return ev.timeStamp })
		c.Method("initEvent", 1, func(c goja.FunctionCall) goja.Value {
			ev := e.thisEvent(c.This)
			e.need(c.Arguments, 1, "initEvent", "Event")
			ev.reinit(c)
			return goja.Undefined()
		})
		return c
	})
}

// reinit is the initialize steps of initEvent and initCustomEvent (DOM §2.2).
func (ev *event) reinit(c goja.FunctionCall) bool {
	typ := ev.e.domString(c.Argument(0))
	bubbles, cancelable := c.Argument(1).ToBoolean(), c.Argument(2).ToBoolean()
	if ev.dispatching {
		return false
	}
	ev.typ, ev.name, ev.bubbles, ev.cancelable = typ, typ.String(), bubbles, cancelable
	ev.initialized, ev.trusted, ev.target = true, false, nil
	ev.stop, ev.stopImmediate, ev.canceled = false, false, false
	return true
}

// cancel sets the canceled flag where that is allowed.
func (ev *event) cancel() {
	if ev.cancelable && !ev.inPassiveListener {
		ev.canceled = true
	}
}

type customEvent struct {
	event
	detail goja.Value
}

func (e *Env) customEventClass() *js.Class {
	return class(&e.events.customEvent, func() *js.Class {
		c := e.iso.Class("CustomEvent", 1, e.eventClass(), func(c goja.ConstructorCall) any {
			ev := &customEvent{detail: goja.Null()}
			if v, ok := member(e.initEvent(&ev.event, c.Arguments, "CustomEvent"), "detail"); ok {
				ev.detail = v
			}
			return ev
		})
		self := func(v goja.Value) *customEvent {
			ev, ok := e.iso.HostValue(v).(*customEvent)
			if !ok {
				panic(e.illegal())
			}
			return ev
		}
		c.Getter("detail", func(c goja.FunctionCall) goja.Value { return self(c.This).detail })
		c.Method("initCustomEvent", 1, func(c goja.FunctionCall) goja.Value {
			ev := self(c.This)
			e.need(c.Arguments, 1, "initCustomEvent", "CustomEvent")
			if ev.reinit(c) {
				ev.detail = goja.Null()
				if d := c.Argument(3); !goja.IsUndefined(d) {
					ev.detail = d
				}
			}
			return goja.Undefined()
		})
		return c
	})
}

// eventTarget is the state of an EventTarget. The carried value of a subclass
// embeds it.
type eventTarget struct {
	listeners []*listener
	handlers  map[string]*eventHandler // event handler attributes, "abort" for onabort
}

// An eventTargetHost is a value that an instance of EventTarget or of a
// subclass carries.
type eventTargetHost interface{ target() *eventTarget }

func (t *eventTarget) target() *eventTarget { return t }

// A listenerWatcher is told when its listeners change.
type listenerWatcher interface{ listenersChanged() }

type listener struct {
	name          string
	callback      *goja.Object  // nil for an event handler attribute
	handler       *eventHandler // nil for any other
	capture, once bool
	passive       bool
	removed       bool
	unwatch       func() // takes the removal off the signal option
}

// eventHandler is an event handler attribute (HTML §8.1.8.1): its listener
// keeps its place in the order when the value changes.
type eventHandler struct {
	value    *goja.Object
	listener *listener
}

func (e *Env) targetOf(v goja.Value) *eventTarget {
	if h, ok := e.iso.HostValue(v).(eventTargetHost); ok {
		return h.target()
	}
	return nil
}

func (e *Env) thisTarget(v goja.Value) *eventTarget {
	t := e.targetOf(v)
	if t == nil {
		panic(e.illegal())
	}
	return t
}

// changed tells the owner of the target that its listeners changed.
func (e *Env) changed(target goja.Value) {
	if w, ok := e.iso.HostValue(target).(listenerWatcher); ok {
		w.listenersChanged()
	}
}

// listens reports whether an event of that name would be heard, so that the
// host need not make one otherwise.
func (t *eventTarget) listens(name string) bool {
	return slices.ContainsFunc(t.listeners, func(l *listener) bool { return l.name == name })
}

func (t *eventTarget) find(name string, callback *goja.Object, capture bool) int {
	return slices.IndexFunc(t.listeners, func(l *listener) bool {
		return l.callback == callback && l.capture == capture && l.name == name
	})
}

func (t *eventTarget) remove(l *listener) {
	l.removed = true
	if l.unwatch != nil {
		l.unwatch()
	}
	if i := slices.Index(t.listeners, l); i >= 0 {
		// A dispatch may be walking over the old slice.
		t.listeners = append(slices.Clone(t.listeners[:i]), t.listeners[i+1:]...)
	}
}

// callbackOf converts an EventListener? argument.
func (e *Env) callbackOf(v goja.Value, method string) *goja.Object {
	if goja.IsNull(v) || goja.IsUndefined(v) {
		return nil
	}
	o, ok := v.(*goja.Object)
	if !ok {
		panic(e.iso.TypeError("Failed to execute '%s' on 'EventTarget': parameter 2 is not of type 'Object'", method))
	}
	return o
}

func (e *Env) eventTargetClass() *js.Class {
	return class(&e.events.eventTarget, func() *js.Class {
		c := e.iso.Class("EventTarget", 0, nil, func(goja.ConstructorCall) any { return &eventTarget{} })
		c.Method("addEventListener", 2, func(c goja.FunctionCall) goja.Value {
			t := e.thisTarget(c.This)
			e.need(c.Arguments, 2, "addEventListener", "EventTarget")
			l := &listener{name: e.domString(c.Argument(0)).String()}
			l.callback = e.callbackOf(c.Argument(1), "addEventListener")
			var signal *Signal
			if o, ok := c.Argument(2).(*goja.Object); ok {
				l.capture, l.once, l.passive = flag(o, "capture"), flag(o, "once"), flag(o, "passive")
				if v, ok := member(o, "signal"); ok {
					if signal, ok = e.SignalOf(v); !ok {
						panic(e.iso.TypeError("Failed to execute 'addEventListener' on 'EventTarget': member signal is not of type 'AbortSignal'"))
					}
				}
			} else {
				l.capture = c.Argument(2).ToBoolean()
			}
			if l.callback == nil || signal != nil && signal.Aborted() || t.find(l.name, l.callback, l.capture) >= 0 {
				return goja.Undefined()
			}
			t.listeners = append(t.listeners[:len(t.listeners):len(t.listeners)], l)
			target := c.This
			if signal != nil {
				l.unwatch = signal.OnAbort(func() {
					t.remove(l)
					e.changed(target)
				})
			}
			e.changed(target)
			return goja.Undefined()
		})
		c.Method("removeEventListener", 2, func(c goja.FunctionCall) goja.Value {
			t := e.thisTarget(c.This)
			e.need(c.Arguments, 2, "removeEventListener", "EventTarget")
			name := e.domString(c.Argument(0)).String()
			callback := e.callbackOf(c.Argument(1), "removeEventListener")
			var capture bool
			if o, ok := c.Argument(2).(*goja.Object); ok {
				capture = flag(o, "capture")
			} else {
				capture = c.Argument(2).ToBoolean()
			}
			if callback == nil {
				return goja.Undefined()
			}
			if i := t.find(name, callback, capture); i >= 0 {
				t.remove(t.listeners[i])
				e.changed(c.This)
			}
			return goja.Undefined()
		})
		c.Method("dispatchEvent", 1, func(c goja.FunctionCall) goja.Value {
			e.thisTarget(c.This)
			e.need(c.Arguments, 1, "dispatchEvent", "EventTarget")
			ev := e.eventOf(c.Argument(0))
			if ev == nil {
				panic(e.iso.TypeError("Failed to execute 'dispatchEvent' on 'EventTarget': parameter 1 is not of type 'Event'"))
			}
			if ev.dispatching || !ev.initialized {
				panic(e.domException("InvalidStateError", "The event is already being dispatched"))
			}
			ev.trusted = false
			return e.rt.ToValue(e.dispatch(c.This.(*goja.Object), c.Argument(0).(*goja.Object)))
		})
		return c
	})
}

// dispatch is the dispatch algorithm (DOM §2.9) for a target without parents.
// It returns false when the event was canceled.
func (e *Env) dispatch(target, o *goja.Object) bool {
	ev, t := e.eventOf(o), e.targetOf(target)
	ev.dispatching = true
	ev.target, ev.current = target, target
	ev.phase = 2 // AT_TARGET, in the capturing walk too
	for _, capture := range []bool{true, false} {
		if !ev.stop {
			e.invoke(t, ev, o, target, capture)
		}
	}
	ev.phase, ev.current = 0, nil
	ev.dispatching, ev.stop, ev.stopImmediate = false, false, false
	return !ev.canceled
}

// invoke is the inner invoke algorithm (DOM §2.9).
func (e *Env) invoke(t *eventTarget, ev *event, o, target *goja.Object, capture bool) {
	for _, l := range t.listeners {
		if l.removed || l.name != ev.name || l.capture != capture {
			continue
		}
		if l.once {
			t.remove(l)
			e.changed(target)
		}
		ev.inPassiveListener = l.passive
		e.iso.Contain(func() { e.callListener(l, ev, o, target) })
		ev.inPassiveListener = false
		if ev.stopImmediate {
			return
		}
	}
}

func (e *Env) callListener(l *listener, ev *event, o, target *goja.Object) {
	if l.handler != nil {
		fn, ok := goja.AssertFunction(l.handler.value)
		if !ok {
			return
		}
		v, err := fn(target, o)
		if err != nil {
			panic(err)
		}
		// HTML §8.1.8.1, "the event handler processing algorithm": a handler
		// cancels by returning false.
		if v.StrictEquals(e.rt.ToValue(false)) {
			ev.cancel()
		}
		return
	}
	this := goja.Value(target)
	fn, ok := goja.AssertFunction(l.callback)
	if !ok {
		if fn, ok = goja.AssertFunction(l.callback.Get("handleEvent")); !ok {
			panic(e.iso.TypeError("EventListener has no handleEvent method"))
		}
		this = l.callback
	}
	if _, err := fn(this, o); err != nil {
		panic(err)
	}
}

// eventHandler defines the event handler attribute of an event on a class:
// onabort for "abort".
func (e *Env) eventHandler(c *js.Class, name string) {
	c.Accessor("on"+name,
		func(c goja.FunctionCall) goja.Value {
			if h := e.thisTarget(c.This).handlers[name]; h != nil && h.value != nil {
				return h.value
			}
			return goja.Null()
		},
		func(c goja.FunctionCall) goja.Value {
			t := e.thisTarget(c.This)
			h := t.handlers[name]
			fn, _ := c.Argument(0).(*goja.Object) // [LegacyTreatNonObjectAsNull]
			switch {
			case h == nil && fn == nil:
				return goja.Undefined()
			case h == nil:
				h = &eventHandler{}
				if t.handlers == nil {
					t.handlers = map[string]*eventHandler{}
				}
				t.handlers[name] = h
			}
			h.value = fn
			switch {
			case fn == nil && h.listener != nil:
				t.remove(h.listener)
				h.listener = nil
			case fn != nil && h.listener == nil:
				h.listener = &listener{name: name, handler: h}
				t.listeners = append(t.listeners[:len(t.listeners):len(t.listeners)], h.listener)
			}
			e.changed(c.This)
			return goja.Undefined()
		})
}

// inspectFields shows what Node shows of an event.
func (ev *event) inspectFields(e *Env) []inspectField {
	return []inspectField{
		{name: "type", value: ev.typ},
		{name: "defaultPrevented", value: e.rt.ToValue(ev.canceled)},
		{name: "cancelable", value: e.rt.ToValue(ev.cancelable)},
		{name: "timeStamp", value: e.rt.ToValue(ev.timeStamp)},
	}
}

func (t *eventTarget) inspectFields(*Env) []inspectField { return nil }
