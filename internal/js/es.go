package js

import (
	_ "embed"
	"math"
	"math/big"
	"strconv"
	"strings"
	"sync"

	"github.com/dop251/goja"
)

//go:embed es.js
var esSource string

//go:embed es_dispose.js
var esDisposeSource string

var (
	esProgram     = sync.OnceValue(func() *Program { return MustCompile("es.js", esSource) })
	functionKinds = sync.OnceValue(func() *Program {
		return MustCompile("functions", "[Function, (async () => {}).constructor, Object.getPrototypeOf(function* () {}).constructor]")
	})
	esDisposeProgram = sync.OnceValue(func() *Program { return MustCompile("es_dispose.js", esDisposeSource) })
)

// esState is what an isolate keeps for the ECMAScript built-ins of this package.
type esState struct {
	asyncIterator *goja.Object // %AsyncIteratorPrototype%
	disposal      *goja.Object // what es_dispose.js made, once it was needed
	float16       bool         // a script touched Float16Array
}

// installES puts right what the engine has wrong or lacks of ECMAScript. What
// the engine has is left alone, so that this shrinks as the engine grows.
func (iso *Isolate) installES() {
	rt := iso.rt
	iso.installJSON()
	iso.installRegExp()

	host := rt.CreateObject(nil)
	must(host.Set("isConstructor", func(c goja.FunctionCall) goja.Value {
		_, ok := goja.AssertConstructor(c.Argument(0))
		return rt.ToValue(ok)
	}))
	must(host.Set("sum", iso.sumPrecise))
	must(host.Set("zone", func(c goja.FunctionCall) goja.Value {
		if name, ok := zoneNames[c.Argument(0).String()]; ok {
			return rt.ToValue(name)
		}
		return goja.Undefined()
	}))
	must(host.Set("methods", func(c goja.FunctionCall) goja.Value {
		o := c.Argument(0).(*goja.Object)
		for _, a := range c.Arguments[1:] {
			from := a.(*goja.Object)
			for _, k := range from.Keys() {
				if o.Get(k) == nil {
					must(o.DefineDataProperty(k, from.Get(k), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
				}
			}
			for _, s := range from.Symbols() {
				if o.GetSymbol(s) == nil {
					must(o.DefineDataPropertySymbol(s, from.GetSymbol(s), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
				}
			}
		}
		return goja.Undefined()
	}))
	made := iso.runInternal(esProgram(), host)
	iso.es.asyncIterator = made.Get("asyncIteratorPrototype").(*goja.Object)

	for _, name := range []string{"DisposableStack", "AsyncDisposableStack", "SuppressedError"} {
		if rt.Get(name) == nil {
			iso.Lazy(name, func() goja.Value {
				if iso.es.disposal == nil {
					iso.es.disposal = iso.runInternal(esDisposeProgram(), nil)
				}
				return iso.es.disposal.Get(name)
			})
		}
	}

	object := func(name string) *goja.Object { return rt.Get(name).(*goja.Object) }
	proto := func(name string) *goja.Object { return object(name).Get("prototype").(*goja.Object) }
	iso.addMethod(proto("String"), "isWellFormed", 0, func(c goja.FunctionCall) goja.Value {
		return rt.ToValue(!strings.ContainsRune(iso.thisString(c, "isWellFormed"), '\uFFFD') || !hasLone(c.This.ToString()))
	})
	iso.addMethod(proto("String"), "toWellFormed", 0, func(c goja.FunctionCall) goja.Value {
		return rt.ToValue(iso.thisString(c, "toWellFormed")) // goja writes a lone surrogate as U+FFFD
	})
	iso.addMethod(object("Math"), "f16round", 1, func(c goja.FunctionCall) goja.Value {
		return rt.ToValue(float16(toFloat16(c.Argument(0).ToFloat())))
	})
	iso.addMethod(object("Error"), "isError", 1, func(c goja.FunctionCall) goja.Value {
		o, ok := c.Argument(0).(*goja.Object)
		if !ok {
			return rt.ToValue(false)
		}
		if h, ok := iso.HostValue(o).(interface{ IsError() bool }); ok { // a DOMException
			return rt.ToValue(h.IsError())
		}
		return rt.ToValue(o.ExportType() != typeProxy && o.ClassName() == "Error")
	})
	iso.addMethod(object("RegExp"), "escape", 1, func(c goja.FunctionCall) goja.Value {
		s, ok := c.Argument(0).(goja.String)
		if !ok {
			panic(iso.TypeError("RegExp.escape requires a string"))
		}
		return escapeRegExp(s)
	})
	iso.installBuffers(proto("ArrayBuffer"), proto("DataView"))
	iso.installAsyncGenerators()
	iso.installLimits()
	iso.installFloat16()
	iso.installLocale()
}

// runInternal runs one of this package's programs, a function of one argument.
func (iso *Isolate) runInternal(p *Program, arg goja.Value) *goja.Object {
	v, err := iso.rt.RunProgram(p.p)
	must(err)
	f, _ := goja.AssertFunction(v)
	if v, err = f(goja.Undefined(), arg); err != nil {
		panic(err)
	}
	return v.(*goja.Object)
}

// addMethod defines a method unless the engine has it.
func (iso *Isolate) addMethod(o *goja.Object, name string, length int, fn func(goja.FunctionCall) goja.Value) {
	if o.Get(name) == nil {
		must(o.DefineDataProperty(name, iso.Func(name, length, fn), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
}

// AsyncIteratorPrototype is %AsyncIteratorPrototype%, from which the async
// iterators of streams inherit.
func (iso *Isolate) AsyncIteratorPrototype() *goja.Object { return iso.es.asyncIterator }

// thisString is what the methods of String.prototype do first.
func (iso *Isolate) thisString(c goja.FunctionCall, method string) string {
	if goja.IsUndefined(c.This) || goja.IsNull(c.This) {
		panic(iso.TypeError("String.prototype.%s called on null or undefined", method))
	}
	return iso.toString(c.This).String()
}

func hasLone(v goja.Value) bool {
	s, ok := v.(goja.String)
	return ok && loneUnits(units(s))
}

// sumPrecise is Math.sumPrecise for an array of numbers: the exact sum, rounded
// once. A double has 53 bits between 2^-1074 and 2^1024; what is wider than
// that is the count.
func (iso *Isolate) sumPrecise(c goja.FunctionCall) goja.Value {
	list := c.Argument(0).(*goja.Object)
	n := int(toLength(list.Get("length")))
	sum := new(big.Float).SetPrec(1074 + 1024 + 64)
	var x big.Float
	negZero, plus, minus, nan := true, false, false, false
	for i := range n {
		f := list.Get(strconv.Itoa(i)).ToFloat()
		switch {
		case math.IsNaN(f):
			nan = true
		case math.IsInf(f, 1):
			plus = true
		case math.IsInf(f, -1):
			minus = true
		case f != 0:
			sum.Add(sum, x.SetFloat64(f))
			negZero = false
		case !math.Signbit(f):
			negZero = false
		}
	}
	switch {
	case nan || plus && minus:
		return iso.rt.ToValue(math.NaN())
	case plus:
		return iso.rt.ToValue(math.Inf(1))
	case minus:
		return iso.rt.ToValue(math.Inf(-1))
	case negZero:
		return iso.rt.ToValue(math.Copysign(0, -1))
	}
	f, _ := sum.Float64()
	if f == 0 {
		f = 0 // an exact sum of zero is +0
	}
	return iso.rt.ToValue(f)
}

// toFloat16 rounds to the nearest half-precision number, ties to even, and
// returns its bits.
func toFloat16(f float64) uint16 {
	b := math.Float64bits(f)
	sign := uint16(b >> 48 & 0x8000)
	a := math.Abs(f)
	switch {
	case f != f:
		return 0x7e00
	case a >= 65520: // half way between the largest number and the next
		return sign | 0x7c00
	case a < 0x1p-25 || a == 0x1p-25: // half of the smallest number rounds to even, to zero
		return sign
	case a < 0x1p-14: // subnormal: a multiple of 2^-24
		return sign | uint16(math.RoundToEven(a*0x1p24))
	}
	frac, exp := math.Frexp(a) // a = frac * 2^exp, 0.5 <= frac < 1
	m := uint32(math.RoundToEven(frac * 0x1p11))
	if m == 0x800 {
		m, exp = 0x400, exp+1
	}
	return sign | uint16(exp+14)<<10 | uint16(m-0x400)
}

// float16 is the number that half-precision bits stand for.
func float16(h uint16) float64 {
	f := 1.0
	if h&0x8000 != 0 {
		f = -1
	}
	m := float64(h & 0x3ff)
	switch e := int(h >> 10 & 0x1f); e {
	case 0:
		return f * m * 0x1p-24
	case 31:
		if m != 0 {
			return math.NaN()
		}
		return f * math.Inf(1)
	default:
		return f * math.Ldexp(m+1024, e-25)
	}
}

// escapeRegExp is RegExp.escape (ECMA-262 EncodeForRegExpEscape).
func escapeRegExp(s goja.String) goja.Value {
	var out []uint16
	ascii := func(t string) {
		for i := range len(t) {
			out = append(out, uint16(t[i]))
		}
	}
	u := units(s)
	hex := func(c uint16) {
		if c <= 0xff {
			ascii(`\x` + string(hexDigits[c>>4]) + string(hexDigits[c&15]))
		} else {
			ascii(`\u` + string(hexDigits[c>>12]) + string(hexDigits[c>>8&15]) + string(hexDigits[c>>4&15]) + string(hexDigits[c&15]))
		}
	}
	for i := 0; i < len(u); i++ {
		c := u[i]
		switch {
		case i == 0 && c < 0x80 && (c-'0' < 10 || c|0x20 >= 'a' && c|0x20 <= 'z'):
			hex(c)
		case c < 0x80 && strings.IndexByte(`^$\.*+?()[]{}|/`, byte(c)) >= 0:
			ascii(`\`)
			out = append(out, c)
		case c >= '\t' && c <= '\r':
			ascii(`\` + string("tnvfr"[c-'\t']))
		case c < 0x80 && strings.IndexByte(",-=<>#&!%:;@~'`\"", byte(c)) >= 0, isJSSpace(rune(c)):
			hex(c)
		case c&0xf800 == 0xd800:
			if c < 0xdc00 && i+1 < len(u) && u[i+1]&0xfc00 == 0xdc00 {
				out = append(out, c, u[i+1])
				i++
			} else {
				hex(c)
			}
		default:
			out = append(out, c)
		}
	}
	return goja.StringFromUTF16(out)
}

// isJSSpace is ECMA-262 WhiteSpace or LineTerminator.
func isJSSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\v', '\f', '\r', 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff:
		return true
	}
	return r >= 0x2000 && r <= 0x200a
}

// installBuffers adds what ES2024 and 2025 have of ArrayBuffer and DataView.
func (iso *Isolate) installBuffers(buffer, view *goja.Object) {
	rt := iso.rt
	self := func(c goja.FunctionCall, name string) goja.ArrayBuffer {
		o, ok := c.This.(*goja.Object)
		if !ok || o.ExportType() != typeBuffer || iso.eng.isHost(o) {
			panic(iso.TypeError("Method ArrayBuffer.prototype.%s called on incompatible receiver %s", name, iso.describeValue(c.This)))
		}
		return o.Export().(goja.ArrayBuffer)
	}
	if buffer.Get("transfer") != nil {
		return
	}
	transfer := func(name string) {
		iso.addMethod(buffer, name, 0, func(c goja.FunctionCall) goja.Value {
			ab := self(c, name)
			n := int64(len(ab.Bytes()))
			if v := c.Argument(0); !goja.IsUndefined(v) {
				if n = v.ToInteger(); n < 0 || n > maxBuffer {
					panic(iso.RangeError("Invalid array buffer length"))
				}
			}
			if ab.Detached() {
				panic(iso.TypeError("Cannot perform ArrayBuffer.prototype.%s on a detached ArrayBuffer", name))
			}
			b := ab.Bytes()
			if int64(len(b)) != n {
				b = make([]byte, n)
				copy(b, ab.Bytes())
			}
			ab.Detach()
			return rt.ToValue(rt.NewArrayBuffer(b))
		})
	}
	transfer("transfer")
	transfer("transferToFixedLength")
	must(buffer.DefineAccessorProperty("detached", iso.Func("get detached", 0, func(c goja.FunctionCall) goja.Value {
		return rt.ToValue(self(c, "detached").Detached())
	}), nil, goja.FLAG_TRUE, goja.FLAG_FALSE))

	if view.Get("getFloat16") != nil {
		return
	}
	call := func(v *goja.Object, method string) goja.Callable {
		f, _ := goja.AssertFunction(v.Get(method))
		return f
	}
	get, set := call(view, "getUint16"), call(view, "setUint16")
	iso.addMethod(view, "getFloat16", 1, func(c goja.FunctionCall) goja.Value {
		v, err := iso.Call(get, c.This, c.Arguments...)
		if err != nil {
			panic(err)
		}
		return rt.ToValue(float16(uint16(v.ToInteger())))
	})
	iso.addMethod(view, "setFloat16", 2, func(c goja.FunctionCall) goja.Value {
		bits := rt.ToValue(toFloat16(c.Argument(1).ToFloat()))
		v, err := iso.Call(set, c.This, c.Argument(0), bits, c.Argument(2))
		if err != nil {
			panic(err)
		}
		return v
	})
}

// describeValue names a value in an error message.
func (iso *Isolate) describeValue(v goja.Value) string {
	switch x := v.(type) {
	case *goja.Object:
		if _, ok := goja.AssertFunction(x); ok {
			return "function " + iso.text(x, "name")
		}
		return "#<" + x.ClassName() + ">"
	case *goja.Symbol:
		return "Symbol(" + x.String() + ")"
	case goja.String:
		return `"` + x.String() + `"`
	}
	return v.String()
}
