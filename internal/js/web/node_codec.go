package web

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf16"

	"github.com/dop251/goja"
)

// The encodings of Node's Buffer. They decode whatever they get: what is no
// digit of base64 is skipped, hex ends at the first that is none.

// bufferEncoding returns the name that Node has for an encoding, "" for none.
func bufferEncoding(name string) string {
	switch strings.ToLower(name) {
	case "utf8", "utf-8":
		return "utf8"
	case "ucs2", "ucs-2", "utf16le", "utf-16le":
		return "utf16le"
	case "latin1", "binary":
		return "latin1"
	case "ascii":
		return "ascii"
	case "hex":
		return "hex"
	case "base64":
		return "base64"
	case "base64url":
		return "base64url"
	}
	return ""
}

// encodeText is the bytes of a string in an encoding.
func (e *Env) encodeText(s goja.String, enc string) []byte {
	switch enc {
	case "utf8":
		return []byte(decodeUTF8String(e.iso.Text(s)))
	case "utf16le":
		b := make([]byte, 0, 2*s.Length())
		for i := range s.Length() {
			c := s.CharAt(i)
			b = append(b, byte(c), byte(c>>8))
		}
		return b
	case "latin1", "ascii":
		b := make([]byte, s.Length())
		for i := range b {
			b[i] = byte(s.CharAt(i))
		}
		return b
	case "hex":
		b := make([]byte, 0, s.Length()/2)
		for i := 0; i+1 < s.Length(); i += 2 {
			hi, ok := hexDigit(s.CharAt(i))
			lo, ok2 := hexDigit(s.CharAt(i + 1))
			if !ok || !ok2 {
				break
			}
			b = append(b, hi<<4|lo)
		}
		return b
	}
	return looseBase64(s.String())
}

func hexDigit(c uint16) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return byte(c - '0'), true
	case c >= 'a' && c <= 'f':
		return byte(c - 'a' + 10), true
	case c >= 'A' && c <= 'F':
		return byte(c - 'A' + 10), true
	}
	return 0, false
}

// looseBase64 decodes both alphabets up to the first =, and skips what is in
// neither.
func looseBase64(s string) []byte {
	b := make([]byte, 0, len(s)*3/4+3)
	var bits uint32
	n := 0
	for i := 0; i < len(s); i++ {
		var d byte
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
			d = c - 'A'
		case c >= 'a' && c <= 'z':
			d = c - 'a' + 26
		case c >= '0' && c <= '9':
			d = c - '0' + 52
		case c == '+' || c == '-':
			d = 62
		case c == '/' || c == '_':
			d = 63
		case c == '=':
			return b
		default:
			continue
		}
		bits = bits<<6 | uint32(d)
		if n++; n%4 != 1 {
			shift := [...]uint{2: 4, 3: 2, 0: 0}[n%4]
			b = append(b, byte(bits>>shift))
		}
	}
	return b
}

// decodeText is the string of bytes in an encoding.
func (e *Env) decodeText(b []byte, enc string) goja.Value {
	switch enc {
	case "utf8":
		return e.rt.ToValue(string(appendUTF8(nil, b)))
	case "utf16le":
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
		}
		return goja.StringFromUTF16(units)
	case "latin1":
		return e.binaryString(append([]byte(nil), b...))
	case "ascii":
		out := make([]byte, len(b))
		for i, c := range b {
			out[i] = c & 0x7F
		}
		return e.rt.ToValue(string(out))
	case "hex":
		return e.rt.ToValue(hex.EncodeToString(b))
	case "base64":
		return e.rt.ToValue(base64.StdEncoding.EncodeToString(b))
	}
	return e.rt.ToValue(base64.RawURLEncoding.EncodeToString(b))
}

// textLength is how many bytes a string has in an encoding. Like Node it counts
// base64 and hex by their length alone.
func (e *Env) textLength(s goja.String, enc string) int {
	n := s.Length()
	switch enc {
	case "utf8":
		bytes := 0
		for i := 0; i < n; i++ {
			switch c := s.CharAt(i); {
			case c < 0x80:
				bytes++
			case c < 0x800:
				bytes += 2
			case utf16.IsSurrogate(rune(c)) && c < 0xDC00 && i+1 < n && s.CharAt(i+1)&0xFC00 == 0xDC00:
				bytes += 4
				i++
			default:
				bytes += 3
			}
		}
		return bytes
	case "utf16le":
		return 2 * n
	case "latin1", "ascii":
		return n
	case "hex":
		return n / 2
	}
	if n > 0 && s.CharAt(n-1) == '=' {
		n--
		if n > 0 && s.CharAt(n-1) == '=' {
			n--
		}
	}
	return n * 3 / 4
}
