package web

import (
	"math"
	"strconv"

	"github.com/dop251/goja"
)

// Conversions of Web IDL (https://webidl.spec.whatwg.org/#js-type-mapping) that
// more than one family needs.

// need throws when fewer than n arguments were given (Web IDL §3.6, "effective
// overload set"); what is "addEventListener" on "EventTarget", for example.
func (e *Env) need(args []goja.Value, n int, what, on string) {
	if len(args) >= n {
		return
	}
	plural := "s"
	if n == 1 {
		plural = ""
	}
	msg := "Failed to execute '" + what + "' on '" + on + "': "
	if what == "" {
		msg = "Failed to construct '" + on + "': "
	}
	panic(e.iso.TypeError("%s", msg+strconv.Itoa(n)+" argument"+plural+" required, but only "+strconv.Itoa(len(args))+" present"))
}

// illegal throws what a member throws when its this is not of its class.
func (e *Env) illegal() *goja.Object { return e.iso.TypeError("Illegal invocation") }

// dictionary converts v to a dictionary's source object: nil for undefined and
// null; what names the dictionary in the error for anything else that is no object.
func (e *Env) dictionary(v goja.Value, what string) *goja.Object {
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return nil
	}
	o, ok := v.(*goja.Object)
	if !ok {
		panic(e.iso.TypeError("The provided value is not of type '%s'", what))
	}
	return o
}

// member reads a dictionary member; ok is false when it is absent, which a
// member that is undefined is too.
func member(o *goja.Object, name string) (v goja.Value, ok bool) {
	if o == nil {
		return nil, false
	}
	v = o.Get(name)
	return v, v != nil && !goja.IsUndefined(v)
}

// flag reads a boolean dictionary member.
func flag(o *goja.Object, name string) bool {
	v, ok := member(o, name)
	return ok && v.ToBoolean()
}

// domString converts v to a DOMString, lone surrogates and all.
func (e *Env) domString(v goja.Value) goja.Value {
	switch x := v.(type) {
	case goja.String:
		return x
	case *goja.Object:
		if s, ok := x.ToString().(goja.String); ok {
			return s
		}
		panic(e.iso.TypeError("Cannot convert object to primitive value"))
	case *goja.Symbol:
		panic(e.iso.TypeError("Cannot convert a Symbol value to a string"))
	}
	return e.rt.ToValue(v.String())
}

// enforceRange converts v as [EnforceRange] does: to an integer from 0 to max,
// or a TypeError.
func (e *Env) enforceRange(v goja.Value, max float64, what string) float64 {
	f := toNumber(v)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		panic(e.iso.TypeError("%s is not a finite number", what))
	}
	f = math.Trunc(f)
	if f < 0 || f > max {
		panic(e.iso.TypeError("%s is outside the accepted range", what))
	}
	return f + 0 // -0 becomes 0
}

// toNumber is ECMAScript's ToNumber; a nil value is undefined.
func toNumber(v goja.Value) float64 {
	if v == nil {
		return math.NaN()
	}
	return v.ToNumber().ToFloat()
}

// maxSafe is 2^53-1, the bound of [EnforceRange] unsigned long long.
const maxSafe = 1<<53 - 1

// must passes on what an operation on an object of our own threw: it cannot
// fail unless a script made it, by a setter or a proxy.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// define defines an own property as assignment makes it, but not enumerable.
func define(o *goja.Object, name string, v goja.Value) {
	must(o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}
