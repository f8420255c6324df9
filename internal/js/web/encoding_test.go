package web

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestEncodingScripts(t *testing.T) { runCases(t, "encoding") }

var decoderNames = strings.Fields(`utf-8 utf-16le utf-16be ibm866 iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8
	iso-8859-8-i iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16 koi8-r koi8-u macintosh windows-874 windows-1250 windows-1251 windows-1252
	windows-1253 windows-1254 windows-1255 windows-1256 windows-1257 windows-1258 x-mac-cyrillic gbk gb18030 big5 euc-jp iso-2022-jp shift_jis euc-kr x-user-defined`)

func decodeWhole(t interface{ Fatalf(string, ...any) }, name string, b []byte) string {
	d, ok := newDecoder(name)
	if !ok || d.name != name {
		t.Fatalf("no decoder %s", name)
	}
	s, err := d.decode(b, false)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

// What the standard's decoders make of bytes, by its indexes and algorithms.
func TestLegacyDecoders(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"windows-1252", "\x80\x81\x93\xFF", "€\u0081“ÿ"},
		{"windows-874", "\xDB\xA1\x80", "\uFFFDก€"},
		{"windows-1253", "\xAA\xD2\xFF\xE1", "\uFFFD\uFFFD\uFFFDα"},
		{"windows-1255", "\xCA\xD9", "\u05BA\uFFFD"},
		{"windows-1257", "\xA1\xA5", "\uFFFD\uFFFD"},
		{"koi8-u", "\xAE\xBE", "ўЎ"},
		{"ibm866", "\x1A\x7F\x80", "\x1A\x7FА"},
		{"iso-8859-3", "\xA5\x80", "\uFFFD\u0080"},
		{"iso-8859-16", "\xA2\x80", "ą\u0080"},
		{"x-user-defined", "A\x80\xFF", "A\uF780\uF7FF"},
		{"gbk", "\x80\xC4\xE3\xFF", "€你\uFFFD"},
		{"gbk", "\x81\xFFA", "\uFFFDA"},
		{"gbk", "\x81 ", "\uFFFD "},
		{"gbk", "\x81", "\uFFFD"},
		{"gb18030", "\xA2\xE3\xA3\xA0\xA6\xD9\xA8\xBC\xFE\x59", "€\u3000\uFE10\u1E3F\u9FB4"},
		{"gb18030", "\xAA\xA1\xAF\xFE\xF8\xA1\xFE\xFE\xA1\x40\xA7\xA0", "\uE000\uE233\uE234\uE4C5\uE4C6\uE765"},
		{"gb18030", "\x81\x30\x81\x30\x81\x35\xF4\x37\x84\x31\xA4\x37\x90\x30\x81\x30\xE3\x32\x9A\x35", "\u0080\uE7C7\uFFFD\U00010000\U0010FFFF"},
		{"gb18030", "\x84\x31\xA4\x39\x8F\x39\xFE\x39", "\uFFFF\uFFFD"},
		{"gb18030", "\xE3\x32\x9A\x36\xFE\x39\xFE\x39", "\uFFFD\uFFFD"},
		{"gb18030", "\x81\x30\x81A\x81\x30A\x81\x30", "\uFFFD0丄\uFFFD0A\uFFFD"}, // 81 41 is read again after 81 30
		{"big5", "\x88\x62\x88\x64\x88\xA3\x88\xA5\x87\x40\xA4\xA4", "Ê̄Ê̌ê̄ê̌䏰中"},
		{"big5", "\x80\xFF\x81A\x81\xA0z", "\uFFFD\uFFFD\uFFFDA\uFFFDz"},
		{"euc-jp", "\xC6\xFC\x8E\xB1\x8F\xB0\xA1", "日ｱ丂"},
		{"euc-jp", "\x8E\x80A\x8F\xA1A\x8F\xA1\x80A\x80\xA1A\xA1", "\uFFFDA\uFFFDA\uFFFDA\uFFFD\uFFFDA\uFFFD"},
		{"shift_jis", "\x80\x93\xFA\xB1\xF0\x40\xF9\xFC\xA0\xFD", "\u0080日ｱ\uE000\uE757\uFFFD\uFFFD"},
		{"shift_jis", "\x81\x7F\x81\xFD\x81", "\uFFFD\x7F\uFFFD\uFFFD"},
		{"euc-kr", "\x81\x41\xC7\xD1\xC9\xA1\xFF\x81 ", "갂한\uFFFD\uFFFD\uFFFD "},
		{"iso-2022-jp", "\x1b$BF|\x1b(J\\~\x1b(I1\x1b(B\\~", "日¥‾ｱ\\~"},
		{"iso-2022-jp", "\x1b(J\x1b(BA", "\uFFFDA"},
		{"iso-2022-jp", "\x0E\x0F\x80\x1bA\x1b$\x1b$BF", "\uFFFD\uFFFD\uFFFD\uFFFDA\uFFFD$\uFFFD"},
		{"iso-2022-jp", "\x1b$B!\x1b(BA\x1b$B~~\x00", "\uFFFDA\uFFFD\uFFFD"},
		{"iso-2022-jp", "a\x00b", "a\x00b"},
		{"utf-16be", "\xFE\xFF\x00A\xD8\x3D\xDE\x00\xD8\x00", "A😀\uFFFD"},
		{"utf-16le", "A\x00\x00\xD8B", "A\uFFFD"},
	}
	for _, c := range cases {
		got := decodeWhole(t, c.name, []byte(c.in))
		if got != c.want {
			t.Errorf("%s % x: %+q, want %+q", c.name, c.in, got, c.want)
		}
		d, _ := newDecoder(c.name)
		d.fatal = true
		_, err := d.decode([]byte(c.in), false)
		// Of the cases only gb18030 can say U+FFFD itself, in the one with an F4 37.
		wrong := strings.Contains(c.want, "\uFFFD") && !strings.Contains(c.in, "\xF4\x37")
		if (err != nil) != wrong {
			t.Errorf("%s % x, fatal: %v", c.name, c.in, err)
		}
	}
}

