package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// source finds places in a configuration's text. The settings come from running
// the file, so that nothing connects them with the text; but most
// configurations are written as plain objects, and there the way that leads to
// a value in the data leads to it in the text too. What is built by code is
// given no place, or that of what holds it: a wrong place would be worse.
type source struct {
	file   string
	text   string
	tokens []token // made when they are first needed
}

// token is a piece of the text as far as looking for keys goes.
type token struct {
	kind tokenKind
	text string // a name, a mark, or a string's value with simple escapes read
	at   int    // offset
}

type tokenKind uint8

const (
	tokenMark   tokenKind = iota // one character, or =>
	tokenName                    // a name, keyword or number
	tokenString                  // '…' or "…", or a template without ${
	tokenOther                   // a template, a regular expression
)

// place writes where a value is: "next.config.ts:12:5", or the file's name. of
// is a string that stands in the value and hardly anywhere else, such as a
// rule's source; it may be "".
func (s *source) place(p place, of string) string {
	at, ok := s.find(p, of)
	if !ok {
		return s.file
	}
	line, column := position(s.text, at)
	return fmt.Sprintf("%s:%d:%d", s.file, line, column)
}

// Locate finds where a setting has an entry, for those who check it later:
// "portico.config.ts:3:20" for the setting "csrf.exempt" and the text of one of
// its entries. It is the place of the setting, or the file's name, where more
// cannot be told.
func Locate(file, text, setting, entry string) string {
	s := source{file: file, text: text, tokens: tokens(text)}
	keys := strings.Split(setting, ".")
	for _, first := range []string{"", "portico"} { // in next.config.* ours are below that
		inner := s.tokens
		at, found := 0, true
		for i, name := range append([]string{first}, keys...) {
			if name == "" {
				continue
			}
			from, to, ok := key(inner, name, i < 2 && (i == 0 || first == ""))
			if found = ok; !ok {
				break
			}
			at, inner = inner[from].at, inner[from+1:to]
		}
		if !found {
			continue
		}
		for _, t := range inner {
			if t.kind == tokenString && t.text == entry {
				at = t.at
				break
			}
		}
		line, column := position(text, at)
		return fmt.Sprintf("%s:%d:%d", file, line, column)
	}
	return file
}

// find looks for the offset of a value's key.
func (s *source) find(p place, of string) (int, bool) {
	if s.text == "" || len(p) == 0 {
		return 0, false
	}
	if s.tokens == nil {
		s.tokens = tokens(s.text)
	}
	inner := s.tokens
	at, found := 0, false
	for i, step := range p {
		from, to, ok := 0, 0, false
		switch step := step.(type) {
		case string:
			from, to, ok = key(inner, step, i == 0)
		case int:
			if from, to, ok = item(inner, step); !ok && of != "" {
				// A list that is put together: its items may have a text that
				// nothing else has.
				if only, ok := only(s.tokens, of); ok {
					return only, true
				}
			}
		}
		if !ok {
			break
		}
		at, found = inner[from].at, true
		if _, isKey := step.(string); isKey {
			from++ // inside of the value a key of the same name is another one
		}
		inner = inner[from:to]
	}
	return at, found
}

// key finds a property and its value's end. At the top it may be anywhere in
// the file, such as in `const config = { … }` or `config.redirects = …`; below,
// the least nested one counts.
func key(t []token, name string, top bool) (from, to int, ok bool) {
	best, depth := -1, 0
	least := 1 << 30
	for i, k := range t {
		switch {
		case k.kind == tokenMark && strings.Contains("([{", k.text):
			depth++
		case k.kind == tokenMark && strings.Contains(")]}", k.text):
			depth--
		case (k.kind == tokenName || k.kind == tokenString) && k.text == name && i+1 < len(t) && t[i+1].kind == tokenMark:
			next := t[i+1].text
			isKey := next == ":" || next == "(" && k.kind == tokenName && !called(t, i+1)
			if top && next == "=" && k.kind == tokenName {
				isKey = true // config.redirects = …, const redirects = …
			}
			if isKey && depth < least {
				best, least = i, depth
			}
		}
	}
	if best < 0 {
		return 0, 0, false
	}
	return best, valueEnd(t, best+1), true
}

// called reports whether the parenthesis at i belongs to a call: a method has a
// body or a type behind its parameters.
func called(t []token, i int) bool {
	i = closing(t, i)
	return i >= len(t) || t[i].kind != tokenMark || t[i].text != "{" && t[i].text != ":"
}

