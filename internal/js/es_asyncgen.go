package js

import "github.com/dop251/goja"

// AsyncGeneratorModule is the host module that the bundler's helper for async
// generators takes its objects' prototype from.
const AsyncGeneratorModule = "%AsyncGeneratorPrototype%"

// installAsyncGenerators serves %AsyncGeneratorPrototype% (ECMA-262 §27.6.1) to
// scripts whose async generators the bundler has lowered. Their methods are
// their own; those here are for who looks at the prototype, and refuse any
// other receiver.
func (iso *Isolate) installAsyncGenerators() {
	iso.Module(AsyncGeneratorModule, func() *goja.Object {
		o := iso.rt.CreateObject(iso.es.asyncIterator)
		for _, name := range []string{"next", "return", "throw"} {
			iso.addMethod(o, name, 1, func(c goja.FunctionCall) goja.Value {
				return iso.Rejected(iso.TypeError("%s method called on incompatible receiver %s", name, c.This.String()))
			})
		}
		must(o.DefineDataPropertySymbol(goja.SymToStringTag, iso.rt.ToValue("AsyncGenerator"), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		return o
	})
}
