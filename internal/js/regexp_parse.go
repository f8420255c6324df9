package js

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// The grammar of ECMA-262 §22.2.1 with annex B.1.2. A pattern with the flag u
// or v is read as code points, another one as UTF-16 units.

type rxKind uint8

const (
	rxEmpty     rxKind = iota
	rxChar             // r
	rxSet              // set
	rxConcat           // list
	rxAlternate        // list
	rxCapture          // list[0], index
	rxLook             // list[0], behind, negative
	rxRepeat           // list[0], min, max, lazy
	rxBackRef          // groups; with the case flag
	rxLineStart        // multiline
	rxLineEnd          // multiline
	rxWordEdge         // negative
)

// rxInfinite is the max of a quantifier without one.
const rxInfinite = 1<<31 - 1

type rxNode struct {
	kind      rxKind
	r         rune
	set       runeSet
	list      []*rxNode
	index     int
	groups    []int
	min, max  int
	lazy      bool
	behind    bool
	negative  bool
	multiline bool
	fold      bool // case is ignored here
}

// rxFlags are a regular expression's flags.
type rxFlags struct {
	indices, global, ignoreCase, multiline, dotAll, unicode, sets, sticky bool
}

func parseFlags(s string) (f rxFlags, ok bool) {
	for _, c := range s {
		var p *bool
		switch c {
		case 'd':
			p = &f.indices
		case 'g':
			p = &f.global
		case 'i':
			p = &f.ignoreCase
		case 'm':
			p = &f.multiline
		case 's':
			p = &f.dotAll
		case 'u':
			p = &f.unicode
		case 'v':
			p = &f.sets
		case 'y':
			p = &f.sticky
		default:
			return f, false
		}
		if *p {
			return f, false
		}
		*p = true
	}
	return f, !(f.unicode && f.sets)
}

func (f rxFlags) String() string {
	var b strings.Builder
	for _, c := range []struct {
		on   bool
		flag byte
	}{{f.indices, 'd'}, {f.global, 'g'}, {f.ignoreCase, 'i'}, {f.multiline, 'm'}, {f.dotAll, 's'}, {f.unicode, 'u'}, {f.sets, 'v'}, {f.sticky, 'y'}} {
		if c.on {
			b.WriteByte(c.flag)
		}
	}
	return b.String()
}

// rxGroupName is a named group: the groups that have the name, which stand in
// different alternatives.
type rxGroupName struct {
	name   string // as wtf8 makes it
	groups []int
}

type rxParser struct {
	src     []rune
	i       int
	wide    bool // the pattern is of code points: u or v
	sets    bool // v
	fold    bool // the modifiers that hold here
	multi   bool
	dotAll  bool
	depth   int
	groups  int // capture groups so far
	total   int // capture groups of the whole pattern
	named   bool
	names   []rxGroupName
	paths   map[int][]rxBranch // where a named group stands
	path    []rxBranch
	choices int
	refs    []rxNameRef
}

// rxBranch is one alternative of one disjunction.
type rxBranch struct{ choice, branch int }

type rxNameRef struct {
	name string
	node *rxNode
}

// rxError is a syntax error: V8's wording.
type rxError string

// maxRxDepth is how deep groups and classes nest.
const maxRxDepth = 500

func (p *rxParser) fail(msg string) { panic(rxError(msg)) }

// parseRegExp parses a pattern of UTF-16 units.
func parseRegExp(pattern []uint16, f rxFlags) (root *rxNode, groups int, names []rxGroupName, err error) {
	p := &rxParser{wide: f.unicode || f.sets, sets: f.sets, fold: f.ignoreCase, multi: f.multiline, dotAll: f.dotAll, paths: map[int][]rxBranch{}}
	if p.wide {
		p.src = decodeUnits(pattern)
	} else {
		p.src = make([]rune, len(pattern))
		for i, u := range pattern {
			p.src[i] = rune(u)
		}
	}
	defer func() {
		if x := recover(); x != nil {
			e, ok := x.(rxError)
			if !ok {
				panic(x)
			}
			err = e
		}
	}()
	p.survey()
	root = p.disjunction()
	if p.i < len(p.src) {
		p.fail("Unmatched ')'")
	}
	for _, ref := range p.refs {
		i := slices.IndexFunc(p.names, func(n rxGroupName) bool { return n.name == ref.name })
		if i < 0 {
			p.fail("Invalid named capture referenced")
		}
		ref.node.groups = p.names[i].groups
	}
	return root, p.groups, p.names, nil
}

func (e rxError) Error() string { return string(e) }

func decodeUnits(u []uint16) []rune {
	out := make([]rune, 0, len(u))
	for i := 0; i < len(u); i++ {
		r := rune(u[i])
		if r&0xfc00 == 0xd800 && i+1 < len(u) && u[i+1]&0xfc00 == 0xdc00 {
			i++
			r = utf16.DecodeRune(r, rune(u[i]))
		}
		out = append(out, r)
	}
	return out
}

