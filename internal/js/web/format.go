package web

import (
	"math"
	"strings"

	"github.com/dop251/goja"
)

// The script side of inspect: util.inspect, util.format and their options.

// inspectSymbol is Symbol.for('nodejs.util.inspect.custom').
func (e *Env) inspectSymbol() *goja.Symbol {
	if e.console.custom == nil {
		symbol := e.rt.Get("Symbol").(*goja.Object)
		f, _ := goja.AssertFunction(symbol.Get("for"))
		e.console.custom = e.call(f, symbol, e.rt.ToValue("nodejs.util.inspect.custom")).(*goja.Symbol)
	}
	return e.console.custom
}

// InspectFunction is util.inspect.
func (e *Env) InspectFunction() *goja.Object {
	if e.console.inspect != nil {
		return e.console.inspect
	}
	f := e.iso.Func("inspect", 2, func(c goja.FunctionCall) goja.Value {
		o := InspectDefaults()
		switch opts := c.Argument(1).(type) {
		case *goja.Object:
			e.inspectOptions(&o, opts)
		default: // (value, showHidden, depth, colors), as it was long ago
			if len(c.Arguments) > 1 && typeOf(opts) == "boolean" {
				o.ShowHidden = opts.ToBoolean()
			}
			if d := c.Argument(2); !goja.IsUndefined(d) {
				o.Depth = depthOf(d)
			}
			if v := c.Argument(3); !goja.IsUndefined(v) {
				o.Colors = v.ToBoolean()
			}
		}
		return e.rt.ToValue(e.Inspect(c.Argument(0), o))
	})
	e.console.inspect = f
	must(f.Set("custom", e.inspectSymbol()))
	defaults := (&inspector{InspectOptions: InspectDefaults(), e: e}).optionsObject(false)
	must(defaults.Delete("stylize"))
	must(f.Set("defaultOptions", defaults))
	return f
}

// inspectOptions takes over the options that a script gave.
func (e *Env) inspectOptions(o *InspectOptions, opts *goja.Object) {
	read := func(name string, set func(goja.Value)) {
		if v, ok := member(opts, name); ok {
			set(v)
		}
	}
	read("showHidden", func(v goja.Value) { o.ShowHidden = v.ToBoolean() })
	read("depth", func(v goja.Value) { o.Depth = depthOf(v) })
	read("colors", func(v goja.Value) { o.Colors = v.ToBoolean() })
	read("customInspect", func(v goja.Value) { o.CustomInspect = v.ToBoolean() })
	read("showProxy", func(v goja.Value) { o.ShowProxy = v.ToBoolean() })
	read("maxArrayLength", func(v goja.Value) { o.MaxArrayLength = max(depthOf(v), 0) })
	read("maxStringLength", func(v goja.Value) { o.MaxStringLength = max(depthOf(v), 0) })
	read("breakLength", func(v goja.Value) { o.BreakLength = depthOf(v) })
	read("compact", func(v goja.Value) {
		switch {
		case typeOf(v) == "number":
			o.Compact = depthOf(v)
		case v.ToBoolean():
			o.Compact = CompactAll
		default:
			o.Compact = 0
		}
	})
	read("sorted", func(v goja.Value) {
		o.Sorted = v.ToBoolean()
		o.SortBy, _ = goja.AssertFunction(v)
	})
	read("getters", func(v goja.Value) {
		o.Getters = ""
		if s, ok := v.(goja.String); ok {
			o.Getters = s.String()
		} else if v.ToBoolean() {
			o.Getters = "all"
		}
	})
	read("numericSeparator", func(v goja.Value) { o.NumericSeparator = v.ToBoolean() })
}

// depthOf converts a limit: null and Infinity are none.
func depthOf(v goja.Value) int {
	if goja.IsNull(v) {
		return math.MaxInt
	}
	f := v.ToFloat()
	switch {
	case math.IsNaN(f):
		return 0
	case f > math.MaxInt32:
		return math.MaxInt
	case f < math.MinInt32:
		return math.MinInt32
	}
	return int(math.Floor(f))
}

// Format is Node's util.format: the first argument may hold the specifiers of
// printf, what is left is appended. o is how objects are inspected.
func (e *Env) Format(args []goja.Value, o InspectOptions) string {
	if len(args) == 0 {
		return ""
	}
	var b strings.Builder
	first, isString := args[0].(goja.String)
	rest := args
	if isString {
		if len(args) == 1 {
			return first.String()
		}
		var used int
		text := e.substitute(first.String(), args[1:], &used, o)
		b.WriteString(text)
		rest = args[1+used:]
	}
	for i, v := range rest {
		if i > 0 || isString {
			b.WriteByte(' ')
		}
		if s, ok := v.(goja.String); ok {
			b.WriteString(s.String())
		} else {
			b.WriteString(e.Inspect(v, o))
		}
	}
	return b.String()
}

