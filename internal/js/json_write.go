package js

import (
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/dop251/goja/unistring"
)

// jsonWriter is ECMA-262 SerializeJSONProperty and what it calls. Objects and
// arrays of the common kinds are read directly when fast is set; everything
// else, and everything in the fallback, goes through goja's public API. Where a
// script can run in between (toJSON, getters, proxies, a replacer) the writer
// behaves as the standard's order of steps demands.
type jsonWriter struct {
	iso   *Isolate
	fast  bool
	b     []byte
	start int // len of what the caller had

	stack    []jsonLevel
	replacer goja.Callable
	root     *goja.Object // the holder of the value itself, for a replacer
	list     []unistring.String
	listed   bool
	gap      string
	wide     bool // gap has a lone surrogate, so that b is not UTF-8

	snapped int  // levels below this one have names of their own
	clean   bool // neither Object.prototype nor Array.prototype has toJSON
	known   bool // clean is up to date
	ops     int
}

// jsonLevel is an object that is being written.
type jsonLevel struct {
	o     *goja.Object
	key   jsonKey
	names []unistring.String
}

// jsonKey is a property name; array elements are counted, from 1.
type jsonKey struct {
	name  unistring.String
	index int64
}

func (k jsonKey) text() unistring.String {
	if k.index > 0 {
		return unistring.String(strconv.FormatInt(k.index-1, 10))
	}
	return k.name
}

var typeProxy = reflect.TypeFor[goja.Proxy]()
var typeBigInt = reflect.TypeFor[*big.Int]()

// property writes a value that was read under key from the innermost open
// object, and reports whether there was anything to write.
func (w *jsonWriter) property(v goja.Value, key jsonKey) bool {
	if w.ops++; w.ops&(1<<14-1) == 0 {
		w.iso.poll()
	}
	if len(w.b)-w.start > w.iso.json.longest {
		panic(w.iso.RangeError("Invalid string length"))
	}
	if w.replacer != nil {
		return w.replaced(v, key)
	}
	if w.fast {
		if ok, done := w.primitive(v); done {
			return ok
		}
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return w.other(v, key)
	}
	if f := w.toJSON(o); f != nil {
		v = w.script(f, o, key)
		if o, ok = v.(*goja.Object); !ok {
			return w.plain(v)
		}
	}
	return w.object(o, key)
}

// replaced is property with a replacer function.
func (w *jsonWriter) replaced(v goja.Value, key jsonKey) bool {
	w.snapshot()
	if o, ok := v.(*goja.Object); ok {
		if f := w.callable(o.Get("toJSON")); f != nil {
			v = w.script(f, o, key)
		}
	} else if v.ExportType() == typeBigInt {
		v = w.bigIntJSON(v, key)
	}
	holder := w.root
	if n := len(w.stack); n > 0 {
		holder = w.stack[n-1].o
	}
	v = w.script(w.replacer, holder, key, v)
	if o, ok := v.(*goja.Object); ok {
		return w.object(o, key)
	}
	return w.plain(v)
}

// script calls a script function with a key.
func (w *jsonWriter) script(f goja.Callable, this goja.Value, key jsonKey, more ...goja.Value) goja.Value {
	w.snapshot()
	v, err := w.iso.Call(f, this, append([]goja.Value{w.iso.keyValue(key.text())}, more...)...)
	if err != nil {
		panic(err)
	}
	return v
}

// snapshot is called before anything that may run a script: the names of the
// open objects are still to be those of the time when they were opened.
func (w *jsonWriter) snapshot() {
	w.known = false
	for ; w.snapped < len(w.stack); w.snapped++ {
		l := &w.stack[w.snapped]
		if l.names != nil && !w.listed {
			l.names = w.iso.eng.enumerableNames(l.o, l.names)
		}
	}
}

func (w *jsonWriter) callable(v goja.Value) goja.Callable {
	if v == nil {
		return nil
	}
	f, _ := goja.AssertFunction(v)
	return f
}

// toJSON returns the object's toJSON method, or nil.
func (w *jsonWriter) toJSON(o *goja.Object) goja.Callable {
	if w.fast {
		s := &w.iso.json
		for p := o; ; p = w.iso.eng.protoOf(p) {
			if p == nil {
				return nil
			}
			if p == s.objectProto || p == s.arrayProto {
				if !w.known {
					w.known = true
					w.clean = s.objectProto.Get("toJSON") == nil && s.arrayProto.Get("toJSON") == nil
				}
				if w.clean {
					return nil
				}
				break
			}
			if v, ok := w.iso.eng.ownPlain(p, "toJSON"); !ok || v != nil {
				break
			}
		}
		w.snapshot()
	}
	return w.callable(o.Get("toJSON"))
}