// closing is the index behind the bracket that closes the one at i.
func closing(t []token, i int) int {
	depth := 0
	for ; i < len(t); i++ {
		if t[i].kind != tokenMark {
			continue
		}
		switch t[i].text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(t)
}

// valueEnd is the index behind a value that begins at i: at the comma or the
// bracket behind it.
func valueEnd(t []token, i int) int {
	for i < len(t) {
		if t[i].kind == tokenMark {
			switch t[i].text {
			case "(", "[", "{":
				i = closing(t, i)
				continue
			case ")", "]", "}", ",", ";":
				return i
			}
		}
		i++
	}
	return i
}

// item finds the n-th item of the first list that is written out.
func item(t []token, n int) (from, to int, ok bool) {
	for i := 0; i < len(t); i++ {
		if t[i].kind != tokenMark || t[i].text != "[" || i > 0 && !beforeValue(t[i-1]) {
			continue
		}
		for i++; i < len(t); i++ {
			if t[i].kind == tokenMark && (t[i].text == "]" || t[i].text == ".") {
				return 0, 0, false // too few, or ...more of which the length is not known
			}
			end := valueEnd(t, i)
			if n == 0 {
				return i, end, end > i
			}
			n--
			if end >= len(t) || t[end].text != "," {
				return 0, 0, false
			}
			i = end
		}
	}
	return 0, 0, false
}

// only finds the offset of the one string of a value.
func only(t []token, value string) (at int, ok bool) {
	for _, k := range t {
		if k.kind == tokenString && k.text == value {
			if ok {
				return 0, false
			}
			at, ok = k.at, true
		}
	}
	return at, ok
}

// beforeValue reports whether a value may begin behind a token, and so a [ is a
// list and a / a regular expression.
func beforeValue(t token) bool {
	switch t.kind {
	case tokenName:
		switch t.text {
		case "return", "await", "typeof", "case", "default", "in", "of", "void", "new", "delete", "throw", "else", "do", "yield":
			return true
		}
		return false
	case tokenMark:
		return !strings.Contains(")]}", t.text)
	}
	return false
}

// tokens cuts a script or JSON into tokens. It never fails: what it does not
// understand is a mark.
func tokens(text string) []token {
	list := []token{}
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case strings.HasPrefix(text[i:], "//"):
			i = end(text, i, "\n")
		case strings.HasPrefix(text[i:], "/*"):
			i = end(text, i+2, "*/")
		case strings.HasPrefix(text[i:], "=>"):
			list = append(list, token{tokenMark, "=>", i})
			i += 2
		case c == '"' || c == '\'':
			value, to := literal(text, i)
			list = append(list, token{tokenString, value, i})
			i = to
		case c == '`':
			value, to, plain := template(text, i)
			kind := tokenOther
			if plain {
				kind = tokenString
			}
			list = append(list, token{kind, value, i})
			i = to
		case c == '/' && (len(list) == 0 || beforeValue(list[len(list)-1])):
			to := regexpEnd(text, i)
			list = append(list, token{tokenOther, text[i:to], i})
			i = to
		default:
			r, size := utf8.DecodeRuneInString(text[i:])
			if r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				list = append(list, token{tokenMark, text[i : i+size], i})
				i += size
				break
			}
			to := i
			for to < len(text) {
				r, size := utf8.DecodeRuneInString(text[to:])
				if r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
					break
				}
				to += size
			}
			list = append(list, token{tokenName, text[i:to], i})
			i = to
		}
	}
	return list
}

// end is the offset behind the next mark, or the text's end.
func end(text string, from int, mark string) int {
	if from > len(text) {
		return len(text)
	}
	if i := strings.Index(text[from:], mark); i >= 0 {
		return from + i + len(mark)
	}
	return len(text)
}

// literal reads a quoted string. Escapes beyond \x for the character x stay as
// they are: such strings are compared with keys and sources only.
func literal(text string, i int) (value string, to int) {
	quote := text[i]
	var b strings.Builder
	for i++; i < len(text) && text[i] != quote && text[i] != '\n'; i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String(), min(i+1, len(text))
}

// template reads a template literal; plain is one without ${.
func template(text string, i int) (value string, to int, plain bool) {
	var b strings.Builder
	plain = true
	for i++; i < len(text) && text[i] != '`'; {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			b.WriteByte(text[i+1])
			i += 2
		case strings.HasPrefix(text[i:], "${"):
			plain = false
			i = expressionEnd(text, i+2)
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return b.String(), min(i+1, len(text)), plain
}

// expressionEnd is the offset behind the } of a template's expression. Strings
// in it are passed over; templates in templates are passed over as text, which
// is right as long as their braces are balanced.
func expressionEnd(text string, i int) int {
	for depth := 1; i < len(text); {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"', '\'':
			_, i = literal(text, i)
			continue
		}
		i++
	}
	return i
}

// regexpEnd is the offset behind a regular expression literal.
func regexpEnd(text string, i int) int {
	class := false
	for i++; i < len(text) && text[i] != '\n'; i++ {
		switch text[i] {
		case '\\':
			i++
		case '[':
			class = true
		case ']':
			class = false
		case '/':
			if !class {
				return i + 1
			}
		}
	}
	return min(i, len(text))
}