// substitute replaces the specifiers of a format by arguments.
func (e *Env) substitute(format string, args []goja.Value, used *int, o InspectOptions) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		c := format[i+1]
		if c == '%' {
			b.WriteByte('%')
			i++
			continue
		}
		if *used == len(args) || !strings.ContainsRune("sdifjoOc", rune(c)) {
			b.WriteByte('%')
			continue
		}
		v := args[*used]
		*used++
		i++
		b.WriteString(e.specifier(c, v, o))
	}
	return b.String()
}

func (e *Env) specifier(c byte, v goja.Value, o InspectOptions) string {
	in := &inspector{e: e, InspectOptions: o}
	in.Colors = false
	t := typeOf(v)
	number := func(f float64) string { return in.number(e.rt.ToValue(f)) }
	global := func(name string) float64 {
		f, _ := goja.AssertFunction(e.rt.Get(name))
		return e.call(f, goja.Undefined(), v).ToFloat()
	}
	switch c {
	case 's':
		switch t {
		case "number", "bigint", "symbol":
			return in.primitive(v)
		}
		if x, ok := v.(*goja.Object); ok && t == "object" && e.plainText(x) {
			o.Depth, o.Colors, o.Compact = 0, false, 3
			return e.Inspect(v, o)
		}
		return e.domString(v).String()
	case 'd':
		switch {
		case t == "bigint":
			return in.primitive(v)
		case t == "symbol":
			return "NaN"
		}
		return number(toNumber(v))
	case 'i':
		switch {
		case t == "bigint":
			return in.primitive(v)
		case t == "symbol":
			return "NaN"
		}
		return number(global("parseInt"))
	case 'f':
		if t == "symbol" {
			return "NaN"
		}
		return number(global("parseFloat"))
	case 'j':
		return e.jsonText(v)
	case 'o':
		o.ShowHidden, o.ShowProxy, o.Depth = true, true, 4
		return e.Inspect(v, o)
	case 'O':
		return e.Inspect(v, o)
	}
	return "" // %c: CSS, which means nothing here
}

// jsonText is JSON.stringify for %j; a cycle is no error there.
func (e *Env) jsonText(v goja.Value) string {
	json := e.rt.Get("JSON").(*goja.Object)
	f, _ := goja.AssertFunction(json.Get("stringify"))
	r, err := f(json, v)
	if err == nil {
		return r.String()
	}
	if x, ok := err.(*goja.Exception); ok {
		if o, ok := x.Value().(*goja.Object); ok && strings.Contains(orUndefined(o.Get("message")).String(), "circular") {
			return "[Circular]"
		}
	}
	panic(err)
}

// plainText reports whether an object has no toString of its own or of a class
// that is not built in: %s then inspects it.
func (e *Env) plainText(o *goja.Object) bool {
	for e.isProxy(o) {
		if o = o.Export().(goja.Proxy).Target(); o == nil {
			return true
		}
	}
	if _, ok := goja.AssertFunction(orUndefined(o.Get("toString"))); !ok {
		return true
	}
	key := e.rt.ToValue("toString")
	if _, own := e.ownProperty(o, key); own {
		return false
	}
	p := o.Prototype()
	for p != nil {
		if _, own := e.ownProperty(p, key); own {
			break
		}
		p = p.Prototype()
	}
	if p == nil {
		return true
	}
	d, ok := e.ownProperty(p, e.rt.ToValue("constructor"))
	c, isObject := d.value.(*goja.Object)
	if !ok || !isObject {
		return false
	}
	name := orUndefined(c.Get("name")).String()
	return builtIn[name] && c == e.rt.GlobalObject().Get(name)
}

// builtIn are the classes of ECMAScript.
var builtIn = map[string]bool{
	"Object": true, "Function": true, "Array": true, "Number": true, "Boolean": true, "String": true, "Symbol": true,
	"Date": true, "Promise": true, "RegExp": true, "Error": true, "AggregateError": true, "EvalError": true,
	"RangeError": true, "ReferenceError": true, "SyntaxError": true, "TypeError": true, "URIError": true,
	"ArrayBuffer": true, "Uint8Array": true, "Int8Array": true, "Uint16Array": true, "Int16Array": true,
	"Uint32Array": true, "Int32Array": true, "Float32Array": true, "Float64Array": true, "Uint8ClampedArray": true,
	"BigUint64Array": true, "BigInt64Array": true, "DataView": true, "Map": true, "BigInt": true, "Set": true,
	"WeakMap": true, "WeakSet": true, "WeakRef": true, "Proxy": true, "FinalizationRegistry": true,
}
