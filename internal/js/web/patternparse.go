package web

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// The syntax of patterns (URLPattern §2) and of constructor strings (§1.6).

// patternError is what is wrong with a pattern.
type patternError string

func (e patternError) Error() string { return string(e) }

// patternOptions are the options of a component: its groups end at the
// delimiter, and take the prefix before them along.
type patternOptions struct {
	delimiter, prefix string
	ignoreCase        bool
}

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenOpen
	tokenClose
	tokenRegExp
	tokenName
	tokenChar
	tokenEscaped
	tokenModifier
	tokenAsterisk
	tokenInvalid
)

type patternToken struct {
	kind  tokenKind
	at    int    // its index in the pattern's characters
	value string // without the punctuation around it
}

// nameRune reports "a valid name code point": of an ECMAScript identifier.
func nameRune(r rune, first bool) bool {
	if r == '$' || r == '_' || unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start) {
		return !unicode.In(r, unicode.Pattern_Syntax, unicode.Pattern_White_Space) || r == '$' || r == '_'
	}
	return !first && (r == 0x200C || r == 0x200D || unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue))
}

// tokenizePattern is the tokenizer (§2.1). A lenient one makes invalid tokens
// of what a strict one refuses.
func tokenizePattern(in []rune, lenient bool) ([]patternToken, error) {
	var list []patternToken
	add := func(kind tokenKind, at int, value []rune) { list = append(list, patternToken{kind, at, string(value)}) }
	for i := 0; i < len(in); {
		kind, next, from, to := tokenChar, i+1, i, i+1
		switch in[i] {
		case '*':
			kind = tokenAsterisk
		case '+', '?':
			kind = tokenModifier
		case '{':
			kind = tokenOpen
		case '}':
			kind = tokenClose
		case '\\':
			if kind = tokenEscaped; i == len(in)-1 {
				kind = tokenInvalid
				break
			}
			next, from, to = i+2, i+1, i+2
		case ':':
			for next < len(in) && nameRune(in[next], next == i+1) {
				next++
			}
			if kind, from, to = tokenName, i+1, next; from == to {
				kind = tokenInvalid
			}
		case '(':
			if end := regexpEnd(in, i+1); end > 0 {
				kind, next, from, to = tokenRegExp, end, i+1, end-1
			} else {
				kind = tokenInvalid
			}
		}
		if kind == tokenInvalid {
			if !lenient {
				return nil, patternError("unexpected " + strconv.Quote(string(in[i])) + " at " + strconv.Itoa(i))
			}
			next, from, to = i+1, i, i+1
		}
		add(kind, i, in[from:to])
		i = next
	}
	add(tokenEnd, len(in), nil)
	return list, nil
}

// regexpEnd returns the index behind the group's closing parenthesis, or 0 for
// one that is not allowed: empty, not ASCII, or with capturing groups inside.
func regexpEnd(in []rune, start int) int {
	depth := 1
	for i := start; i < len(in); i++ {
		switch c := in[i]; {
		case c >= 0x80, i == start && c == '?':
			return 0
		case c == '\\':
			if i++; i >= len(in) || in[i] >= 0x80 {
				return 0
			}
		case c == ')':
			if depth--; depth == 0 {
				if i == start {
					return 0
				}
				return i + 1
			}
		case c == '(':
			if depth++; i+1 >= len(in) || in[i+1] != '?' {
				return 0
			}
		}
	}
	return 0
}

type partKind int

const (
	partFixed partKind = iota
	partRegExp
	partSegment // a segment wildcard: up to the delimiter
	partFull    // a full wildcard
)

type patternPart struct {
	kind           partKind
	value          string
	modifier       string // "", "?", "*" or "+"
	name           string
	prefix, suffix string
}

const fullWildcard = ".*"

func (o patternOptions) segment() string { return "[^" + escapeRegExp(o.delimiter) + "]+?" }

// patternParser is the pattern parser (§2.2).
type patternParser struct {
	tokens  []patternToken
	o       patternOptions
	encode  func(string) (string, error)
	parts   []patternPart
	pending strings.Builder // fixed text
	next    int             // the next token
	numeric int             // the name of the next group without one
}

