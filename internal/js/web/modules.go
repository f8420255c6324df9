package web

import (
	"slices"

	"github.com/dop251/goja"
)

// nodeModules are the Node built-ins that are served, without the prefix "node:".
var nodeModules = []string{
	"assert", "assert/strict", "async_hooks", "path", "path/posix", "path/win32", "events", "buffer", "crypto", "os", "querystring", "util", "url", "string_decoder",
	"timers", "timers/promises", "process", "stream/web",
}

func installModules(e *Env) {
	e.nodeModule("async_hooks", func(o *goja.Object) {
		must(o.Set("AsyncLocalStorage", e.rt.Get("AsyncLocalStorage")))
		must(o.Set("AsyncResource", e.asyncResource()))
	})
	for name := range nodePrograms() {
		e.nodeScript(name)
	}
	e.iso.Lazy("Buffer", func() goja.Value { return e.importNode("buffer").Get("Buffer") })
	e.nodeObject("process", e.processObject)
	e.nodeObject("os", e.osObject)
	e.nodeGlobals("timers", "setTimeout", "clearTimeout", "setImmediate", "clearImmediate", "setInterval", "clearInterval")
	e.nodeGlobals("stream/web", "ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamBYOBReader", "ReadableStreamBYOBRequest",
		"ReadableByteStreamController", "ReadableStreamDefaultController", "TransformStream", "TransformStreamDefaultController",
		"WritableStream", "WritableStreamDefaultController", "WritableStreamDefaultWriter", "ByteLengthQueuingStrategy",
		"CountQueuingStrategy", "TextEncoderStream", "TextDecoderStream", "CompressionStream", "DecompressionStream")
	for _, kind := range []string{"posix", "win32"} {
		e.nodeObject("path/"+kind, func() *goja.Object { return e.importNode("path").Get(kind).(*goja.Object) })
	}
}

// nodeModule registers a built-in of Node's under both of its names. Its
// exports are its default export too.
func (e *Env) nodeModule(name string, fill func(o *goja.Object)) {
	e.iso.Module(name, func() *goja.Object {
		o := e.rt.NewObject()
		fill(o)
		must(o.Set("default", o))
		return o
	})
	e.iso.Module("node:"+name, func() *goja.Object {
		o, err := e.iso.Import(name)
		if err != nil {
			panic(e.iso.NewError("Error", err.Error()))
		}
		return o
	})
}

// asyncResource is node:async_hooks' AsyncResource: a context to run in later.
func (e *Env) asyncResource() goja.Value {
	v, err := e.rt.RunString(`(class AsyncResource {
		#run;
		constructor(type) {
			if (typeof type !== 'string') throw new TypeError('The "type" argument must be of type string');
			this.type = type;
			this.#run = AsyncLocalStorage.snapshot();
		}
		runInAsyncScope(fn, thisArg, ...args) { return this.#run(() => fn.apply(thisArg, args)) }
		bind(fn, thisArg) { const self = this; return function (...args) { return self.runInAsyncScope(fn, thisArg ?? this, ...args) } }
		static bind(fn, type, thisArg) { return new AsyncResource(type || fn.name || 'bound-anonymous-fn').bind(fn, thisArg) }
		emitDestroy() { return this }
	})`)
	must(err)
	return v
}

// Serves reports whether the platform serves a module of that name.
func Serves(specifier string) bool {
	name, _ := cutNode(specifier)
	return slices.Contains(nodeModules, name)
}

func cutNode(s string) (string, bool) {
	if len(s) > 5 && s[:5] == "node:" {
		return s[5:], true
	}
	return s, false
}

// NormaliseQuery writes a query as Next.js 16 shows it to handlers: parsed and
// serialised again, which leaves a plain one as it is.
func NormaliseQuery(q string) string {
	piece, equals := 0, false
	for i := 0; i < len(q); i++ {
		switch c := q[i]; {
		case c == '&':
			if piece == 0 || !equals {
				return ParseSearchParams(q).String()
			}
			piece, equals = 0, false
			continue
		case c == '=' && !equals:
			equals = true
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '.' || c == '_' || c == '*':
		default:
			return ParseSearchParams(q).String()
		}
		piece++
	}
	if piece == 0 || !equals {
		return ParseSearchParams(q).String()
	}
	return q
}
