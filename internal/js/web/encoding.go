package web

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// errEncoding is the error of bytes that are not valid in a fatal decoder.
var errEncoding = errors.New("the encoded data is not valid")

// decoder is a decoder of the Encoding standard (§7.1), for one stream after
// another.
type decoder struct {
	name             string
	fatal, ignoreBOM bool

	// At most one of these; none for UTF-8.
	utf16    bool
	single   *charmap.Charmap
	sequence sequenceDecoder
	jis      *iso2022jp

	big   bool   // of UTF-16
	rest  []byte // bytes that begin a sequence, from the last chunk
	begun bool   // whether the BOM has been looked for in this stream
}

// newDecoder returns the decoder of a label (Encoding §4.2); it is false for a
// label that is none, and for the replacement encoding.
func newDecoder(label string) (*decoder, bool) {
	label = strings.Trim(label, "\t\n\f\r ")
	for i := 0; i < len(label); i++ {
		if label[i] <= ' ' || label[i] >= utf8.RuneSelf { // the index would trim more than the standard
			return nil, false
		}
	}
	enc, err := htmlindex.Get(label)
	if err != nil {
		return nil, false
	}
	name, err := htmlindex.Name(enc)
	if err != nil || name == "replacement" {
		return nil, false
	}
	d := &decoder{name: name}
	switch name {
	case "utf-8":
	case "utf-16le":
		d.utf16 = true
	case "utf-16be":
		d.utf16, d.big = true, true
	case "iso-2022-jp":
		d.jis = new(iso2022jp)
	case "iso-8859-8-i": // its text is in logical order, which is nothing to a decoder
		d.single = charmap.ISO8859_8
	default:
		if d.sequence = multibyte(name); d.sequence == nil {
			d.single = enc.(*charmap.Charmap)
		}
	}
	return d, true
}

// decode decodes a chunk; with stream the next chunk belongs to the same text.
func (d *decoder) decode(b []byte, stream bool) (s string, err error) {
	defer func() {
		if !stream || err != nil {
			d.rest, d.begun = nil, false
			if d.jis != nil {
				*d.jis = iso2022jp{}
			}
		}
	}()
	if len(d.rest) > 0 {
		b = append(d.rest, b...)
		d.rest = nil
	}
	switch {
	case d.utf16:
		return d.decodeUTF16(b, stream)
	case d.single != nil:
		return d.decodeSingle(d.single, b)
	case d.sequence != nil:
		return d.decodeSequences(b, stream)
	case d.jis != nil:
		return d.decodeJIS(b, stream)
	}
	return d.decodeUTF8(b, stream)
}

// bom drops the byte order mark at a stream's beginning. wait is true while b
// is too short to tell.
func (d *decoder) bom(b, mark []byte, stream bool) (rest []byte, wait bool) {
	if d.begun || d.ignoreBOM {
		return b, false
	}
	if stream && len(b) < len(mark) && bytes.HasPrefix(mark, b) {
		return b, true
	}
	d.begun = true
	return bytes.TrimPrefix(b, mark), false
}

var (
	bomUTF8    = []byte{0xEF, 0xBB, 0xBF}
	bomUTF16LE = []byte{0xFF, 0xFE}
	bomUTF16BE = []byte{0xFE, 0xFF}
)

func (d *decoder) decodeUTF8(b []byte, stream bool) (string, error) {
	b, wait := d.bom(b, bomUTF8, stream)
	if wait {
		d.rest = slices.Clone(b)
		return "", nil
	}
	if utf8.Valid(b) {
		return string(b), nil
	}
	if stream {
		b, d.rest = splitUTF8(b)
	}
	if d.fatal && !utf8.Valid(b) {
		return "", errEncoding
	}
	return decodeUTF8(b), nil
}

