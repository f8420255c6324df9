package js

import (
	"slices"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"github.com/dop251/goja"
)

// Text returns a script string as UTF-8, lone surrogates as U+FFFD: a
// USVString (Web IDL §3.2.12). It is what String returns, several times faster
// for text beyond ASCII.
func (iso *Isolate) Text(s goja.String) string {
	u, ok := iso.eng.units(s)
	if !ok {
		return s.String()
	}
	b := appendUTF16(make([]byte, 0, len(u)+len(u)/4), u)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// AppendText appends the UTF-8 of a script string to b.
func (iso *Isolate) AppendText(b []byte, s goja.String) []byte {
	if u, ok := iso.eng.units(s); ok {
		return appendUTF16(slices.Grow(b, len(u)+len(u)/4), u)
	}
	return append(b, s.String()...)
}

// units returns the UTF-16 behind a string that the engine keeps so.
func (e *engine) units(s goja.String) ([]uint16, bool) {
	if !e.has(TrickJSON) {
		return nil, false
	}
	w := words(s)
	if w.tab != e.tabUnicode {
		return nil, false
	}
	return (*(*[]uint16)(w.data))[1:], true // behind the mark that tells it from ASCII
}

func appendUTF16(b []byte, u []uint16) []byte {
	for i := 0; i < len(u); i++ {
		c := rune(u[i])
		switch {
		case c < utf8.RuneSelf:
			b = append(b, byte(c))
		case c < 0x800:
			b = append(b, 0xC0|byte(c>>6), 0x80|byte(c&0x3F))
		case !utf16.IsSurrogate(c):
			b = append(b, 0xE0|byte(c>>12), 0x80|byte(c>>6&0x3F), 0x80|byte(c&0x3F))
		default:
			r := rune(utf8.RuneError)
			if i+1 < len(u) {
				if r = utf16.DecodeRune(c, rune(u[i+1])); r != utf8.RuneError {
					i++
				}
			}
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}
