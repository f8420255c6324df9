package js

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
	"unsafe"

	"github.com/dop251/goja"
	"github.com/dop251/goja/unistring"
)

var noopProgram = sync.OnceValue(func() *Program { return MustCompile("noop", "(function () {})") })

// jsonParser reads JSON (ECMA-404) into script values. An isolate has one: no
// script runs while it works.
type jsonParser struct {
	iso  *Isolate
	fast bool
	s    string // see wtf8
	i    int
	msg  goja.Value // why it failed

	depth int
	next  int                // where the next poll is due
	vals  []goja.Value       // elements and members of the containers that are open
	keys  []unistring.String // keys of the members
	names [256]jsonName      // keys seen before, so that they need not be allocated again

	shapes [8][]unistring.String // the names of the last object at each depth, in turns

	// Small things are cut from chunks, which are small so that one value that
	// is kept does not keep the whole document.
	text   []byte
	boxes  []string
	ints   []int64
	floats []float64
	chunk  int
}

type jsonName struct {
	text string
	key  unistring.String
}

const (
	jsonPollEvery = 1 << 16 // bytes
	maxName       = 40      // bytes of a key that is remembered
	textChunk     = 1 << 11
	boxChunk      = 32
)

// parse returns the value, or the SyntaxError as the second result.
func (p *jsonParser) parse(iso *Isolate, s string) (goja.Value, *goja.Object) {
	return p.parseWith(iso, s, nil)
}

// parseWith also fills src, unless it is nil.
func (p *jsonParser) parseWith(iso *Isolate, s string, src *jsonSource) (goja.Value, *goja.Object) {
	p.iso, p.fast, p.s = iso, iso.json.fast, s
	p.i, p.depth, p.next, p.chunk = 0, 0, jsonPollEvery, 4
	defer p.reset()
	p.space()
	v := p.value(src)
	if v != nil {
		p.space()
		if p.i == len(p.s) {
			return v, nil
		}
		p.failAt("Unexpected non-whitespace character after JSON")
	}
	e, err := iso.rt.New(iso.rt.Get("SyntaxError"), p.msg)
	if err != nil {
		panic(err)
	}
	return nil, e
}

// reset drops what belongs to one document.
func (p *jsonParser) reset() {
	p.s, p.msg, p.text, p.boxes, p.ints, p.floats = "", nil, nil, nil, nil, nil
	p.shapes = [8][]unistring.String{}
	clear(p.vals)
	clear(p.keys)
	p.vals, p.keys = p.vals[:0], p.keys[:0]
	if cap(p.vals) > 1<<12 {
		p.vals = nil
	}
	if cap(p.keys) > 1<<12 {
		p.keys = nil
	}
}

func (p *jsonParser) space() {
	s, i := p.s, p.i
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t') {
		i++
	}
	p.i = i
}

// value reads one value; nil means failure, and p.msg says which.
func (p *jsonParser) value(src *jsonSource) goja.Value {
	if p.i >= len(p.s) {
		return p.unexpected()
	}
	if p.i >= p.next {
		p.next = p.i + jsonPollEvery
		p.iso.poll()
	}
	start := p.i
	var v goja.Value
	switch c := p.s[p.i]; c {
	case '{':
		v = p.object(src)
		start = -1
	case '[':
		v = p.array(src)
		start = -1
	case '"':
		v = p.str()
	case 't':
		v = p.literal("true", valueTrue)
	case 'f':
		v = p.literal("false", valueFalse)
	case 'n':
		v = p.literal("null", valueNull)
	default:
		if c != '-' && (c < '0' || c > '9') {
			return p.unexpected()
		}
		v = p.number()
	}
	if src != nil {
		src.value = v
		if start >= 0 {
			src.start, src.end = start, p.i
		}
	}
	return v
}

func (p *jsonParser) literal(word string, v goja.Value) goja.Value {
	if strings.HasPrefix(p.s[p.i:], word) {
		p.i += len(word)
		return v
	}
	for j := 0; p.i < len(p.s) && p.s[p.i] == word[j]; j++ {
		p.i++
	}
	return p.unexpected()
}

func digit(s string, i int) bool { return i < len(s) && s[i]-'0' < 10 }

