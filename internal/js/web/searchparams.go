package web

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// SearchParams is the list of name-value pairs of a query: what URLSearchParams
// is to scripts. The zero value is an empty list.
//
// A list that was made from a query is parsed only when it must be: Get, GetAll
// and Has look for their name in the query itself until something is changed.
type SearchParams struct {
	raw    string // the query while parsed is false
	list   []param
	parsed bool
	change func()
}

type param struct{ name, value string }

// ParseSearchParams returns the list of a query, which comes without its
// leading question mark. Nothing is an error (URL §5.1).
func ParseSearchParams(query string) *SearchParams { return &SearchParams{raw: query} }

// OnChange sets what is called after each change, so that an owner, a URL for
// one, follows it. There is one owner.
func (p *SearchParams) OnChange(f func()) { p.change = f }

// Reset replaces the list by that of another query, without calling the owner.
func (p *SearchParams) Reset(query string) {
	p.raw, p.list, p.parsed = query, nil, false
}

// Clone returns a copy without an owner.
func (p *SearchParams) Clone() *SearchParams {
	return &SearchParams{raw: p.raw, list: slices.Clone(p.list), parsed: p.parsed}
}

func (p *SearchParams) changed() {
	if p.change != nil {
		p.change()
	}
}

func (p *SearchParams) parse() {
	if p.parsed {
		return
	}
	for q := p.raw; q != ""; {
		var pair string
		pair, q, _ = strings.Cut(q, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		p.list = append(p.list, param{unescapeForm(name), unescapeForm(value)})
	}
	p.raw, p.parsed = "", true
}

// find calls f with the value of each pair called name, still escaped when raw
// is true, until f returns false.
func (p *SearchParams) find(name string, f func(value string, raw bool) bool) {
	if p.parsed {
		for i := range p.list {
			if p.list[i].name == name && !f(p.list[i].value, false) {
				return
			}
		}
		return
	}
	for q := p.raw; q != ""; {
		var pair string
		pair, q, _ = strings.Cut(q, "&")
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		if key != name || !plainForm(key) {
			if plainForm(key) || unescapeForm(key) != name {
				continue
			}
		}
		if !f(value, true) {
			return
		}
	}
}

// Get returns the value of the first pair called name.
func (p *SearchParams) Get(name string) (value string, ok bool) {
	p.find(name, func(v string, raw bool) bool {
		if raw {
			v = unescapeForm(v)
		}
		value, ok = v, true
		return false
	})
	return value, ok
}

// GetAll returns the values of all pairs called name, in order.
func (p *SearchParams) GetAll(name string) []string {
	var all []string
	p.find(name, func(v string, raw bool) bool {
		if raw {
			v = unescapeForm(v)
		}
		all = append(all, v)
		return true
	})
	return all
}

// Has reports whether there is a pair called name, with the value when one is given.
func (p *SearchParams) Has(name string, value ...string) bool {
	found := false
	p.find(name, func(v string, raw bool) bool {
		if len(value) == 0 {
			found = true
			return false
		}
		if raw {
			v = unescapeForm(v)
		}
		found = v == value[0]
		return !found
	})
	return found
}

// Size is the number of pairs.
func (p *SearchParams) Size() int {
	if p.parsed {
		return len(p.list)
	}
	n := 0
	for q := p.raw; q != ""; {
		var pair string
		pair, q, _ = strings.Cut(q, "&")
		if pair != "" {
			n++
		}
	}
	return n
}

// At returns the pair at index i, counted from 0; it is false beyond the end.
func (p *SearchParams) At(i int) (name, value string, ok bool) {
	p.parse()
	if i >= len(p.list) {
		return "", "", false
	}
	return p.list[i].name, p.list[i].value, true
}

// Append adds a pair at the end.
func (p *SearchParams) Append(name, value string) {
	p.parse()
	p.list = append(p.list, param{name, value})
	p.changed()
}

// Set gives the first pair called name the value and removes the others, or
// adds a pair when there is none.
func (p *SearchParams) Set(name, value string) {
	p.parse()
	i := slices.IndexFunc(p.list, func(q param) bool { return q.name == name })
	if i < 0 {
		p.Append(name, value)
		return
	}
	p.list[i].value = value
	rest := slices.DeleteFunc(p.list[i+1:], func(q param) bool { return q.name == name })
	p.list = p.list[:i+1+len(rest)]
	p.changed()
}

// Delete removes all pairs called name, those with the value only when one is given.
func (p *SearchParams) Delete(name string, value ...string) {
	p.parse()
	p.list = slices.DeleteFunc(p.list, func(q param) bool {
		return q.name == name && (len(value) == 0 || q.value == value[0])
	})
	p.changed()
}

// Sort sorts the pairs by their names' UTF-16 code units; pairs of one name
// keep their order.
func (p *SearchParams) Sort() {
	p.parse()
	slices.SortStableFunc(p.list, func(a, b param) int { return compareUTF16(a.name, b.name) })
	p.changed()
}

// String serialises the list as application/x-www-form-urlencoded (URL §5.2).
func (p *SearchParams) String() string {
	p.parse()
	n := 0
	for i := range p.list {
		n += len(p.list[i].name) + len(p.list[i].value) + 2
	}
	b := make([]byte, 0, n+n/8)
	for i := range p.list {
		if i > 0 {
			b = append(b, '&')
		}
		b = appendForm(b, p.list[i].name)
		b = append(b, '=')
		b = appendForm(b, p.list[i].value)
	}
	return unsafeString(b)
}

// compareUTF16 compares as UTF-16 does: a character beyond U+FFFF is two units
// of U+D800 and up, so it comes before U+E000, unlike in UTF-8.
func compareUTF16(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i < len(a) && i < len(b) && a[i] >= 0xEE && b[i] >= 0xEE && (a[i] >= 0xF0) != (b[i] >= 0xF0) {
		// The bytes that differ lead two sequences: U+E000 to U+FFFF leads with
		// EE or EF, a surrogate pair's character with F0 and up.
		if a[i] >= 0xF0 {
			return -1
		}
		return 1
	}
	return strings.Compare(a[i:], b[i:])
}

// plainForm reports whether s stands for itself in a query.
func plainForm(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == '%' || c == '+' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// unescapeForm reads + as a space, percent-decodes and decodes UTF-8. It
// returns s itself when there is nothing to do.
func unescapeForm(s string) string {
	i := 0
	for i < len(s) && s[i] != '%' && s[i] != '+' {
		i++
	}
	if i == len(s) {
		return decodeUTF8String(s)
	}
	b := make([]byte, 0, len(s))
	b = append(b, s[:i]...)
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			b = append(b, c)
		}
	}
	if utf8.Valid(b) {
		return unsafeString(b)
	}
	return decodeUTF8(b)
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

const upperHex = "0123456789ABCDEF"

// appendForm appends s with the application/x-www-form-urlencoded
// percent-encode set, spaces as +.
func appendForm(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case urlClass[c]&formPlain != 0:
			b = append(b, c)
		case c == ' ':
			b = append(b, '+')
		default:
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return b
}