// splitUTF8 cuts off a sequence that b ends in and that more bytes could complete.
func splitUTF8(b []byte) (whole, rest []byte) {
	for i := len(b) - 1; i >= 0 && i >= len(b)-3; i-- {
		if b[i]&0xC0 == 0x80 {
			continue
		}
		if n, need := sequence(b[i:]); need > 0 && i+n == len(b) {
			return b[:i], slices.Clone(b[i:])
		}
		break
	}
	return b, nil
}

func (d *decoder) decodeUTF16(b []byte, stream bool) (string, error) {
	mark, at := bomUTF16LE, func(i int) rune { return rune(b[i]) | rune(b[i+1])<<8 }
	if d.big {
		mark, at = bomUTF16BE, func(i int) rune { return rune(b[i])<<8 | rune(b[i+1]) }
	}
	b, wait := d.bom(b, mark, stream)
	if wait {
		d.rest = slices.Clone(b)
		return "", nil
	}
	out := make([]byte, 0, len(b))
	i := 0
	for ; i+1 < len(b); i += 2 {
		c := at(i)
		if !utf16.IsSurrogate(c) {
			out = utf8.AppendRune(out, c)
			continue
		}
		if c < 0xDC00 {
			if i+3 >= len(b) && stream {
				break // the other half may follow
			}
			if i+3 < len(b) {
				if r := utf16.DecodeRune(c, at(i+2)); r != utf8.RuneError {
					out = utf8.AppendRune(out, r)
					i += 2
					continue
				}
			} else if len(b)-i == 3 {
				i++ // one error for the half and the odd byte behind it
			}
		}
		if d.fatal {
			return "", errEncoding
		}
		out = append(out, "\uFFFD"...)
	}
	if i < len(b) {
		if stream {
			d.rest = slices.Clone(b[i:])
		} else if d.fatal {
			return "", errEncoding
		} else {
			out = append(out, "\uFFFD"...)
		}
	}
	return unsafeString(out), nil
}

// decodeSequences decodes a multi-byte encoding.
func (d *decoder) decodeSequences(b []byte, stream bool) (string, error) {
	out := make([]byte, 0, len(b)+len(b)/2+8)
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			out = append(out, b[i])
			i++
			continue
		}
		r, r2, n := d.sequence(b[i:])
		if n == 0 {
			if stream {
				d.rest = slices.Clone(b[i:])
				break
			}
			r, n = -1, len(b)-i
		}
		if r < 0 {
			if d.fatal {
				return "", errEncoding
			}
			r = utf8.RuneError
		}
		out = utf8.AppendRune(out, r)
		if r2 != 0 {
			out = utf8.AppendRune(out, r2)
		}
		i += n
	}
	return unsafeString(out), nil
}

// decodeJIS decodes iso-2022-jp.
func (d *decoder) decodeJIS(b []byte, stream bool) (string, error) {
	out := make([]byte, 0, len(b)+len(b)/2+8)
	for i := 0; i < len(b); {
		r, n := d.jis.next(b[i:], stream)
		if n == 0 {
			d.rest = slices.Clone(b[i:])
			break
		}
		i += n
		switch {
		case r > 0 || n == 1 && r == 0: // U+0000 is a character
			out = utf8.AppendRune(out, r)
		case r < 0 && d.fatal:
			return "", errEncoding
		case r < 0:
			out = append(out, "\uFFFD"...)
		}
	}
	return unsafeString(out), nil
}