// survey counts the capture groups and looks for a named one: both change what
// an escape before them means.
func (p *rxParser) survey() {
	class := 0
	for i := 0; i < len(p.src); i++ {
		switch p.src[i] {
		case '\\':
			i++
		case '[':
			if class == 0 || p.sets {
				class++
			}
		case ']':
			if class > 0 {
				class--
			}
		case '(':
			if class > 0 {
				break
			}
			if i+1 < len(p.src) && p.src[i+1] == '?' {
				if i+3 < len(p.src) && p.src[i+2] == '<' && p.src[i+3] != '=' && p.src[i+3] != '!' {
					p.named = true
					p.total++
				}
				break
			}
			p.total++
		}
	}
}

func (p *rxParser) peek(n int) rune {
	if p.i+n < len(p.src) {
		return p.src[p.i+n]
	}
	return -1
}

// accept takes c when it comes next.
func (p *rxParser) accept(c rune) bool {
	if p.peek(0) != c {
		return false
	}
	p.i++
	return true
}

func (p *rxParser) disjunction() *rxNode {
	if p.depth++; p.depth > maxRxDepth {
		p.fail("Regular expression too large")
	}
	p.choices++
	p.path = append(p.path, rxBranch{choice: p.choices})
	var list []*rxNode
	for {
		list = append(list, p.alternative())
		if !p.accept('|') {
			break
		}
		p.path[len(p.path)-1].branch++
	}
	p.path = p.path[:len(p.path)-1]
	p.depth--
	if len(list) == 1 {
		return list[0]
	}
	return &rxNode{kind: rxAlternate, list: list}
}

func (p *rxParser) alternative() *rxNode {
	var list []*rxNode
	for p.i < len(p.src) && p.peek(0) != '|' && p.peek(0) != ')' {
		list = append(list, p.term())
	}
	switch len(list) {
	case 0:
		return &rxNode{kind: rxEmpty}
	case 1:
		return list[0]
	}
	return &rxNode{kind: rxConcat, list: list}
}

// term is an assertion or an atom with its quantifier.
func (p *rxParser) term() *rxNode {
	c := p.peek(0)
	p.i++
	first := p.groups
	var n *rxNode
	switch c {
	case '^':
		return &rxNode{kind: rxLineStart, multiline: p.multi}
	case '$':
		return &rxNode{kind: rxLineEnd, multiline: p.multi}
	case '(':
		n = p.group()
	case '.':
		n = &rxNode{kind: rxSet, set: setLineEnd.negate()}
		if p.dotAll {
			n.set = setAll
		}
	case '[':
		n = p.class()
	case '\\':
		if p.peek(0) == 'b' || p.peek(0) == 'B' {
			p.i++
			return &rxNode{kind: rxWordEdge, negative: p.src[p.i-1] == 'B', fold: p.fold}
		}
		n = p.atomEscape()
	case '*', '+', '?':
		p.fail("Nothing to repeat")
	case '{':
		p.i--
		if p.wide {
			p.fail("Nothing to repeat")
		}
		if _, _, ok := p.braces(); ok {
			p.fail("Nothing to repeat")
		}
		p.i++
		n = p.char('{')
	case '}', ']':
		if p.wide {
			p.fail("Lone quantifier brackets")
		}
		n = p.char(c)
	default:
		n = p.char(c)
	}
	return p.quantified(n, first)
}

// quantified reads the quantifier of an atom, if there is one.
func (p *rxParser) quantified(n *rxNode, firstGroup int) *rxNode {
	lo, hi := 0, rxInfinite
	switch p.peek(0) {
	case '*':
		p.i++
	case '+':
		p.i++
		lo = 1
	case '?':
		p.i++
		hi = 1
	case '{':
		var ok bool
		if lo, hi, ok = p.braces(); !ok {
			if p.wide {
				p.fail("Incomplete quantifier")
			}
			return n
		}
		if hi < lo {
			p.fail("numbers out of order in {} quantifier")
		}
	default:
		return n
	}
	if n.kind == rxLook && (p.wide || n.behind) {
		p.fail("Invalid quantifier")
	}
	return &rxNode{kind: rxRepeat, list: []*rxNode{n}, min: lo, max: hi, lazy: p.accept('?'), index: firstGroup + 1, groups: []int{p.groups}}
}

// braces reads {n}, {n,} or {n,m}; without success it reads nothing.
func (p *rxParser) braces() (lo, hi int, ok bool) {
	start := p.i
	p.i++
	lo, ok = p.decimal()
	hi = lo
	if ok && p.accept(',') {
		if hi, ok = p.decimal(); !ok {
			hi, ok = rxInfinite, true
		}
	}
	if !ok || !p.accept('}') {
		p.i = start
		return 0, 0, false
	}
	return lo, hi, true
}

