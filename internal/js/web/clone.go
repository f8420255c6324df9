package web

import (
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// Structured clone (HTML §2.7): StructuredSerializeWithTransfer and
// StructuredDeserializeWithTransfer in one walk, because both ends are the same
// isolate.

func installClone(e *Env) {
	e.iso.LazyFunc("structuredClone", 1, func(c goja.FunctionCall) goja.Value {
		e.specify(c, "value")
		var transfer []goja.Value
		if o := e.dictionary(c.Argument(1), "StructuredSerializeOptions"); o != nil {
			if v, ok := member(o, "transfer"); ok {
				if _, isObject := v.(*goja.Object); !isObject {
					panic(e.argType("options.transfer", "an iterable object", v))
				}
				e.rt.ForOf(v, func(v goja.Value) bool { transfer = append(transfer, v); return true })
			}
		}
		return e.StructuredClone(c.Argument(0), transfer)
	})
}

// serializable is a value carried by a host object that can be cloned.
type serializable interface {
	clone(e *Env) *goja.Object
}

// transferable is a value carried by a host object that can change hands. take
// ends the old object's use of it and returns the new object.
type transferable interface {
	take(e *Env) *goja.Object
	taken() bool // it was transferred before
}

// maxCloneDepth bounds the recursion, as the stack does in other engines.
const maxCloneDepth = 10_000

// StructuredClone returns a deep copy of v; the objects in transfer are moved
// in place of being copied. It throws a DataCloneError, and what getters throw.
func (e *Env) StructuredClone(v goja.Value, transfer []goja.Value) goja.Value {
	c := cloner{e: e, memory: map[*goja.Object]*goja.Object{}}
	var detach []goja.ArrayBuffer
	var taken []*goja.Object
	var streams []streamTransfer
	for _, t := range transfer {
		o, ok := t.(*goja.Object)
		if !ok {
			panic(e.domException("DataCloneError", "Value not transferable"))
		}
		if c.memory[o] != nil || slices.Contains(taken, o) {
			panic(e.domException("DataCloneError", "Transfer list contains duplicate "+c.className(o)))
		}
		if h, ok := e.iso.HostValue(o).(transferable); ok {
			if h.taken() {
				panic(e.domException("DataCloneError", c.className(o)+" was transferred already"))
			}
			taken = append(taken, o)
			continue
		}
		if t, ok := e.transferStream(o); ok {
			c.memory[o] = t.object
			streams = append(streams, t)
			continue
		}
		if !e.isArrayBuffer(o) {
			panic(e.domException("DataCloneError", "Value not transferable"))
		}
		b := o.Export().(goja.ArrayBuffer)
		if b.Detached() {
			panic(e.domException("DataCloneError", "An ArrayBuffer is detached and could not be cloned."))
		}
		// Both share the bytes until the walk has succeeded.
		c.memory[o] = e.arrayBuffer(b.Bytes()).(*goja.Object)
		detach = append(detach, b)
	}
	c.taken = taken
	out := c.value(v, 0)
	for _, b := range detach {
		b.Detach() // a getter may have detached it: no error, the bytes are moved
	}
	for _, t := range streams {
		t.finish(e)
	}
	for _, o := range taken {
		if c.memory[o] == nil { // listed, but no part of the value
			e.iso.HostValue(o).(transferable).take(e)
		}
	}
	return out
}

type cloner struct {
	e      *Env
	memory map[*goja.Object]*goja.Object
	taken  []*goja.Object // host objects to be transferred
}

// fail throws the DataCloneError that a value cannot be cloned.
func (c *cloner) fail(v goja.Value) {
	text := ""
	switch o := v.(type) {
	case *goja.Symbol:
		text = symbolText(o)
	case *goja.Object:
		if _, ok := goja.AssertFunction(o); ok && o.ExportType() != typeProxy {
			text = c.e.call(c.e.intrinsics().functionText, o).String()
		} else {
			text = "#<" + c.className(o) + ">"
		}
	}
	panic(c.e.domException("DataCloneError", text+" could not be cloned."))
}

func (c *cloner) className(o *goja.Object) string {
	in := &inspector{e: c.e, in: c.e.intrinsics(), InspectOptions: InspectDefaults()}
	if o.ExportType() == typeProxy {
		return "Object"
	}
	name, _, _ := strings.Cut(in.constructorName(o, 0), " ")
	if name == nullProto {
		return "Object"
	}
	return name
}

func (c *cloner) value(v goja.Value, depth int) goja.Value {
	o, ok := v.(*goja.Object)
	if !ok {
		if _, symbol := v.(*goja.Symbol); symbol {
			c.fail(v)
		}
		return orUndefined(v)
	}
	if done := c.memory[o]; done != nil {
		return done
	}
	if depth > maxCloneDepth {
		panic(c.e.iso.RangeError("Maximum call stack size exceeded"))
	}
	return c.object(o, depth+1)
}

func (c *cloner) object(o *goja.Object, depth int) *goja.Object {
	e := c.e
	in := e.intrinsics()
	k := e.kindOf(o)
	switch k {
	case kindBoxed:
		v, name := e.unbox(o)
		if name == "Symbol" {
			c.fail(o)
		}
		return c.keep(o, v.ToObject(e.rt))
	case kindDate:
		return c.keep(o, c.construct("Date", e.call(in.dateTime, o)))
	case kindRegExp:
		source, flags := e.regexp(o)
		return c.keep(o, c.construct("RegExp", source, e.rt.ToValue(flags)))
	case kindArrayBuffer:
		if o.Export().(goja.ArrayBuffer).Detached() {
			panic(e.domException("DataCloneError", "An ArrayBuffer is detached and could not be cloned."))
		}
		b, _ := e.bytesCopy(o)
		return c.keep(o, e.arrayBuffer(b).(*goja.Object))
	case kindTypedArray:
		class, buffer, offset, length := e.typedView(o)
		buf := c.value(buffer, depth)
		return c.keep(o, c.construct(class, buf, e.rt.ToValue(offset), e.rt.ToValue(length)))
	case kindDataView:
		buffer := e.call(in.viewBuffer, o)
		copied := c.value(buffer, depth) // throws for a detached buffer, whose view has no length
		return c.keep(o, c.construct("DataView", copied, e.call(in.viewOffset, o), e.call(in.viewLength, o)))
	case kindMap:
		return c.entries(o, "Map", depth)
	case kindSet:
		return c.entries(o, "Set", depth)
	case kindError:
		return c.error(o, depth)
	case kindArray:
		list := c.keep(o, e.rt.NewArray())
		must(list.Set("length", o.Get("length"))) // there may be holes at the end
		return c.properties(o, list, depth)
	case kindHost:
		h := e.iso.HostValue(o)
		if t, ok := h.(transferable); ok && slices.Contains(c.taken, o) {
			return c.keep(o, t.take(e))
		}
		if s, ok := h.(serializable); ok {
			return c.keep(o, s.clone(e))
		}
	case kindObject:
		if o.Prototype() != in.objectProto && e.isStream(o) {
			c.fail(o)
		}
		if o.ClassName() == "Object" && !c.slotted(o) {
			return c.properties(o, c.keep(o, e.rt.NewObject()), depth)
		}
	}
	c.fail(o)
	return nil
}

// slotted reports whether an object is one of the language that has internal
// slots and no way to be serialised, which the engine does not tell from a
// plain one: iterators, generators, weak references (HTML §2.7.3, step 24).
func (c *cloner) slotted(o *goja.Object) bool {
	in := c.e.intrinsics()
	p := o.Prototype()
	if p == nil || p == in.objectProto {
		return false
	}
	for protos := c.e.slottedProtos(); p != nil; p = p.Prototype() {
		if slices.Contains(protos, p) {
			return true
		}
	}
	return false
}

// slottedProtos are the prototypes of such objects, made when first needed.
func (e *Env) slottedProtos() []*goja.Object {
	if e.slotted == nil {
		v, err := e.rt.RunScript("clone.js", `[[].values(), new Map().values(), new Set().values(), ""[Symbol.iterator](), "".matchAll(/a/g),
			[].values().map((x) => x)].map(Object.getPrototypeOf).concat(Object.getPrototypeOf(function* () {}).prototype, WeakRef.prototype, FinalizationRegistry.prototype)`)
		must(err)
		must(e.rt.ExportTo(v, &e.slotted))
		if o, err := e.iso.Import(js.AsyncGeneratorModule); err == nil {
			e.slotted = append(e.slotted, o)
		}
	}
	return e.slotted
}

func (c *cloner) keep(o, copied *goja.Object) *goja.Object {
	c.memory[o] = copied
	return copied
}

func (c *cloner) construct(class string, args ...goja.Value) *goja.Object {
	o, err := c.e.rt.New(c.e.rt.Get(class), args...)
	must(err)
	return o
}

// properties copies the own enumerable properties with string keys.
func (c *cloner) properties(from, to *goja.Object, depth int) *goja.Object {
	for _, key := range from.Keys() {
		if strings.ContainsRune(key, '\uFFFD') {
			c.exactProperties(from, to, depth)
			break
		}
		v := from.Get(key)
		if v == nil { // a getter before it removed it
			continue
		}
		must(to.DefineDataProperty(key, c.value(v, depth), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
	}
	return to
}

// exactProperties is properties for keys with lone surrogates, which are no Go strings.
func (c *cloner) exactProperties(from, to *goja.Object, depth int) {
	e := c.e
	reflect := e.rt.Get("Reflect").(*goja.Object)
	get, _ := goja.AssertFunction(reflect.Get("get"))
	set, _ := goja.AssertFunction(reflect.Get("set"))
	for _, k := range e.allKeys(from) {
		if _, ok := k.(goja.String); !ok {
			continue
		}
		if p, ok := e.ownProperty(from, k); !ok || !p.enumerable {
			continue
		}
		if k.String() == "__proto__" {
			must(to.DefineDataProperty("__proto__", c.value(from.Get("__proto__"), depth), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
			continue
		}
		e.call(set, reflect, to, k, c.value(e.call(get, reflect, from, k), depth))
	}
}

// entries copies a Map or a Set: the entries are taken before any is cloned,
// since cloning may run getters.
func (c *cloner) entries(o *goja.Object, class string, depth int) *goja.Object {
	e := c.e
	in := e.intrinsics()
	out := c.keep(o, c.construct(class))
	each, add := in.setForEach, in.setAdd
	if class == "Map" {
		each, add = in.mapForEach, in.mapSet
	}
	type entry struct{ key, value goja.Value }
	var list []entry
	e.call(each, o, e.rt.ToValue(func(f goja.FunctionCall) goja.Value {
		list = append(list, entry{f.Argument(1), f.Argument(0)})
		return goja.Undefined()
	}))
	for _, x := range list {
		if class == "Map" {
			k := c.value(x.key, depth)
			e.call(add, out, k, c.value(x.value, depth))
		} else {
			e.call(add, out, c.value(x.value, depth))
		}
	}
	return out
}

// error copies an error: its class when that is a built-in one, message, stack
// and cause.
func (c *cloner) error(o *goja.Object, depth int) *goja.Object {
	e := c.e
	class := "Error"
	switch name := orUndefined(o.Get("name")).String(); name {
	case "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError":
		class = name
	}
	copied := c.keep(o, c.construct(class))
	if s, ok := orUndefined(o.Get("stack")).(goja.String); ok {
		define(copied, "stack", s)
	}
	if p, ok := e.ownProperty(o, e.rt.ToValue("message")); ok && !p.accessor() {
		define(copied, "message", e.domString(orUndefined(p.value)))
	}
	if p, ok := e.ownProperty(o, e.rt.ToValue("cause")); ok && !p.accessor() {
		define(copied, "cause", c.value(p.value, depth))
	}
	return copied
}

// clone makes the copy of an exception, with its stack.
func (d *domException) clone(e *Env) *goja.Object {
	return e.domExceptionClass().New(&domException{name: d.name, message: d.message, frames: d.frames})
}

// clone makes another Blob or File of the same data, which cannot change.
func (b *Blob) clone(e *Env) *goja.Object { return e.NewBlob(b) }
