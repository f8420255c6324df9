package web

import (
	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// CloseEvent (WebSockets §5) and ErrorEvent (HTML §8.1.4.7).

type socketClasses struct {
	closeEvents, errorEvents, sockets, sources, channels *js.Class
}

type closeEvent struct {
	event
	clean  bool
	code   int
	reason string
}

type errorEvent struct {
	event
	message, filename string
	line, column      uint32
	err               goja.Value // nil is undefined
}

func installSockets(e *Env) {
	e.global("CloseEvent", e.closeEventClass)
	e.global("ErrorEvent", e.errorEventClass)
	e.global("WebSocket", e.webSocketClass)
	e.global("EventSource", e.eventSourceClass)
	e.global("BroadcastChannel", e.broadcastChannelClass)
}

func (e *Env) closeEventClass() *js.Class {
	return class(&e.sockets.closeEvents, func() *js.Class {
		c := e.iso.Class("CloseEvent", 1, e.eventClass(), func(call goja.ConstructorCall) any {
			ev := new(closeEvent)
			init := e.initEvent(&ev.event, call.Arguments, "CloseEvent")
			if v, ok := member(init, "code"); ok {
				ev.code = int(uint16(v.ToInteger()))
			}
			if v, ok := member(init, "reason"); ok {
				ev.reason = e.text(v)
			}
			ev.clean = flag(init, "wasClean")
			return ev
		})
		get := func(name string, of func(*closeEvent) any) {
			c.Getter(name, func(call goja.FunctionCall) goja.Value {
				ev, ok := e.iso.HostValue(call.This).(*closeEvent)
				if !ok {
					panic(e.illegal())
				}
				return e.rt.ToValue(of(ev))
			})
		}
		get("wasClean", func(ev *closeEvent) any { return ev.clean })
		get("code", func(ev *closeEvent) any { return ev.code })
		get("reason", func(ev *closeEvent) any { return ev.reason })
		return c
	})
}

func (e *Env) errorEventClass() *js.Class {
	return class(&e.sockets.errorEvents, func() *js.Class {
		c := e.iso.Class("ErrorEvent", 1, e.eventClass(), func(call goja.ConstructorCall) any {
			ev := new(errorEvent)
			init := e.initEvent(&ev.event, call.Arguments, "ErrorEvent")
			if v, ok := member(init, "message"); ok {
				ev.message = e.text(v)
			}
			if v, ok := member(init, "filename"); ok {
				ev.filename = e.text(v)
			}
			if v, ok := member(init, "lineno"); ok {
				ev.line = uint32(v.ToInteger())
			}
			if v, ok := member(init, "colno"); ok {
				ev.column = uint32(v.ToInteger())
			}
			if v, ok := member(init, "error"); ok {
				ev.err = v
			}
			return ev
		})
		get := func(name string, of func(*errorEvent) any) {
			c.Getter(name, func(call goja.FunctionCall) goja.Value {
				ev, ok := e.iso.HostValue(call.This).(*errorEvent)
				if !ok {
					panic(e.illegal())
				}
				return e.rt.ToValue(of(ev))
			})
		}
		get("message", func(ev *errorEvent) any { return ev.message })
		get("filename", func(ev *errorEvent) any { return ev.filename })
		get("lineno", func(ev *errorEvent) any { return ev.line })
		get("colno", func(ev *errorEvent) any { return ev.column })
		get("error", func(ev *errorEvent) any { return orUndefined(ev.err) })
		return c
	})
}

// fireError dispatches an error event that says why, as Node's clients do; the
// standards have a plain Event.
func (e *Env) fireError(target *goja.Object, err error) {
	ev := &errorEvent{}
	if err != nil {
		ev.message = err.Error()
		ev.err = e.iso.NewError("Error", ev.message)
	}
	e.dispatch(target, e.newEvent(e.errorEventClass(), "error", ev))
}