func (p *rxParser) decimal() (n int, ok bool) {
	for ; p.peek(0) >= '0' && p.peek(0) <= '9'; p.i++ {
		n = min(n*10+int(p.peek(0)-'0'), rxInfinite)
		ok = true
	}
	return n, ok
}

func (p *rxParser) group() *rxNode {
	var n *rxNode
	if !p.accept('?') {
		p.groups++
		n = &rxNode{kind: rxCapture, index: p.groups}
		n.list = []*rxNode{p.disjunction()}
		p.endGroup()
		return n
	}
	c := p.peek(0)
	p.i++
	switch c {
	case ':':
		n = p.disjunction()
		p.endGroup()
		if n.kind == rxLook || n.kind == rxLineStart || n.kind == rxLineEnd || n.kind == rxWordEdge {
			n = &rxNode{kind: rxConcat, list: []*rxNode{n}} // a group of an assertion can be repeated
		}
		return n
	case '=', '!':
		n = &rxNode{kind: rxLook, negative: c == '!'}
	case '<':
		if p.peek(0) == '=' || p.peek(0) == '!' {
			n = &rxNode{kind: rxLook, behind: true, negative: p.peek(0) == '!'}
			p.i++
			break
		}
		p.groups++
		n = &rxNode{kind: rxCapture, index: p.groups}
		p.declare(p.groupName("Invalid capture group name"), p.groups)
	default:
		p.i--
		return p.modified()
	}
	n.list = []*rxNode{p.disjunction()}
	p.endGroup()
	return n
}

func (p *rxParser) endGroup() {
	if !p.accept(')') {
		p.fail("Unterminated group")
	}
}

// modified is (?ims-ims: … ).
func (p *rxParser) modified() *rxNode {
	fold, multi, dotAll := p.fold, p.multi, p.dotAll
	seen, on, any := "", true, false
	for {
		c := p.peek(0)
		p.i++
		switch c {
		case ':':
			if !on && !any {
				p.fail("Invalid flag group")
			}
			n := p.disjunction()
			p.endGroup()
			p.fold, p.multi, p.dotAll = fold, multi, dotAll
			return &rxNode{kind: rxConcat, list: []*rxNode{n}}
		case '-':
			if !on {
				p.fail("Multiple dashes in flag group")
			}
			on = false
			continue
		case 'i':
			p.fold = on
		case 'm':
			p.multi = on
		case 's':
			p.dotAll = on
		default:
			p.fail("Invalid group")
		}
		if strings.ContainsRune(seen, c) {
			p.fail("Repeated flag in flag group")
		}
		seen += string(c)
		any = true
	}
}

// groupName reads a name up to its ">".
func (p *rxParser) groupName(wrong string) string {
	var name []rune
	for first := true; ; first = false {
		c := p.peek(0)
		p.i++
		if c == '>' && !first {
			break
		}
		if c == '\\' {
			if !p.accept('u') {
				p.fail(wrong)
			}
			wide := p.wide
			p.wide = true // here \u{…} and pairs are read without the flag too
			r, ok := p.unicodeEscape()
			p.wide = wide
			if !ok {
				p.fail("Invalid Unicode escape")
			}
			c = r
		} else if c&^0x3ff == 0xd800 && p.peek(0)&^0x3ff == 0xdc00 {
			c = utf16.DecodeRune(c, p.peek(0))
			p.i++
		}
		if c < 0 || !isIdentifier(c, first) {
			p.fail(wrong)
		}
		name = append(name, c)
	}
	return string(name)
}

func isIdentifier(c rune, first bool) bool {
	if c < 0x80 {
		return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '$' || c == '_' || !first && c >= '0' && c <= '9'
	}
	property := "ID_Continue"
	if first {
		property = "ID_Start"
	}
	set, _ := unicodeProperty(property)
	return set.has(c) || !first && (c == 0x200c || c == 0x200d)
}

// declare gives a group its name. The same name may stand twice where only one
// of the groups can take part in a match.
func (p *rxParser) declare(name string, group int) {
	path := slices.Clone(p.path)
	p.paths[group] = path
	for i := range p.names {
		if p.names[i].name != name {
			continue
		}
		for _, other := range p.names[i].groups {
			if !exclusive(p.paths[other], path) {
				p.fail("Duplicate capture group name")
			}
		}
		p.names[i].groups = append(p.names[i].groups, group)
		return
	}
	p.names = append(p.names, rxGroupName{name, []int{group}})
}

func exclusive(a, b []rxBranch) bool {
	for i := 0; i < len(a) && i < len(b) && a[i].choice == b[i].choice; i++ {
		if a[i].branch != b[i].branch {
			return true
		}
	}
	return false
}

