package js

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// What one call of a built-in can cost is bounded here: the watchdog cannot
// stop native code, and the garbage collector cannot refuse memory. The limits
// are those of V8 where V8 has one.

const (
	// maxBuffer is the largest ArrayBuffer, in bytes.
	maxBuffer = 512 << 20
	// maxElements is how many elements one call may make: 512 MB of values.
	maxElements = maxBuffer / 16
	// elementsAtOnce is how many a native loop does before the watchdog is asked.
	elementsAtOnce = 1 << 16
)

type nativeFunc = func(goja.FunctionCall) goja.Value

// intercept puts with in front of a method. The function object stays the same
// where the engine's internals allow it.
func (iso *Isolate) intercept(o *goja.Object, name string, with func(next nativeFunc, c goja.FunctionCall) goja.Value) {
	fn := o.Get(name).(*goja.Object)
	if next, ok := iso.eng.callOf(fn); ok && !iso.opts.fallback {
		iso.eng.setCall(fn, func(c goja.FunctionCall) goja.Value { return with(next, c) })
		return
	}
	old, _ := goja.AssertFunction(fn)
	next := func(c goja.FunctionCall) goja.Value {
		v, err := iso.Call(old, c.This, c.Arguments...)
		if err != nil {
			panic(err)
		}
		return v
	}
	f := iso.Func(name, int(fn.Get("length").ToInteger()), func(c goja.FunctionCall) goja.Value { return with(next, c) })
	must(o.DefineDataProperty(name, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// interceptNew puts with in front of a constructor, called or constructed.
// Without the engine's internals there is no way to do that which scripts do
// not notice, and the constructor is left as it is.
func (iso *Isolate) interceptNew(ctor *goja.Object, with func(args []goja.Value)) {
	if iso.opts.fallback {
		return
	}
	construct, call, ok := iso.eng.constructOf(ctor)
	if !ok {
		return
	}
	iso.eng.construction(ctor,
		func(args []goja.Value, newTarget *goja.Object) *goja.Object {
			with(args)
			return construct(args, newTarget)
		},
		func(c goja.FunctionCall) goja.Value {
			with(c.Arguments)
			return call(c)
		})
}

func (iso *Isolate) installLimits() {
	rt := iso.rt
	object := func(name string) *goja.Object { return rt.Get(name).(*goja.Object) }
	proto := func(name string) *goja.Object { return object(name).Get("prototype").(*goja.Object) }
	str := proto("String")
	iso.intercept(str, "repeat", iso.limitRepeat)
	iso.intercept(str, "padStart", iso.limitPad)
	iso.intercept(str, "padEnd", iso.limitPad)
	iso.intercept(str, "replace", iso.limitReplace(false))
	iso.intercept(str, "replaceAll", iso.limitReplace(true))
	iso.intercept(str, "split", iso.limitSplit)
	array := proto("Array")
	iso.intercept(array, "join", iso.limitJoin)
	iso.intercept(array, "fill", iso.limitFill)
	iso.intercept(object("Array"), "from", iso.limitFrom)
	iso.interceptNew(object("Array"), func(args []goja.Value) {
		if n, ok := number(argument(args, 0)); ok && len(args) == 1 && n > maxElements && n < 1<<32 && n == math.Trunc(n) {
			panic(iso.tooManyElements(n))
		} else if ok && len(args) == 1 {
			iso.reserveElements(n)
		}
	})
	iso.interceptNew(object("ArrayBuffer"), func(args []goja.Value) {
		v := argument(args, 0)
		if n, ok := number(v); ok {
			iso.limitBuffer(n)
		}
	})
	for name, size := range map[string]float64{"Int8Array": 1, "Uint8Array": 1, "Uint8ClampedArray": 1, "Int16Array": 2, "Uint16Array": 2, "Int32Array": 4,
		"Uint32Array": 4, "Float32Array": 4, "Float64Array": 8, "BigInt64Array": 8, "BigUint64Array": 8} {
		iso.limitTyped(name, size)
	}
	iso.guardFunctions()
}

// number returns a value that is a number already.
func number(v goja.Value) (float64, bool) {
	switch v.(type) {
	case *goja.Object, goja.String, *goja.Symbol, nil:
		return 0, false
	}
	if goja.IsUndefined(v) || goja.IsNull(v) {
		return 0, false
	}
	switch v.Export().(type) {
	case int64, float64:
		return v.ToFloat(), true
	}
	return 0, false
}

func (iso *Isolate) tooManyElements(n float64) *goja.Object {
	return iso.RangeError(fmt.Sprintf("Invalid array length: %.0f elements, and %d are allowed", n, maxElements))
}

func (iso *Isolate) limitBuffer(n float64) {
	if n < 0 || n > 1<<53 {
		panic(iso.RangeError("Invalid array buffer length"))
	}
	if n > maxBuffer {
		panic(iso.RangeError("Array buffer allocation failed"))
	}
	iso.Reserve(n, "Array buffer allocation failed")
}

func (iso *Isolate) limitTyped(name string, size float64) {
	ctor := iso.rt.Get(name).(*goja.Object)
	iso.interceptNew(ctor, func(args []goja.Value) {
		v := argument(args, 0)
		if n, ok := number(v); ok {
			if n < 0 || n*size > maxBuffer {
				panic(iso.RangeError("Invalid typed array length: " + v.String()))
			}
			iso.Reserve(n*size, "Array buffer allocation failed")
		} else if o, ok := v.(*goja.Object); ok && !iso.iterable(o) && !iso.isBuffer(o) {
			if n := toLength(o.Get("length")); float64(n)*size > maxBuffer {
				panic(iso.RangeError("Invalid typed array length: " + strconv.FormatInt(n, 10)))
			} else {
				iso.Reserve(float64(n)*size, "Array buffer allocation failed")
			}
		}
	})
}

func (iso *Isolate) isBuffer(o *goja.Object) bool { return o.ExportType() == typeBuffer }

func (iso *Isolate) iterable(o *goja.Object) bool {
	m := o.GetSymbol(goja.SymIterator)
	return m != nil && !goja.IsUndefined(m) && !goja.IsNull(m)
}

// lengthOf returns the length of the string that a method is called on; ok is
// false when the method itself has to say what is wrong, or convert.
func (iso *Isolate) lengthOf(v goja.Value) (int, bool) {
	s, ok := v.(goja.String)
	if !ok {
		return 0, false
	}
	return s.Length(), true
}

// reserveElements and reserveText refuse what one call would make and memory
// does not have.
func (iso *Isolate) reserveElements(n float64) {
	iso.Reserve(n*16, "Invalid array length: not enough memory")
}

func (iso *Isolate) reserveText(n float64) {
	iso.Reserve(n, "Invalid string length: not enough memory")
}

func (iso *Isolate) tooLong() *goja.Object { return iso.RangeError("Invalid string length") }

func (iso *Isolate) limitRepeat(next nativeFunc, c goja.FunctionCall) goja.Value {
	if n, ok := iso.lengthOf(c.This); ok {
		count := c.Argument(0).ToNumber()
		f := math.Trunc(count.ToFloat())
		if f < 0 || math.IsInf(f, 0) {
			panic(iso.RangeError("Invalid count value: " + c.Argument(0).String()))
		}
		if n == 0 {
			return c.This
		}
		if f*float64(n) > float64(iso.json.longest) {
			panic(iso.tooLong())
		}
		iso.reserveText(f * float64(n))
		c.Arguments = []goja.Value{count}
	}
	return next(c)
}

func (iso *Isolate) limitPad(next nativeFunc, c goja.FunctionCall) goja.Value {
	if _, ok := iso.lengthOf(c.This); ok {
		n := c.Argument(0).ToNumber()
		if n.ToFloat() > float64(iso.json.longest) {
			if fill := c.Argument(1); goja.IsUndefined(fill) || iso.asString(fill).Length() > 0 {
				panic(iso.tooLong())
			}
		} else {
			iso.reserveText(n.ToFloat())
		}
		if len(c.Arguments) > 0 {
			c.Arguments = append([]goja.Value{n}, c.Arguments[1:]...)
		}
	}
	return next(c)
}

// limitReplace looks at replacements of text by text: how long can it get?
func (iso *Isolate) limitReplace(all bool) func(nativeFunc, goja.FunctionCall) goja.Value {
	return func(next nativeFunc, c goja.FunctionCall) goja.Value {
		n, ok := iso.lengthOf(c.This)
		pattern, isText := c.Argument(0).(goja.String)
		with, withText := c.Argument(1).(goja.String)
		if ok && isText && withText {
			// Each $ can stand for the whole text.
			most := with.Length()
			if text := with.String(); strings.Contains(text, "$") {
				most += strings.Count(text, "$") * n
			}
			times := 1
			if all {
				times = n/max(pattern.Length(), 1) + 1
			}
			limit := float64(iso.json.longest)
			if float64(times)*float64(most)+float64(n) > limit {
				if all {
					times = strings.Count(c.This.String(), pattern.String())
				}
				if float64(times)*float64(most)+float64(n) > limit {
					panic(iso.tooLong())
				}
			}
		}
		return next(c)
	}
}

func (iso *Isolate) limitSplit(next nativeFunc, c goja.FunctionCall) goja.Value {
	if n, ok := iso.lengthOf(c.This); ok && n > maxElements && goja.IsUndefined(c.Argument(1)) {
		if sep, ok := c.Argument(0).(goja.String); ok {
			parts := n
			if sep.Length() > 0 {
				parts = strings.Count(c.This.String(), sep.String())
			}
			if parts > maxElements {
				panic(iso.tooManyElements(float64(parts)))
			}
		}
	}
	return next(c)
}

// limitJoin joins what is only primitives itself, which is also the faster way,
// and looks at the separators alone otherwise.
func (iso *Isolate) limitJoin(next nativeFunc, c goja.FunctionCall) goja.Value {
	o, ok := c.This.(*goja.Object)
	if !ok {
		return next(c)
	}
	sep := goja.String(nil)
	if v := c.Argument(0); !goja.IsUndefined(v) {
		sep = iso.asString(v)
		c.Arguments = []goja.Value{sep}
	}
	if iso.json.fast && iso.eng.isArray(o) {
		if v := iso.joinPrimitives(o, sep); v != nil {
			return v
		}
	}
	n, width := toLength(o.Get("length")), 1
	if sep != nil {
		width = sep.Length()
	}
	if float64(n-1)*float64(width) > float64(iso.json.longest) || n > 1<<32 {
		panic(iso.tooLong())
	}
	return next(c)
}

func (iso *Isolate) joinPrimitives(o *goja.Object, sep goja.String) goja.Value {
	n := iso.eng.arrayLen(o)
	b := textBuilder{iso: iso}
	between := rxText{ascii: ","}
	if sep != nil {
		between = iso.subject(sep)
	}
	b.ascii = make([]byte, 0, 16*min(n, 1<<12))
	for i := range n {
		v := iso.eng.element(o, i)
		switch v.(type) {
		case nil, *goja.Object, *goja.Symbol:
			return nil
		}
		if i > 0 {
			b.add(between, 0, between.len())
		}
		if goja.IsUndefined(v) || goja.IsNull(v) {
			continue
		}
		t := iso.subject(iso.asString(v))
		b.add(t, 0, t.len())
		if i&(elementsAtOnce-1) == elementsAtOnce-1 {
			iso.poll()
		}
	}
	return b.value()
}

// limitFill fills in steps.
func (iso *Isolate) limitFill(next nativeFunc, c goja.FunctionCall) goja.Value {
	o, ok := c.This.(*goja.Object)
	if !ok {
		return next(c)
	}
	n := toLength(o.Get("length"))
	if n <= elementsAtOnce {
		return next(c)
	}
	index := func(v goja.Value, otherwise int64) int64 {
		if goja.IsUndefined(v) {
			return otherwise
		}
		f := v.ToNumber().ToFloat()
		switch {
		case f != f:
			return 0
		case f < 0:
			return int64(max(math.Trunc(f)+float64(n), 0))
		}
		return int64(min(math.Trunc(f), float64(n)))
	}
	from, to := index(c.Argument(1), 0), index(c.Argument(2), n)
	if to-from > maxElements {
		panic(iso.tooManyElements(float64(to - from)))
	}
	iso.reserveElements(float64(to - from))
	for ; from < to; from += elementsAtOnce {
		next(goja.FunctionCall{This: o, Arguments: []goja.Value{c.Argument(0), iso.rt.ToValue(from), iso.rt.ToValue(min(from+elementsAtOnce, to))}})
		iso.poll()
	}
	return o
}

// limitFrom looks at objects that only claim a length.
func (iso *Isolate) limitFrom(next nativeFunc, c goja.FunctionCall) goja.Value {
	if o, ok := c.Argument(0).(*goja.Object); ok && !iso.iterable(o) {
		if n := toLength(o.Get("length")); n > maxElements {
			panic(iso.tooManyElements(float64(n)))
		} else {
			iso.reserveElements(float64(n))
		}
	}
	return next(c)
}

// What code that is compiled at run time may be: how deep its brackets nest,
// how many operators stand between two commas or semicolons, and its length in
// bytes. The engine's parser recurses, and a Go stack that is exhausted ends
// the process.
const (
	maxNesting   = 3000
	maxOperators = 50000
	maxCode      = 4 << 20
)

// guardFunctions looks at what is compiled at run time before the engine does.
func (iso *Isolate) guardFunctions() {
	v, err := iso.rt.RunProgram(functionKinds().p)
	must(err)
	for _, k := range []string{"0", "1", "2"} {
		ctor, ok := v.(*goja.Object).Get(k).(*goja.Object)
		if !ok {
			continue
		}
		if iso.opts.fallback {
			continue
		}
		construct, _, ok := iso.eng.constructOf(ctor)
		if !ok {
			continue
		}
		guarded := func(args []goja.Value, newTarget *goja.Object) *goja.Object {
			checked := make([]goja.Value, len(args))
			for i, a := range args {
				s := iso.asString(a)
				if why := tooNested(s.String()); why != "" {
					panic(iso.NewError("SyntaxError", why))
				}
				checked[i] = s
				if fixed := fixEscapes(s.String()); fixed != s.String() {
					checked[i] = iso.rt.ToValue(fixed)
				}
			}
			defer func() {
				if o, ok := recovered(recover()).(*goja.Object); ok {
					panic(iso.explainSyntax(o, checked))
				}
			}()
			return construct(checked, newTarget)
		}
		iso.eng.construction(ctor, guarded, func(c goja.FunctionCall) goja.Value { return guarded(c.Arguments, nil) })
	}
}

// recovered passes on what a script cannot have thrown.
func recovered(x any) any {
	switch e := x.(type) {
	case nil, *goja.Object:
		return x
	case *goja.Exception:
		if o, ok := e.Value().(*goja.Object); ok {
			return o
		}
	}
	panic(x)
}

// asyncIteration is what the bundler lowers, and the engine does not know.
var asyncIteration = regexp.MustCompile(`\basync\s+function\s*\*|\basync\s*\*|\bfor\s+await\b`)

// explainSyntax says which syntax it is that code compiled at run time cannot
// have: nobody lowers that.
func (iso *Isolate) explainSyntax(e *goja.Object, source []goja.Value) goja.Value {
	if iso.text(e, "name") != "SyntaxError" {
		return e
	}
	for _, s := range source {
		if asyncIteration.MatchString(s.String()) {
			return iso.NewError("SyntaxError", "async generators and for await are not supported in code that is compiled at run time ("+iso.text(e, "message")+")")
		}
	}
	return e
}

// tooNested says what is wrong with code that must not be parsed, or "". It
// does not know strings and comments from code, so that it may see more than
// there is, never less.
func tooNested(code string) string {
	if len(code) > maxCode {
		return fmt.Sprintf("code is longer than %d bytes", maxCode)
	}
	depth, operators := 0, 0
	for i := range len(code) {
		switch code[i] {
		case '(', '[', '{':
			if depth++; depth > maxNesting {
				return fmt.Sprintf("code nests deeper than %d brackets", maxNesting)
			}
		case ')', ']', '}':
			depth = max(depth-1, 0)
		case ';', ',':
			operators = 0
		case '!', '~', '+', '-', '*', '/', '%', '=', '<', '>', '&', '|', '^', '?', '`':
			if operators++; operators > maxOperators {
				return fmt.Sprintf("an expression has more than %d operators", maxOperators)
			}
		}
	}
	return ""
}

// fixEscapes writes the escapes \u{100000} to \u{10ffff} as pairs of
// surrogates, on which the engine's parser does not fail with a Go panic.
func fixEscapes(code string) string {
	const open = `\u{`
	if !strings.Contains(code, open+"1") && !strings.Contains(code, open+"0") {
		return code
	}
	var b strings.Builder
	done := 0
	for i := 0; i < len(code); i++ {
		if code[i] != '\\' {
			continue
		}
		if !strings.HasPrefix(code[i:], open) {
			i++ // the character that is escaped
			continue
		}
		end := strings.IndexByte(code[i:], '}')
		if end < 0 {
			break
		}
		if r, err := strconv.ParseUint(code[i+len(open):i+end], 16, 32); err == nil && r >= 0x100000 && r <= 0x10ffff {
			b.WriteString(code[done:i])
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
			done = i + end + 1
		}
		i += end
	}
	if done == 0 {
		return code
	}
	b.WriteString(code[done:])
	return b.String()
}