func (p *jsonParser) number() goja.Value {
	s, i := p.s, p.i
	start := i
	neg := s[i] == '-'
	if neg {
		i++
	}
	if !digit(s, i) {
		p.i = i
		return p.failAt("No number after minus sign in JSON")
	}
	first := i
	var n int64
	if s[i] == '0' {
		i++
		if digit(s, i) {
			p.i = i
			return p.failAt("Unexpected number in JSON")
		}
	} else {
		for digit(s, i) {
			n = n*10 + int64(s[i]-'0')
			i++
		}
	}
	whole := i-first <= 15 // fits in a double exactly
	if i < len(s) && s[i] == '.' {
		whole = false
		if i++; !digit(s, i) {
			p.i = i
			return p.failAt("Unterminated fractional number in JSON")
		}
		for digit(s, i) {
			i++
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		whole = false
		if i++; i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if !digit(s, i) {
			p.i = i
			return p.failAt("Exponent part is missing a number in JSON")
		}
		for digit(s, i) {
			i++
		}
	}
	p.i = i
	if whole && !(neg && n == 0) {
		if neg {
			n = -n
		}
		return p.integer(n)
	}
	// Too large a number is an infinity here as it is there.
	f, _ := strconv.ParseFloat(s[start:i], 64)
	if f == math.Trunc(f) || math.IsInf(f, 0) {
		return p.iso.rt.ToValue(f) // -0 and what the engine keeps as an integer
	}
	return p.float(f)
}

func (p *jsonParser) integer(n int64) goja.Value {
	if uint64(n) < uint64(len(smallInts)) {
		return smallInts[n]
	}
	if !p.fast {
		return p.iso.rt.ToValue(n)
	}
	if len(p.ints) == 0 {
		p.ints = make([]int64, p.grow())
	}
	box := &p.ints[0]
	p.ints = p.ints[1:]
	*box = n
	return p.iso.eng.boxInt(box)
}

func (p *jsonParser) float(f float64) goja.Value {
	if !p.fast {
		return p.iso.rt.ToValue(f)
	}
	if len(p.floats) == 0 {
		p.floats = make([]float64, p.grow())
	}
	box := &p.floats[0]
	p.floats = p.floats[1:]
	*box = f
	return p.iso.eng.boxFloat(box)
}

// grow gives the size of the next chunk: a small document gets small ones.
func (p *jsonParser) grow() int {
	n := p.chunk
	p.chunk = min(2*n, boxChunk)
	return n
}

var valueTrue, valueFalse, valueNull = goja.New().ToValue(true), goja.New().ToValue(false), goja.Null()

var smallInts = func() (a [256]goja.Value) {
	rt := goja.New()
	for i := range a {
		a[i] = rt.ToValue(i)
	}
	return a
}()

// str reads a string value.
func (p *jsonParser) str() goja.Value {
	raw, escaped, ascii, ok := p.scan()
	if !ok {
		return nil
	}
	if escaped {
		var wide bool
		if raw, ascii, wide = p.unescape(raw); wide {
			return goja.StringFromUTF16(appendUnits(nil, raw))
		}
	} else {
		raw = p.keep(raw)
	}
	if !ascii && hasSurrogate(raw) {
		return goja.StringFromUTF16(appendUnits(nil, raw))
	}
	if !p.fast || !ascii {
		return p.iso.rt.ToValue(raw)
	}
	if len(p.boxes) == 0 {
		p.boxes = make([]string, p.grow())
	}
	box := &p.boxes[0]
	p.boxes = p.boxes[1:]
	*box = raw
	return p.iso.eng.boxString(box)
}

// hasSurrogate reports whether text from wtf8 has a lone surrogate; text from
// ParseJSON never has one.
func hasSurrogate(s string) bool {
	for i := strings.IndexByte(s, 0xed); i >= 0 && i+1 < len(s); {
		if s[i+1] >= 0xa0 {
			return true
		}
		j := strings.IndexByte(s[i+1:], 0xed)
		if j < 0 {
			return false
		}
		i += 1 + j
	}
	return false
}

// keep copies a part of the document.
func (p *jsonParser) keep(s string) string {
	if len(s) == 0 {
		return ""
	}
	if len(s) > textChunk/8 {
		return strings.Clone(s)
	}
	if cap(p.text)-len(p.text) < len(s) {
		p.text = make([]byte, 0, max(len(s), min(textChunk, len(p.s)-p.i+len(s))))
	}
	n := len(p.text)
	p.text = append(p.text, s...)
	return unsafe.String(&p.text[n], len(s))
}

// scan reads a string token, checks it, and returns what is between the quotes.
func (p *jsonParser) scan() (raw string, escaped, ascii, ok bool) {
	s := p.s
	start := p.i + 1
	var bits byte
	for i := start; i < len(s); {
		c := s[i]
		bits |= c
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		switch {
		case c == '"':
			p.i = i + 1
			return s[start:i], escaped, bits < 0x80, true
		case c == '\\':
			escaped = true
			if i = p.escape(i); i < 0 {
				return "", false, false, false
			}
		default:
			p.i = i
			p.failAt("Bad control character in string literal in JSON")
			return "", false, false, false
		}
	}
	p.i = len(s)
	p.failAt("Unterminated string in JSON")
	return "", false, false, false
}

// escape checks the escape sequence at i and returns where it ends, or -1.
func (p *jsonParser) escape(i int) int {
	s := p.s
	i++
	if i >= len(s) {
		p.i = i
		p.unexpected()
		return -1
	}
	switch s[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		for range 4 {
			if i++; i >= len(s) || hexDigit(s[i]) < 0 {
				p.i = i
				p.failAt("Bad Unicode escape in JSON")
				return -1
			}
		}
		return i + 1
	}
	p.i = i
	p.failAt("Bad escaped character in JSON")
	return -1
}

func hexDigit(c byte) rune {
	switch {
	case c-'0' < 10:
		return rune(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return -1
}

func hex4(s string) rune {
	return hexDigit(s[0])<<12 | hexDigit(s[1])<<8 | hexDigit(s[2])<<4 | hexDigit(s[3])
}

// unescape returns the text of a checked token. wide: it has a lone surrogate.
func (p *jsonParser) unescape(s string) (text string, ascii, wide bool) {
	b := make([]byte, 0, len(s))
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			break
		}
		b = append(b, s[:i]...)
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r := hex4(s)
			s = s[4:]
			if r&0xfc00 == 0xd800 && strings.HasPrefix(s, `\u`) {
				if low := hex4(s[2:]); low&0xfc00 == 0xdc00 {
					r = 0x10000 + (r-0xd800)<<10 + (low - 0xdc00)
					s = s[6:]
				}
			}
			if r&^0x7ff == 0xd800 {
				wide = true
				b = appendSurrogate(b, r)
			} else {
				b = utf8.AppendRune(b, r)
			}
			continue
		}
		b = append(b, c)
	}
	b = append(b, s...)
	ascii = true
	for _, c := range b {
		if c >= 0x80 {
			ascii = false
			break
		}
	}
	return unsafe.String(unsafe.SliceData(b), len(b)), ascii, wide
}