// parsePattern is "parse a pattern string".
func parsePattern(s string, encode func(string) (string, error), o patternOptions) ([]patternPart, error) {
	tokens, err := tokenizePattern([]rune(s), false)
	if err != nil {
		return nil, err
	}
	p := &patternParser{tokens: tokens, o: o, encode: encode}
	for {
		char := p.take(tokenChar)
		name := p.take(tokenName)
		wild := p.takeWildcard(name)
		if name != nil || wild != nil {
			prefix := ""
			if char != nil {
				prefix = char.value
			}
			if prefix != "" && prefix != o.prefix {
				p.pending.WriteString(prefix)
				prefix = ""
			}
			if err := p.flush(); err != nil {
				return nil, err
			}
			if err := p.add(prefix, name, wild, "", p.takeModifier()); err != nil {
				return nil, err
			}
			continue
		}
		if char == nil {
			char = p.take(tokenEscaped)
		}
		if char != nil {
			p.pending.WriteString(char.value)
			continue
		}
		if p.take(tokenOpen) != nil {
			prefix := p.takeText()
			name := p.take(tokenName)
			wild := p.takeWildcard(name)
			suffix := p.takeText()
			if p.take(tokenClose) == nil {
				return nil, p.unexpected()
			}
			if err := p.add(prefix, name, wild, suffix, p.takeModifier()); err != nil {
				return nil, err
			}
			continue
		}
		if err := p.flush(); err != nil {
			return nil, err
		}
		if p.take(tokenEnd) == nil {
			return nil, p.unexpected()
		}
		return p.parts, nil
	}
}

func (p *patternParser) unexpected() error {
	if t := p.tokens[min(p.next, len(p.tokens)-1)]; t.kind != tokenEnd {
		return patternError("unexpected " + strconv.Quote(t.value) + " at " + strconv.Itoa(t.at))
	}
	return patternError("unexpected end")
}

func (p *patternParser) take(kind tokenKind) *patternToken {
	if p.next < len(p.tokens) && p.tokens[p.next].kind == kind {
		p.next++
		return &p.tokens[p.next-1]
	}
	return nil
}

func (p *patternParser) takeWildcard(name *patternToken) *patternToken {
	t := p.take(tokenRegExp)
	if name == nil && t == nil {
		t = p.take(tokenAsterisk)
	}
	return t
}

func (p *patternParser) takeModifier() string {
	t := p.take(tokenModifier)
	if t == nil {
		t = p.take(tokenAsterisk)
	}
	if t == nil {
		return ""
	}
	return t.value
}

func (p *patternParser) takeText() string {
	var b strings.Builder
	for {
		t := p.take(tokenChar)
		if t == nil {
			t = p.take(tokenEscaped)
		}
		if t == nil {
			return b.String()
		}
		b.WriteString(t.value)
	}
}

// flush makes a part of the fixed text that is pending.
func (p *patternParser) flush() error {
	if p.pending.Len() == 0 {
		return nil
	}
	s, err := p.encode(p.pending.String())
	p.pending.Reset()
	p.parts = append(p.parts, patternPart{kind: partFixed, value: s})
	return err
}

func (p *patternParser) add(prefix string, name, wild *patternToken, suffix, modifier string) error {
	if name == nil && wild == nil && modifier == "" {
		p.pending.WriteString(prefix)
		return nil
	}
	if err := p.flush(); err != nil {
		return err
	}
	part := patternPart{modifier: modifier}
	var err error
	if name == nil && wild == nil {
		if prefix != "" {
			part.value, err = p.encode(prefix)
			p.parts = append(p.parts, part)
		}
		return err
	}
	value := p.o.segment()
	switch {
	case wild == nil:
	case wild.kind == tokenAsterisk:
		value = fullWildcard
	default:
		value = wild.value
	}
	switch value {
	case p.o.segment():
		part.kind = partSegment
	case fullWildcard:
		part.kind = partFull
	default:
		part.kind, part.value = partRegExp, value
	}
	if name != nil {
		part.name = name.value
	} else {
		part.name = strconv.Itoa(p.numeric)
		p.numeric++
	}
	if slices.ContainsFunc(p.parts, func(q patternPart) bool { return q.name == part.name && q.kind != partFixed }) {
		return patternError("two groups are named " + part.name)
	}
	if part.prefix, err = p.encode(prefix); err != nil {
		return err
	}
	if part.suffix, err = p.encode(suffix); err != nil {
		return err
	}
	p.parts = append(p.parts, part)
	return nil
}

