package route

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
)

// syntaxError is an expression that ECMAScript refuses.
type syntaxError struct{ text string }

func (e *syntaxError) Error() string { return e.text }

// charSet is a set of UTF-16 units.
type charSet struct {
	low    [4]uint64 // those below 256
	ranges []unitRange
}

type unitRange struct{ lo, hi uint16 }

func (s *charSet) has(c uint16) bool {
	if c < 256 {
		return s.low[c>>6]&(1<<(c&63)) != 0
	}
	for _, r := range s.ranges {
		if c < r.lo {
			return false
		}
		if c <= r.hi {
			return true
		}
	}
	return false
}

// setOf makes a set of ranges, which may overlap and be in any order.
func setOf(ranges ...unitRange) *charSet {
	s := &charSet{}
	for _, r := range ranges {
		for c := int(r.lo); c <= int(r.hi) && c < 256; c++ {
			s.low[c>>6] |= 1 << (c & 63)
		}
		if r.hi >= 256 {
			s.ranges = append(s.ranges, unitRange{max(r.lo, 256), r.hi})
		}
	}
	s.ranges = joinRanges(s.ranges)
	return s
}

func joinRanges(rs []unitRange) []unitRange {
	slices.SortFunc(rs, func(a, b unitRange) int { return int(a.lo) - int(b.lo) })
	out := rs[:0]
	for _, r := range rs {
		if n := len(out); n > 0 && int(r.lo) <= int(out[n-1].hi)+1 {
			out[n-1].hi = max(out[n-1].hi, r.hi)
			continue
		}
		out = append(out, r)
	}
	return out
}

// all returns the set as ranges in order.
func (s *charSet) all() []unitRange {
	var rs []unitRange
	for c := uint16(0); c < 256; c++ {
		if s.has(c) {
			rs = append(rs, unitRange{c, c})
		}
	}
	return joinRanges(append(rs, s.ranges...))
}

func (s *charSet) not() *charSet {
	var rs []unitRange
	next := 0
	for _, r := range s.all() {
		if int(r.lo) > next {
			rs = append(rs, unitRange{uint16(next), r.lo - 1})
		}
		next = int(r.hi) + 1
	}
	if next <= 0xffff {
		rs = append(rs, unitRange{uint16(next), 0xffff})
	}
	return setOf(rs...)
}

// fold adds every unit that has the canonical form of one in the set.
func (s *charSet) fold() *charSet {
	rs := s.all()
	ascii := setOf(rs...)
	for c := uint16('a'); c <= 'z'; c++ {
		if up := c - 'a' + 'A'; s.has(c) || s.has(up) {
			ascii.low[c>>6] |= 1 << (c & 63)
			ascii.low[up>>6] |= 1 << (up & 63)
		}
	}
	if i, _ := slices.BinarySearchFunc(rs, uint16(0x80), func(r unitRange, c uint16) int { return int(r.hi) - int(c) }); i == len(rs) ||
		rs[i].lo <= 0x80 && rs[i].hi == 0xffff {
		return ascii // none or all beyond ASCII, and nothing folds from there into it
	}
	canon := canonical()
	has := new([1 << 16]bool)
	for _, r := range rs {
		for c := max(int(r.lo), 0x80); c <= int(r.hi); c++ {
			has[canon[c]] = true
		}
	}
	out := ascii.all()
	for c := 0x80; c <= 0xffff; c++ {
		if has[canon[c]] {
			out = append(out, unitRange{uint16(c), uint16(c)})
		}
	}
	return setOf(joinRanges(out)...)
}

// canonical maps each unit to what Canonicalize (ECMA-262 §22.2.2.7.3) makes of
// it: its upper case, unless that is several units or leads from beyond ASCII
// into it. The Kelvin sign and the long s stay themselves, therefore.
var canonical = sync.OnceValue(func() *[1 << 16]uint16 {
	t := new([1 << 16]uint16)
	for c := range t {
		t[c] = uint16(c)
		if c >= 0xd800 && c < 0xe000 {
			continue
		}
		up := unicode.ToUpper(rune(c))
		if up > 0xffff || c >= 0x80 && up < 0x80 || longUpper(uint16(c)) {
			continue
		}
		t[c] = uint16(up)
	}
	return t
})

