package js

import (
	_ "embed"
	"encoding/binary"
	"math/big"
	"strconv"
	"sync"

	"github.com/dop251/goja"
)

//go:embed es_float16.js
var esFloat16Source string

var esFloat16Program = sync.OnceValue(func() *Program { return MustCompile("es_float16.js", esFloat16Source) })

// Float16 is what a Float16Array views. The engine's typed arrays are a closed
// list, so that the object is a proxy whose target carries this; no script can
// reach the target.
type Float16 struct {
	Buffer *goja.Object // the ArrayBuffer
	Offset int          // in bytes
	Length int          // in elements

	data  goja.ArrayBuffer
	proxy *goja.Object
}

// Detached reports whether the buffer was transferred.
func (f *Float16) Detached() bool { return f.data.Detached() }

// Bytes are the elements' bytes, good until a script runs again; a detached
// buffer has none.
func (f *Float16) Bytes() []byte {
	if f.data.Detached() {
		return nil
	}
	return f.data.Bytes()[f.Offset : f.Offset+2*f.Length]
}

// at is the place of an element, or nil for what is no valid index
// (ECMA-262 IsValidIntegerIndex).
func (f *Float16) at(i int) []byte {
	if i < 0 || i >= f.Length || f.data.Detached() {
		return nil
	}
	return f.data.Bytes()[f.Offset+2*i:]
}

// Float16 returns what v views when it is a Float16Array.
func (iso *Isolate) Float16(v goja.Value) (*Float16, bool) {
	if !iso.es.float16 {
		return nil, false
	}
	o, ok := v.(*goja.Object)
	if !ok || o.ExportType() != typeProxy {
		return nil, false
	}
	p, ok := o.Export().(goja.Proxy)
	if !ok || p.Target() == nil {
		return nil, false
	}
	return Host[Float16](iso, p.Target())
}

// toNumber16 is ToNumber, which refuses a BigInt.
func (iso *Isolate) toNumber16(v goja.Value) float64 {
	n := v.ToNumber()
	if _, ok := n.Export().(*big.Int); ok {
		panic(iso.TypeError("Cannot convert a BigInt value to a number"))
	}
	return n.ToFloat()
}

// newFloat16 makes the integer-indexed exotic object (ECMA-262 §10.4.5).
func (iso *Isolate) newFloat16(proto *goja.Object, f *Float16, ownKeys goja.Callable) *goja.Object {
	rt := iso.rt
	get := func(i int) goja.Value {
		b := f.at(i)
		if b == nil {
			return goja.Undefined()
		}
		return rt.ToValue(float16(binary.NativeEndian.Uint16(b)))
	}
	set := func(i int, v goja.Value) {
		bits := toFloat16(iso.toNumber16(v)) // may run a script, which may detach
		if b := f.at(i); b != nil {
			binary.NativeEndian.PutUint16(b, bits)
		}
	}
	p := rt.NewProxy(iso.eng.newHost(proto, f), &goja.ProxyTrapConfig{
		PreventExtensions: func(*goja.Object) bool { return false }, // a proxy could not go on showing elements
		GetOwnPropertyDescriptorIdx: func(_ *goja.Object, i int) (d goja.PropertyDescriptor) {
			if f.at(i) != nil {
				d = goja.PropertyDescriptor{Value: get(i), Writable: goja.FLAG_TRUE, Enumerable: goja.FLAG_TRUE, Configurable: goja.FLAG_TRUE}
			}
			return d
		},
		DefinePropertyIdx: func(_ *goja.Object, i int, d goja.PropertyDescriptor) bool {
			if f.at(i) == nil || d.Configurable == goja.FLAG_FALSE || d.Enumerable == goja.FLAG_FALSE || d.Writable == goja.FLAG_FALSE || d.Getter != nil || d.Setter != nil {
				return false
			}
			if d.Value != nil {
				set(i, d.Value)
			}
			return true
		},
		HasIdx: func(_ *goja.Object, i int) bool { return f.at(i) != nil },
		GetIdx: func(_ *goja.Object, i int, _ goja.Value) goja.Value { return get(i) },
		SetIdx: func(_ *goja.Object, i int, v, receiver goja.Value) bool {
			to, ok := receiver.(*goja.Object)
			switch {
			case ok && to == f.proxy:
				set(i, v)
			case f.at(i) == nil: // nothing to do, says TypedArray's [[Set]]
			case ok:
				return to.DefineDataProperty(strconv.Itoa(i), v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE) == nil
			default:
				return false
			}
			return true
		},
		DeletePropertyIdx: func(_ *goja.Object, i int) bool { return f.at(i) == nil },
		OwnKeys: func(target *goja.Object) *goja.Object {
			var keys []any
			if !f.Detached() {
				for i := range f.Length {
					keys = append(keys, rt.ToValue(strconv.Itoa(i)))
				}
			}
			own, err := ownKeys(goja.Undefined(), target)
			must(err)
			list := own.(*goja.Object)
			for i := range int(list.Get("length").ToInteger()) {
				keys = append(keys, list.Get(strconv.Itoa(i)))
			}
			return rt.NewArray(keys...)
		},
	})
	f.proxy = rt.ToValue(p).(*goja.Object)
	return f.proxy
}

