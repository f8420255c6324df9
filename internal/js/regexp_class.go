package js

import (
	"slices"
	"sync"
	"unicode"
)

// runeSet is a set of code points, or of UTF-16 units in a pattern without the
// flags u and v: sorted, disjoint, not adjacent pairs of first and last.
type runeSet []rune

// makeSet makes a set of pairs in any order.
func makeSet(pairs ...rune) runeSet {
	type span struct{ lo, hi rune }
	list := make([]span, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, span{pairs[i], pairs[i+1]})
	}
	slices.SortFunc(list, func(a, b span) int { return int(a.lo - b.lo) })
	var out runeSet
	for _, s := range list {
		if n := len(out); n > 0 && s.lo <= out[n-1]+1 {
			out[n-1] = max(out[n-1], s.hi)
			continue
		}
		out = append(out, s.lo, s.hi)
	}
	return out
}

func (s runeSet) union(t runeSet) runeSet {
	switch {
	case len(s) == 0:
		return t
	case len(t) == 0:
		return s
	}
	return makeSet(append(append(make([]rune, 0, len(s)+len(t)), s...), t...)...)
}

// negate returns what is not in s, of all code points.
func (s runeSet) negate() runeSet {
	var out runeSet
	next := rune(0)
	for i := 0; i < len(s); i += 2 {
		if s[i] > next {
			out = append(out, next, s[i]-1)
		}
		next = s[i+1] + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, next, unicode.MaxRune)
	}
	return out
}

func (s runeSet) intersect(t runeSet) runeSet {
	var out runeSet
	for i, j := 0, 0; i < len(s) && j < len(t); {
		if lo, hi := max(s[i], t[j]), min(s[i+1], t[j+1]); lo <= hi {
			out = append(out, lo, hi)
		}
		if s[i+1] < t[j+1] {
			i += 2
		} else {
			j += 2
		}
	}
	return out
}

func (s runeSet) subtract(t runeSet) runeSet { return s.intersect(t.negate()) }

func (s runeSet) has(r rune) bool {
	lo, hi := 0, len(s)/2
	for lo < hi {
		mid := (lo + hi) / 2
		switch {
		case r < s[2*mid]:
			hi = mid
		case r > s[2*mid+1]:
			lo = mid + 1
		default:
			return true
		}
	}
	return false
}

// size is the number of members.
func (s runeSet) size() (n int) {
	for i := 0; i < len(s); i += 2 {
		n += int(s[i+1]-s[i]) + 1
	}
	return n
}