func (w *jsonWriter) bigIntJSON(v goja.Value, key jsonKey) goja.Value {
	if f := w.callable(v.ToObject(w.iso.rt).Get("toJSON")); f != nil {
		return w.script(f, v, key)
	}
	return v
}

// other writes a value that is no object, and that primitive did not know.
func (w *jsonWriter) other(v goja.Value, key jsonKey) bool {
	if v.ExportType() == typeBigInt {
		w.snapshot()
		v = w.bigIntJSON(v, key)
		if o, ok := v.(*goja.Object); ok {
			return w.object(o, key)
		}
	}
	return w.plain(v)
}

// primitive writes a value of a kind that the layout knows.
func (w *jsonWriter) primitive(v goja.Value) (ok, done bool) {
	e := w.iso.eng
	t := words(v)
	switch t.tab {
	case e.tabASCII:
		w.b = appendJSONText(w.b, *(*string)(t.data))
	case e.tabInt:
		w.b = strconv.AppendInt(w.b, *(*int64)(t.data), 10)
	case e.tabImported:
		w.b = appendJSONString(w.b, *(*string)(t.data))
	case e.tabUnicode:
		w.b = appendJSONUnits(w.b, (*(*[]uint16)(t.data))[1:])
	case e.tabBool:
		w.b = strconv.AppendBool(w.b, *(*bool)(t.data))
	case e.tabNull:
		w.b = append(w.b, "null"...)
	case e.tabFloat:
		w.b = appendJSONNumber(w.b, *(*float64)(t.data))
	case e.tabUndefined:
		return false, true
	default:
		return false, false
	}
	return true, true
}

// plain writes a value that is no object, without looking for toJSON.
func (w *jsonWriter) plain(v goja.Value) bool {
	switch x := v.(type) {
	case goja.String:
		if s := x.String(); strings.ContainsRune(s, utf8.RuneError) {
			w.b = appendJSONUnits(w.b, units(x))
		} else {
			w.b = appendJSONText(w.b, s)
		}
		return true
	case *goja.Symbol:
		return false
	}
	if goja.IsNull(v) {
		w.b = append(w.b, "null"...)
		return true
	}
	if goja.IsUndefined(v) {
		return false
	}
	switch t := v.ExportType(); {
	case t == typeBigInt:
		panic(w.iso.TypeError("Do not know how to serialize a BigInt"))
	case t.Kind() == reflect.Bool:
		w.b = strconv.AppendBool(w.b, v.ToBoolean())
	case t.Kind() == reflect.Int64:
		w.b = strconv.AppendInt(w.b, v.ToInteger(), 10)
	default:
		w.b = appendJSONNumber(w.b, v.ToFloat())
	}
	return true
}

// object writes an object whose toJSON and replacer were called.
func (w *jsonWriter) object(o *goja.Object, key jsonKey) bool {
	if w.fast {
		if w.iso.eng.isRecord(o) {
			w.open(o, key)
			w.record(o)
			w.close()
			return true
		}
		if w.iso.eng.isArray(o) {
			w.open(o, key)
			w.elements(o)
			w.close()
			return true
		}
	}
	w.snapshot()
	if _, ok := goja.AssertFunction(o); ok {
		return false
	}
	if o.ExportType() != typeProxy {
		switch o.ClassName() {
		case "Number":
			return w.plain(o.ToNumber())
		case "String":
			return w.plain(o.ToString())
		case "Boolean":
			b, _ := o.Export().(bool)
			w.b = strconv.AppendBool(w.b, b)
			return true
		case "RawJSON":
			w.b = append(w.b, wtf8(o.Get("rawJSON"))...)
			return true
		}
		if o.ExportType() == typeBigInt {
			panic(w.iso.TypeError("Do not know how to serialize a BigInt"))
		}
	}
	w.open(o, key)
	if w.iso.isArray(o) {
		w.items(o)
	} else {
		w.members(o)
	}
	w.close()
	return true
}

func (w *jsonWriter) open(o *goja.Object, key jsonKey) {
	for i := range w.stack {
		if w.stack[i].o == o {
			panic(w.iso.TypeError("%s", w.circle(i, key)))
		}
	}
	if len(w.stack) >= maxJSONDepth {
		panic(w.iso.RangeError("Maximum call stack size exceeded: JSON.stringify nests deeper than " + strconv.Itoa(maxJSONDepth) + " levels"))
	}
	w.stack = append(w.stack, jsonLevel{o: o, key: key})
}

func (w *jsonWriter) close() {
	n := len(w.stack) - 1
	w.stack[n] = jsonLevel{}
	w.stack = w.stack[:n]
	w.snapped = min(w.snapped, n)
}

// separate writes what stands before a member or an element.
func (w *jsonWriter) separate(first bool) {
	if !first {
		w.b = append(w.b, ',')
	}
	if w.gap != "" {
		w.newline(len(w.stack))
	}
}