// key reads a member's key.
func (p *jsonParser) key() (unistring.String, bool) {
	raw, escaped, ascii, ok := p.scan()
	if !ok {
		return "", false
	}
	if !escaped && len(raw) <= maxName {
		h := uint32(2166136261)
		for i := 0; i < len(raw); i++ {
			h = (h ^ uint32(raw[i])) * 16777619
		}
		e := &p.names[(h^h>>15)%uint32(len(p.names))]
		if e.text != raw || raw == "" {
			e.text = strings.Clone(raw)
			e.key = keyOf(e.text, ascii)
		}
		return e.key, true
	}
	if escaped {
		raw, ascii, _ = p.unescape(raw)
	} else {
		raw = p.keep(raw)
	}
	return keyOf(raw, ascii), true
}

func keyOf(s string, ascii bool) unistring.String {
	if ascii {
		return unistring.String(s)
	}
	return unistring.FromUtf16(appendUnits([]uint16{unistring.BOM}, s))
}

// deeper counts an open container.
func (p *jsonParser) deeper() bool {
	p.i++
	if p.depth++; p.depth > maxJSONDepth {
		p.failAt("JSON nests deeper than " + strconv.Itoa(maxJSONDepth) + " levels")
		return false
	}
	return true
}

func (p *jsonParser) array(src *jsonSource) goja.Value {
	if !p.deeper() {
		return nil
	}
	base := len(p.vals)
	p.space()
	if p.i < len(p.s) && p.s[p.i] == ']' {
		p.i++
	} else {
		for {
			var item *jsonSource
			if src != nil {
				item = new(jsonSource)
			}
			v := p.value(item)
			if v == nil {
				return nil
			}
			p.vals = append(p.vals, v)
			if src != nil {
				src.items = append(src.items, *item)
			}
			p.space()
			if p.i < len(p.s) {
				if c := p.s[p.i]; c == ',' {
					p.i++
					p.space()
					continue
				} else if c == ']' {
					p.i++
					break
				}
			}
			return p.failAt("Expected ',' or ']' after array element in JSON")
		}
	}
	p.depth--
	items := p.vals[base:]
	var a *goja.Object
	if p.fast {
		a = p.iso.eng.newArray(items)
	} else {
		list := make([]any, len(items))
		for i, v := range items {
			list[i] = v
		}
		a = p.iso.rt.NewArray(list...)
	}
	clear(items)
	p.vals = p.vals[:base]
	return a
}

