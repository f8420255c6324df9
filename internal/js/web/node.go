package web

import (
	"embed"
	"strings"
	"sync"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// Node's built-in modules, as Node 20 has them. Most are scripts: node/x.js is
// an expression, a function (host, require) that returns what require('x') is
// in Node. A script is compiled once a process and evaluated on an isolate when
// something on it first imports the module.

//go:embed node/*.js
var nodeSources embed.FS

// nodePrograms are the modules that are scripts, by name. The name of a file is
// that of the module, with _ for /.
var nodePrograms = sync.OnceValue(func() map[string]func() *js.Program {
	entries, err := nodeSources.ReadDir("node")
	must(err)
	programs := make(map[string]func() *js.Program, len(entries))
	for _, entry := range entries {
		file := "node/" + entry.Name()
		programs[nodeScriptName(entry.Name())] = sync.OnceValue(func() *js.Program {
			b, err := nodeSources.ReadFile(file)
			must(err)
			return js.MustCompile(file, string(b))
		})
	}
	return programs
})

func nodeScriptName(file string) string {
	return strings.ReplaceAll(strings.TrimSuffix(file, ".js"), "__", "/")
}

// nodeScript registers a module that is a script, under both of its names.
func (e *Env) nodeScript(name string) {
	e.nodeObject(name, func() *goja.Object {
		f, err := e.iso.Run(nodePrograms()[name]())
		must(err)
		call, _ := goja.AssertFunction(f)
		return e.call(call, goja.Undefined(), e.nodeHost(), e.iso.Func("require", 1, func(c goja.FunctionCall) goja.Value {
			return e.importNode(c.Argument(0).String())
		})).(*goja.Object)
	})
}

// nodeObject registers a module under both of its names; make returns what
// require gives, which may be a function.
func (e *Env) nodeObject(name string, make func() *goja.Object) {
	e.iso.Module(name, make)
	e.iso.Module("node:"+name, func() *goja.Object { return e.importNode(name) })
}

func (e *Env) importNode(name string) *goja.Object {
	o, err := e.iso.Import(name)
	if err != nil {
		panic(e.iso.NewError("Error", err.Error()))
	}
	return o
}

type nodeState struct {
	host   *goja.Object
	handle *js.Class
}

// nodeHost is what the scripts of the modules get of Go:
//
//	argType(name, want, value)    an ERR_INVALID_ARG_TYPE
//	error(class, code, message)   an error of a built-in class with a code
//	range(name, want, value)      an ERR_OUT_OF_RANGE
//	received(value)               how messages name a value
//	inspect, format               util's
//	kind(object)                  what an object is by its internal slots
//	signalOf(value)               whether it is an AbortSignal
//	onAbort(signal, f)            calls f on abort, returns a function to stop
func (e *Env) nodeHost() *goja.Object {
	if e.node.host != nil {
		return e.node.host
	}
	rt := e.rt
	h := rt.NewObject()
	e.node.host = h
	fn := func(name string, length int, f func(goja.FunctionCall) goja.Value) {
		must(h.Set(name, e.iso.Func(name, length, f)))
	}
	fn("argType", 3, func(c goja.FunctionCall) goja.Value {
		return e.argType(c.Argument(0).String(), c.Argument(1).String(), c.Argument(2))
	})
	fn("error", 3, func(c goja.FunctionCall) goja.Value {
		return e.nodeError(c.Argument(0).String(), c.Argument(1).String(), "%s", c.Argument(2).String())
	})
	fn("range", 3, func(c goja.FunctionCall) goja.Value {
		return e.outOfRange(c.Argument(0).String(), c.Argument(1).String(), c.Argument(2))
	})
	fn("received", 1, func(c goja.FunctionCall) goja.Value { return rt.ToValue(e.received(c.Argument(0))) })
	must(h.Set("inspect", e.InspectFunction()))
	fn("format", 0, func(c goja.FunctionCall) goja.Value { return rt.ToValue(e.Format(c.Arguments, InspectDefaults())) })
	fn("formatWithOptions", 1, func(c goja.FunctionCall) goja.Value {
		o := InspectDefaults()
		opts, ok := c.Argument(0).(*goja.Object)
		if !ok {
			panic(e.argType("inspectOptions", "of type object", c.Argument(0)))
		}
		e.inspectOptions(&o, opts)
		return rt.ToValue(e.Format(c.Arguments[1:], o))
	})
	fn("kind", 1, func(c goja.FunctionCall) goja.Value {
		o, ok := c.Argument(0).(*goja.Object)
		if !ok {
			return rt.ToValue("")
		}
		return rt.ToValue(e.kindName(o))
	})
	fn("isSignal", 1, func(c goja.FunctionCall) goja.Value {
		_, ok := e.SignalOf(c.Argument(0))
		return rt.ToValue(ok)
	})
	fn("asyncIterator", 0, func(goja.FunctionCall) goja.Value { return e.asyncIterator() })
	must(h.Set("asyncIteratorPrototype", e.iso.AsyncIteratorPrototype()))
	e.iso.LazyOn(h, "buffer", func() goja.Value {
		o := rt.NewObject()
		e.bufferNatives(o)
		return o
	})
	e.iso.LazyOn(h, "crypto", func() goja.Value {
		o := rt.NewObject()
		e.cryptoNatives(o)
		return o
	})
	return h
}

// outOfRange makes an ERR_OUT_OF_RANGE. want continues 'It must be …'. A whole
// number of many digits is shown in groups of three.
func (e *Env) outOfRange(name, want string, got goja.Value) *goja.Object {
	text := e.Inspect(got, InspectDefaults())
	switch typeOf(got) {
	case "number":
		if f := got.ToFloat(); f == float64(int64(f)) && (f > 1<<32 || f < -(1<<32)) {
			text = groupDigits(text)
		}
	case "bigint":
		if digits := strings.TrimPrefix(strings.TrimSuffix(text, "n"), "-"); len(digits) > 10 || len(digits) == 10 && digits > "4294967296" {
			text = groupDigits(strings.TrimSuffix(text, "n")) + "n"
		}
	}
	return e.nodeError("RangeError", "ERR_OUT_OF_RANGE", `The value of "%s" is out of range. It must be %s. Received %s`, name, want, text)
}

// groupDigits writes 1234567 as 1_234_567.
func groupDigits(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "_" + s[i:]
	}
	return sign + s
}