func (d *decoder) decodeSingle(m *charmap.Charmap, b []byte) (string, error) {
	out := make([]byte, 0, len(b)+len(b)/4)
	for _, c := range b {
		if c < utf8.RuneSelf {
			out = append(out, c)
			continue
		}
		r := m.DecodeByte(c)
		if r == utf8.RuneError {
			// The standard's indexes have the C1 controls where the code page
			// has nothing; those of x/text do not.
			if c < 0xA0 {
				r = rune(c)
			} else if d.fatal {
				return "", errEncoding
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return unsafeString(out), nil
}

type encodingClasses struct {
	encoders, decoders *js.Class
}

func installEncoding(e *Env) {
	e.global("TextEncoder", e.textEncoderClass)
	e.global("TextDecoder", e.textDecoderClass)
	e.iso.LazyFunc("atob", 1, e.atob)
	e.iso.LazyFunc("btoa", 1, e.btoa)
}

type textEncoder struct{ _ byte }

func (e *Env) textEncoderClass() *js.Class {
	return class(&e.encoding.encoders, func() *js.Class {
		c := e.iso.Class("TextEncoder", 0, nil, func(goja.ConstructorCall) any { return &textEncoder{} })
		this := func(v goja.Value) {
			if _, ok := js.Host[textEncoder](e.iso, v); !ok {
				panic(e.invalidThis("TextEncoder"))
			}
		}
		c.Method("encode", 0, func(call goja.FunctionCall) goja.Value {
			this(call.This)
			v := call.Argument(0)
			if absent(v) {
				return e.uint8Array(nil)
			}
			s, ok := v.(goja.String)
			if !ok {
				return e.uint8Array([]byte(e.text(v)))
			}
			b := e.iso.AppendText(nil, s)
			if !utf8.Valid(b) { // a string that Go made of bytes
				b = appendUTF8(nil, b)
			}
			return e.uint8Array(b)
		})
		c.Method("encodeInto", 2, func(call goja.FunctionCall) goja.Value {
			this(call.This)
			src, ok := call.Argument(0).(goja.String)
			if !ok {
				panic(e.nodeError("TypeError", "ERR_INVALID_ARG_TYPE", `The "src" argument must be of type string. Received %s`, e.received(call.Argument(0))))
			}
			v := call.Argument(1)
			if e.viewName(v) != "Uint8Array" {
				panic(e.nodeError("TypeError", "ERR_INVALID_ARG_TYPE", `The "dest" argument must be an instance of Uint8Array. Received %s`, e.received(v)))
			}
			dst, _ := e.bytes(v)
			read, written := encodeInto(decodeUTF8String(e.iso.Text(src)), dst)
			o := e.rt.NewObject()
			must(o.Set("read", read))
			must(o.Set("written", written))
			return o
		})
		c.Getter("encoding", func(call goja.FunctionCall) goja.Value {
			this(call.This)
			return e.rt.ToValue("utf-8")
		})
		return c
	})
}

// encodeInto writes as many whole characters of s as fit. read is counted in
// UTF-16 code units; a lone surrogate is U+FFFD in s, one unit like itself.
func encodeInto(s string, dst []byte) (read, written int) {
	if len(s) <= len(dst) {
		written = copy(dst, s)
	} else {
		written = len(dst)
		for written > 0 && !utf8.RuneStart(s[written]) {
			written--
		}
		copy(dst, s[:written])
	}
	return utf16Length(s[:written]), written
}

// utf16Length is the length of s in UTF-16 code units.
func utf16Length(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < utf8.RuneSelf:
			n++
		case c >= 0xF0:
			n += 2
		case c >= 0xC0:
			n++
		}
	}
	return n
}

// newTextDecoder makes the decoder of (label, options), which the constructors
// of TextDecoder and TextDecoderStream take.
func (e *Env) newTextDecoder(call goja.ConstructorCall) *decoder {
	label := "utf-8"
	if v := call.Argument(0); !absent(v) {
		label = e.text(v)
	}
	options := e.objectOptions(call.Argument(1))
	d, ok := newDecoder(label)
	if !ok {
		panic(e.nodeError("RangeError", "ERR_ENCODING_NOT_SUPPORTED", `The "%s" encoding is not supported`, label))
	}
	d.fatal, d.ignoreBOM = flag(options, "fatal"), flag(options, "ignoreBOM")
	return d
}

// invalidData is what a fatal decoder throws.
func (e *Env) invalidData(d *decoder) *goja.Object {
	return e.nodeError("TypeError", "ERR_ENCODING_INVALID_ENCODED_DATA", "The encoded data was not valid for encoding %s", d.name)
}

func (e *Env) textDecoderClass() *js.Class {
	return class(&e.encoding.decoders, func() *js.Class {
		rt := e.rt
		c := e.iso.Class("TextDecoder", 0, nil, func(call goja.ConstructorCall) any { return e.newTextDecoder(call) })
		this := func(v goja.Value) *decoder {
			d, ok := js.Host[decoder](e.iso, v)
			if !ok {
				panic(e.invalidThis("TextDecoder"))
			}
			return d
		}
		c.Method("decode", 0, func(call goja.FunctionCall) goja.Value {
			d := this(call.This)
			v := call.Argument(0)
			var b []byte
			if !absent(v) {
				var ok bool
				if b, ok = e.bytes(v); !ok {
					panic(e.nodeError("TypeError", "ERR_INVALID_ARG_TYPE", `The "list" argument must be an instance of SharedArrayBuffer, ArrayBuffer or ArrayBufferView.`))
				}
			}
			stream := flag(e.objectOptions(call.Argument(1)), "stream")
			s, err := d.decode(b, stream)
			if err != nil {
				panic(e.invalidData(d))
			}
			return rt.ToValue(s)
		})
		c.Getter("encoding", func(call goja.FunctionCall) goja.Value { return rt.ToValue(this(call.This).name) })
		c.Getter("fatal", func(call goja.FunctionCall) goja.Value { return rt.ToValue(this(call.This).fatal) })
		c.Getter("ignoreBOM", func(call goja.FunctionCall) goja.Value { return rt.ToValue(this(call.This).ignoreBOM) })
		return c
	})
}

// objectOptions converts an options argument that Node calls "options".
func (e *Env) objectOptions(v goja.Value) *goja.Object {
	if absent(v) || goja.IsNull(v) {
		return nil
	}
	o, ok := v.(*goja.Object)
	if !ok {
		panic(e.nodeError("TypeError", "ERR_INVALID_ARG_TYPE", `The "options" argument must be of type object. Received %s`, e.received(v)))
	}
	return o
}

func (e *Env) invalidCharacter(message string) goja.Value {
	return e.domException("InvalidCharacterError", message)
}

// atob is forgiving-base64 decode (Infra §7); each byte is a code unit.
func (e *Env) atob(call goja.FunctionCall) goja.Value {
	e.specify(call, "input")
	s := e.text(call.Argument(0))
	if strings.ContainsAny(s, "\t\n\f\r ") {
		s = strings.NewReplacer("\t", "", "\n", "", "\f", "", "\r", "", " ", "").Replace(s)
	}
	if len(s)%4 == 0 {
		s = strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; urlClass[c]&formPlain == 0 && c != '+' && c != '/' || c == '-' || c == '.' || c == '_' || c == '*' {
			panic(e.invalidCharacter("Invalid character"))
		}
	}
	if len(s)%4 == 1 {
		panic(e.invalidCharacter("The string to be decoded is not correctly encoded."))
	}
	b, err := base64.RawStdEncoding.DecodeString(s) // which ignores the last digit's spare bits
	if err != nil {
		panic(e.invalidCharacter("Invalid character"))
	}
	return e.binaryString(b)
}

// binaryString is the string with a code unit for each byte.
func (e *Env) binaryString(b []byte) goja.Value {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			units := make([]uint16, len(b))
			for i, c := range b {
				units[i] = uint16(c)
			}
			return goja.StringFromUTF16(units)
		}
	}
	return e.rt.ToValue(unsafeString(b))
}

// btoa is base64 of a string whose code units are bytes.
func (e *Env) btoa(call goja.FunctionCall) goja.Value {
	e.specify(call, "input")
	s := e.text(call.Argument(0))
	b := make([]byte, 0, len(s))
	for _, c := range s {
		if c > 0xFF {
			panic(e.invalidCharacter("Invalid character"))
		}
		b = append(b, byte(c))
	}
	return e.rt.ToValue(base64.StdEncoding.EncodeToString(b))
}
