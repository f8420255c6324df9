package web

import (
	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// The global object's own names, as the runtimes of the Minimum Common Web API
// have them: self, navigator, reportError; and Node's global.

type globalState struct {
	navigator       *js.Class
	navigatorObject *goja.Object
	process         *goja.Object
	ignoredEvents   map[string]bool // of process.on, told of already
}

func installGlobals(e *Env) {
	global := e.rt.GlobalObject()
	for _, name := range []string{"self", "global"} {
		define(global, name, global)
	}
	e.global("Navigator", e.navigatorClass)
	e.iso.Lazy("navigator", func() goja.Value { return e.navigatorObject() })
	e.iso.LazyFunc("reportError", 1, func(c goja.FunctionCall) goja.Value {
		e.need(c.Arguments, 1, "reportError", "Window")
		v := c.Argument(0)
		e.iso.Contain(func() { panic(v) })
		return goja.Undefined()
	})
	e.iso.Lazy("AsyncLocalStorage", e.iso.AsyncLocalStorage)
	e.iso.Lazy("process", func() goja.Value { return e.processObject() })
}

// userAgent is navigator.userAgent: the runtime's name, which WinterTC asks for.
const userAgent = "Portico"

type navigatorHost struct{ _ byte }

func (e *Env) navigatorClass() *js.Class {
	return class(&e.globals.navigator, func() *js.Class {
		c := e.iso.Class("Navigator", 0, nil, nil)
		get := func(name string, value func() any) {
			c.Getter(name, func(c goja.FunctionCall) goja.Value {
				if _, ok := js.Host[navigatorHost](e.iso, c.This); !ok {
					panic(e.illegal())
				}
				return e.rt.ToValue(value())
			})
		}
		get("hardwareConcurrency", func() any { return hardwareConcurrency() })
		get("language", func() any { return "en-US" })
		get("languages", func() any {
			list := e.rt.NewArray("en-US")
			freeze, _ := goja.AssertFunction(e.rt.Get("Object").(*goja.Object).Get("freeze"))
			return e.call(freeze, goja.Undefined(), list)
		})
		get("platform", func() any { return platform() })
		get("userAgent", func() any { return userAgent })
		return c
	})
}

func (e *Env) navigatorObject() *goja.Object {
	if e.globals.navigatorObject == nil {
		e.globals.navigatorObject = e.navigatorClass().New(&navigatorHost{})
	}
	return e.globals.navigatorObject
}
