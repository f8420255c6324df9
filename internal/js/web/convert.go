package web

import (
	"fmt"
	"strings"

	"github.com/dop251/goja"
)

// text converts v to a USVString (Web IDL §3.2.12): lone surrogates become
// U+FFFD. It throws what v's own conversion throws, and for a symbol.
func (e *Env) text(v goja.Value) string {
	switch v := v.(type) {
	case goja.String:
		return e.iso.Text(v)
	case *goja.Object:
		return e.text(v.ToString())
	case *goja.Symbol:
		panic(e.iso.TypeError("Cannot convert a Symbol value to a string"))
	}
	return v.String()
}

// nodeError makes an error with Node's code, for libraries that look at it.
func (e *Env) nodeError(class, code, format string, args ...any) *goja.Object {
	o := e.iso.NewError(class, fmt.Sprintf(format, args...))
	must(o.Set("code", code))
	return o
}

// specify throws Node's error when a call has fewer arguments than names.
func (e *Env) specify(call goja.FunctionCall, names ...string) {
	if len(call.Arguments) >= len(names) {
		return
	}
	panic(e.missingArguments(names...))
}

func (e *Env) missingArguments(names ...string) *goja.Object {
	list := `"` + strings.Join(names, `" and "`) + `" argument`
	if len(names) > 1 {
		list += "s"
	}
	return e.nodeError("TypeError", "ERR_MISSING_ARGS", "The %s must be specified", list)
}

// callback returns an argument that must be a function.
func (e *Env) callback(v goja.Value) goja.Callable { return e.function(v, "callback") }

// absent reports whether an optional argument was left out.
func absent(v goja.Value) bool { return v == nil || goja.IsUndefined(v) }

// ordered calls f with each own enumerable property of a record, asking for a
// property right before its value, as the traps of a Proxy can tell (Web IDL
// §3.2.23). A name that is a symbol is refused.
func (e *Env) ordered(o *goja.Object, f func(name, value goja.Value)) {
	in := e.intrinsics()
	for _, k := range e.allKeys(o) {
		d, ok := e.call(in.descriptor, goja.Undefined(), o, k).(*goja.Object)
		if !ok || !d.Get("enumerable").ToBoolean() {
			continue
		}
		if _, symbol := k.(*goja.Symbol); symbol {
			panic(e.iso.TypeError("Cannot convert a Symbol value to a string"))
		}
		f(k, o.Get(k.String()))
	}
}

// sequence calls f with what the iterator of o gives, whose method was read
// already: it is read once (Web IDL §3.2.21).
func (e *Env) sequence(o *goja.Object, method goja.Callable, f func(goja.Value) bool) {
	once := e.rt.NewObject()
	must(once.SetSymbol(goja.SymIterator, func(goja.FunctionCall) goja.Value { return e.call(method, o) }))
	e.rt.ForOf(once, f)
}

// record calls f with each own enumerable property of o, in order, names and
// values converted to USVString (Web IDL §3.2.23).
func (e *Env) record(o *goja.Object, f func(name, value string)) {
	if o.ExportType() == typeProxy {
		e.ordered(o, func(k, v goja.Value) { f(e.text(k), e.text(v)) })
		return
	}
	keys := o.Keys()
	exact := true
	for _, k := range keys {
		exact = exact && !strings.ContainsRune(k, '\uFFFD')
	}
	if exact {
		for _, k := range keys {
			f(k, e.text(o.Get(k)))
		}
	} else {
		// A name with a lone surrogate is no Go string: it is asked for as it is.
		reflect := e.rt.Get("Reflect").(*goja.Object)
		get, _ := goja.AssertFunction(reflect.Get("get"))
		names, _ := goja.AssertFunction(e.rt.Get("Object").(*goja.Object).Get("keys"))
		list, err := names(goja.Undefined(), o)
		must(err)
		e.rt.ForOf(list, func(k goja.Value) bool {
			v, err := get(reflect, o, k)
			must(err)
			f(e.text(k), e.text(v))
			return true
		})
	}
	if len(o.Symbols()) > 0 {
		panic(e.iso.TypeError("Cannot convert a Symbol value to a string"))
	}
}