// installFloat16 defines Float16Array. It needs the engine's internals: without
// them %TypedArray%'s functions could not be taught the new kind, and the global
// does not exist.
func (iso *Isolate) installFloat16() {
	if iso.rt.Get("Float16Array") != nil || iso.opts.fallback || !iso.eng.has(TrickHost) {
		return
	}
	iso.Lazy("Float16Array", iso.float16Array)
}

func (iso *Isolate) float16Array() goja.Value {
	rt := iso.rt
	typed := rt.Get("Uint8Array").(*goja.Object).Prototype().Get("prototype").(*goja.Object)
	function := func(o *goja.Object, name string) goja.Callable {
		f, _ := goja.AssertFunction(o.Get(name))
		return f
	}
	reflect := rt.Get("Reflect").(*goja.Object)
	ownKeys := function(reflect, "ownKeys")
	descriptor := function(reflect, "getOwnPropertyDescriptor")
	getter := func(o *goja.Object, key goja.Value) *goja.Object {
		d, err := descriptor(goja.Undefined(), o, key)
		must(err)
		return d.(*goja.Object).Get("get").(*goja.Object)
	}
	asCallable := func(o *goja.Object) goja.Callable { f, _ := goja.AssertFunction(o); return f }
	tag := asCallable(getter(typed, goja.SymToStringTag))
	length := asCallable(getter(typed, rt.ToValue("length")))
	buffer := asCallable(getter(typed, rt.ToValue("buffer")))
	call := func(f goja.Callable, this goja.Value) goja.Value {
		v, err := f(this)
		if err != nil {
			panic(err)
		}
		return v
	}
	bufferOf := func(v goja.Value) (goja.ArrayBuffer, bool) {
		o, ok := v.(*goja.Object)
		if !ok || !iso.isBuffer(o) || iso.eng.isHost(o) {
			return goja.ArrayBuffer{}, false
		}
		b, ok := o.Export().(goja.ArrayBuffer)
		return b, ok
	}
	object := func(members map[string]any) goja.Value {
		o := rt.CreateObject(nil)
		for k, v := range members {
			must(o.Set(k, v))
		}
		return o
	}

	host := rt.CreateObject(nil)
	must(host.Set("most", maxBuffer))
	must(host.Set("make", func(c goja.FunctionCall) goja.Value {
		b, _ := bufferOf(c.Argument(1))
		f := &Float16{Buffer: c.Argument(1).(*goja.Object), Offset: int(c.Argument(2).ToInteger()), Length: int(c.Argument(3).ToInteger()), data: b}
		return iso.newFloat16(c.Argument(0).(*goja.Object), f, ownKeys)
	}))
	must(host.Set("isBuffer", func(c goja.FunctionCall) goja.Value {
		_, ok := bufferOf(c.Argument(0))
		return rt.ToValue(ok)
	}))
	must(host.Set("size", func(c goja.FunctionCall) goja.Value {
		b, _ := bufferOf(c.Argument(0))
		if b.Detached() {
			panic(iso.TypeError("Cannot perform Construct on a detached ArrayBuffer"))
		}
		return rt.ToValue(len(b.Bytes()))
	}))
	must(host.Set("info", func(c goja.FunctionCall) goja.Value {
		f, ok := iso.Float16(c.Argument(0))
		if !ok {
			return goja.Undefined()
		}
		return object(map[string]any{"buffer": f.Buffer, "offset": f.Offset, "length": f.Length, "detached": f.Detached()})
	}))
	// kind is what a typed array of any kind is, or undefined.
	must(host.Set("kind", func(c goja.FunctionCall) goja.Value {
		v := c.Argument(0)
		if f, ok := iso.Float16(v); ok {
			return object(map[string]any{"length": f.Length, "detached": f.Detached(), "big": false})
		}
		if _, ok := v.(*goja.Object); !ok {
			return goja.Undefined()
		}
		name := call(tag, v)
		if goja.IsUndefined(name) {
			return goja.Undefined()
		}
		b, _ := bufferOf(call(buffer, v))
		n := goja.Value(rt.ToValue(0))
		if !b.Detached() {
			n = call(length, v)
		}
		big := name.String() == "BigInt64Array" || name.String() == "BigUint64Array"
		return object(map[string]any{"length": n, "detached": b.Detached(), "big": big})
	}))
	must(host.Set("copy", func(c goja.FunctionCall) goja.Value {
		to, _ := iso.Float16(c.Argument(0))
		from, _ := iso.Float16(c.Argument(2))
		n := int(c.Argument(4).ToInteger())
		if n > 0 && !to.Detached() && !from.Detached() {
			copy(to.Bytes()[2*c.Argument(1).ToInteger():], from.Bytes()[2*c.Argument(3).ToInteger():][:2*n])
		}
		return goja.Undefined()
	}))
	made := iso.runInternal(esFloat16Program(), host)
	iso.es.float16 = true

	// From here on the engine's functions ask whether this is a Float16Array;
	// nobody pays for it before one is touched.
	teach := func(fn *goja.Object, with func(f *Float16, c goja.FunctionCall) goja.Value) {
		next, ok := iso.eng.callOf(fn)
		if !ok { // a script put its own in place
			return
		}
		iso.eng.setCall(fn, func(c goja.FunctionCall) goja.Value {
			if f, ok := iso.Float16(c.This); ok {
				return with(f, c)
			}
			return next(c)
		})
	}
	run := func(f goja.Callable, args ...goja.Value) goja.Value {
		v, err := iso.Call(f, goja.Undefined(), args...)
		if err != nil {
			panic(err)
		}
		return v
	}
	methods := made.Get("methods").(*goja.Object)
	for _, name := range methods.Keys() {
		do := function(methods, name)
		fn, ok := typed.Get(name).(*goja.Object)
		if !ok {
			continue
		}
		teach(fn, func(_ *Float16, c goja.FunctionCall) goja.Value {
			args := make([]any, len(c.Arguments))
			for i, a := range c.Arguments {
				args[i] = a
			}
			return run(do, c.This, rt.NewArray(args...))
		})
	}
	info := function(host, "info")
	getters := made.Get("getters").(*goja.Object)
	for _, name := range getters.Keys() {
		do := function(getters, name)
		teach(getter(typed, rt.ToValue(name)), func(_ *Float16, c goja.FunctionCall) goja.Value { return run(do, run(info, c.This)) })
	}
	teach(getter(typed, goja.SymToStringTag), func(*Float16, goja.FunctionCall) goja.Value { return rt.ToValue("Float16Array") })
	isView := rt.Get("ArrayBuffer").(*goja.Object).Get("isView").(*goja.Object)
	if next, ok := iso.eng.callOf(isView); ok {
		iso.eng.setCall(isView, func(c goja.FunctionCall) goja.Value {
			if _, ok := iso.Float16(c.Argument(0)); ok {
				return rt.ToValue(true)
			}
			return next(c)
		})
	}
	return made.Get("Float16Array")
}