func (w *jsonWriter) newline(depth int) {
	w.b = append(w.b, '\n')
	for range depth {
		w.b = append(w.b, w.gap...)
	}
}

// end writes the closing bracket.
func (w *jsonWriter) end(empty bool, c byte) {
	if w.gap != "" && !empty {
		w.newline(len(w.stack) - 1)
	}
	w.b = append(w.b, c)
}

// member writes one member with its key and returns whether it did.
func (w *jsonWriter) member(name unistring.String, v goja.Value, first bool) bool {
	mark := len(w.b)
	w.separate(first)
	if u := name.AsUtf16(); u != nil {
		w.b = appendJSONUnits(w.b, u[1:])
	} else {
		w.b = appendJSONText(w.b, string(name))
	}
	w.b = append(w.b, ':')
	if w.gap != "" {
		w.b = append(w.b, ' ')
	}
	if w.property(v, jsonKey{name: name}) {
		return true
	}
	w.b = w.b[:mark]
	return false
}

// record writes an object whose properties can be read directly.
func (w *jsonWriter) record(o *goja.Object) {
	e := w.iso.eng
	level := len(w.stack) - 1
	w.stack[level].names = e.names(o)
	if w.listed {
		w.stack[level].names = w.list
	}
	w.b = append(w.b, '{')
	first := true
	for i := 0; i < len(w.stack[level].names); i++ {
		name := w.stack[level].names[i]
		if name == notEnumerable {
			continue
		}
		v, enumerable, ok := e.property(o, name)
		if !ok { // an accessor, a name that is gone, or no longer such an object
			if !enumerable && !w.listed && w.snapped <= level {
				continue
			}
			w.snapshot()
			v = w.iso.getKey(o, name)
		} else if !enumerable && !w.listed && w.snapped <= level {
			continue
		}
		if w.member(name, v, first) {
			first = false
		}
	}
	w.end(first, '}')
}

// notEnumerable stands in a snapshot of names for one that is not to be
// written. No key looks like this: keys are ASCII or UTF-16 with a mark.
const notEnumerable unistring.String = "\xff"

// elements writes an array whose elements can be read directly.
func (w *jsonWriter) elements(o *goja.Object) {
	e := w.iso.eng
	n := e.arrayLen(o)
	w.b = append(w.b, '[')
	for i := range n {
		w.separate(i == 0)
		v := e.element(o, i)
		if v == nil { // a hole, an accessor, or no longer such an array
			w.snapshot()
			if v = o.Get(strconv.Itoa(i)); v == nil {
				v = goja.Undefined()
			}
		}
		if !w.property(v, jsonKey{index: int64(i) + 1}) {
			w.b = append(w.b, "null"...)
		}
	}
	w.end(n == 0, ']')
}

// members is record by the public API.
func (w *jsonWriter) members(o *goja.Object) {
	names := w.list
	if !w.listed {
		names = w.iso.keys(o)
	}
	w.b = append(w.b, '{')
	first := true
	for _, name := range names {
		w.snapshot()
		if w.member(name, w.iso.getKey(o, name), first) {
			first = false
		}
	}
	w.end(first, '}')
}

// items is elements by the public API.
func (w *jsonWriter) items(o *goja.Object) {
	n := toLength(o.Get("length"))
	w.b = append(w.b, '[')
	for i := range n {
		w.separate(i == 0)
		w.snapshot()
		v := o.Get(strconv.FormatInt(i, 10))
		if v == nil {
			v = goja.Undefined()
		}
		if !w.property(v, jsonKey{index: i + 1}) {
			w.b = append(w.b, "null"...)
		}
	}
	w.end(n == 0, ']')
}

// circle describes a cycle as V8 does: from is the level that closes it.
func (w *jsonWriter) circle(from int, last jsonKey) string {
	key := func(k jsonKey) string {
		switch {
		case k.index > 0:
			return "index " + strconv.FormatInt(k.index-1, 10)
		case k.name == "":
			return "<anonymous>"
		}
		return "property '" + k.name.String() + "'"
	}
	class := func(o *goja.Object) string {
		if c, err := w.iso.attempt(func() (goja.Value, error) { return o.Get("constructor"), nil }); err == nil {
			if c, ok := c.(*goja.Object); ok {
				if s := w.iso.text(c, "name"); s != "" {
					return "'" + s + "'"
				}
			}
		}
		return "'Object'"
	}
	var b strings.Builder
	b.WriteString("Converting circular structure to JSON\n    --> starting at object with constructor " + class(w.stack[from].o))
	line := func(l jsonLevel) {
		b.WriteString("\n    |     " + key(l.key) + " -> object with constructor " + class(l.o))
	}
	rest := slices.Clone(w.stack[from+1:])
	for i, l := range rest {
		if len(rest) > 3 && i >= 2 && i < len(rest)-1 {
			if i == 2 {
				b.WriteString("\n    |     ...")
			}
			continue
		}
		line(l)
	}
	b.WriteString("\n    --- " + key(last) + " closes the circle")
	return b.String()
}