// Decoding in pieces gives what decoding at once gives, in every encoding.
func TestDecodeInPieces(t *testing.T) {
	lead := rapid.SampledFrom([]byte("\x1b$B(JI@!~A0\x00\x0e\x81\x30\x84\x31\xa4\x37\xff\xfe\xef\xbb\xbf\xd8\x3d\xdc\x8e\x8f\xa1\xb0\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x90"))
	b := rapid.SliceOfN(rapid.OneOf(lead, rapid.Byte()), 0, 24)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(decoderNames).Draw(t, "encoding")
		d, _ := newDecoder(name)
		d.ignoreBOM = rapid.Bool().Draw(t, "ignoreBOM")
		d.fatal = rapid.Bool().Draw(t, "fatal")
		whole := *d
		if d.jis != nil {
			whole.jis = new(iso2022jp)
		}
		data := b.Draw(t, "data")
		want, wantErr := whole.decode(data, false)
		if !utf8.ValidString(want) {
			t.Fatalf("%q is no text", want)
		}
		var got strings.Builder
		var err error
		for rest := data; err == nil && len(rest) > 0; {
			n := rapid.IntRange(0, len(rest)).Draw(t, "piece")
			var s string
			s, err = d.decode(rest[:n], true)
			got.WriteString(s)
			rest = rest[n:]
		}
		if err == nil {
			var s string
			s, err = d.decode(nil, false)
			got.WriteString(s)
		}
		if (err == nil) != (wantErr == nil) || err == nil && got.String() != want {
			t.Fatalf("%s % x: %+q %v in pieces, %+q %v at once", name, data, got.String(), err, want, wantErr)
		}
		// It is as new afterwards.
		if s, err := d.decode([]byte{0, 0x41, 0, 0x41}, false); err != nil || !strings.Contains(s, "A") && !strings.Contains(s, "\u4100") {
			t.Fatalf("%s afterwards: %q %v", name, s, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xef\xbb\xbfa\xe2\x82"), byte(0))
	f.Add([]byte("\x1b$B!!\x1b(J"), byte(35))
	f.Fuzz(func(t *testing.T, b []byte, which byte) {
		name := decoderNames[int(which)%len(decoderNames)]
		s := decodeWhole(t, name, b)
		if !utf8.ValidString(s) {
			t.Errorf("%s: %q is no text", name, s)
		}
		if name == "utf-8" {
			if again := string(appendUTF8(nil, withoutBOM(b))); again != s {
				t.Errorf("%q, without the fast path %q", s, again)
			}
		}
	})
}

// The decoder's errors are where the standard has them, byte by byte.
func TestUTF8Errors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.SampledFrom([]byte("A\x80\x8f\x90\x9f\xa0\xbf\xc2\xc1\xe0\xe1\xed\xef\xf0\xf1\xf4\xf5\xff")), 0, 12).Draw(t, "bytes")
		if got, want := decodeUTF8(b), slowUTF8(b); got != want {
			t.Fatalf("% x: %+q, want %+q", b, got, want)
		}
	})
}