var kindNames = [...]string{
	kindObject: "Object", kindArray: "Array", kindFunction: "Function", kindError: "Error", kindMap: "Map", kindSet: "Set",
	kindWeakMap: "WeakMap", kindWeakSet: "WeakSet", kindDate: "Date", kindRegExp: "RegExp", kindPromise: "Promise",
	kindArrayBuffer: "ArrayBuffer", kindTypedArray: "TypedArray", kindDataView: "DataView", kindBoxed: "Boxed",
	kindArguments: "Arguments", kindProxy: "Proxy", kindHost: "Host",
}

// kindName is the kind of an object as text; a boxed primitive's with its class
// ("Boxed Number"), a typed array's with its own ("TypedArray Uint8Array").
func (e *Env) kindName(o *goja.Object) string {
	k := e.kindOf(o)
	name := kindNames[k]
	switch k {
	case kindTypedArray:
		return name + " " + e.viewName(o)
	case kindBoxed:
		for _, class := range [...]string{"Number", "String", "Boolean", "BigInt", "Symbol"} {
			if _, err := e.intrinsics().valueOf[class](o); err == nil {
				return name + " " + class
			}
		}
	case kindHost:
		if e.isError(o) {
			return "Error"
		}
	}
	return name
}

// nodeGlobals registers a module whose exports are globals.
func (e *Env) nodeGlobals(name string, globals ...string) {
	e.nodeObject(name, func() *goja.Object {
		o := e.rt.NewObject()
		for _, g := range globals {
			must(o.Set(g, e.rt.Get(g)))
		}
		if name == "timers" {
			e.iso.LazyOn(o, "promises", func() goja.Value { return e.importNode("timers/promises") })
		}
		return o
	})
}
