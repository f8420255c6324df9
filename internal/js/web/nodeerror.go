package web

import (
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// Errors as Node words them, for the functions that come from Node or that Node
// has beside the Web: libraries look for their codes.

// argType makes the error for an argument of a wrong type. want continues the
// sentence 'The "x" argument must be …': "of type function".
func (e *Env) argType(name, want string, got goja.Value) *goja.Object {
	what := "argument"
	if strings.Contains(name, ".") {
		what = "property"
	}
	return e.nodeError("TypeError", "ERR_INVALID_ARG_TYPE", `The "%s" %s must be %s. Received %s`, name, what, want, e.received(got))
}

// function converts an argument that must be a function.
func (e *Env) function(v goja.Value, name string) goja.Callable {
	fn, ok := goja.AssertFunction(v)
	if !ok {
		panic(e.argType(name, "of type function", v))
	}
	return fn
}

// call calls a callback, whose error goes on as a script exception.
func (e *Env) call(fn goja.Callable, this goja.Value, args ...goja.Value) goja.Value {
	v, err := fn(this, args...)
	if err != nil {
		panic(err)
	}
	return v
}

// received describes a value that an argument must not be.
func (e *Env) received(v goja.Value) string {
	o, ok := v.(*goja.Object)
	if !ok {
		if v == nil || goja.IsNull(v) || goja.IsUndefined(v) {
			return orUndefined(v).String()
		}
		cut := func(s string) string {
			if utf8.RuneCountInString(s) > 28 {
				return string([]rune(s)[:25]) + "..."
			}
			return s
		}
		if s, ok := v.(goja.String); ok {
			text := cut(s.String())
			if !strings.Contains(text, "'") {
				return "type string ('" + text + "')"
			}
			return "type string (" + strconv.Quote(text) + ")"
		}
		text := cut(e.Inspect(v, InspectDefaults()))
		return "type " + typeOf(v) + " (" + text + ")"
	}
	if _, ok := goja.AssertFunction(o); ok {
		name := o.Get("name")
		if name == nil {
			return "function "
		}
		return "function " + name.String()
	}
	if c, ok := o.Get("constructor").(*goja.Object); ok {
		if name := c.Get("name"); name != nil && name.String() != "" {
			return "an instance of " + name.String()
		}
	}
	opts := InspectDefaults()
	opts.Depth = -1
	return e.Inspect(v, opts)
}

func orUndefined(v goja.Value) goja.Value {
	if v == nil {
		return goja.Undefined()
	}
	return v
}

// Go types by which the engine tells primitives and its own objects apart.
var (
	typeBool   = reflect.TypeFor[bool]()
	typeBigInt = reflect.TypeFor[*big.Int]()
)

// typeOf is the typeof operator.
func typeOf(v goja.Value) string {
	switch o := v.(type) {
	case nil:
		return "undefined"
	case *goja.Object:
		if _, ok := goja.AssertFunction(o); ok {
			return "function"
		}
		return "object"
	case *goja.Symbol:
		return "symbol"
	case goja.String:
		return "string"
	}
	switch {
	case goja.IsUndefined(v):
		return "undefined"
	case goja.IsNull(v):
		return "object"
	}
	switch v.ExportType() {
	case typeBool:
		return "boolean"
	case typeBigInt:
		return "bigint"
	}
	return "number"
}