// slowUTF8 is the standard's state machine (Encoding §8.1.1), written down.
func slowUTF8(b []byte) string {
	var out strings.Builder
	var cp rune
	needed, seen := 0, 0
	lower, upper := byte(0x80), byte(0xBF)
	for i := 0; i < len(b); i++ {
		c := b[i]
		if needed == 0 {
			switch {
			case c < 0x80:
				out.WriteByte(c)
			case c >= 0xC2 && c <= 0xDF:
				needed, cp = 1, rune(c&0x1F)
			case c >= 0xE0 && c <= 0xEF:
				if c == 0xE0 {
					lower = 0xA0
				} else if c == 0xED {
					upper = 0x9F
				}
				needed, cp = 2, rune(c&0xF)
			case c >= 0xF0 && c <= 0xF4:
				if c == 0xF0 {
					lower = 0x90
				} else if c == 0xF4 {
					upper = 0x8F
				}
				needed, cp = 3, rune(c&0x7)
			default:
				out.WriteRune(utf8.RuneError)
			}
			continue
		}
		if c < lower || c > upper {
			cp, needed, seen, lower, upper = 0, 0, 0, 0x80, 0xBF
			out.WriteRune(utf8.RuneError)
			i--
			continue
		}
		lower, upper = 0x80, 0xBF
		cp = cp<<6 | rune(c&0x3F)
		if seen++; seen == needed {
			out.WriteRune(cp)
			cp, needed, seen = 0, 0, 0
		}
	}
	if needed > 0 {
		out.WriteRune(utf8.RuneError)
	}
	return out.String()
}

func benchmarkDecode(b *testing.B, label string, data []byte) {
	onIsolate(b, func(e *Env) {
		must(e.rt.Set("data", e.uint8Array(data)))
		e.eval(b, "var d = new TextDecoder('"+label+"')")
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			e.eval(b, "d.decode(data)")
		}
	})
}

func BenchmarkDecodeASCII1MB(b *testing.B) {
	benchmarkDecode(b, "utf-8", bytes.Repeat([]byte("0123456789abcdef"), 1<<16))
}

func BenchmarkDecodeUTF8Text1MB(b *testing.B) {
	benchmarkDecode(b, "utf-8", []byte(strings.Repeat("Grüße aus 東京, ", 1<<20/20)))
}

func BenchmarkDecodeUTF8Wrong1MB(b *testing.B) {
	benchmarkDecode(b, "utf-8", bytes.Repeat([]byte("0123456789abcde\xff"), 1<<16))
}

func BenchmarkDecodeLatin1MB(b *testing.B) {
	benchmarkDecode(b, "latin1", bytes.Repeat([]byte("Gr\xfc\xdfe "), 1<<20/6))
}

func BenchmarkDecodeGBK1MB(b *testing.B) {
	benchmarkDecode(b, "gbk", bytes.Repeat([]byte("\xc4\xe3\xba\xc3"), 1<<18))
}

func BenchmarkEncode1MB(b *testing.B) {
	onIsolate(b, func(e *Env) {
		e.eval(b, "var s = 'Grüße aus 東京, '.repeat(52428), t = new TextEncoder()")
		b.SetBytes(1 << 20)
		b.ReportAllocs()
		for b.Loop() {
			e.eval(b, "t.encode(s)")
		}
	})
}
