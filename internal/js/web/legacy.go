package web

import (
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// The multi-byte decoders of the Encoding standard (§10 to §13). Their indexes
// are taken from golang.org/x/text, with what it leaves out; the algorithms
// are here, because those of x/text replace more or less than the standard
// does where bytes are wrong, and do not say whether any were.

// sequenceDecoder reads the sequence that b begins with, whose first byte is
// no ASCII. It returns its length and characters; r2 is mostly 0. A character
// of -1 is an error. A length of 0 means that b is only the beginning of a
// sequence.
type sequenceDecoder func(b []byte) (r, r2 rune, size int)

// multibyte returns the decoder of a multi-byte encoding, nil for another.
func multibyte(name string) sequenceDecoder {
	switch name {
	case "gbk", "gb18030": // they have one decoder
		return gb18030
	case "big5":
		return big5
	case "euc-kr":
		return func(b []byte) (rune, rune, int) { return double(euckrIndex(), b) }
	case "euc-jp":
		return eucjp
	case "shift_jis":
		return shiftJIS
	}
	return nil
}

// index maps two bytes to a character, 0 where there is none.
type index [1 << 16]rune

func (x *index) get(lead, trail byte) rune { return x[int(lead)<<8|int(trail)] }

// indexOf asks a decoder of x/text for every pair of bytes behind a prefix.
func indexOf(enc encoding.Encoding, prefix ...byte) *index {
	x := new(index)
	d := enc.NewDecoder()
	src, dst := append(prefix, 0, 0), make([]byte, 16)
	n := len(prefix)
	for lead := 0x81; lead < 0xFF; lead++ {
		for trail := 0x40; trail < 0xFF; trail++ {
			src[n], src[n+1] = byte(lead), byte(trail)
			d.Reset()
			written, _, err := d.Transform(dst, src, true)
			r, size := utf8.DecodeRune(dst[:written])
			if err == nil && size == written && r != utf8.RuneError {
				x[lead<<8|trail] = r
			}
		}
	}
	return x
}

var (
	big5Index    = sync.OnceValue(func() *index { return indexOf(traditionalchinese.Big5) })
	euckrIndex   = sync.OnceValue(func() *index { return indexOf(korean.EUCKR) })
	jis0208Index = sync.OnceValue(func() *index { return indexOf(japanese.EUCJP) })
	jis0212Index = sync.OnceValue(func() *index { return indexOf(japanese.EUCJP, 0x8F) })
	sjisIndex    = sync.OnceValue(func() *index {
		x := indexOf(japanese.ShiftJIS)
		// The rows for users (Encoding §12.3.1) are private use characters.
		for lead := 0xF0; lead <= 0xF9; lead++ {
			for trail := 0x40; trail <= 0xFC; trail++ {
				if trail != 0x7F {
					x[lead<<8|trail] = rune(0xE000 + (lead-0xF0)*188 + offset(trail, 0x40))
				}
			}
		}
		return x
	})
	gb18030Index = sync.OnceValue(func() *index {
		x := indexOf(simplifiedchinese.GBK)
		// x/text has no private use characters: the three areas for users…
		for lead := 0xA1; lead < 0xFF; lead++ {
			for trail := 0x40; trail < 0xFF; trail++ {
				switch {
				case trail == 0x7F:
				case lead >= 0xAA && lead <= 0xAF && trail >= 0xA1:
					x[lead<<8|trail] = rune(0xE000 + (lead-0xAA)*94 + trail - 0xA1)
				case lead >= 0xF8 && trail >= 0xA1:
					x[lead<<8|trail] = rune(0xE234 + (lead-0xF8)*94 + trail - 0xA1)
				case lead <= 0xA7 && trail <= 0xA0 && !(lead == 0xA3 && trail == 0xA0): // A3A0 is U+3000
					x[lead<<8|trail] = rune(0xE4C6 + (lead-0xA1)*96 + offset(trail, 0x40))
				}
			}
		}
		// …what GB 18030 left unassigned, and what its edition of 2022 assigned.
		for _, run := range gb18030Runs {
			for i := range run.count {
				x[run.code+i] = run.first + rune(i)
			}
		}
		return x
	})
)

// offset counts trail bytes from first on, without 7F.
func offset(trail, first int) int {
	if trail > 0x7F {
		trail--
	}
	return trail - first
}

var gb18030Runs = []struct {
	code, count int
	first       rune
}{
	{0xA2AB, 6, 0xE766}, {0xA2E4, 1, 0xE76D}, {0xA2EF, 2, 0xE76E}, {0xA2FD, 2, 0xE770}, {0xA4F4, 11, 0xE772},
	{0xA5F7, 8, 0xE77D}, {0xA6B9, 8, 0xE785}, {0xA6F6, 9, 0xE797}, {0xA7C2, 15, 0xE7A0}, {0xA7F2, 13, 0xE7AF},
	{0xA896, 11, 0xE7BC}, {0xA8C1, 4, 0xE7C9}, {0xA8EA, 21, 0xE7CD}, {0xA958, 1, 0xE7E2}, {0xA95B, 1, 0xE7E3},
	{0xA95D, 3, 0xE7E4}, {0xA997, 13, 0xE7F4}, {0xA9F0, 15, 0xE801}, {0xD7FA, 5, 0xE810}, {0xFE51, 3, 0xE816},
	{0xFE6C, 1, 0xE831}, {0xFE76, 1, 0xE83B}, {0xFE91, 1, 0xE855},
	{0xA6D9, 1, 0xFE10}, {0xA6DA, 1, 0xFE12}, {0xA6DB, 1, 0xFE11}, {0xA6DC, 1, 0xFE13}, {0xA6DD, 3, 0xFE14},
	{0xA6EC, 2, 0xFE17}, {0xA6F3, 1, 0xFE19}, {0xA8BC, 1, 0x1E3F}, {0xFE59, 1, 0x9FB4}, {0xFE61, 1, 0x9FB5},
	{0xFE66, 2, 0x9FB6}, {0xFE6D, 1, 0x9FB8}, {0xFE7E, 1, 0x9FB9}, {0xFE90, 1, 0x9FBA}, {0xFEA0, 1, 0x9FBB},
}

// wrong is an error over n bytes that were read, the last of which is not lost
// when it is ASCII.
func wrong(b []byte, n int) (rune, rune, int) {
	if n > 1 && b[n-1] < utf8.RuneSelf {
		n--
	}
	return -1, 0, n
}

// double reads a lead byte of 81 to FE with its trail byte.
func double(x *index, b []byte) (rune, rune, int) {
	if b[0] == 0x80 || b[0] == 0xFF {
		return -1, 0, 1
	}
	if len(b) < 2 {
		return 0, 0, 0
	}
	if r := x.get(b[0], b[1]); r != 0 {
		return r, 0, 2
	}
	return wrong(b, 2)
}

func big5(b []byte) (rune, rune, int) {
	if len(b) >= 2 && b[0] == 0x88 { // the four that are two characters
		switch b[1] {
		case 0x62:
			return 0xCA, 0x304, 2
		case 0x64:
			return 0xCA, 0x30C, 2
		case 0xA3:
			return 0xEA, 0x304, 2
		case 0xA5:
			return 0xEA, 0x30C, 2
		}
	}
	return double(big5Index(), b)
}

func shiftJIS(b []byte) (rune, rune, int) {
	switch c := b[0]; {
	case c == 0x80:
		return 0x80, 0, 1
	case c >= 0xA1 && c <= 0xDF:
		return 0xFF61 - 0xA1 + rune(c), 0, 1
	case c == 0xA0 || c > 0xFC:
		return -1, 0, 1
	}
	return double(sjisIndex(), b)
}

func eucjp(b []byte) (rune, rune, int) {
	high := func(c byte) bool { return c >= 0xA1 && c <= 0xFE }
	if c := b[0]; c != 0x8E && c != 0x8F && !high(c) {
		return -1, 0, 1
	}
	if len(b) < 2 {
		return 0, 0, 0
	}
	switch {
	case b[0] == 0x8E && b[1] >= 0xA1 && b[1] <= 0xDF:
		return 0xFF61 - 0xA1 + rune(b[1]), 0, 2
	case b[0] == 0x8F && high(b[1]):
		if len(b) < 3 {
			return 0, 0, 0
		}
		if high(b[2]) {
			if r := jis0212Index().get(b[1], b[2]); r != 0 {
				return r, 0, 3
			}
		}
		return wrong(b, 3)
	case high(b[0]) && high(b[1]):
		if r := jis0208Index().get(b[0], b[1]); r != 0 {
			return r, 0, 2
		}
	}
	return wrong(b, 2)
}

func gb18030(b []byte) (rune, rune, int) {
	if b[0] == 0x80 {
		return '€', 0, 1
	}
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	if b[0] == 0xFF || len(b) < 2 || !digit(b[1]) {
		return double(gb18030Index(), b)
	}
	switch {
	case len(b) < 3:
		return 0, 0, 0
	case b[2] < 0x81 || b[2] == 0xFF: // all but the first byte is read again
		return -1, 0, 1
	case len(b) < 4:
		return 0, 0, 0
	case !digit(b[3]):
		return -1, 0, 1
	}
	pointer := ((int(b[0]-0x81)*10+int(b[1]-'0'))*126+int(b[2]-0x81))*10 + int(b[3]-'0')
	switch {
	case pointer == 7457: // what A8BC was before it was U+1E3F
		return 0xE7C7, 0, 4
	case pointer >= 189000 && pointer <= 1237575:
		return rune(pointer - 189000 + 0x10000), 0, 4
	case pointer <= 39419:
		var dst [8]byte
		n, _, err := simplifiedchinese.GB18030.NewDecoder().Transform(dst[:], b[:4], true)
		if err == nil {
			r, _ := utf8.DecodeRune(dst[:n])
			return r, 0, 4
		}
	}
	return -1, 0, 4
}

// iso2022jp is the decoder of the one encoding with a state (Encoding §12.2).
// Escape sequences and pairs are read at once, so of the standard's seven
// states four are left.
type iso2022jp struct {
	set     jisSet
	escaped bool // an escape sequence was the last that was read
}

type jisSet uint8

const (
	jisASCII jisSet = iota
	jisRoman
	jisKatakana
	jisDouble
)

// next reads what b begins with: a character, -1 for an error, 0 for an escape
// sequence. A size of 0 means that more is needed to tell.
func (s *iso2022jp) next(b []byte, more bool) (r rune, size int) {
	c := b[0]
	if c == 0x1B {
		set, size := jisEscape(b)
		if size == 0 && more {
			return 0, 0
		}
		if size < 3 {
			s.escaped = false
			return -1, 1
		}
		r = 0
		if s.escaped { // an empty run between two escape sequences
			r = -1
		}
		s.set, s.escaped = set, true
		return r, 3
	}
	double := s.set == jisDouble && c >= 0x21 && c <= 0x7E
	if double && len(b) < 2 && more {
		return 0, 0
	}
	s.escaped = false
	switch {
	case double:
		if len(b) < 2 || b[1] == 0x1B {
			return -1, 1
		}
		if b[1] >= 0x21 && b[1] <= 0x7E {
			if r := jis0208Index().get(c|0x80, b[1]|0x80); r != 0 {
				return r, 2
			}
		}
		return -1, 2
	case s.set == jisDouble:
		return -1, 1
	case s.set == jisKatakana:
		if c < 0x21 || c > 0x5F {
			return -1, 1
		}
		return 0xFF61 - 0x21 + rune(c), 1
	case s.set == jisRoman && c == 0x5C:
		return '¥', 1
	case s.set == jisRoman && c == 0x7E:
		return '‾', 1
	case c >= utf8.RuneSelf || c == 0x0E || c == 0x0F:
		return -1, 1
	}
	return rune(c), 1
}

// jisEscape reads an escape sequence: size is 3 when b begins with one, 0 when
// it may after more bytes.
func jisEscape(b []byte) (set jisSet, size int) {
	if len(b) > 1 && b[1] != '$' && b[1] != '(' {
		return 0, 1
	}
	if len(b) < 3 {
		return 0, 0
	}
	switch string(b[1:3]) {
	case "(B":
		return jisASCII, 3
	case "(J":
		return jisRoman, 3
	case "(I":
		return jisKatakana, 3
	case "$@", "$B":
		return jisDouble, 3
	}
	return 0, 1
}