// fromTable makes a set of tables of package unicode.
func fromTable(tables ...*unicode.RangeTable) runeSet {
	var pairs []rune
	for _, t := range tables {
		add := func(lo, hi, stride rune) {
			if stride == 1 {
				pairs = append(pairs, lo, hi)
				return
			}
			for c := lo; c <= hi; c += stride {
				pairs = append(pairs, c, c)
			}
		}
		for _, r := range t.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return makeSet(pairs...)
}

// The sets that escapes and the dot stand for (ECMA-262 CharacterClassEscape).
var (
	setDigit = runeSet{'0', '9'}
	setWord  = runeSet{'0', '9', 'A', 'Z', '_', '_', 'a', 'z'}
	// With the flags u and i, what folds to a word character is one too.
	setWordFolded = runeSet{'0', '9', 'A', 'Z', '_', '_', 'a', 'z', 0x17f, 0x17f, 0x212a, 0x212a}
	setSpace      = runeSet{'\t', '\r', ' ', ' ', 0xa0, 0xa0, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f, 0x205f, 0x205f, 0x3000, 0x3000, 0xfeff, 0xfeff}
	setLineEnd    = runeSet{'\n', '\n', '\r', '\r', 0x2028, 0x2029}
	setAll        = runeSet{0, unicode.MaxRune}
)

// multiUpper are the characters whose full upper case is more than one
// character (SpecialCasing.txt); they have no case for a pattern without u.
var multiUpper = makeSet(0xdf, 0xdf, 0x149, 0x149, 0x1f0, 0x1f0, 0x390, 0x390, 0x3b0, 0x3b0, 0x587, 0x587, 0x1e96, 0x1e9a,
	0x1f50, 0x1f50, 0x1f52, 0x1f52, 0x1f54, 0x1f54, 0x1f56, 0x1f56, 0x1f80, 0x1faf, 0x1fb2, 0x1fb4, 0x1fb6, 0x1fb7, 0x1fbc, 0x1fbc,
	0x1fc2, 0x1fc4, 0x1fc6, 0x1fc7, 0x1fcc, 0x1fcc, 0x1fd2, 0x1fd3, 0x1fd6, 0x1fd7, 0x1fe2, 0x1fe4, 0x1fe6, 0x1fe7,
	0x1ff2, 0x1ff4, 0x1ff6, 0x1ff7, 0x1ffc, 0x1ffc, 0xfb00, 0xfb06, 0xfb13, 0xfb17)

// canonUnit is ECMA-262 Canonicalize without u and v: the upper case of one unit.
func canonUnit(c rune) rune {
	if c < 0x80 {
		if c >= 'a' && c <= 'z' {
			return c - 32
		}
		return c
	}
	if c&^0x7ff == 0xd800 || multiUpper.has(c) {
		return c
	}
	if u := unicode.ToUpper(c); u >= 0x80 && u <= 0xffff {
		return u
	}
	return c
}

// canonRune is ECMA-262 Canonicalize with u or v, up to the choice of the
// representative: simple case folding. The smallest member of the orbit stands for it.
func canonRune(c rune) rune {
	if c < 0x80 {
		if c >= 'a' && c <= 'z' {
			return c - 32
		}
		return c
	}
	least := c
	for r := unicode.SimpleFold(c); r != c; r = unicode.SimpleFold(r) {
		least = min(least, r)
	}
	return least
}

// foldTable has the characters that have a case, each with all that equal it.
type foldTable struct {
	members []rune // sorted
	class   map[rune][]rune
}

func makeFolds(last rune, canon func(rune) rune) *foldTable {
	t := &foldTable{class: map[rune][]rune{}}
	byCanon := map[rune][]rune{}
	for c := rune(0); c <= last; c++ {
		k := canon(c)
		if k != c && byCanon[k] == nil {
			byCanon[k] = []rune{k}
		}
		if k != c {
			byCanon[k] = append(byCanon[k], c)
		}
	}
	for _, list := range byCanon {
		for _, c := range list {
			t.class[c] = list
			t.members = append(t.members, c)
		}
	}
	slices.Sort(t.members)
	return t
}

var (
	unitFolds = sync.OnceValue(func() *foldTable { return makeFolds(0xffff, canonUnit) })
	runeFolds = sync.OnceValue(func() *foldTable { return makeFolds(0x1ffff, canonRune) })
)

// closeCase adds what equals a member when case is ignored.
func (s runeSet) closeCase(unicodeMode bool) runeSet {
	var more []rune
	add := func(list []rune) {
		for _, c := range list {
			more = append(more, c, c)
		}
	}
	if last := len(s) - 1; last < 0 {
		return s
	} else if s[last] < 0x80 { // the usual case needs no table
		for i := 0; i < len(s); i += 2 {
			for c := s[i]; c <= s[i+1]; c++ {
				l := c | 0x20
				if l < 'a' || l > 'z' {
					continue
				}
				add([]rune{c ^ 0x20})
				if unicodeMode && l == 'k' {
					add([]rune{0x212a})
				} else if unicodeMode && l == 's' {
					add([]rune{0x17f})
				}
			}
		}
		return makeSet(append(more, s...)...)
	}
	t := unitFolds()
	if unicodeMode {
		t = runeFolds()
	}
	for i := 0; i < len(s); i += 2 {
		j, _ := slices.BinarySearch(t.members, s[i])
		for ; j < len(t.members) && t.members[j] <= s[i+1]; j++ {
			add(t.class[t.members[j]])
		}
	}
	return makeSet(append(more, s...)...)
}

// fold maps each member to its representative (ECMA-262 MaybeSimpleCaseFolding).
func (s runeSet) fold() runeSet {
	t := runeFolds()
	var drop, add []rune
	for i := 0; i < len(s); i += 2 {
		j, _ := slices.BinarySearch(t.members, s[i])
		for ; j < len(t.members) && t.members[j] <= s[i+1]; j++ {
			c := t.members[j]
			if k := canonRune(c); k != c {
				drop = append(drop, c, c)
				add = append(add, k, k)
			}
		}
	}
	return s.subtract(makeSet(drop...)).union(makeSet(add...))
}

// foldedAll are the characters that are their own representative.
var foldedAll = sync.OnceValue(func() runeSet { return setAll.fold() })
