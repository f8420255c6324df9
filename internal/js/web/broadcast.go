package web

import (
	"math/big"
	"slices"
	"sync"
	"unicode/utf16"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// BroadcastChannel (HTML §9.5) among all isolates of a site. A message is
// cloned when it is posted, so that what cannot be is thrown there, then packed
// in a form that belongs to no isolate, and unpacked by each receiver.

// broadcastHub knows the open channels of a site.
type broadcastHub struct {
	mu       sync.Mutex
	channels map[string][]*broadcastChannel // by name, in the order of their making
}

type broadcastChannel struct {
	eventTarget
	e      *Env
	object *goja.Object
	frame  *js.Frame
	name   string
	closed bool // on the isolate
}

func (b *broadcastChannel) Constructed(o *goja.Object) { b.object = o }

func (e *Env) broadcastChannelClass() *js.Class {
	return class(&e.sockets.channels, func() *js.Class {
		c := e.iso.Class("BroadcastChannel", 1, e.eventTargetClass(), func(call goja.ConstructorCall) any {
			e.need(call.Arguments, 1, "", "BroadcastChannel")
			b := &broadcastChannel{e: e, name: e.domString(call.Argument(0)).String(), frame: e.iso.Current()}
			h := &e.opts.Client.broadcasts
			h.mu.Lock()
			defer h.mu.Unlock()
			if h.channels == nil {
				h.channels = map[string][]*broadcastChannel{}
			}
			h.channels[b.name] = append(h.channels[b.name], b)
			return b
		})
		self := func(v goja.Value) *broadcastChannel {
			b, ok := js.Host[broadcastChannel](e.iso, v)
			if !ok {
				panic(e.illegal())
			}
			return b
		}
		c.Getter("name", func(call goja.FunctionCall) goja.Value { return e.rt.ToValue(self(call.This).name) })
		c.Method("postMessage", 1, func(call goja.FunctionCall) goja.Value {
			b := self(call.This)
			e.need(call.Arguments, 1, "postMessage", "BroadcastChannel")
			if b.closed {
				panic(e.domException("InvalidStateError", "BroadcastChannel is closed."))
			}
			b.post(call.Argument(0))
			return goja.Undefined()
		})
		c.Method("close", 0, func(call goja.FunctionCall) goja.Value {
			b := self(call.This)
			b.closed = true
			e.opts.Client.broadcasts.drop(b)
			return goja.Undefined()
		})
		// Node's: whether a channel keeps the process running, which none does here.
		for _, name := range []string{"ref", "unref"} {
			c.Method(name, 0, func(call goja.FunctionCall) goja.Value { return self(call.This).object })
		}
		for _, name := range []string{"message", "messageerror"} {
			e.eventHandler(c, name)
		}
		return c
	})
}

func (h *broadcastHub) drop(b *broadcastChannel) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if list := slices.DeleteFunc(slices.Clone(h.channels[b.name]), func(o *broadcastChannel) bool { return o == b }); len(list) > 0 {
		h.channels[b.name] = list
	} else {
		delete(h.channels, b.name)
	}
}

// post is the postMessage steps. The others hear of it each in a task of its own.
func (b *broadcastChannel) post(v goja.Value) {
	e := b.e
	p := packer{e: e, seen: map[*goja.Object]int{}}
	root := p.value(e.StructuredClone(v, nil))
	h := &e.opts.Client.broadcasts
	h.mu.Lock()
	others := slices.Clone(h.channels[b.name])
	h.mu.Unlock()
	for _, o := range others {
		if o == b {
			continue
		}
		select {
		case <-o.e.iso.Done():
			h.drop(o) // its isolate is gone, and it with that
			continue
		default:
		}
		// A goroutine, since an isolate that is idle would run it here, inside of
		// the job that posts.
		deliver := func() { o.deliver(p.nodes, root) }
		if o.e == e {
			e.iso.Post(o.frame, deliver)
		} else {
			go o.e.iso.Post(o.frame, deliver)
		}
	}
}

func (b *broadcastChannel) deliver(nodes []packedNode, root packed) {
	if b.closed || !b.listens("message") {
		return
	}
	u := unpacker{e: b.e, nodes: nodes, made: make([]*goja.Object, len(nodes))}
	ev := &messageEvent{data: u.value(root)}
	b.e.dispatch(b.object, b.e.newEvent(b.e.messageEventClass(), "message", ev))
}

// packed is a value of no isolate: undefined (nil), null (packedNull), a bool,
// an int64, a float64, a *big.Int, a string in UTF-16, or a packedRef.
type packed any

type (
	packedNull struct{}
	packedRef  int // an index of nodes
)

type packedNode struct {
	kind         kind
	class        string
	value        packed // what a box, date or regexp holds; an error's cause; a view's buffer
	more         packed // a regexp's flags
	bytes        []byte
	host         any
	offset, size int64
	keys         []packed // of a Map or Set, or names
	values       []packed
	names        []string
}

type packer struct {
	e     *Env
	seen  map[*goja.Object]int
	nodes []packedNode
}

// value packs what StructuredClone has made: there are no getters in it, and
// nothing that cannot be packed.
func (p *packer) value(v goja.Value) packed {
	switch x := v.(type) {
	case *goja.Object:
		if i, ok := p.seen[x]; ok {
			return packedRef(i)
		}
		i := len(p.nodes)
		p.seen[x] = i
		p.nodes = append(p.nodes, packedNode{})
		n := p.object(x)
		p.nodes[i] = n
		return packedRef(i)
	case goja.String:
		u := make([]uint16, x.Length())
		for i := range u {
			u[i] = x.CharAt(i)
		}
		return u
	case nil:
		return nil
	}
	switch {
	case goja.IsUndefined(v):
		return nil
	case goja.IsNull(v):
		return packedNull{}
	}
	if n, ok := v.Export().(*big.Int); ok {
		return new(big.Int).Set(n)
	}
	return v.Export() // a bool, an int64 or a float64
}

