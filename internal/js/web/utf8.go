package web

import (
	"unicode/utf8"
	"unsafe"
)

// decodeUTF8 is the Encoding standard's "UTF-8 decode without BOM": each
// maximal part of an ill-formed sequence becomes one U+FFFD. Go's own
// conversions write one for each byte, or one for a whole run.
func decodeUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return unsafeString(appendUTF8(make([]byte, 0, len(b)+8), b))
}

// decodeUTF8String is decodeUTF8 of the bytes of s; it returns s itself when
// that is well-formed.
func decodeUTF8String(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return decodeUTF8(unsafeBytes(s))
}

// appendUTF8 appends b to dst with its ill-formed sequences replaced.
func appendUTF8(dst, b []byte) []byte {
	for len(b) > 0 {
		n := validPrefix(b)
		dst = append(dst, b[:n]...)
		if b = b[n:]; len(b) == 0 {
			break
		}
		dst = append(dst, "\uFFFD"...)
		b = b[badPrefix(b):]
	}
	return dst
}

// validPrefix is the length of the longest well-formed prefix of b.
func validPrefix(b []byte) int {
	i := 0
	for i < len(b) {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}

// badPrefix is the length of the ill-formed sequence that b begins with: what
// a decoder reads before it knows, at least 1.
func badPrefix(b []byte) int {
	n, _ := sequence(b)
	return max(n, 1)
}

// sequence reads the sequence that b begins with: n bytes of it fit, and need
// more would complete it. A byte that begins no sequence is 0, 0.
func sequence(b []byte) (n, need int) {
	lo, hi := byte(0x80), byte(0xBF)
	switch c := b[0]; {
	case c < 0x80:
		return 1, 0
	case c < 0xC2:
		return 0, 0
	case c < 0xE0:
		need = 1
	case c < 0xF0:
		need = 2
		if c == 0xE0 {
			lo = 0xA0
		} else if c == 0xED {
			hi = 0x9F
		}
	case c < 0xF5:
		need = 3
		if c == 0xF0 {
			lo = 0x90
		} else if c == 0xF4 {
			hi = 0x8F
		}
	default:
		return 0, 0
	}
	n = 1
	for need > 0 && n < len(b) && b[n] >= lo && b[n] <= hi {
		lo, hi = 0x80, 0xBF
		n++
		need--
	}
	return n, need
}

// unsafeString is the string over b, which is never written again.
func unsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// unsafeBytes is the bytes of s, for reading only.
func unsafeBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
