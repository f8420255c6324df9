package web

import (
	"reflect"

	"github.com/dop251/goja"
)

// The engine tells kinds of buffers apart by the Go type that they export as.
// Export itself is only called on a kind that is known, because on an ordinary
// object it would run getters.
var typeArrayBuffer = reflect.TypeFor[goja.ArrayBuffer]()

// bufferTypes are the element types of typed arrays. A Clamped array exports as
// a Uint8Array does.
var bufferTypes = map[reflect.Type]bool{
	reflect.TypeFor[[]uint8]():   true,
	reflect.TypeFor[[]int8]():    true,
	reflect.TypeFor[[]uint16]():  true,
	reflect.TypeFor[[]int16]():   true,
	reflect.TypeFor[[]uint32]():  true,
	reflect.TypeFor[[]int32]():   true,
	reflect.TypeFor[[]float32](): true,
	reflect.TypeFor[[]float64](): true,
	reflect.TypeFor[[]int64]():   true,
	reflect.TypeFor[[]uint64]():  true,
}

var typePlainObject = reflect.TypeFor[map[string]any]()

// bufferClasses are the engine's own functions, taken when they are first
// needed, so that a script's later changes to the prototypes do not matter.
type bufferClasses struct {
	uint8Ctor  goja.Value
	isView     goja.Callable
	viewBuffer goja.Callable // get %TypedArray%.prototype.buffer
	dataBuffer goja.Callable // get DataView.prototype.buffer
	viewTag    goja.Callable // get %TypedArray%.prototype[Symbol.toStringTag]
}

func (e *Env) buffers() *bufferClasses {
	c := &e.buffer
	if c.uint8Ctor != nil {
		return c
	}
	rt := e.rt
	ctor := rt.Get("Uint8Array").(*goja.Object)
	isView, _ := goja.AssertFunction(rt.Get("ArrayBuffer").(*goja.Object).Get("isView"))
	object := rt.Get("Object").(*goja.Object)
	descriptor, _ := goja.AssertFunction(object.Get("getOwnPropertyDescriptor"))
	getter := func(proto, name goja.Value) goja.Callable {
		d, err := descriptor(object, proto, name)
		if err != nil {
			panic(err)
		}
		get, ok := goja.AssertFunction(d.(*goja.Object).Get("get"))
		if !ok {
			panic("web: " + name.String() + " is not an accessor")
		}
		return get
	}
	c.isView = isView
	view := ctor.Get("prototype").(*goja.Object).Prototype()
	c.viewBuffer = getter(view, rt.ToValue("buffer"))
	c.viewTag = getter(view, goja.SymToStringTag)
	c.dataBuffer = getter(rt.Get("DataView").(*goja.Object).Get("prototype"), rt.ToValue("buffer"))
	c.uint8Ctor = ctor
	return c
}

// isArrayBuffer reports whether v is an ArrayBuffer; a host object, which the
// engine takes for one, is none.
func (e *Env) isArrayBuffer(v goja.Value) bool {
	o, ok := v.(*goja.Object)
	return ok && o.ExportType() == typeArrayBuffer && e.iso.HostValue(v) == nil
}

// isArrayBufferView reports whether v is a typed array or a DataView.
func (e *Env) isArrayBufferView(v goja.Value) bool {
	o, ok := v.(*goja.Object)
	if !ok {
		return false
	}
	if t := o.ExportType(); !bufferTypes[t] && t != typePlainObject {
		_, ok := e.iso.Float16(o)
		return ok
	}
	is, err := e.buffers().isView(goja.Undefined(), o)
	return err == nil && is.ToBoolean()
}

// viewName is the name of a typed array's class, "Uint8Array" for one, and ""
// for any other value. A subclass does not change it.
func (e *Env) viewName(v goja.Value) string {
	if o, ok := v.(*goja.Object); !ok || !bufferTypes[o.ExportType()] {
		if _, ok := e.iso.Float16(v); ok {
			return "Float16Array"
		}
		return ""
	}
	name, err := e.buffers().viewTag(v)
	if err != nil || goja.IsUndefined(name) {
		return ""
	}
	return name.String()
}

// isProxy reports whether o is a proxy that a script made: a Float16Array is one
// inside.
func (e *Env) isProxy(o *goja.Object) bool {
	if o.ExportType() != typeProxy {
		return false
	}
	_, view := e.iso.Float16(o)
	return !view
}

// typedView is what a typed array views: its class, its ArrayBuffer, the offset
// in bytes and the length in elements.
func (e *Env) typedView(o *goja.Object) (class string, buffer goja.Value, offset, length int) {
	if f, ok := e.iso.Float16(o); ok {
		if f.Detached() {
			return "Float16Array", f.Buffer, 0, 0
		}
		return "Float16Array", f.Buffer, f.Offset, f.Length
	}
	in := e.intrinsics()
	return e.call(in.typedTag, o).String(), e.call(in.typedBuffer, o), int(e.call(in.typedOffset, o).ToInteger()), int(e.call(in.typedLength, o).ToInteger())
}

// bytes returns the bytes of a BufferSource: an ArrayBuffer, typed array or
// DataView. It is false for any other value. The slice is a view: it is good
// until a script runs again, work that outlives the call takes bytesCopy. A
// detached buffer has no bytes.
func (e *Env) bytes(v goja.Value) ([]byte, bool) {
	if e.isArrayBuffer(v) {
		return v.Export().(goja.ArrayBuffer).Bytes(), true
	}
	if f, ok := e.iso.Float16(v); ok {
		return f.Bytes(), true
	}
	if !e.isArrayBufferView(v) {
		return nil, false
	}
	get := e.buffer.dataBuffer
	if bufferTypes[v.ExportType()] {
		get = e.buffer.viewBuffer
	}
	buf, err := get(v)
	if err != nil { // a Go slice that looks like a typed array
		return nil, false
	}
	// The engine does not look whether the buffer is detached before it makes
	// the slice, which would then point anywhere.
	if buf.Export().(goja.ArrayBuffer).Detached() {
		return nil, true
	}
	var b []byte
	if err := e.rt.ExportTo(v, &b); err != nil {
		return nil, false
	}
	return b, true
}

// bytesCopy is bytes, in memory that the caller owns.
func (e *Env) bytesCopy(v goja.Value) ([]byte, bool) {
	b, ok := e.bytes(v)
	if !ok {
		return nil, false
	}
	return append(make([]byte, 0, len(b)), b...), true
}

// BytesOf returns a copy of the bytes of an ArrayBuffer, a typed array or a
// DataView; ok is false for any other value.
func (e *Env) BytesOf(v goja.Value) (b []byte, ok bool) { return e.bytesCopy(v) }

// arrayBuffer makes an ArrayBuffer over b, which then belongs to the script.
func (e *Env) arrayBuffer(b []byte) goja.Value {
	// A capacity beyond the length would be harmless to scripts but would keep
	// memory, and an empty slice could be taken for a host object's handle.
	return e.rt.ToValue(e.rt.NewArrayBuffer(b[:len(b):len(b)]))
}

// uint8Array makes a Uint8Array over b, which then belongs to the script.
func (e *Env) uint8Array(b []byte) goja.Value {
	o, err := e.rt.New(e.buffers().uint8Ctor, e.arrayBuffer(b))
	if err != nil {
		panic(err)
	}
	return o
}