// setReplacer reads JSON.stringify's second argument.
func (w *jsonWriter) setReplacer(v goja.Value) {
	o, ok := v.(*goja.Object)
	if !ok {
		return
	}
	if f, ok := goja.AssertFunction(o); ok {
		w.replacer = f
		return
	}
	if !w.iso.isArray(o) {
		return
	}
	w.listed = true
	seen := map[unistring.String]bool{}
	n := toLength(o.Get("length"))
	for i := range n {
		if i&1023 == 1023 {
			w.iso.poll()
		}
		item := o.Get(strconv.FormatInt(i, 10))
		if item == nil {
			continue
		}
		switch x := item.(type) {
		case goja.String:
		case *goja.Object:
			if c := x.ClassName(); x.ExportType() == typeProxy || c != "Number" && c != "String" {
				continue
			}
			item = x.ToString()
		default:
			t := item.ExportType()
			if t == nil || t.Kind() != reflect.Int64 && t.Kind() != reflect.Float64 {
				continue
			}
			item = item.ToString()
		}
		if k := toKey(item); !seen[k] {
			seen[k] = true
			w.list = append(w.list, k)
		}
	}
}

// setSpace reads JSON.stringify's third argument.
func (w *jsonWriter) setSpace(v goja.Value) {
	if o, ok := v.(*goja.Object); ok && o.ExportType() != typeProxy {
		switch o.ClassName() {
		case "Number":
			v = o.ToNumber()
		case "String":
			v = o.ToString()
		}
	}
	switch x := v.(type) {
	case *goja.Object, *goja.Symbol:
	case goja.String:
		u := units(x)
		u = u[:min(len(u), 10)]
		w.wide = loneUnits(u)
		w.gap = wtf8(goja.StringFromUTF16(u))
	default:
		if t := v.ExportType(); t != nil && (t.Kind() == reflect.Int64 || t.Kind() == reflect.Float64) {
			w.gap = strings.Repeat(" ", int(min(max(v.ToInteger(), 0), 10)))
		}
	}
}

// appendJSONNumber is Number::toString for base 10; what is not finite is null.
func appendJSONNumber(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "null"...)
	}
	if f == 0 {
		return append(b, '0')
	}
	if a := math.Abs(f); a < 1e21 && a >= 1e-6 {
		return strconv.AppendFloat(b, f, 'f', -1, 64)
	}
	b = strconv.AppendFloat(b, f, 'e', -1, 64)
	if n := len(b); b[n-2] == '0' && (b[n-3] == '-' || b[n-3] == '+') { // e-07 is e-7 in JavaScript
		b[n-2] = b[n-1]
		b = b[:n-1]
	}
	return b
}

const hexDigits = "0123456789abcdef"

func appendJSONEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, '\\', 'b')
	case '\t':
		return append(b, '\\', 't')
	case '\n':
		return append(b, '\\', 'n')
	case '\f':
		return append(b, '\\', 'f')
	case '\r':
		return append(b, '\\', 'r')
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// appendJSONText quotes valid UTF-8.
func appendJSONText(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			b = append(b, s[done:i]...)
			b = appendJSONEscape(b, c)
			done = i + 1
		}
	}
	b = append(b, s[done:]...)
	return append(b, '"')
}

// appendJSONString quotes a Go string; bytes that are not UTF-8 are U+FFFD
// each, as the engine reads them.
func appendJSONString(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	return appendJSONText(b, s)
}

// appendJSONUnits quotes UTF-16; a lone surrogate is escaped (ECMA-262
// QuoteJSONString).
func appendJSONUnits(b []byte, u []uint16) []byte {
	b = append(b, '"')
	for i := 0; i < len(u); i++ {
		c := rune(u[i])
		switch {
		case c < ' ' || c == '"' || c == '\\':
			b = appendJSONEscape(b, byte(c))
		case c < 0x80:
			b = append(b, byte(c))
		case utf16.IsSurrogate(c):
			if i+1 < len(u) {
				if r := utf16.DecodeRune(c, rune(u[i+1])); r != utf8.RuneError {
					b = utf8.AppendRune(b, r)
					i++
					continue
				}
			}
			b = append(b, '\\', 'u', hexDigits[c>>12], hexDigits[c>>8&15], hexDigits[c>>4&15], hexDigits[c&15])
		default:
			b = utf8.AppendRune(b, c)
		}
	}
	return append(b, '"')
}
