package js

import (
	"slices"
	"strings"
)

// classSet is the value of a class with the flag v: characters and strings.
type classSet struct {
	set  runeSet
	strs [][]rune
	zwj  bool // and the joined emoji sequences
}

func (c *classSet) hasStrings() bool { return c.zwj || len(c.strs) > 0 }

// classEscape reads \d, \p{…} and so on after their backslash.
func (p *rxParser) classEscape(wrong string) (out classSet, ok bool) {
	c := p.peek(0)
	switch c {
	case 'd', 'D':
		out.set = setDigit
	case 's', 'S':
		out.set = setSpace
	case 'w', 'W':
		out.set = setWord
		if p.wide && p.fold {
			out.set = setWordFolded
		}
	case 'p', 'P':
		if !p.wide {
			return out, false
		}
		p.i++
		end := slices.Index(p.src[p.i:], '}')
		if p.peek(0) != '{' || end < 0 {
			p.fail(wrong)
		}
		name := string(p.src[p.i+1 : p.i+end])
		p.i += end + 1
		if p.sets {
			if set, strs, zwj, ok := stringProperty(name); ok {
				if c == 'P' {
					p.fail(wrong)
				}
				out = classSet{set, strs, zwj}
				return p.folded(out), true
			}
		}
		set, ok := unicodeProperty(name)
		if !ok {
			p.fail(wrong)
		}
		out = p.folded(classSet{set: set})
		if c == 'P' {
			out.set = p.complement(out.set)
		}
		return out, true
	default:
		return out, false
	}
	p.i++
	out = p.folded(out)
	if c < 'a' {
		out.set = p.complement(out.set)
	}
	return out, true
}

// folded maps to representatives where the flags v and i ask for it, so that
// the operations on sets see equal characters as equal.
func (p *rxParser) folded(c classSet) classSet {
	if !p.sets || !p.fold {
		return c
	}
	c.set = c.set.fold()
	for i, s := range c.strs {
		s = slices.Clone(s)
		for j := range s {
			s[j] = canonRune(s[j])
		}
		c.strs[i] = s
	}
	return c
}

func (p *rxParser) complement(s runeSet) runeSet {
	if p.sets && p.fold {
		return foldedAll().subtract(s)
	}
	return s.negate()
}

// closed is the set as it is matched.
func (p *rxParser) closed(s runeSet) runeSet {
	if p.fold {
		return s.closeCase(p.wide)
	}
	return s
}

// class reads a class after its "[".
func (p *rxParser) class() *rxNode {
	if p.sets {
		c := p.setClass()
		if c.hasStrings() {
			return p.stringsNode(c)
		}
		return &rxNode{kind: rxSet, set: p.closed(c.set)}
	}
	negative := p.accept('^')
	var pairs []rune
	for !p.accept(']') {
		if p.i >= len(p.src) {
			p.fail("Unterminated character class")
		}
		lo, set, isSet := p.classAtom()
		if p.peek(0) != '-' || p.peek(1) == ']' || p.peek(1) < 0 {
			if isSet {
				pairs = append(pairs, set...)
			} else {
				pairs = append(pairs, lo, lo)
			}
			continue
		}
		p.i++
		hi, set2, isSet2 := p.classAtom()
		if isSet || isSet2 {
			if p.wide {
				p.fail("Invalid character class")
			}
			pairs = append(pairs, '-', '-') // annex B: the dash stands for itself
			for _, a := range []struct {
				r     rune
				set   runeSet
				isSet bool
			}{{lo, set, isSet}, {hi, set2, isSet2}} {
				if a.isSet {
					pairs = append(pairs, a.set...)
				} else {
					pairs = append(pairs, a.r, a.r)
				}
			}
			continue
		}
		if hi < lo {
			p.fail("Range out of order in character class")
		}
		pairs = append(pairs, lo, hi)
	}
	set := p.closed(makeSet(pairs...))
	if negative {
		set = set.negate()
	}
	return &rxNode{kind: rxSet, set: set}
}

func (p *rxParser) classAtom() (r rune, set runeSet, isSet bool) {
	c := p.peek(0)
	if c < 0 {
		p.fail("Unterminated character class")
	}
	p.i++
	if c != '\\' {
		return c, nil, false
	}
	switch c = p.peek(0); {
	case c < 0:
		p.fail("\\ at end of pattern")
	case c == 'b':
		p.i++
		return '\b', nil, false
	case c == 'k' && p.named && !p.wide:
		p.fail("Invalid escape")
	}
	if s, ok := p.classEscape("Invalid property name in character class"); ok {
		return 0, s.set, true
	}
	return p.characterEscape(true), nil, false
}

