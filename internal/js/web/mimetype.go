package web

import (
	"strings"
)

// mimeType is a parsed MIME type (MIME Sniffing §4.4).
type mimeType struct {
	essence string // type/subtype in lower case
	params  []param
}

// parseMIMEType parses a MIME type; it is false for what is none.
func parseMIMEType(s string) (mimeType, bool) {
	s = strings.Trim(s, httpSpace)
	essence, rest, more := strings.Cut(s, ";")
	essence = strings.TrimRight(essence, httpSpace)
	typ, subtype, ok := strings.Cut(essence, "/")
	if !ok || !isToken(typ) || !isToken(subtype) {
		return mimeType{}, false
	}
	m := mimeType{essence: strings.ToLower(essence)}
	for more {
		rest = strings.TrimLeft(rest, httpSpace)
		i := strings.IndexAny(rest, ";=")
		if i < 0 {
			break
		}
		name := strings.ToLower(rest[:i])
		if rest[i] == ';' {
			rest = rest[i+1:]
			continue
		}
		rest = rest[i+1:]
		var value string
		if strings.HasPrefix(rest, `"`) {
			value, rest = quotedString(rest)
			_, rest, more = strings.Cut(rest, ";")
		} else {
			value, rest, more = strings.Cut(rest, ";")
			if value = strings.TrimRight(value, httpSpace); value == "" {
				continue
			}
		}
		if _, twice := m.get(name); isToken(name) && quotable(value) && !twice {
			m.params = append(m.params, param{name, value})
		}
	}
	return m, true
}

// get returns a parameter's value.
func (m *mimeType) get(name string) (string, bool) {
	for i := range m.params {
		if m.params[i].name == name {
			return m.params[i].value, true
		}
	}
	return "", false
}

// String serialises the type (MIME Sniffing §4.5).
func (m *mimeType) String() string {
	var b strings.Builder
	b.WriteString(m.essence)
	for _, p := range m.params {
		b.WriteString(";" + p.name + "=")
		if isToken(p.value) {
			b.WriteString(p.value)
		} else {
			b.WriteString(`"` + mimeQuote.Replace(p.value) + `"`)
		}
	}
	return b.String()
}

var mimeQuote = strings.NewReplacer(`"`, `\"`, `\`, `\\`)

// httpSpace is HTTP whitespace (Fetch §2.2).
const httpSpace = " \t\r\n"

// quotedString reads the quoted string that s begins with, and returns its
// value and what follows it (Fetch §2.2, "collect an HTTP quoted string").
func quotedString(s string) (value, rest string) {
	var b []byte
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return string(b), s[i+1:]
		case c == '\\' && i+1 < len(s):
			i++
			b = append(b, s[i])
		default:
			b = append(b, c)
		}
	}
	return string(b), ""
}

// quotable reports whether a quoted string can hold s.
func quotable(s string) bool {
	for _, c := range s {
		if c != '\t' && (c < ' ' || c > 0xFF || c == 0x7F) {
			return false
		}
	}
	return true
}