// longUpper has the letters whose upper case is more than one unit
// (SpecialCasing.txt of Unicode), which Go's simple mapping does not tell.
func longUpper(c uint16) bool {
	for _, r := range [...]unitRange{
		{0xdf, 0xdf}, {0x149, 0x149}, {0x1f0, 0x1f0}, {0x390, 0x390}, {0x3b0, 0x3b0}, {0x587, 0x587},
		{0x1e96, 0x1e9a}, {0x1f50, 0x1f50}, {0x1f52, 0x1f52}, {0x1f54, 0x1f54}, {0x1f56, 0x1f56},
		{0x1f80, 0x1faf}, {0x1fb2, 0x1fb4}, {0x1fb6, 0x1fb7}, {0x1fbc, 0x1fbc}, {0x1fc2, 0x1fc4},
		{0x1fc6, 0x1fc7}, {0x1fcc, 0x1fcc}, {0x1fd2, 0x1fd3}, {0x1fd6, 0x1fd7}, {0x1fe2, 0x1fe4},
		{0x1fe6, 0x1fe7}, {0x1ff2, 0x1ff4}, {0x1ff6, 0x1ff7}, {0x1ffc, 0x1ffc},
		{0xfb00, 0xfb06}, {0xfb13, 0xfb17},
	} {
		if r.lo <= c && c <= r.hi {
			return true
		}
	}
	return false
}

// The sets of the character class escapes.
var (
	digits     = []unitRange{{'0', '9'}}
	wordUnits  = []unitRange{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}
	spaceUnits = []unitRange{{9, 13}, {' ', ' '}, {0xa0, 0xa0}, {0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}}
	lineEnds   = []unitRange{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}
)

// An exprNode is a node of the syntax tree.
type exprNode struct {
	op       nodeOp
	set      *charSet    // nodeSet
	subs     []*exprNode // nodeCat, nodeAlt; one of nodeRepeat, nodeGroup, nodeLook
	min, max int         // nodeRepeat; max is math.MaxInt for none
	lazy     bool        // nodeRepeat
	index    int         // nodeGroup: 1 and up
	neg      bool        // nodeLook, nodeWordEdge
	behind   bool        // nodeLook
}

type nodeOp uint8

const (
	nodeEmpty nodeOp = iota
	nodeSet
	nodeCat
	nodeAlt
	nodeRepeat
	nodeGroup
	nodeLook
	nodeBegin
	nodeEnd
	nodeWordEdge
)

// nullable reports whether the node can match without consuming.
func (n *exprNode) nullable() bool {
	switch n.op {
	case nodeSet:
		return false
	case nodeCat:
		return !slices.ContainsFunc(n.subs, func(s *exprNode) bool { return !s.nullable() })
	case nodeAlt:
		return slices.ContainsFunc(n.subs, (*exprNode).nullable)
	case nodeRepeat:
		return n.min == 0 || n.subs[0].nullable()
	case nodeGroup:
		return n.subs[0].nullable()
	}
	return true
}

// groups returns the half-open range of the groups in the node.
func (n *exprNode) groups() (lo, hi int) {
	lo = math.MaxInt
	if n.op == nodeGroup {
		lo, hi = n.index, n.index+1
	}
	for _, s := range n.subs {
		a, b := s.groups()
		lo, hi = min(lo, a), max(hi, b)
	}
	return lo, hi
}

// exprParser reads an expression.
type exprParser struct {
	src    []uint16
	pos    int
	fold   bool
	total  int  // groups in the whole expression, for \1 (B.1.2)
	named  bool // whether it names groups, for \k (B.1.2)
	opened int
	names  []string // by index of group, from 1
	refers bool     // holds a back reference
	// Whether a look-ahead or look-behind that is not negative holds a group.
	inside, namedInside bool
	depth               int
}

