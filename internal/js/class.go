package js

import (
	"github.com/dop251/goja"
	"github.com/dop251/goja/unistring"
)

// Class is a class whose instances carry a Go value: its constructor and
// prototype, made once an isolate.
type Class struct {
	Ctor  *goja.Object
	Proto *goja.Object
	Name  string

	iso    *Isolate
	hidden bool // methods are not enumerable: an ECMAScript class, not a Web IDL interface
}

// Class makes a class. construct returns the Go value that the new instance
// carries, a pointer; nil as construct makes a class that scripts cannot
// construct ("Illegal constructor"). parent may be nil.
func (iso *Isolate) Class(name string, length int, parent *Class, construct func(goja.ConstructorCall) any) *Class {
	rt := iso.rt
	c := &Class{Name: name, iso: iso}
	make := func(call goja.ConstructorCall) *goja.Object {
		if construct == nil {
			panic(rt.NewTypeError("Illegal constructor"))
		}
		proto := c.Proto
		if call.NewTarget != nil && call.NewTarget != c.Ctor {
			if p, ok := call.NewTarget.Get("prototype").(*goja.Object); ok {
				proto = p
			}
		} else if call.NewTarget == nil && call.This != nil {
			if p := call.This.Prototype(); p != nil {
				proto = p
			}
		}
		v := construct(call)
		o := iso.eng.newHost(proto, v)
		if k, ok := v.(interface{ Constructed(*goja.Object) }); ok {
			k.Constructed(o)
		}
		return o
	}
	c.Ctor = rt.ToValue(func(call goja.ConstructorCall) *goja.Object { return make(call) }).(*goja.Object)
	c.Proto = c.Ctor.Get("prototype").(*goja.Object)
	iso.eng.construction(c.Ctor,
		func(args []goja.Value, newTarget *goja.Object) *goja.Object {
			if newTarget == nil {
				newTarget = c.Ctor
			}
			return make(goja.ConstructorCall{Arguments: args, NewTarget: newTarget})
		},
		func(goja.FunctionCall) goja.Value {
			panic(rt.NewTypeError("Class constructor %s cannot be invoked without 'new'", name))
		})
	iso.ctors[c.Ctor] = struct{}{}
	iso.nameFunction(c.Ctor, name, length)
	must(c.Ctor.DefineDataProperty("prototype", c.Proto, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE))
	must(c.Proto.DefineDataPropertySymbol(goja.SymToStringTag, rt.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	if parent != nil {
		must(c.Proto.SetPrototype(parent.Proto))
		must(c.Ctor.SetPrototype(parent.Ctor))
	}
	return c
}

// IsClass reports whether o is the constructor of a class that Class made.
func (iso *Isolate) IsClass(o *goja.Object) bool {
	_, ok := iso.ctors[o]
	return ok
}

func (iso *Isolate) nameFunction(f *goja.Object, name string, length int) {
	must(f.DefineDataProperty("name", iso.rt.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(f.DefineDataProperty("length", iso.rt.ToValue(length), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// Func makes a native function with a name and a length. The arguments that
// fn gets are only good until it returns: it copies what it keeps.
func (iso *Isolate) Func(name string, length int, fn func(goja.FunctionCall) goja.Value) *goja.Object {
	f := iso.rt.ToValue(fn).(*goja.Object)
	iso.nameFunction(f, name, length)
	return f
}

// NoTag takes the class's own Symbol.toStringTag off: an ECMAScript class has
// none, and shows its parent's.
func (c *Class) NoTag() *Class {
	must(c.Proto.DeleteSymbol(goja.SymToStringTag))
	return c
}

func (c *Class) enumerable() goja.Flag {
	return goja.ToFlag(!c.hidden)
}

// Hidden makes the members defined from here on not enumerable, as those of an
// ECMAScript class are.
func (c *Class) Hidden() *Class { c.hidden = true; return c }

// Method defines a method on the prototype.
func (c *Class) Method(name string, length int, fn func(goja.FunctionCall) goja.Value) {
	must(c.Proto.DefineDataProperty(name, c.iso.Func(name, length, fn), goja.FLAG_TRUE, goja.FLAG_TRUE, c.enumerable()))
}

// Symbol defines a method under a symbol, not enumerable.
func (c *Class) Symbol(sym *goja.Symbol, fn goja.Value) {
	must(c.Proto.DefineDataPropertySymbol(sym, fn, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// Getter defines an accessor without a setter on the prototype.
func (c *Class) Getter(name string, get func(goja.FunctionCall) goja.Value) {
	c.Accessor(name, get, nil)
}

// Accessor defines an accessor on the prototype; set may be nil.
func (c *Class) Accessor(name string, get, set func(goja.FunctionCall) goja.Value) {
	var s goja.Value
	if set != nil {
		s = c.iso.Func("set "+name, 1, set)
	}
	must(c.Proto.DefineAccessorProperty(name, c.iso.Func("get "+name, 0, get), s, goja.FLAG_TRUE, c.enumerable()))
}

// Static defines a method on the constructor.
func (c *Class) Static(name string, length int, fn func(goja.FunctionCall) goja.Value) {
	must(c.Ctor.DefineDataProperty(name, c.iso.Func(name, length, fn), goja.FLAG_TRUE, goja.FLAG_TRUE, c.enumerable()))
}

// Const defines a constant on the constructor and the prototype.
func (c *Class) Const(name string, v goja.Value) {
	must(c.Ctor.DefineDataProperty(name, v, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_TRUE))
	must(c.Proto.DefineDataProperty(name, v, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_TRUE))
}

// New makes an instance that carries v, a pointer, without calling construct.
func (c *Class) New(v any) *goja.Object { return c.iso.eng.newHost(c.Proto, v) }

// Host returns the Go value that a host object carries, when it is a *T.
func Host[T any](iso *Isolate, v goja.Value) (*T, bool) {
	p, ok := iso.eng.hostValue(v).(*T)
	return p, ok
}

// OwnData reads an own data property of a plain object without running any code
// and without its descriptor. ok is false for an accessor, for a property that
// the object does not have, and where the engine keeps properties elsewhere.
func (iso *Isolate) OwnData(o *goja.Object, name string) (v goja.Value, enumerable, ok bool) {
	if !iso.eng.has(TrickJSON) {
		return nil, false, false
	}
	return iso.eng.property(o, unistring.NewFromString(name))
}

// HostValue returns what a host object carries, or nil for any other value.
func (iso *Isolate) HostValue(v goja.Value) any { return iso.eng.hostValue(v) }

// Lazy defines a global that is made when it is first read, so that a class
// nobody touches costs an isolate nothing. Assigning to it replaces it.
func (iso *Isolate) Lazy(name string, make func() goja.Value) {
	iso.LazyOn(iso.rt.GlobalObject(), name, make)
}

// LazyFunc is Lazy for a global function: those are enumerable, as the
// operations of the global object's interface are (Web IDL §3.7.7).
func (iso *Isolate) LazyFunc(name string, length int, fn func(goja.FunctionCall) goja.Value) {
	iso.lazy(iso.rt.GlobalObject(), name, goja.FLAG_TRUE, func() goja.Value { return iso.Func(name, length, fn) })
}

// LazyOn is Lazy for a property of o.
func (iso *Isolate) LazyOn(o *goja.Object, name string, make func() goja.Value) {
	iso.lazy(o, name, goja.FLAG_FALSE, make)
}

func (iso *Isolate) lazy(o *goja.Object, name string, enumerable goja.Flag, make func() goja.Value) {
	rt := iso.rt
	define := func(v goja.Value) {
		must(o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, enumerable))
	}
	get := rt.ToValue(func(goja.FunctionCall) goja.Value {
		v := make()
		define(v)
		return v
	})
	set := rt.ToValue(func(c goja.FunctionCall) goja.Value {
		define(c.Argument(0))
		return goja.Undefined()
	})
	must(o.DefineAccessorProperty(name, get, set, goja.FLAG_TRUE, enumerable))
}