// setClass reads a class with the flag v after its "[".
func (p *rxParser) setClass() classSet {
	if p.depth++; p.depth > maxRxDepth {
		p.fail("Regular expression too large")
	}
	negative := p.accept('^')
	var acc classSet
	op := rune(0) // '&' or '-' once one was seen
	for n := 0; ; n++ {
		if p.i >= len(p.src) {
			p.fail("Unterminated character class")
		}
		if p.accept(']') {
			break
		}
		if c := p.peek(0); (c == '&' || c == '-') && p.peek(1) == c {
			if n == 0 || op != 0 && op != c || op == 0 && n > 1 {
				p.fail("Invalid set operation in character class")
			}
			op = c
			p.i += 2
			if c == '&' && p.peek(0) == '&' {
				p.fail("Invalid character in character class")
			}
			if p.i >= len(p.src) {
				p.fail("Unterminated character class")
			}
		} else if op != 0 {
			p.fail("Invalid set operation in character class")
		}
		x, isChar := p.setOperand()
		if isChar && op == 0 && p.peek(0) == '-' && p.peek(1) != '-' {
			p.i++
			if p.i >= len(p.src) {
				p.fail("Unterminated character class")
			}
			y, ok := p.setOperand()
			if !ok {
				p.fail("Invalid character class")
			}
			if y.set[0] < x.set[0] {
				p.fail("Range out of order in character class")
			}
			x.set = runeSet{x.set[0], y.set[0]}
			n++ // a range is no operand of an operation
		}
		x = p.folded(x)
		switch {
		case op == 0:
			acc.set = acc.set.union(x.set)
			acc.strs = append(acc.strs, x.strs...)
			acc.zwj = acc.zwj || x.zwj
		case op == '&':
			acc.set = acc.set.intersect(x.set)
			acc.strs = slices.DeleteFunc(acc.strs, func(s []rune) bool { return !containsRunes(x.strs, s) && !(x.zwj && isJoined(s)) })
			acc.zwj = acc.zwj && x.zwj
		default:
			acc.set = acc.set.subtract(x.set)
			acc.strs = slices.DeleteFunc(acc.strs, func(s []rune) bool { return containsRunes(x.strs, s) })
			acc.zwj = acc.zwj && !x.zwj
		}
	}
	p.depth--
	if negative {
		if acc.hasStrings() {
			p.fail("Negated character class may contain strings")
		}
		acc.set = p.complement(acc.set)
	}
	return acc
}

func containsRunes(list [][]rune, s []rune) bool {
	return slices.ContainsFunc(list, func(t []rune) bool { return slices.Equal(s, t) })
}

func isJoined(s []rune) bool { return slices.Contains(s, 0x200d) }

// setOperand reads one operand; isChar: it is a single character.
func (p *rxParser) setOperand() (out classSet, isChar bool) {
	c := p.peek(0)
	if c == '[' {
		p.i++
		return p.setClass(), false
	}
	if c == '\\' && p.peek(1) == 'q' {
		p.i += 2
		if !p.accept('{') {
			p.fail("Invalid escape")
		}
		var s []rune
		for {
			if p.i >= len(p.src) {
				p.fail("Invalid character in character class")
			}
			if p.peek(0) == '|' || p.peek(0) == '}' {
				if len(s) == 1 {
					out.set = out.set.union(runeSet{s[0], s[0]})
				} else {
					out.strs = append(out.strs, s)
				}
				s = nil
				p.i++
				if p.src[p.i-1] == '}' {
					return out, false
				}
				continue
			}
			s = append(s, p.setCharacter())
		}
	}
	if c == '\\' && p.peek(1) >= 0 && p.peek(1) != 'b' {
		p.i++
		if s, ok := p.classEscape("Invalid property name in character class"); ok {
			return s, false
		}
		p.i--
	}
	r := p.setCharacter()
	return classSet{set: runeSet{r, r}}, true
}

// setCharacter is ClassSetCharacter.
func (p *rxParser) setCharacter() rune {
	c := p.peek(0)
	p.i++
	if c == '\\' {
		switch c = p.peek(0); {
		case c < 0:
			p.fail("\\ at end of pattern")
		case c == 'b':
			p.i++
			return '\b'
		case strings.ContainsRune("&-!#%,:;<=>@`~", c):
			p.i++
			return c
		case c >= '8' && c <= '9':
			p.fail("Invalid class escape")
		}
		return p.characterEscape(true)
	}
	if strings.ContainsRune("()[]{}/-|", c) {
		p.fail("Invalid character in character class")
	}
	if c == p.peek(0) && strings.ContainsRune("&!#$%*+,.:;<=>?@^`~", c) {
		p.fail("Invalid set operation in character class")
	}
	return c
}

// stringsNode is a class with strings as an alternation, the longest first.
func (p *rxParser) stringsNode(c classSet) *rxNode {
	slices.SortStableFunc(c.strs, func(a, b []rune) int { return len(b) - len(a) })
	alt := &rxNode{kind: rxAlternate}
	if c.zwj {
		alt.list = append(alt.list, p.joined())
	}
	single := func() {
		if len(c.set) > 0 {
			alt.list = append(alt.list, &rxNode{kind: rxSet, set: p.closed(c.set)})
			c.set = nil
		}
	}
	for _, s := range c.strs {
		if len(s) == 0 {
			single()
			alt.list = append(alt.list, &rxNode{kind: rxEmpty})
			continue
		}
		seq := &rxNode{kind: rxConcat}
		for _, r := range s {
			seq.list = append(seq.list, p.char(r))
		}
		alt.list = append(alt.list, seq)
	}
	single()
	if len(alt.list) == 0 {
		return &rxNode{kind: rxSet}
	}
	return alt
}

// joined are the emoji sequences with U+200D: by the grammar of UTS #51, which
// has more than the list of those that are recommended for interchange.
func (p *rxParser) joined() *rxNode {
	property := func(name string) *rxNode {
		set, _ := unicodeProperty(name)
		return &rxNode{kind: rxSet, set: set}
	}
	concat := func(list ...*rxNode) *rxNode { return &rxNode{kind: rxConcat, list: list} }
	element := func() *rxNode {
		return &rxNode{kind: rxAlternate, list: []*rxNode{
			concat(property("Emoji_Modifier_Base"), property("Emoji_Modifier")),
			concat(property("Emoji"), &rxNode{kind: rxChar, r: 0xfe0f}),
			property("Emoji_Presentation"),
		}}
	}
	more := concat(&rxNode{kind: rxChar, r: 0x200d}, element())
	return concat(element(), &rxNode{kind: rxRepeat, list: []*rxNode{more}, min: 1, max: rxInfinite, index: 1, groups: []int{0}})
}