func (p *jsonParser) object(src *jsonSource) goja.Value {
	if !p.deeper() {
		return nil
	}
	keyBase, base := len(p.keys), len(p.vals)
	p.space()
	if p.i < len(p.s) && p.s[p.i] == '}' {
		p.i++
	} else {
		wanted := "Expected property name or '}' in JSON"
		for {
			if p.i >= len(p.s) || p.s[p.i] != '"' {
				return p.failAt(wanted)
			}
			key, ok := p.key()
			if !ok {
				return nil
			}
			p.space()
			if p.i >= len(p.s) || p.s[p.i] != ':' {
				if len(p.keys) > keyBase {
					return p.unexpected() // V8 is less helpful after the first member
				}
				return p.failAt("Expected ':' after property name in JSON")
			}
			p.i++
			p.space()
			var member *jsonSource
			if src != nil {
				member = new(jsonSource)
				if src.members == nil {
					src.members = map[unistring.String]*jsonSource{}
				}
				src.members[key] = member
			}
			v := p.value(member)
			if v == nil {
				return nil
			}
			p.keys = append(p.keys, key)
			p.vals = append(p.vals, v)
			p.space()
			if p.i < len(p.s) {
				if c := p.s[p.i]; c == ',' {
					p.i++
					p.space()
					wanted = "Expected double-quoted property name in JSON"
					continue
				} else if c == '}' {
					p.i++
					break
				}
			}
			return p.failAt("Expected ',' or '}' after property value in JSON")
		}
	}
	p.depth--
	keys, vals := p.keys[keyBase:], p.vals[base:]
	var o *goja.Object
	if p.fast {
		o = p.record(keys, vals)
	} else {
		o = p.iso.record(keys, vals)
	}
	clear(vals)
	p.keys, p.vals = p.keys[:keyBase], p.vals[:base]
	return o
}

// record makes an object directly. It shares its list of names with the one
// before it at the same depth, when that has the same: a list of records is what
// a large document mostly is.
func (p *jsonParser) record(keys []unistring.String, vals []goja.Value) *goja.Object {
	e, proto := p.iso.eng, p.iso.json.objectProto
	shape := &p.shapes[p.depth%len(p.shapes)]
	if len(keys) > 0 && slices.Equal(*shape, keys) {
		return e.newShaped(proto, *shape, vals)
	}
	o, names := e.newRecord(proto, keys, vals)
	if len(names) == len(keys) {
		*shape = names
	}
	return o
}

// record makes an object by goja's public API. Setting would not do: it calls
// the setter of __proto__.
func (iso *Isolate) record(keys []unistring.String, vals []goja.Value) *goja.Object {
	o := iso.rt.NewObject()
	for i, k := range keys {
		if !loneUnits(k.AsUtf16()) {
			must(o.DefineDataProperty(k.String(), vals[i], goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
			continue
		}
		d := iso.rt.CreateObject(nil)
		must(d.Set("value", vals[i]))
		for _, n := range []string{"writable", "enumerable", "configurable"} {
			must(d.Set(n, true))
		}
		_, err := iso.Call(iso.json.define, goja.Undefined(), o, iso.keyValue(k), d)
		must(err)
	}
	return o
}

// failAt fails with a message and the current place, counted as V8 counts.
func (p *jsonParser) failAt(msg string) goja.Value {
	p.msg = p.iso.rt.ToValue(msg + " at position " + strconv.Itoa(unitCount(p.s[:p.i])))
	return nil
}

// unexpected fails because of the token at the current place.
func (p *jsonParser) unexpected() goja.Value {
	rt := p.iso.rt
	if p.i >= len(p.s) {
		p.msg = rt.ToValue("Unexpected end of JSON input")
		return nil
	}
	switch c := p.s[p.i]; {
	case c == '"':
		return p.failAt("Unexpected string in JSON")
	case c == '-' || c-'0' < 10:
		return p.failAt("Unexpected number in JSON")
	}
	switch p.s {
	case "undefined", "NaN", "Infinity", "[object Object]": // what a script passes by mistake
		p.msg = rt.ToValue(strconv.Quote(p.s) + " is not valid JSON")
		return nil
	}
	// The text around the place: at most ten units on either side.
	const around = 10
	before, after := p.s[:p.i], p.s[p.i:]
	total, pos := unitCount(p.s), unitCount(before)
	head, tail := "", ""
	left, right := before, after
	if total > 2*around && len(left) > 3*(around+1) {
		left = left[len(left)-3*(around+1):]
		for len(left) > 0 && !utf8.RuneStart(left[0]) {
			left = left[1:]
		}
	}
	if total > 2*around {
		right = after[:min(len(after), 3*(around+2))]
	}
	l, r := appendUnits(nil, left), appendUnits(nil, right)
	token := r[0]
	if total > 2*around {
		if pos >= around {
			head = "..."
			l = l[len(l)-around:]
		}
		if pos < around || pos < total-around {
			tail = "..."
			r = r[:around]
		}
	}
	var m []uint16
	m = appendUnits(m, "Unexpected token '")
	m = append(m, token)
	m = appendUnits(m, "', "+head+`"`)
	m = append(append(m, l...), r...)
	m = appendUnits(m, `"`+tail+" is not valid JSON")
	p.msg = goja.StringFromUTF16(m)
	return nil
}
