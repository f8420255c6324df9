package js

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"github.com/dop251/goja"
	"github.com/dop251/goja/unistring"
)

// maxJSONDepth is how deep JSON may nest, read or written. The engine's own
// JSON.parse recurses without a limit, and a Go stack that is exhausted ends
// the process; V8 has no limit when it reads and about this one when it writes.
const maxJSONDepth = 10000

// maxString is the longest string in UTF-16 units, V8's limit.
const maxString = 1<<29 - 24

// jsonState is what an isolate keeps for JSON.
type jsonState struct {
	fast bool // objects are read and made directly, see internals.go

	parser  jsonParser
	scratch []byte // JSON.stringify's buffer, nil while it is in use

	objectProto, arrayProto *goja.Object

	// The standard's own operations for what goja's public API does not reach
	// exactly: keys that are not UTF-8, and proxies.
	get, isArray, ownKeys, define, remove goja.Callable

	longest int // of a string that is written, maxString but in tests

	noop goja.Callable // calling it lets an interrupt through
}

// installJSON replaces JSON.parse and JSON.stringify.
func (iso *Isolate) installJSON() {
	rt := iso.rt
	s := &iso.json
	s.fast = iso.eng.has(TrickJSON) && !iso.opts.fallback
	s.longest = maxString
	s.objectProto = rt.NewObject().Prototype()
	s.arrayProto = rt.NewArray().Prototype()
	s.get = iso.builtin("Reflect", "get")
	s.define = iso.builtin("Reflect", "defineProperty")
	s.remove = iso.builtin("Reflect", "deleteProperty")
	s.ownKeys = iso.builtin("Object", "keys")
	s.isArray = iso.builtin("Array", "isArray")
	f, err := rt.RunProgram(noopProgram().p)
	must(err)
	s.noop, _ = goja.AssertFunction(f)

	o := rt.Get("JSON").(*goja.Object)
	method := func(name string, length int, fn func(goja.FunctionCall) goja.Value) {
		must(o.DefineDataProperty(name, iso.Func(name, length, fn), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	method("parse", 2, iso.jsonParse)
	method("stringify", 3, iso.jsonStringify)
}

// builtin returns a function of a global object as it is before scripts run.
func (iso *Isolate) builtin(object, name string) goja.Callable {
	f, ok := goja.AssertFunction(iso.rt.Get(object).(*goja.Object).Get(name))
	if !ok {
		panic(object + "." + name + " is not a function")
	}
	return f
}

// poll ends a long native loop when the isolate was interrupted: the engine
// looks for that whenever it runs a script function.
func (iso *Isolate) poll() {
	_, err := iso.Call(iso.json.noop, goja.Undefined())
	must(err)
}

// ParseJSON reads JSON as Response.json does: UTF-8 with an optional byte order
// mark, where what is not UTF-8 reads as U+FFFD (Infra, "parse JSON bytes to a
// JavaScript value"). The error carries a script SyntaxError, worded as V8
// words it; Isolate.Thrown gives that. b is not kept.
func (iso *Isolate) ParseJSON(b []byte) (goja.Value, error) {
	if len(b) >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf {
		b = b[3:]
	}
	if !utf8.Valid(b) {
		b = decodeLossy(b)
	}
	v, bad := iso.json.parser.parse(iso, unsafe.String(unsafe.SliceData(b), len(b)))
	if bad != nil {
		return nil, thrown{bad}
	}
	return v, nil
}

// ParseJSONString reads JSON from a script string, as JSON.parse does.
func (iso *Isolate) ParseJSONString(s goja.Value) (goja.Value, error) {
	v, bad := iso.json.parser.parse(iso, wtf8(s))
	if bad != nil {
		return nil, thrown{bad}
	}
	return v, nil
}

// AppendJSON appends what JSON.stringify(v) returns, as UTF-8, to dst. ok is
// false when that is undefined, as for a function; nothing is appended then.
// The error is what a toJSON method or a getter threw, a TypeError for a cycle
// or a BigInt, or a RangeError for what nests too deeply or is too long.
func (iso *Isolate) AppendJSON(dst []byte, v goja.Value) (out []byte, ok bool, err error) {
	w := jsonWriter{iso: iso, fast: iso.json.fast, b: dst, start: len(dst)}
	_, err = iso.attempt(func() (goja.Value, error) {
		ok = w.property(v, jsonKey{})
		return nil, nil
	})
	if err != nil || !ok {
		return dst, false, err
	}
	return w.b, true, nil
}

func (iso *Isolate) jsonParse(c goja.FunctionCall) goja.Value {
	text := wtf8(iso.toString(c.Argument(0)))
	reviver, _ := goja.AssertFunction(c.Argument(1))
	p := &iso.json.parser
	var root *jsonSource
	if reviver != nil {
		root = new(jsonSource)
	}
	v, bad := p.parseWith(iso, text, root)
	if bad != nil {
		panic(bad)
	}
	if reviver == nil {
		return v
	}
	holder := iso.rt.NewObject()
	must(holder.DefineDataProperty("", v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
	r := jsonReviver{iso: iso, fn: reviver, text: text}
	return r.walk(holder, "", root, 0)
}

func (iso *Isolate) jsonStringify(c goja.FunctionCall) goja.Value {
	s := &iso.json
	w := jsonWriter{iso: iso, fast: s.fast, b: s.scratch[:0]}
	s.scratch = nil // a toJSON method may call JSON.stringify
	if len(c.Arguments) > 1 {
		w.setReplacer(c.Argument(1))
		w.setSpace(c.Argument(2))
	}
	if w.replacer != nil {
		w.root = iso.rt.NewObject()
		must(w.root.DefineDataProperty("", c.Argument(0), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
	}
	if !w.property(c.Argument(0), jsonKey{}) {
		return goja.Undefined()
	}
	text := string(w.b)
	v := iso.rt.ToValue(text)
	if w.wide {
		v = iso.fromWTF8(text)
	}
	if cap(w.b) <= 1<<20 {
		s.scratch = w.b
	}
	return v
}

// jsonReviver is JSON.parse's second half (ECMA-262, InternalizeJSONProperty,
// with the context argument of "JSON.parse source text access").
type jsonReviver struct {
	iso  *Isolate
	fn   goja.Callable
	text string
}

// jsonSource remembers what a value was parsed from, for reviver's context.
type jsonSource struct {
	value      goja.Value
	start, end int // a primitive's text; 0, 0 otherwise
	items      []jsonSource
	members    map[unistring.String]*jsonSource
}

func (r *jsonReviver) walk(holder *goja.Object, key unistring.String, src *jsonSource, depth int) goja.Value {
	iso := r.iso
	if depth > maxJSONDepth {
		panic(iso.RangeError("Maximum call stack size exceeded: JSON.parse revives deeper than " + strconv.Itoa(maxJSONDepth) + " levels"))
	}
	v := iso.getKey(holder, key)
	if src != nil && !src.value.SameAs(v) {
		src = nil // a reviver changed it
	}
	context := iso.rt.NewObject()
	if o, ok := v.(*goja.Object); ok {
		if iso.isArray(o) {
			n := toLength(o.Get("length"))
			for i := int64(0); i < n; i++ {
				var s *jsonSource
				if src != nil && i < int64(len(src.items)) {
					s = &src.items[i]
				}
				r.member(o, unistring.String(strconv.FormatInt(i, 10)), s, depth)
			}
		} else {
			for _, k := range iso.keys(o) {
				var s *jsonSource
				if src != nil {
					s = src.members[k]
				}
				r.member(o, k, s, depth)
			}
		}
	} else if src != nil {
		must(context.Set("source", iso.fromWTF8(r.text[src.start:src.end])))
	}
	v, err := iso.Call(r.fn, holder, iso.keyValue(key), v, context)
	if err != nil {
		panic(err)
	}
	return v
}

func (r *jsonReviver) member(o *goja.Object, key unistring.String, src *jsonSource, depth int) {
	v := r.walk(o, key, src, depth+1)
	iso := r.iso
	if goja.IsUndefined(v) {
		if _, err := iso.Call(iso.json.remove, goja.Undefined(), o, iso.keyValue(key)); err != nil {
			panic(err)
		}
		return
	}
	d := iso.rt.CreateObject(nil)
	must(d.Set("value", v))
	for _, k := range []string{"writable", "enumerable", "configurable"} {
		must(d.Set(k, true))
	}
	if _, err := iso.Call(iso.json.define, goja.Undefined(), o, iso.keyValue(key), d); err != nil {
		panic(err)
	}
}

// isArray is ECMA-262 IsArray.
func (iso *Isolate) isArray(o *goja.Object) bool {
	v, err := iso.Call(iso.json.isArray, goja.Undefined(), o)
	if err != nil {
		panic(err)
	}
	return v.ToBoolean()
}

// keys returns the own enumerable string keys of an object.
func (iso *Isolate) keys(o *goja.Object) []unistring.String {
	v, err := iso.Call(iso.json.ownKeys, goja.Undefined(), o)
	if err != nil {
		panic(err)
	}
	list := v.(*goja.Object)
	n := int(list.Get("length").ToInteger())
	out := make([]unistring.String, n)
	for i := range out {
		out[i] = toKey(list.Get(strconv.Itoa(i)))
	}
	return out
}

// getKey reads a property; an absent one is undefined.
func (iso *Isolate) getKey(o *goja.Object, key unistring.String) goja.Value {
	var v goja.Value
	if loneUnits(key.AsUtf16()) {
		var err error
		if v, err = iso.Call(iso.json.get, goja.Undefined(), o, iso.keyValue(key)); err != nil {
			panic(err)
		}
	} else {
		v = o.Get(key.String())
	}
	if v == nil {
		return goja.Undefined()
	}
	return v
}

// keyValue is a key as a script string.
func (iso *Isolate) keyValue(key unistring.String) goja.Value {
	if u := key.AsUtf16(); u != nil {
		return goja.StringFromUTF16(u[1:])
	}
	return iso.rt.ToValue(string(key))
}

// toKey is a script string as a key.
func toKey(v goja.Value) unistring.String {
	s := v.String()
	if js, ok := v.(goja.String); ok && strings.ContainsRune(s, utf8.RuneError) {
		return unistring.FromUtf16(append([]uint16{unistring.BOM}, units(js)...))
	}
	return unistring.NewFromString(s)
}

// toLength is ECMA-262 ToLength.
func toLength(v goja.Value) int64 {
	if v == nil {
		return 0
	}
	return min(max(v.ToInteger(), 0), 1<<53-1)
}

// loneUnits reports whether UTF-16 text has a surrogate without its other half.
func loneUnits(u []uint16) bool {
	for i := 0; i < len(u); i++ {
		switch {
		case u[i]&0xf800 != 0xd800:
		case u[i] < 0xdc00 && i+1 < len(u) && u[i+1]&0xfc00 == 0xdc00:
			i++
		default:
			return true
		}
	}
	return false
}

// units returns the UTF-16 units of a script string.
func units(s goja.String) []uint16 {
	u := make([]uint16, s.Length())
	for i := range u {
		u[i] = s.CharAt(i)
	}
	return u
}

// toString is ECMA-262 ToString; goja's does not refuse symbols.
func (iso *Isolate) toString(v goja.Value) goja.Value {
	if _, ok := v.(*goja.Symbol); ok {
		panic(iso.TypeError("Cannot convert a Symbol value to a string"))
	}
	return v.ToString()
}

// wtf8 returns a script string as UTF-8, in which a lone surrogate is the three
// bytes that UTF-8 would give it if it were a character.
func wtf8(v goja.Value) string {
	s := v.String()
	if !strings.ContainsRune(s, utf8.RuneError) {
		return s
	}
	js, ok := v.(goja.String)
	if !ok {
		return s
	}
	u := units(js)
	b := make([]byte, 0, len(s))
	for i := 0; i < len(u); i++ {
		r := rune(u[i])
		if utf16.IsSurrogate(r) {
			if i+1 < len(u) {
				if full := utf16.DecodeRune(r, rune(u[i+1])); full != utf8.RuneError {
					b = utf8.AppendRune(b, full)
					i++
					continue
				}
			}
			b = appendSurrogate(b, r)
			continue
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b)
}

// fromWTF8 is wtf8's inverse.
func (iso *Isolate) fromWTF8(s string) goja.Value {
	if hasSurrogate(s) {
		return goja.StringFromUTF16(appendUnits(nil, s))
	}
	return iso.rt.ToValue(s)
}

func appendSurrogate(b []byte, r rune) []byte {
	return append(b, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
}

// nextUnit decodes the first character of text as wtf8 makes it.
func nextUnit(s string) (r rune, size int) {
	if len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 {
		return rune(s[0]&0xf)<<12 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return utf8.DecodeRuneInString(s)
}

// appendUnits appends the UTF-16 form of text as wtf8 makes it.
func appendUnits(u []uint16, s string) []uint16 {
	for len(s) > 0 {
		r, n := nextUnit(s)
		if r >= 0x10000 {
			u = utf16.AppendRune(u, r)
		} else {
			u = append(u, uint16(r))
		}
		s = s[n:]
	}
	return u
}

// unitCount is len(appendUnits(nil, s)).
func unitCount(s string) (n int) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x80 || c >= 0xc0 && c < 0xf0:
			n++
		case c >= 0xf0:
			n += 2
		}
	}
	return n
}

// decodeLossy is the Encoding Standard's UTF-8 decoder: each maximal part that
// could begin a character becomes one U+FFFD. (A conversion by Go gives one for
// every byte.)
func decodeLossy(b []byte) []byte {
	out := make([]byte, 0, len(b)+16)
	for i := 0; i < len(b); {
		if b[i] < 0x80 {
			out = append(out, b[i])
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r != utf8.RuneError || n > 1 {
			out = append(out, b[i:i+n]...)
			i += n
			continue
		}
		out = append(out, "\uFFFD"...)
		c := b[i]
		i++
		lo, hi, need := byte(0x80), byte(0xbf), 0
		switch {
		case c >= 0xc2 && c <= 0xdf:
			need = 1
		case c >= 0xe0 && c <= 0xef:
			need = 2
			if c == 0xe0 {
				lo = 0xa0
			} else if c == 0xed {
				hi = 0x9f
			}
		case c >= 0xf0 && c <= 0xf4:
			need = 3
			if c == 0xf0 {
				lo = 0x90
			} else if c == 0xf4 {
				hi = 0x8f
			}
		}
		for ; need > 0 && i < len(b) && b[i] >= lo && b[i] <= hi; need-- {
			i++
			lo, hi = 0x80, 0xbf
		}
	}
	return out
}
