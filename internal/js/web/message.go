package web

import (
	"slices"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// Channel messaging (HTML §9.4): MessageChannel, MessagePort and MessageEvent.
// Both ports of a channel are on the same isolate. A message is cloned when it
// is posted and arrives in a task of its own.

type messageClasses struct {
	channels, ports, events *js.Class
}

func installMessages(e *Env) {
	e.global("MessageChannel", e.messageChannelClass)
	e.global("MessagePort", e.messagePortClass)
	e.global("MessageEvent", e.messageEventClass)
}

// messagePort is what a MessagePort carries.
type messagePort struct {
	eventTarget
	e       *Env
	object  *goja.Object
	frame   *js.Frame    // the context that the channel was made in, for its listeners
	peer    *messagePort // nil when the channel is closed, or the port was transferred
	queue   []message    // waits until the port is started
	started bool
	shipped *goja.Object     // the port that a transfer put in place of this one
	receive func(goja.Value) // takes the messages of a port that no script holds
}

type message struct {
	data  goja.Value
	ports []*goja.Object
}

type messageChannel struct{ one, two *messagePort }

func (e *Env) newPort(frame *js.Frame) *messagePort {
	p := &messagePort{e: e, frame: frame}
	p.object = e.messagePortClass().New(p)
	return p
}

func (e *Env) messageChannelClass() *js.Class {
	return class(&e.messages.channels, func() *js.Class {
		c := e.iso.Class("MessageChannel", 0, nil, func(goja.ConstructorCall) any {
			f := e.iso.Current()
			ch := &messageChannel{e.newPort(f), e.newPort(f)}
			ch.one.peer, ch.two.peer = ch.two, ch.one
			return ch
		})
		get := func(name string, of func(*messageChannel) *messagePort) {
			c.Getter(name, func(call goja.FunctionCall) goja.Value {
				ch, ok := js.Host[messageChannel](e.iso, call.This)
				if !ok {
					panic(e.illegal())
				}
				return of(ch).object
			})
		}
		get("port1", func(ch *messageChannel) *messagePort { return ch.one })
		get("port2", func(ch *messageChannel) *messagePort { return ch.two })
		return c
	})
}

func (e *Env) messagePortClass() *js.Class {
	return class(&e.messages.ports, func() *js.Class {
		c := e.iso.Class("MessagePort", 0, e.eventTargetClass(), nil)
		method := func(name string, length int, fn func(*messagePort, goja.FunctionCall)) {
			c.Method(name, length, func(call goja.FunctionCall) goja.Value {
				p, ok := js.Host[messagePort](e.iso, call.This)
				if !ok {
					panic(e.illegal())
				}
				fn(p, call)
				return goja.Undefined()
			})
		}
		method("postMessage", 1, func(p *messagePort, call goja.FunctionCall) {
			e.need(call.Arguments, 1, "postMessage", "MessagePort")
			p.post(call.Argument(0), e.transferList(call.Argument(1)))
		})
		method("start", 0, func(p *messagePort, _ goja.FunctionCall) { p.start() })
		method("close", 0, func(p *messagePort, _ goja.FunctionCall) { p.close() })
		// Node's: whether a port keeps the process running, which none does here.
		method("ref", 0, func(*messagePort, goja.FunctionCall) {})
		method("unref", 0, func(*messagePort, goja.FunctionCall) {})
		e.eventHandler(c, "message")
		e.eventHandler(c, "messageerror")
		e.eventHandler(c, "close")
		return c
	})
}

// transferList converts the second argument of postMessage: a sequence, or a
// dictionary with the member transfer.
func (e *Env) transferList(v goja.Value) (list []goja.Value) {
	o := e.dictionary(v, "StructuredSerializeOptions")
	if o == nil {
		return nil
	}
	if it := o.GetSymbol(goja.SymIterator); it == nil || goja.IsUndefined(it) || goja.IsNull(it) {
		t, ok := member(o, "transfer")
		if !ok {
			return nil
		}
		if o, ok = t.(*goja.Object); !ok {
			panic(e.argType("options.transfer", "an iterable object", t))
		}
	}
	e.rt.ForOf(o, func(v goja.Value) bool { list = append(list, v); return true })
	return list
}

// post is the message port post message steps.
func (p *messagePort) post(v goja.Value, transfer []goja.Value) {
	e := p.e
	doomed := false // the message would take its own receiver along
	var ports []*messagePort
	for _, t := range transfer {
		if port, ok := js.Host[messagePort](e.iso, t); ok {
			if port == p {
				panic(e.domException("DataCloneError", "Transfer list contains source port"))
			}
			doomed = doomed || port == p.peer
			ports = append(ports, port)
		}
	}
	to := p.peer
	m := message{data: e.StructuredClone(v, transfer)}
	for _, port := range ports {
		m.ports = append(m.ports, port.shipped)
	}
	if to == nil || doomed {
		return
	}
	to.queue = append(to.queue, m)
	if to.started {
		to.schedule()
	}
}

// start lets the messages that wait arrive, and all later ones.
func (p *messagePort) start() {
	if p.started || p.shipped != nil {
		return
	}
	p.started = true
	for range p.queue {
		p.schedule()
	}
}

// listenersChanged starts the port with its first listener: the standard has it
// for onmessage, Node for any.
func (p *messagePort) listenersChanged() {
	if !p.started && p.listens("message") {
		p.start()
	}
}

// schedule queues a task that delivers one message.
func (p *messagePort) schedule() { p.e.iso.Post(p.frame, p.deliver) }

func (p *messagePort) deliver() {
	if len(p.queue) == 0 { // the port was closed or transferred meanwhile
		return
	}
	m := p.queue[0]
	p.queue = slices.Delete(p.queue, 0, 1)
	if p.receive != nil {
		p.receive(m.data)
		return
	}
	if !p.listens("message") {
		return
	}
	ev := &messageEvent{ports: m.ports}
	if !goja.IsUndefined(m.data) { // which Node shows as null
		ev.data = m.data
	}
	p.e.dispatch(p.object, p.e.newEvent(p.e.messageEventClass(), "message", ev))
}

// close ends the channel. What the other port has been sent still arrives; then
// both hear of the end.
func (p *messagePort) close() {
	other := p.peer
	if other == nil {
		return
	}
	p.queue = nil
	for _, end := range []*messagePort{other, p} {
		end.peer = nil
		end.e.iso.Post(end.frame, func() {
			if end.listens("close") {
				end.e.dispatch(end.object, end.e.newEvent(end.e.eventClass(), "close", new(event)))
			}
		})
	}
}

// take is the transfer steps: a new port takes the old one's place, with the
// messages that wait.
func (p *messagePort) take(e *Env) *goja.Object {
	n := e.newPort(p.frame)
	n.peer, n.queue = p.peer, p.queue
	if n.peer != nil {
		n.peer.peer = n
	}
	p.peer, p.queue, p.shipped = nil, nil, n.object
	return n.object
}

func (p *messagePort) taken() bool { return p.shipped != nil }

// entangle makes the two ports of a transferred stream, as streams/transfer.js
// has them. No script sees them.
func (e *Env) entangle() (one, two *goja.Object) {
	f := e.iso.Current()
	a, b := e.newPort(f), e.newPort(f)
	a.peer, b.peer = b, a
	return a.streamEnd(), b.streamEnd()
}

func (p *messagePort) streamEnd() *goja.Object {
	e := p.e
	end := e.rt.NewObject()
	set(end, "post", e.iso.Func("post", 2, func(c goja.FunctionCall) goja.Value {
		message := e.rt.NewArray(c.Argument(0), c.Argument(1))
		p.post(message, nil)
		return goja.Undefined()
	}))
	set(end, "listen", e.iso.Func("listen", 1, func(c goja.FunctionCall) goja.Value {
		f, _ := goja.AssertFunction(c.Argument(0))
		p.receive = func(m goja.Value) {
			list := m.(*goja.Object)
			if _, err := e.iso.Call(f, goja.Undefined(), list.Get("0"), list.Get("1")); err != nil {
				panic(err)
			}
		}
		p.start()
		return goja.Undefined()
	}))
	set(end, "close", e.iso.Func("close", 0, func(goja.FunctionCall) goja.Value { p.close(); return goja.Undefined() }))
	return end
}

// messageEvent is what a MessageEvent carries.
type messageEvent struct {
	event
	data, origin, lastEventID, source goja.Value // nil is the default
	ports                             []*goja.Object
	list                              *goja.Object // ports as scripts see them, once asked for
}

func (e *Env) messageEventClass() *js.Class {
	return class(&e.messages.events, func() *js.Class {
		c := e.iso.Class("MessageEvent", 1, e.eventClass(), func(call goja.ConstructorCall) any {
			ev := new(messageEvent)
			init := e.initEvent(&ev.event, call.Arguments, "MessageEvent")
			if v, ok := member(init, "data"); ok {
				ev.data = v
			}
			if v, ok := member(init, "lastEventId"); ok {
				ev.lastEventID = e.domString(v)
			}
			if v, ok := member(init, "origin"); ok {
				ev.origin = e.rt.ToValue(e.text(v))
			}
			if v, ok := member(init, "ports"); ok {
				ev.ports = e.portList(v)
			}
			if v, ok := member(init, "source"); ok && !goja.IsNull(v) {
				e.mustBePort(v, "source")
				ev.source = v
			}
			return ev
		})
		self := func(v goja.Value) *messageEvent {
			ev, ok := e.iso.HostValue(v).(*messageEvent)
			if !ok {
				panic(e.illegal())
			}
			return ev
		}
		get := func(name string, of func(*messageEvent) goja.Value) {
			c.Getter(name, func(call goja.FunctionCall) goja.Value { return of(self(call.This)) })
		}
		text := func(v goja.Value) goja.Value {
			if v == nil {
				return e.rt.ToValue("")
			}
			return v
		}
		get("data", func(ev *messageEvent) goja.Value { return orNull(ev.data) })
		get("origin", func(ev *messageEvent) goja.Value { return text(ev.origin) })
		get("lastEventId", func(ev *messageEvent) goja.Value { return text(ev.lastEventID) })
		get("source", func(ev *messageEvent) goja.Value { return orNull(ev.source) })
		get("ports", func(ev *messageEvent) goja.Value {
			if ev.list == nil { // a frozen array, the same at each time
				list := make([]any, len(ev.ports))
				for i, p := range ev.ports {
					list[i] = p
				}
				ev.list = e.rt.NewArray(list...)
				e.call(e.freeze(), goja.Undefined(), ev.list)
			}
			return ev.list
		})
		c.Method("initMessageEvent", 1, func(call goja.FunctionCall) goja.Value {
			ev := self(call.This)
			e.need(call.Arguments, 1, "initMessageEvent", "MessageEvent")
			fresh := messageEvent{data: orNull(call.Argument(3))}
			if v := call.Argument(4); !absent(v) {
				fresh.origin = e.rt.ToValue(e.text(v))
			}
			if v := call.Argument(5); !absent(v) {
				fresh.lastEventID = e.domString(v)
			}
			if v := call.Argument(6); !absent(v) && !goja.IsNull(v) {
				e.mustBePort(v, "source")
				fresh.source = v
			}
			if v := call.Argument(7); !absent(v) {
				fresh.ports = e.portList(v)
			}
			if ev.reinit(call) {
				fresh.event = ev.event
				*ev = fresh
			}
			return goja.Undefined()
		})
		return c
	})
}

func (e *Env) freeze() goja.Callable {
	f, _ := goja.AssertFunction(e.rt.Get("Object").(*goja.Object).Get("freeze"))
	return f
}

func (e *Env) mustBePort(v goja.Value, what string) *goja.Object {
	if _, ok := js.Host[messagePort](e.iso, v); !ok {
		panic(e.iso.TypeError("Expected %s to be an instance of MessagePort", what))
	}
	return v.(*goja.Object)
}

func (e *Env) portList(v goja.Value) (ports []*goja.Object) {
	if _, ok := v.(*goja.Object); !ok {
		panic(e.iso.TypeError("ports is not iterable"))
	}
	e.rt.ForOf(v, func(v goja.Value) bool {
		ports = append(ports, e.mustBePort(v, "ports"))
		return true
	})
	return ports
}

func (ev *messageEvent) inspectFields(e *Env) []inspectField {
	return append(ev.event.inspectFields(e), inspectField{name: "data", value: orNull(ev.data)})
}