// maxExprDepth bounds the nesting of groups, so that an expression of nothing
// but parentheses costs no stack.
const maxExprDepth = 200

func (p *exprParser) fail(format string, args ...any) {
	panic(&syntaxError{fmt.Sprintf(format, args...)})
}

// countGroups looks ahead for what the meaning of \1 and \k depends on.
func (p *exprParser) countGroups() {
	class := false
	for i := 0; i < len(p.src); i++ {
		switch c := p.src[i]; {
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '(' && !class:
			if i+1 < len(p.src) && p.src[i+1] == '?' {
				if i+3 < len(p.src) && p.src[i+2] == '<' && p.src[i+3] != '=' && p.src[i+3] != '!' {
					p.total++
					p.named = true
				}
				continue
			}
			p.total++
		}
	}
}

func (p *exprParser) peek() int {
	if p.pos < len(p.src) {
		return int(p.src[p.pos])
	}
	return -1
}

func (p *exprParser) eat(s string) bool {
	if len(p.src)-p.pos < len(s) {
		return false
	}
	for i := range len(s) {
		if p.src[p.pos+i] != uint16(s[i]) {
			return false
		}
	}
	p.pos += len(s)
	return true
}

func (p *exprParser) disjunction() *exprNode {
	if p.depth++; p.depth > maxExprDepth {
		p.fail("regular expression nests too deeply")
	}
	defer func() { p.depth-- }()
	alts := []*exprNode{p.alternative()}
	for p.eat("|") {
		alts = append(alts, p.alternative())
	}
	if len(alts) == 1 {
		return alts[0]
	}
	return &exprNode{op: nodeAlt, subs: alts}
}

func (p *exprParser) alternative() *exprNode {
	var terms []*exprNode
	for c := p.peek(); c >= 0 && c != '|' && c != ')'; c = p.peek() {
		terms = append(terms, p.term())
	}
	switch len(terms) {
	case 0:
		return &exprNode{op: nodeEmpty}
	case 1:
		return terms[0]
	}
	return &exprNode{op: nodeCat, subs: terms}
}