// char is a character as an atom.
func (p *rxParser) char(c rune) *rxNode {
	if p.fold {
		if set := (runeSet{c, c}).closeCase(p.wide); len(set) > 2 || set[0] != set[1] {
			return &rxNode{kind: rxSet, set: set}
		}
	}
	return &rxNode{kind: rxChar, r: c}
}

func (p *rxParser) atomEscape() *rxNode {
	c := p.peek(0)
	switch {
	case c < 0:
		p.fail("\\ at end of pattern")
	case c >= '1' && c <= '9':
		start := p.i
		n, _ := p.decimal()
		if n <= p.total {
			return &rxNode{kind: rxBackRef, groups: []int{n}, fold: p.fold}
		}
		if p.wide {
			p.fail("Invalid escape")
		}
		p.i = start
		if c >= '8' {
			p.i++
			return p.char(c)
		}
		return p.char(p.octal())
	case c == 'k' && (p.wide || p.named):
		p.i++
		if !p.accept('<') {
			p.fail("Invalid named reference")
		}
		n := &rxNode{kind: rxBackRef, fold: p.fold}
		p.refs = append(p.refs, rxNameRef{p.groupName("Invalid capture group name"), n})
		return n
	}
	if set, ok := p.classEscape("Invalid property name"); ok {
		if set.zwj || len(set.strs) > 0 {
			return p.stringsNode(set)
		}
		return &rxNode{kind: rxSet, set: p.closed(set.set)}
	}
	return p.char(p.characterEscape(false))
}

// octal reads a legacy octal escape.
func (p *rxParser) octal() rune {
	n := p.src[p.i] - '0'
	p.i++
	for k := 0; k < 2 && p.peek(0) >= '0' && p.peek(0) <= '7' && n*8+p.peek(0)-'0' <= 0xff; k++ {
		n = n*8 + p.peek(0) - '0'
		p.i++
	}
	return n
}

// characterEscape reads what stands after a backslash and means one character.
func (p *rxParser) characterEscape(inClass bool) rune {
	c := p.peek(0)
	p.i++
	switch c {
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'v':
		return '\v'
	case 'c':
		l := p.peek(0)
		if l|0x20 >= 'a' && l|0x20 <= 'z' || inClass && !p.wide && (l >= '0' && l <= '9' || l == '_') {
			p.i++
			return l & 31
		}
		if p.wide {
			p.fail("Invalid Unicode escape")
		}
		p.i--
		return '\\'
	case '0':
		if d := p.peek(0); d < '0' || d > '9' {
			return 0
		}
		fallthrough
	case '1', '2', '3', '4', '5', '6', '7':
		if p.wide {
			if inClass {
				p.fail("Invalid class escape")
			}
			p.fail("Invalid decimal escape")
		}
		p.i--
		return p.octal()
	case 'x':
		if h, ok := p.hex(2); ok {
			return h
		}
		if p.wide {
			p.fail("Invalid escape")
		}
		return 'x'
	case 'u':
		if r, ok := p.unicodeEscape(); ok {
			return r
		}
		if p.wide {
			p.fail("Invalid Unicode escape")
		}
		return 'u'
	}
	if p.wide && !strings.ContainsRune(`^$\.*+?()[]{}|/`, c) && !(inClass && c == '-') {
		p.fail("Invalid escape")
	}
	return c
}

func (p *rxParser) hex(n int) (r rune, ok bool) {
	for k := range n {
		c := p.peek(k)
		if c < 0 || c > 0x7f || hexDigit(byte(c)) < 0 {
			return 0, false
		}
		r = r<<4 | hexDigit(byte(c))
	}
	p.i += n
	return r, true
}

// unicodeEscape reads what stands after \u; without success it reads nothing.
func (p *rxParser) unicodeEscape() (rune, bool) {
	start := p.i
	if p.wide && p.accept('{') {
		var r rune
		n := 0
		for ; p.peek(0) != '}'; p.i++ {
			c := p.peek(0)
			if c < 0 || c > 0x7f || hexDigit(byte(c)) < 0 {
				p.i = start
				return 0, false
			}
			if r, n = r<<4|hexDigit(byte(c)), n+1; r > unicode.MaxRune {
				p.i = start
				return 0, false
			}
		}
		if n == 0 {
			p.i = start
			return 0, false
		}
		p.i++
		return r, true
	}
	r, ok := p.hex(4)
	if ok && p.wide && r&^0x3ff == 0xd800 && p.peek(0) == '\\' && p.peek(1) == 'u' {
		mark := p.i
		p.i += 2
		if low, ok := p.hex(4); ok && low&^0x3ff == 0xdc00 {
			return utf16.DecodeRune(r, low), true
		}
		p.i = mark
	}
	return r, ok
}
