package web

import (
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// kind is what an object is by its internal slots, whatever its prototype says.
type kind int

const (
	kindObject kind = iota
	kindArray
	kindFunction
	kindError
	kindMap
	kindSet
	kindWeakMap
	kindWeakSet
	kindDate
	kindRegExp
	kindPromise
	kindArrayBuffer
	kindTypedArray
	kindDataView
	kindBoxed // a Number, String, Boolean, BigInt or Symbol object
	kindArguments
	kindProxy
	kindHost // carries a Go value
)

var (
	typeArray   = reflect.TypeFor[[]any]()
	typeMap     = reflect.TypeFor[[][2]any]()
	typeTime    = reflect.TypeFor[time.Time]()
	typePromise = reflect.TypeFor[*goja.Promise]()
	typeProxy   = reflect.TypeFor[goja.Proxy]()
	typeString  = reflect.TypeFor[string]() // what a Symbol exports as too
)

// intrinsics are the engine's own functions, taken before a handler runs any
// code of its own on this isolate that could change them: when the first family
// that needs them is touched.
type intrinsics struct {
	taken                                             bool
	objectProto, arrayProto, weakMapProto             *goja.Object
	weakSetProto, dataViewProto                       *goja.Object
	ownKeys, descriptor, isArray, weakMapHas          goja.Callable
	weakSetHas, functionText, regexpText, typedTag    goja.Callable
	mapForEach, setForEach, mapSize, setSize, dateISO goja.Callable
	dateText, bufferLength, viewLength, viewOffset    goja.Callable
	viewBuffer, typedLength, errorText, symbolText    goja.Callable
	mapSet, setAdd, dateTime                          goja.Callable
	regexpSource, typedBuffer, typedOffset            goja.Callable
	regexpFlags                                       []regexpFlag
	valueOf                                           map[string]goja.Callable // of the boxed primitives, by class
}

// regexpFlag is a flag of a regular expression and its getter.
type regexpFlag struct {
	letter string
	get    goja.Callable
}

func (e *Env) intrinsics() *intrinsics {
	in := &e.intrinsic
	if in.taken {
		return in
	}
	in.taken = true
	rt := e.rt
	global := func(name string) *goja.Object { return rt.Get(name).(*goja.Object) }
	proto := func(name string) *goja.Object { return global(name).Get("prototype").(*goja.Object) }
	fn := func(o *goja.Object, name string) goja.Callable {
		f, _ := goja.AssertFunction(o.Get(name))
		return f
	}
	in.objectProto, in.arrayProto, in.weakMapProto = proto("Object"), proto("Array"), proto("WeakMap")
	in.weakSetProto, in.dataViewProto = proto("WeakSet"), proto("DataView")
	in.ownKeys = fn(global("Reflect"), "ownKeys")
	in.descriptor = fn(global("Object"), "getOwnPropertyDescriptor")
	getter := func(o *goja.Object, key goja.Value) goja.Callable {
		d := e.call(in.descriptor, goja.Undefined(), o, key).(*goja.Object)
		f, _ := goja.AssertFunction(d.Get("get"))
		return f
	}
	named := func(o *goja.Object, name string) goja.Callable { return getter(o, rt.ToValue(name)) }
	in.weakMapHas = fn(proto("WeakMap"), "has")
	in.weakSetHas = fn(proto("WeakSet"), "has")
	in.functionText = fn(proto("Function"), "toString")
	in.regexpText = fn(proto("RegExp"), "toString")
	in.errorText = fn(proto("Error"), "toString")
	in.symbolText = fn(proto("Symbol"), "toString")
	typed := global("Uint8Array").Prototype().Get("prototype").(*goja.Object)
	in.typedTag = getter(typed, goja.SymToStringTag)
	in.typedLength = named(typed, "length")
	in.typedBuffer, in.typedOffset = named(typed, "buffer"), named(typed, "byteOffset")
	in.mapForEach, in.mapSize, in.mapSet = fn(proto("Map"), "forEach"), named(proto("Map"), "size"), fn(proto("Map"), "set")
	in.setForEach, in.setSize, in.setAdd = fn(proto("Set"), "forEach"), named(proto("Set"), "size"), fn(proto("Set"), "add")
	in.dateTime = fn(proto("Date"), "getTime")
	in.valueOf = map[string]goja.Callable{}
	for _, name := range []string{"Number", "String", "Boolean", "BigInt", "Symbol"} {
		in.valueOf[name] = fn(proto(name), "valueOf")
	}
	in.dateISO, in.dateText = fn(proto("Date"), "toISOString"), fn(proto("Date"), "toString")
	in.bufferLength = named(proto("ArrayBuffer"), "byteLength")
	in.regexpSource = named(proto("RegExp"), "source")
	for _, f := range [][2]string{{"d", "hasIndices"}, {"g", "global"}, {"i", "ignoreCase"}, {"m", "multiline"}, {"s", "dotAll"}, {"u", "unicode"}, {"v", "unicodeSets"}, {"y", "sticky"}} {
		if d, ok := e.call(in.descriptor, goja.Undefined(), proto("RegExp"), rt.ToValue(f[1])).(*goja.Object); ok {
			if get, ok := goja.AssertFunction(d.Get("get")); ok {
				in.regexpFlags = append(in.regexpFlags, regexpFlag{f[0], get})
			}
		}
	}
	in.viewLength, in.viewOffset, in.viewBuffer = named(proto("DataView"), "byteLength"), named(proto("DataView"), "byteOffset"), named(proto("DataView"), "buffer")
	return in
}

// kindOf tells what an object is without running any code of a script.
func (e *Env) kindOf(o *goja.Object) kind {
	t := o.ExportType()
	switch t {
	case typeProxy:
		if _, ok := e.iso.Float16(o); ok {
			return kindTypedArray
		}
		return kindProxy
	case typeArrayBuffer:
		if e.iso.HostValue(o) != nil {
			return kindHost
		}
		return kindArrayBuffer
	case typePromise:
		return kindPromise
	case typeMap:
		return kindMap
	case typeTime:
		return kindDate
	}
	if bufferTypes[t] {
		return kindTypedArray
	}
	switch o.ClassName() {
	case "Array":
		return kindArray
	case "Error":
		return kindError
	case "RegExp":
		return kindRegExp
	case "Date":
		return kindDate // an invalid one exports as nothing in particular
	case "Arguments":
		return kindArguments
	case "Number", "String", "Boolean":
		return kindBoxed
	}
	if _, ok := goja.AssertFunction(o); ok {
		return kindFunction
	}
	switch t {
	case typeArray:
		return kindSet
	case typeBigInt, typeString:
		return kindBoxed
	case typePlainObject:
		return e.rareKind(o)
	}
	return kindObject
}

// rareKind finds the kinds that the engine shows by their prototype only. An
// object that has had its prototype replaced counts as an ordinary one.
func (e *Env) rareKind(o *goja.Object) kind {
	in := e.intrinsics()
	for p := o.Prototype(); p != nil && p != in.objectProto && p.ExportType() != typeProxy; p = p.Prototype() {
		switch {
		case p == in.weakMapProto && e.brand(in.weakMapHas, o):
			return kindWeakMap
		case p == in.weakSetProto && e.brand(in.weakSetHas, o):
			return kindWeakSet
		case p == in.dataViewProto && e.isArrayBufferView(o):
			return kindDataView
		}
	}
	return kindObject
}

// brand reports whether a method of a built-in class takes o for its this.
func (e *Env) brand(method goja.Callable, o *goja.Object) bool {
	_, err := method(o, goja.Undefined())
	return err == nil
}

// regexp returns the source and the flags that a regular expression was made with.
func (e *Env) regexp(o *goja.Object) (source goja.Value, flags string) {
	for _, f := range e.intrinsics().regexpFlags {
		if e.call(f.get, o).ToBoolean() {
			flags += f.letter
		}
	}
	return e.call(e.intrinsics().regexpSource, o), flags
}

// property is an own property as a descriptor describes it.
type property struct {
	value, get, set goja.Value // nil where absent
	enumerable      bool
}

func (p *property) accessor() bool { return p.get != nil || p.set != nil }

// allKeys returns all own keys, strings and symbols, in their order.
func (e *Env) allKeys(o *goja.Object) []goja.Value {
	list := e.call(e.intrinsics().ownKeys, goja.Undefined(), o).(*goja.Object)
	n := int(list.Get("length").ToInteger())
	keys := make([]goja.Value, n)
	for i := range keys {
		keys[i] = list.Get(itoa(i))
	}
	return keys
}

// ownProperty returns an own property, ok is false when there is none.
func (e *Env) ownProperty(o *goja.Object, key goja.Value) (p property, ok bool) {
	if s, isString := key.(goja.String); isString {
		if name := s.String(); !strings.ContainsRune(name, utf8.RuneError) {
			if v, enumerable, ok := e.iso.OwnData(o, name); ok {
				return property{value: v, enumerable: enumerable}, true
			}
		}
	}
	d, ok := e.call(e.intrinsics().descriptor, goja.Undefined(), o, key).(*goja.Object)
	if !ok {
		return p, false
	}
	fn := func(name string) goja.Value {
		if v, ok := d.Get(name).(*goja.Object); ok {
			return v
		}
		return nil
	}
	p.value, p.get, p.set, p.enumerable = d.Get("value"), fn("get"), fn("set"), d.Get("enumerable").ToBoolean()
	return p, true
}