func (p *packer) properties(n *packedNode, o *goja.Object) {
	for _, k := range o.Keys() {
		n.names = append(n.names, k)
		n.values = append(n.values, p.value(o.Get(k)))
	}
}

func (p *packer) object(o *goja.Object) packedNode {
	e := p.e
	in := e.intrinsics()
	n := packedNode{kind: e.kindOf(o)}
	switch n.kind {
	case kindBoxed:
		v, _ := e.unbox(o)
		n.value = p.value(v)
	case kindDate:
		n.value = p.value(e.call(in.dateTime, o))
	case kindRegExp:
		source, flags := e.regexp(o)
		n.value, n.class = p.value(source), flags
	case kindArrayBuffer:
		n.bytes, _ = e.bytesCopy(o)
	case kindTypedArray:
		class, buffer, offset, length := e.typedView(o)
		n.class, n.value = class, p.value(buffer)
		n.offset, n.size = int64(offset), int64(length)
	case kindDataView:
		n.value = p.value(e.call(in.viewBuffer, o))
		n.offset, n.size = e.call(in.viewOffset, o).ToInteger(), e.call(in.viewLength, o).ToInteger()
	case kindMap, kindSet:
		each := in.setForEach
		if n.kind == kindMap {
			each = in.mapForEach
		}
		e.call(each, o, e.rt.ToValue(func(f goja.FunctionCall) goja.Value {
			n.keys = append(n.keys, p.value(f.Argument(1)))
			n.values = append(n.values, p.value(f.Argument(0)))
			return goja.Undefined()
		}))
	case kindError:
		n.class = o.Get("name").String()
		for _, k := range []string{"message", "stack", "cause"} {
			if pr, ok := e.ownProperty(o, e.rt.ToValue(k)); ok && !pr.accessor() {
				n.names = append(n.names, k)
				n.values = append(n.values, p.value(orUndefined(pr.value)))
			}
		}
	case kindArray:
		n.size = o.Get("length").ToInteger()
		p.properties(&n, o)
	case kindHost:
		switch h := e.iso.HostValue(o).(type) {
		case *Blob:
			n.host = h // it never changes
		case *domException:
			n.value, n.more = p.value(h.name), p.value(h.message)
		default:
			panic(e.domException("DataCloneError", "#<"+(&cloner{e: e}).className(o)+"> could not be cloned."))
		}
	default:
		p.properties(&n, o)
	}
	return n
}

type unpacker struct {
	e     *Env
	nodes []packedNode
	made  []*goja.Object
}

func (u *unpacker) value(v packed) goja.Value {
	switch x := v.(type) {
	case nil:
		return goja.Undefined()
	case packedNull:
		return goja.Null()
	case []uint16:
		for _, c := range x {
			if c >= 0x80 {
				return goja.StringFromUTF16(x)
			}
		}
		return u.e.rt.ToValue(string(utf16.Decode(x)))
	case *big.Int:
		return u.e.rt.ToValue(new(big.Int).Set(x))
	case packedRef:
		if u.made[x] == nil {
			u.object(int(x))
		}
		return u.made[x]
	}
	return u.e.rt.ToValue(v)
}

func (u *unpacker) object(i int) {
	e, n := u.e, &u.nodes[i]
	in := e.intrinsics()
	c := cloner{e: e}
	keep := func(o *goja.Object) *goja.Object { u.made[i] = o; return o }
	properties := func(o *goja.Object) {
		for j, k := range n.names {
			must(o.DefineDataProperty(k, u.value(n.values[j]), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
		}
	}
	switch n.kind {
	case kindBoxed:
		keep(u.value(n.value).ToObject(e.rt))
	case kindDate:
		keep(c.construct("Date", u.value(n.value)))
	case kindRegExp:
		keep(c.construct("RegExp", u.value(n.value), e.rt.ToValue(n.class)))
	case kindArrayBuffer:
		keep(e.arrayBuffer(slices.Clone(n.bytes)).(*goja.Object))
	case kindTypedArray:
		keep(c.construct(n.class, u.value(n.value), e.rt.ToValue(n.offset), e.rt.ToValue(n.size)))
	case kindDataView:
		keep(c.construct("DataView", u.value(n.value), e.rt.ToValue(n.offset), e.rt.ToValue(n.size)))
	case kindMap:
		o := keep(c.construct("Map"))
		for j := range n.keys {
			e.call(in.mapSet, o, u.value(n.keys[j]), u.value(n.values[j]))
		}
	case kindSet:
		o := keep(c.construct("Set"))
		for _, v := range n.values {
			e.call(in.setAdd, o, u.value(v))
		}
	case kindError:
		o := keep(c.construct(n.class))
		for j, k := range n.names {
			define(o, k, u.value(n.values[j]))
		}
	case kindArray:
		o := keep(e.rt.NewArray())
		must(o.Set("length", n.size))
		properties(o)
	case kindHost:
		if b, ok := n.host.(*Blob); ok {
			keep(e.NewBlob(b))
		} else {
			keep(e.domExceptionClass().New(&domException{name: u.value(n.value), message: u.value(n.more), frames: e.frames()}))
		}
	default:
		properties(keep(e.rt.NewObject()))
	}
}

func (b *broadcastChannel) inspectFields(e *Env) []inspectField {
	return []inspectField{{name: "name", value: e.rt.ToValue(b.name)}, {name: "active", value: e.rt.ToValue(!b.closed)}}
}