func (p *exprParser) term() *exprNode {
	var n *exprNode
	repeats := true
	switch c := p.peek(); {
	case p.eat("^"):
		n, repeats = &exprNode{op: nodeBegin}, false
	case p.eat("$"):
		n, repeats = &exprNode{op: nodeEnd}, false
	case p.eat(`\b`):
		n, repeats = &exprNode{op: nodeWordEdge}, false
	case p.eat(`\B`):
		n, repeats = &exprNode{op: nodeWordEdge, neg: true}, false
	case p.eat("(?="):
		n = p.look(false, false)
	case p.eat("(?!"):
		n = p.look(true, false)
	case p.eat("(?<="):
		n, repeats = p.look(false, true), false
	case p.eat("(?<!"):
		n, repeats = p.look(true, true), false
	case p.eat("(?:"):
		n = p.disjunction()
		p.close()
	case p.eat("(?<"):
		n = p.group(p.groupName())
	case p.eat("(?"):
		p.fail("Invalid group")
	case p.eat("("):
		n = p.group("")
	case p.eat("."):
		n = &exprNode{op: nodeSet, set: setOf(lineEnds...).not()}
	case p.eat("["):
		n = p.class()
	case p.eat(`\`):
		n = p.atomEscape()
	case c == '*' || c == '+' || c == '?':
		p.fail("Nothing to repeat")
	case c == '{':
		if _, _, ok := p.braces(); ok {
			p.fail("Nothing to repeat")
		}
		fallthrough
	default: // a lone ] or } is a letter (B.1.2)
		p.pos++
		n = p.single(setOf(unitRange{uint16(c), uint16(c)}))
	}
	lo, hi, ok := p.quantifier()
	if !ok {
		return n
	}
	if !repeats {
		p.fail("Nothing to repeat")
	}
	return &exprNode{op: nodeRepeat, subs: []*exprNode{n}, min: lo, max: hi, lazy: p.eat("?")}
}

func (p *exprParser) quantifier() (lo, hi int, ok bool) {
	switch {
	case p.eat("*"):
		return 0, math.MaxInt, true
	case p.eat("+"):
		return 1, math.MaxInt, true
	case p.eat("?"):
		return 0, 1, true
	case p.peek() == '{':
		return p.braces()
	}
	return 0, 0, false
}

// braces reads {n}, {n,} or {n,m}; anything else stays unread, and is text.
func (p *exprParser) braces() (lo, hi int, ok bool) {
	start := p.pos
	p.pos++
	lo, ok = p.number()
	hi = lo
	if ok && p.eat(",") {
		var bounded bool
		if hi, bounded = p.number(); !bounded {
			hi = math.MaxInt
		}
	}
	if !ok || !p.eat("}") {
		p.pos = start
		return 0, 0, false
	}
	if lo > hi {
		p.fail("numbers out of order in {} quantifier")
	}
	return lo, hi, true
}

func (p *exprParser) number() (n int, ok bool) {
	for c := p.peek(); '0' <= c && c <= '9'; c = p.peek() {
		if n < 1<<30 {
			n = n*10 + c - '0'
		}
		ok = true
		p.pos++
	}
	return n, ok
}

func (p *exprParser) close() {
	if !p.eat(")") {
		p.fail("Unterminated group")
	}
}

func (p *exprParser) look(neg, behind bool) *exprNode {
	before := len(p.names)
	n := &exprNode{op: nodeLook, neg: neg, behind: behind, subs: []*exprNode{p.disjunction()}}
	p.close()
	// The groups of a negative look-ahead are never set outside of it.
	if !neg && len(p.names) > before {
		p.inside = true
		p.namedInside = p.namedInside || slices.ContainsFunc(p.names[before:], func(name string) bool { return name != "" })
	}
	return n
}

func (p *exprParser) group(name string) *exprNode {
	p.opened++
	p.names = append(p.names, name)
	n := &exprNode{op: nodeGroup, index: p.opened}
	n.subs = []*exprNode{p.disjunction()}
	p.close()
	return n
}

func (p *exprParser) groupName() string {
	var name []uint16
	for p.peek() >= 0 && p.peek() != '>' {
		name = append(name, p.src[p.pos])
		p.pos++
	}
	text := string(utf16.Decode(name))
	if !p.eat(">") || !isGroupName(text) {
		p.fail("Invalid capture group name")
	}
	if slices.Contains(p.names, text) {
		p.fail("Duplicate capture group name")
	}
	return text
}

func isGroupName(s string) bool {
	for i, r := range s {
		if r != '$' && r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

func (p *exprParser) single(s *charSet) *exprNode {
	if p.fold {
		s = s.fold()
	}
	return &exprNode{op: nodeSet, set: s}
}

// atomEscape reads what follows a backslash outside of a class.
func (p *exprParser) atomEscape() *exprNode {
	c := p.peek()
	if '1' <= c && c <= '9' {
		start := p.pos
		if n, _ := p.number(); n <= p.total {
			p.refers = true
			return &exprNode{op: nodeEmpty}
		}
		p.pos = start
	}
	if c == 'k' && p.named {
		p.pos++
		if !p.eat("<") {
			p.fail("Invalid named reference")
		}
		for p.peek() >= 0 && p.peek() != '>' {
			p.pos++
		}
		if !p.eat(">") {
			p.fail("Invalid named reference")
		}
		p.refers = true
		return &exprNode{op: nodeEmpty}
	}
	set, lo := p.escape(false)
	if set == nil {
		return p.single(setOf(unitRange{lo, lo}))
	}
	return &exprNode{op: nodeSet, set: set} // it has both cases of what it has
}

// escape reads what follows a backslash: a class escape as a set, or one unit.
func (p *exprParser) escape(class bool) (*charSet, uint16) {
	c := p.peek()
	if c < 0 {
		p.fail(`\ at end of pattern`)
	}
	p.pos++
	switch c {
	case 'd':
		return setOf(digits...), 0
	case 'D':
		return setOf(digits...).not(), 0
	case 'w':
		return setOf(wordUnits...), 0
	case 'W':
		return setOf(wordUnits...).not(), 0
	case 's':
		return setOf(spaceUnits...), 0
	case 'S':
		return setOf(spaceUnits...).not(), 0
	case 't':
		return nil, '\t'
	case 'n':
		return nil, '\n'
	case 'v':
		return nil, '\v'
	case 'f':
		return nil, '\f'
	case 'r':
		return nil, '\r'
	case 'b':
		if class {
			return nil, '\b'
		}
	case 'c':
		x := p.peek()
		if 'a' <= x && x <= 'z' || 'A' <= x && x <= 'Z' || class && ('0' <= x && x <= '9' || x == '_') {
			p.pos++
			return nil, uint16(x & 31)
		}
		p.pos-- // the backslash is a letter, and so is the c
		return nil, '\\'
	case 'x', 'u':
		digits := 2
		if c == 'u' {
			digits = 4
		}
		v, ok := uint16(0), p.pos+digits <= len(p.src)
		for i := 0; ok && i < digits; i++ {
			u := p.src[p.pos+i]
			if ok = u < 0x80 && isHex(byte(u)); ok {
				v = v<<4 | uint16(unhex(byte(u)))
			}
		}
		if ok {
			p.pos += digits
			return nil, v
		}
	case '0', '1', '2', '3', '4', '5', '6', '7': // octal (B.1.2)
		v := c - '0'
		for i := 0; i < 2; i++ {
			d := p.peek()
			if d < '0' || d > '7' || v*8+d-'0' > 0o377 {
				break
			}
			v = v*8 + d - '0'
			p.pos++
		}
		return nil, uint16(v)
	}
	return nil, uint16(c)
}

// class reads a character class, whose bracket has been read.
func (p *exprParser) class() *exprNode {
	neg := p.eat("^")
	var rs []unitRange
	for !p.eat("]") {
		a, lo := p.classAtom()
		if p.peek() != '-' || p.pos+1 < len(p.src) && p.src[p.pos+1] == ']' {
			rs = add(rs, a, lo)
			continue
		}
		p.pos++
		b, hi := p.classAtom()
		if a != nil || b != nil { // [\d-x]: three members (B.1.2)
			rs = add(add(append(rs, unitRange{'-', '-'}), a, lo), b, hi)
			continue
		}
		if lo > hi {
			p.fail("Range out of order in character class")
		}
		rs = append(rs, unitRange{lo, hi})
	}
	set := setOf(rs...)
	if p.fold {
		set = set.fold()
	}
	if neg {
		set = set.not()
	}
	return &exprNode{op: nodeSet, set: set}
}

func add(rs []unitRange, set *charSet, c uint16) []unitRange {
	if set != nil {
		return append(rs, set.all()...)
	}
	return append(rs, unitRange{c, c})
}

func (p *exprParser) classAtom() (*charSet, uint16) {
	c := p.peek()
	if c < 0 {
		p.fail("Unterminated character class")
	}
	p.pos++
	if c == '\\' {
		return p.escape(true)
	}
	return nil, uint16(c)
}

// parseExpr reads an expression.
func parseExpr(src string, ignoreCase bool) (n *exprNode, p *exprParser, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *syntaxError:
			n, p, err = nil, nil, r
		default:
			panic(r)
		}
	}()
	p = &exprParser{src: utf16.Encode([]rune(src)), fold: ignoreCase}
	p.countGroups()
	n = p.disjunction()
	if p.pos < len(p.src) {
		p.fail("Unmatched ')'")
	}
	return n, p, nil
}

// quoteExpr escapes text so that an expression matches it literally.
func quoteExpr(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(`.+*?=^!:${}()[]|/\`, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