func escapeBefore(s, special string) string {
	if !strings.ContainsAny(s, special) {
		return s
	}
	b := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(special, s[i]) >= 0 {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return string(b)
}

func escapePattern(s string) string { return escapeBefore(s, `+*?:{}()\`) }

func escapeRegExp(s string) string { return escapeBefore(s, `.+*?^${}()[]|/\`) }

// patternRegExp is "generate a regular expression and name list".
func patternRegExp(parts []patternPart, o patternOptions) (source string, names []string) {
	var b strings.Builder
	add := func(s ...string) {
		for _, s := range s {
			b.WriteString(s)
		}
	}
	add("^")
	for _, p := range parts {
		if p.kind == partFixed {
			if p.modifier == "" {
				add(escapeRegExp(p.value))
			} else {
				add("(?:", escapeRegExp(p.value), ")", p.modifier)
			}
			continue
		}
		names = append(names, p.name)
		value := p.value
		switch p.kind {
		case partSegment:
			value = o.segment()
		case partFull:
			value = fullWildcard
		}
		prefix, suffix := escapeRegExp(p.prefix), escapeRegExp(p.suffix)
		once := p.modifier == "" || p.modifier == "?"
		switch {
		case prefix == "" && suffix == "" && once:
			add("(", value, ")", p.modifier)
		case prefix == "" && suffix == "":
			add("((?:", value, ")", p.modifier, ")")
		case once:
			add("(?:", prefix, "(", value, ")", suffix, ")", p.modifier)
		default:
			add("(?:", prefix, "((?:", value, ")(?:", suffix, prefix, "(?:", value, "))*)", suffix, ")")
			if p.modifier == "*" {
				add("?")
			}
		}
	}
	add("$")
	return b.String(), names
}

// patternString is "generate a pattern string".
func patternString(parts []patternPart, o patternOptions) string {
	var b strings.Builder
	digit := func(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }
	namely := func(s string) bool { return s != "" && nameRune([]rune(s)[0], false) }
	for i, p := range parts {
		if p.kind == partFixed {
			if p.modifier == "" {
				b.WriteString(escapePattern(p.value))
			} else {
				b.WriteString("{" + escapePattern(p.value) + "}" + p.modifier)
			}
			continue
		}
		var prev, next *patternPart
		if i > 0 {
			prev = &parts[i-1]
		}
		if i+1 < len(parts) {
			next = &parts[i+1]
		}
		custom := !digit(p.name)
		group := p.suffix != "" || p.prefix != "" && p.prefix != o.prefix
		if !group && custom && p.kind == partSegment && p.modifier == "" && next != nil && next.prefix == "" && next.suffix == "" {
			if next.kind == partFixed {
				group = namely(next.value)
			} else {
				group = digit(next.name)
			}
		}
		if !group && p.prefix == "" && prev != nil && prev.kind == partFixed && o.prefix != "" && strings.HasSuffix(prev.value, o.prefix) {
			group = true
		}
		if group {
			b.WriteByte('{')
		}
		b.WriteString(escapePattern(p.prefix))
		if custom {
			b.WriteString(":" + p.name)
		}
		switch {
		case p.kind == partRegExp:
			b.WriteString("(" + p.value + ")")
		case p.kind == partSegment && !custom:
			b.WriteString("(" + o.segment() + ")")
		case p.kind == partFull && !custom && (prev == nil || prev.kind == partFixed || prev.modifier != "" || group || p.prefix != ""):
			b.WriteByte('*')
		case p.kind == partFull:
			b.WriteString("(" + fullWildcard + ")")
		}
		if p.kind == partSegment && custom && namely(p.suffix) {
			b.WriteByte('\\')
		}
		b.WriteString(escapePattern(p.suffix))
		if group {
			b.WriteByte('}')
		}
		b.WriteString(p.modifier)
	}
	return b.String()
}

// The states of the constructor string parser (§1.6) are the components, and these.
const (
	stateInit = partCount + iota
	stateAuthority
	stateDone
)

type patternStringParser struct {
	in        []rune
	tokens    []patternToken
	out       patternInit
	start     int // the component's first token
	at        int
	step      int
	state     int
	special   bool
	depth     int // of groups
	addresses int // of brackets in the hostname
}

// parsePatternString is "parse a constructor string".
func (e *Env) parsePatternString(s string) (*patternInit, error) {
	in := []rune(s)
	tokens, err := tokenizePattern(in, true)
	if err != nil {
		return nil, err
	}
	p := &patternStringParser{in: in, tokens: tokens, state: stateInit}
	for p.at < len(p.tokens) && p.state != stateDone {
		p.step = 1
		switch t := p.tokens[p.at]; {
		case t.kind == tokenEnd:
			p.end()
		case t.kind == tokenOpen:
			p.depth++
		case p.depth > 0 && t.kind != tokenClose:
		default:
			if p.depth > 0 {
				p.depth--
			}
			if p.state == partProtocol && p.is(p.at, ":") {
				c, err := e.compilePattern(p.component(), canonProtocol, patternOptions{})
				if err != nil {
					return nil, err
				}
				p.special = e.matchesSpecial(&c)
			}
			p.token()
		}
		p.at += p.step
	}
	if p.out.parts[partHostname] != nil && p.out.parts[partPort] == nil {
		p.out.parts[partPort] = new(string)
	}
	return &p.out, nil
}

// end handles the end of the string.
func (p *patternStringParser) end() {
	switch p.state {
	case stateInit: // no protocol: a relative pattern
		p.at, p.step = p.start, 0
		switch {
		case p.is(p.at, "#"):
			p.change(partHash, 1)
		case p.search():
			p.change(partSearch, 1)
		default:
			p.change(partPathname, 0)
		}
	case stateAuthority:
		p.rewind(partHostname)
	default:
		p.change(stateDone, 0)
	}
}

func (p *patternStringParser) token() {
	tail := func(from int) { // a component's end by the beginning of a later one
		switch {
		case from <= partPathname && p.is(p.at, "/") && p.state < partPathname:
			p.change(partPathname, 0)
		case from <= partSearch && p.search():
			p.change(partSearch, 1)
		case p.is(p.at, "#"):
			p.change(partHash, 1)
		}
	}
	switch p.state {
	case stateInit:
		if p.is(p.at, ":") {
			p.rewind(partProtocol)
		}
	case partProtocol:
		switch {
		case !p.is(p.at, ":"):
		case p.is(p.at+1, "/") && p.is(p.at+2, "/"):
			p.change(stateAuthority, 3)
		case p.special:
			p.change(stateAuthority, 1)
		default:
			p.change(partPathname, 1)
		}
	case stateAuthority:
		switch {
		case p.is(p.at, "@"):
			p.rewind(partUsername)
		case p.is(p.at, "/") || p.search() || p.is(p.at, "#"):
			p.rewind(partHostname)
		}
	case partUsername:
		switch {
		case p.is(p.at, ":"):
			p.change(partPassword, 1)
		case p.is(p.at, "@"):
			p.change(partHostname, 1)
		}
	case partPassword:
		if p.is(p.at, "@") {
			p.change(partHostname, 1)
		}
	case partHostname:
		switch {
		case p.is(p.at, "["):
			p.addresses++
		case p.is(p.at, "]"):
			p.addresses--
		case p.is(p.at, ":") && p.addresses == 0:
			p.change(partPort, 1)
		default:
			tail(partPathname)
		}
	case partPort:
		tail(partPathname)
	case partPathname:
		tail(partSearch)
	case partSearch:
		tail(partHash)
	}
}

// change is "change state": it keeps the component that ends, and fills in
// those that the string left out between it and the next one.
func (p *patternStringParser) change(state, skip int) {
	if p.state < partCount {
		s := p.component()
		p.out.parts[p.state] = &s
	}
	if p.state != stateInit && state != stateDone {
		fill := func(i int, s string) {
			if p.out.parts[i] == nil {
				p.out.parts[i] = &s
			}
		}
		from := p.state
		if from == stateAuthority {
			from = partProtocol
		}
		if from < partHostname && state >= partPort && state <= partHash {
			fill(partHostname, "")
		}
		if from < partPathname && (state == partSearch || state == partHash) {
			if p.special {
				fill(partPathname, "/")
			} else {
				fill(partPathname, "")
			}
		}
		if from < partSearch && state == partHash {
			fill(partSearch, "")
		}
	}
	p.state = state
	p.at += skip
	p.start, p.step = p.at, 0
}

func (p *patternStringParser) rewind(state int) { p.at, p.step, p.state = p.start, 0, state }

func (p *patternStringParser) get(i int) patternToken { return p.tokens[min(i, len(p.tokens)-1)] }

// is is "is a non-special pattern char".
func (p *patternStringParser) is(i int, value string) bool {
	t := p.get(i)
	return t.value == value && (t.kind == tokenChar || t.kind == tokenEscaped || t.kind == tokenInvalid)
}

// search is "is a search prefix": a question mark that modifies nothing.
func (p *patternStringParser) search() bool {
	if p.is(p.at, "?") {
		return true
	}
	if p.tokens[p.at].value != "?" || p.tokens[p.at].kind != tokenModifier {
		return false
	}
	if p.at == 0 {
		return true
	}
	switch p.tokens[p.at-1].kind {
	case tokenName, tokenRegExp, tokenClose, tokenAsterisk:
		return false
	}
	return true
}

// component is "make a component string".
func (p *patternStringParser) component() string {
	return string(p.in[p.get(p.start).at:p.get(p.at).at])
}
