package web

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// How inspect writes primitives and lays lines out.

func itoa(n int) string { return strconv.Itoa(n) }

// utf16Len is a text's length as scripts count it.
func utf16Len(s string) int {
	n := len(s)
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		n -= size - utf16.RuneLen(r)
		i += size
	}
	return n
}

var colorCodes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// width is the number of terminal columns of a text.
func width(s string, colors bool) int {
	if colors {
		s = colorCodes.ReplaceAllString(s, "")
	}
	n := 0
	for _, r := range s {
		switch {
		case r < 0x20 || r >= 0x7f && r < 0xa0:
		case r < 0x300:
			n++
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case isWide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

// isWide reports whether a character takes two columns (Unicode's East Asian
// Width W and F, and emoji).
func isWide(r rune) bool {
	return r >= 0x1100 && (r <= 0x115f || r == 0x2329 || r == 0x232a ||
		r >= 0x2e80 && r <= 0x3247 && r != 0x303f ||
		r >= 0x3250 && r <= 0x4dbf || r >= 0x4e00 && r <= 0xa4c6 ||
		r >= 0xa960 && r <= 0xa97c || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe10 && r <= 0xfe19 ||
		r >= 0xfe30 && r <= 0xfe6b || r >= 0xff01 && r <= 0xff60 ||
		r >= 0xffe0 && r <= 0xffe6 || r >= 0x1b000 && r <= 0x1b001 ||
		r >= 0x1f200 && r <= 0x1f251 || r >= 0x1f300 && r <= 0x1f64f ||
		r >= 0x1f900 && r <= 0x1f9ff || r >= 0x20000 && r <= 0x3fffd)
}

// primitive formats a value that is no object.
func (in *inspector) primitive(v goja.Value) string {
	switch t := typeOf(v); t {
	case "string":
		return in.string(v.(goja.String))
	case "number":
		return in.style(in.number(v), t)
	case "bigint":
		return in.style(in.separate(v.String())+"n", t)
	case "boolean", "undefined":
		return in.style(v.String(), t)
	case "symbol":
		return in.style(symbolText(v.(*goja.Symbol)), t)
	}
	return in.style("null", "null")
}

func (in *inspector) number(v goja.Value) string {
	if f := v.ToFloat(); f == 0 && math.Signbit(f) {
		return "-0"
	}
	return in.separate(v.String())
}

// separate writes thousands apart when that is asked for.
func (in *inspector) separate(s string) string {
	if !in.NumericSeparator || strings.ContainsAny(s, "eIN") {
		return s
	}
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, fraction, dot := strings.Cut(s, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte('_')
		}
		b.WriteRune(c)
	}
	if dot {
		b.WriteByte('.')
		for i, c := range fraction {
			if i > 0 && i%3 == 0 {
				b.WriteByte('_')
			}
			b.WriteRune(c)
		}
	}
	return b.String()
}

// string formats a string: quoted, in several lines when it is long and has
// several, and cut at the limit.
func (in *inspector) string(s goja.String) string {
	trailer := ""
	if n := s.Length(); n > in.MaxStringLength {
		trailer = "... " + strings.Replace(counting(n-in.MaxStringLength, "@"), "@", "more character", 1)
		s = s.Substring(0, in.MaxStringLength)
	}
	if n := s.Length(); in.Compact != CompactAll && n > 16 && n > in.BreakLength-in.indent-4 {
		text := s.String()
		if strings.Contains(text, "\n") {
			var lines []string
			for start := 0; start < n; {
				end := start
				for end < n && s.CharAt(end) != '\n' {
					end++
				}
				end = min(end+1, n)
				lines = append(lines, in.style(quote(s.Substring(start, end)), "string"))
				start = end
			}
			return strings.Join(lines, " +\n"+spaces(in.indent+2)) + trailer
		}
	}
	return in.style(quote(s), "string") + trailer
}

// quote writes a string as a literal, with the first kind of quotes that it
// does not contain itself.
func quote(s goja.String) string {
	text := s.String()
	q := byte('\'')
	if strings.Contains(text, "'") {
		if !strings.Contains(text, `"`) {
			q = '"'
		} else if !strings.Contains(text, "`") && !strings.Contains(text, "${") {
			q = '`'
		}
	}
	var b strings.Builder
	b.Grow(len(text) + 2)
	b.WriteByte(q)
	if strings.ContainsRune(text, utf8.RuneError) {
		// There may be lone surrogates, which a Go string cannot hold.
		for i, n := 0, s.Length(); i < n; i++ {
			c := rune(s.CharAt(i))
			if utf16.IsSurrogate(c) {
				if i+1 < n {
					if r := utf16.DecodeRune(c, rune(s.CharAt(i+1))); r != utf8.RuneError {
						b.WriteRune(r)
						i++
						continue
					}
				}
				b.WriteString(`\u` + strconv.FormatInt(int64(c), 16))
				continue
			}
			writeEscaped(&b, c, q)
		}
	} else {
		for _, r := range text {
			writeEscaped(&b, r, q)
		}
	}
	b.WriteByte(q)
	return b.String()
}

// escapeControls writes a key that is not quoted.
func escapeControls(s string) string {
	var b strings.Builder
	for _, r := range s {
		writeEscaped(&b, r, '\'')
	}
	return b.String()
}

func writeEscaped(b *strings.Builder, r rune, q byte) {
	switch {
	case r == '\b':
		b.WriteString(`\b`)
	case r == '\t':
		b.WriteString(`\t`)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\f':
		b.WriteString(`\f`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\\':
		b.WriteString(`\\`)
	case r == '\'' && q == '\'':
		b.WriteString(`\'`)
	case r < 0x20 || r >= 0x7f && r < 0xa0:
		const hex = "0123456789ABCDEF"
		b.WriteString(`\x`)
		b.WriteByte(hex[r>>4])
		b.WriteByte(hex[r&15])
	default:
		b.WriteRune(r)
	}
}

// join puts the parts of an object together: on one line when they are few and
// short, else one a line. elements is the array whose parts they are.
func (in *inspector) join(out []string, base, open, end string, array bool, level int, elements *goja.Object) string {
	start := base
	if start != "" {
		start += " "
	}
	newline := "\n" + spaces(in.indent)
	if in.Compact == CompactAll {
		if in.fits(out, 0, base) {
			if base != "" {
				base = " " + base
			}
			return open + base + " " + strings.Join(out, ", ") + " " + end
		}
		sep := " "
		if base != "" || len(open) != 1 {
			if base != "" {
				sep = " " + base
			} else {
				sep = ""
			}
			sep += newline + "  "
		}
		return open + sep + strings.Join(out, ","+newline+"  ") + " " + end
	}
	if in.Compact >= 1 {
		n := len(out)
		if array && n > 6 {
			out = in.columns(out, elements)
		}
		if in.deepest-level < in.Compact && len(out) == n &&
			in.fits(out, len(out)+in.indent+utf16Len(open)+utf16Len(base)+10, base) {
			if line := strings.Join(out, ", "); !strings.Contains(line, "\n") {
				return start + open + " " + line + " " + end
			}
		}
	}
	return start + open + newline + "  " + strings.Join(out, ","+newline+"  ") + newline + end
}

// fits reports whether the parts fit on one line.
func (in *inspector) fits(out []string, start int, base string) bool {
	total := len(out) + start
	if total+len(out) > in.BreakLength {
		return false
	}
	for _, s := range out {
		if in.Colors {
			s = colorCodes.ReplaceAllString(s, "")
		}
		if total += utf16Len(s); total > in.BreakLength {
			return false
		}
	}
	return !strings.Contains(base, "\n")
}

// columns groups the elements of an array that has more than six into columns
// of about the shape of a square.
func (in *inspector) columns(out []string, elements *goja.Object) []string {
	n := len(out)
	rest := in.MaxArrayLength < n // the last one is "… more items"
	if rest {
		n--
	}
	const separator = 2
	lens := make([]int, n)
	total, longest := 0, 0
	for i := range n {
		lens[i] = width(out[i], in.Colors)
		total += lens[i] + separator
		longest = max(longest, lens[i])
	}
	actual := longest + separator
	if actual*3+in.indent >= in.BreakLength || float64(total)/float64(actual) <= 5 && longest > 6 {
		return out
	}
	bias := math.Sqrt(float64(actual) - float64(total)/float64(len(out)))
	biased := math.Max(float64(actual)-3-bias, 1)
	cols := min(
		int(math.Floor(math.Sqrt(2.5*biased*float64(n))/biased+0.5)),
		(in.BreakLength-in.indent)/actual,
		in.Compact*4,
		15,
	)
	if cols <= 1 {
		return out
	}
	widths := make([]int, 0, cols)
	for c := range cols {
		w := 0
		for i := c; i < n; i += cols {
			w = max(w, lens[i])
		}
		widths = append(widths, w+separator)
	}
	right := elements != nil // numbers are aligned to the right
	for i := 0; right && i < len(out); i++ {
		t := typeOf(elements.Get(itoa(i)))
		right = t == "number" || t == "bigint"
	}
	var lines []string
	for i := 0; i < n; i += cols {
		var b strings.Builder
		last := min(i+cols, n) - 1
		for j := i; j < last; j++ {
			pad := spaces(widths[j-i] - lens[j] - separator)
			if right {
				b.WriteString(pad + out[j] + ", ")
			} else {
				b.WriteString(out[j] + ", " + pad)
			}
		}
		if right {
			b.WriteString(spaces(widths[last-i] - lens[last] - separator))
		}
		b.WriteString(out[last])
		lines = append(lines, b.String())
	}
	if rest {
		lines = append(lines, out[n])
	}
	return lines
}
