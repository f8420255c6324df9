package route

import (
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// A match is tried twice. The first time it backtracks as ECMAScript says it
// does, within a number of steps that is linear in the text: nearly every match
// needs far fewer. If these do not suffice, the second time fills a table, place
// in the program by place in the text, of where the rest of the text can match
// from, look-arounds first and from the inside out, and then walks through it
// once by the order of the choices. Both find the same match.

// stepsPerUnit and stepsAtLeast are what the first try may spend.
const (
	stepsPerUnit = 64
	stepsAtLeast = 1024
)

// maxText is how long a text may be, in units. A program has at most maxInsts
// instructions, so the table has at most 16 MiB.
const maxText = 16 << 10

// encoding says how the bytes of a text make units.
type encoding uint8

const (
	utf8Text   encoding = iota // a path, or what has been decoded
	latin1Text                 // a header field: a byte is a unit, as in Node
)

// machine is the memory of a match, to be used again.
type machine struct {
	e     *expr
	text  string
	bytes []byte   // the text as units, if a byte is one
	units []uint16 // otherwise
	wide  bool
	steps int
	from  int32 // where the match starts and ends
	to    int32
	caps  []int32
	stack []frame
	// The table of the second try.
	rows  []uint64
	holds [][]bool // by look-around and position
	now   []bool
	then  []bool
}

// frame is a choice to come back to, or a slot to restore on the way.
type frame struct {
	pc, pos int32 // pc < 0: slot ^pc had the value pos
}

// maxKept is how many words of a table are kept for the next match.
const maxKept = 64 << 10

var machines = sync.Pool{New: func() any { return new(machine) }}

// match looks for the leftmost match of e in text. It returns nil if there is
// none, or a machine that holds the groups and has to be released.
func (e *expr) match(text string, enc encoding) (*machine, error) {
	return e.matchWithin(text, enc, stepsAtLeast+stepsPerUnit*len(text))
}

// matches reports whether e matches in text.
func (e *expr) matches(text string, enc encoding) (bool, error) {
	m, err := e.match(text, enc)
	if m == nil {
		return false, err
	}
	m.release()
	return true, nil
}

func (e *expr) matchWithin(text string, enc encoding, steps int) (*machine, error) {
	if e.back != nil {
		return e.matchBack(text, enc)
	}
	if len(text) < len(e.lead) {
		return nil, nil
	}
	for i, set := range e.lead {
		if text[i] >= utf8.RuneSelf {
			break
		}
		if !set.has(uint16(text[i])) {
			return nil, nil
		}
	}
	if len(text) > maxText {
		return nil, &LimitError{What: "a text"}
	}
	m := machines.Get().(*machine)
	m.e, m.text, m.steps = e, text, steps
	m.bytes, m.units, m.stack = m.bytes[:0], m.units[:0], m.stack[:0]
	m.wide = enc == utf8Text && !ascii(text)
	var found bool
	if m.wide {
		for _, r := range text {
			m.units = utf16.AppendRune(m.units, r)
		}
		found = find(m, m.units)
	} else {
		m.bytes = append(m.bytes, text...)
		found = find(m, m.bytes)
	}
	if !found {
		m.release()
		return nil, nil
	}
	return m, nil
}

// matchBack asks the engine that backtracks.
func (e *expr) matchBack(text string, enc encoding) (*machine, error) {
	if len(text) > maxText {
		return nil, &LimitError{What: "a text"}
	}
	if enc == latin1Text && !ascii(text) {
		var b strings.Builder
		for i := 0; i < len(text); i++ {
			b.WriteRune(rune(text[i]))
		}
		text = b.String()
	}
	loc, err := e.back.Find(text)
	if loc == nil || err != nil {
		return nil, err
	}
	m := machines.Get().(*machine)
	m.e, m.text, m.wide, m.caps = e, text, false, m.caps[:0]
	m.from, m.to = int32(loc[0]), int32(loc[1])
	for _, i := range e.index {
		a, b := -1, -1
		if 2*i+1 < len(loc) {
			a, b = loc[2*i], loc[2*i+1]
		}
		m.caps = append(m.caps, int32(a), int32(b))
	}
	return m, nil
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (m *machine) release() {
	m.e, m.text = nil, ""
	if cap(m.rows) > maxKept {
		m.rows = nil
	}
	machines.Put(m)
}

// group returns what the group of that place among the kept ones has matched.
func (m *machine) group(i int) (string, bool) {
	a, b := m.caps[2*i], m.caps[2*i+1]
	if a < 0 || b < 0 {
		return "", false
	}
	return m.slice(a, b), true
}

// whole returns what the expression has matched.
func (m *machine) whole() string { return m.slice(m.from, m.to) }

func (m *machine) slice(a, b int32) string {
	if m.wide {
		return string(utf16.Decode(m.units[a:b]))
	}
	return m.text[a:b]
}

func find[C byte | uint16](m *machine, in []C) bool {
	m.caps = m.caps[:0]
	for range 2 * len(m.e.names) {
		m.caps = append(m.caps, -1)
	}
	last := int32(len(in))
	if m.e.anchored {
		last = 0
	}
	for at := int32(0); at <= last; at++ {
		if backtrack(m, in, m.e.main.start, at) {
			m.from = at
			return true
		}
		if m.steps <= 0 {
			return tabulate(m, in)
		}
	}
	return false
}

// backtrack runs the program from pc at pos. The answer is void when the steps
// are spent.
func backtrack[C byte | uint16](m *machine, in []C, pc, pos int32) bool {
	base := len(m.stack)
	insts := m.e.insts
	for {
		i := &insts[pc]
		ok := true
		switch i.op {
		case instAccept:
			m.stack = m.stack[:base]
			m.to = pos
			return true
		case instSet:
			if ok = int(pos) < len(in) && i.set.has(uint16(in[pos])); ok {
				pos++
			}
		case instSetBack:
			if ok = pos > 0 && i.set.has(uint16(in[pos-1])); ok {
				pos--
			}
		case instSplit:
			m.stack = append(m.stack, frame{i.y, pos})
		case instSave:
			m.stack = append(m.stack, frame{^i.lo, m.caps[i.lo]})
			m.caps[i.lo] = pos
		case instClear:
			for slot := i.lo; slot < i.hi; slot++ {
				m.stack = append(m.stack, frame{^slot, m.caps[slot]})
				m.caps[slot] = -1
			}
		case instLook:
			ok = backtrack(m, in, m.e.looks[i.lo].start, pos) != i.neg
		default:
			ok = edge(in, i, pos)
		}
		m.steps--
		if ok && m.steps > 0 {
			pc = i.x
			continue
		}
		for {
			top := len(m.stack) - 1
			if top < base {
				return false
			}
			f := m.stack[top]
			m.stack = m.stack[:top]
			if f.pc < 0 {
				m.caps[^f.pc] = f.pos
				continue
			}
			if m.steps <= 0 {
				continue // only the slots are still to be restored
			}
			pc, pos = f.pc, f.pos
			break
		}
	}
}

// edge decides the assertions that look at most one unit far.
func edge[C byte | uint16](in []C, i *inst, pos int32) bool {
	switch i.op {
	case instBegin:
		return pos == 0
	case instEnd:
		return int(pos) == len(in)
	case instWordEdge:
		before := pos > 0 && isWordUnit(uint16(in[pos-1]))
		after := int(pos) < len(in) && isWordUnit(uint16(in[pos]))
		return (before != after) != i.neg
	}
	return false
}

func isWordUnit(c uint16) bool { return c < utf8.RuneSelf && (alnum(byte(c)) || c == '_') }

// tabulate is the second try.
func tabulate[C byte | uint16](m *machine, in []C) bool {
	e := m.e
	m.holds = m.holds[:0]
	for i := range e.looks {
		holds := make([]bool, len(in)+1)
		l := &e.looks[i]
		sweep(m, in, l, func(pos int32, can []bool) { holds[pos] = can[l.start] })
		m.holds = append(m.holds, holds)
	}
	words := (len(e.insts) + 63) / 64
	if m.rows = m.rows[:0]; !e.test {
		m.rows = append(m.rows, make([]uint64, words*(len(in)+1))...)
	}
	first := int32(-1)
	sweep(m, in, &e.main, func(pos int32, can []bool) {
		if !e.test {
			row := m.rows[int(pos)*words:][:words]
			for pc, ok := range can {
				if ok {
					row[pc>>6] |= 1 << (pc & 63)
				}
			}
		}
		if can[e.main.start] {
			first = pos
		}
	})
	if first < 0 {
		return false
	}
	for i := range m.caps {
		m.caps[i] = -1
	}
	if e.test {
		return true
	}
	for pc, pos := e.main.start, first; ; {
		switch i := &e.insts[pc]; i.op {
		case instAccept:
			m.from, m.to = first, pos
			return true
		case instSet:
			pc, pos = i.x, pos+1
		case instSplit:
			pc = i.y
			if row := m.rows[int(pos)*words:]; row[i.x>>6]&(1<<(i.x&63)) != 0 {
				pc = i.x
			}
		case instSave:
			m.caps[i.lo] = pos
			pc = i.x
		case instClear:
			for slot := i.lo; slot < i.hi; slot++ {
				m.caps[slot] = -1
			}
			pc = i.x
		default:
			pc = i.x
		}
	}
}

// sweep goes through the text against the direction of a part and tells for
// every position from which of its instructions the end of the part can be
// reached. No instruction leads to itself without consuming, and nearly all lead
// to one that has been emitted before, so a few rounds settle a position: one for
// each loop inside of a loop.
func sweep[C byte | uint16](m *machine, in []C, p *part, found func(pos int32, can []bool)) {
	insts := m.e.insts
	m.now = append(m.now[:0], make([]bool, len(insts))...)
	m.then = append(m.then[:0], make([]bool, len(insts))...)
	now, then := m.now, m.then
	for k := range len(in) + 1 {
		pos := int32(len(in) - k)
		next := pos // of the unit that is consumed here
		if p.back {
			pos = int32(k)
			next = pos - 1
		}
		for _, pc := range p.eat {
			i := &insts[pc]
			now[pc] = then[i.x] && next >= 0 && int(next) < len(in) && i.set.has(uint16(in[next]))
		}
		for _, pc := range p.rest {
			now[pc] = false
		}
		for changed := true; changed; {
			changed = false
			for _, pc := range p.rest {
				if now[pc] {
					continue
				}
				var can bool
				switch i := &insts[pc]; i.op {
				case instFail:
				case instAccept:
					can = true
				case instSplit:
					can = now[i.x] || now[i.y]
				case instSave, instClear:
					can = now[i.x]
				case instLook:
					can = now[i.x] && m.holds[i.lo][pos] != i.neg
				default:
					can = now[i.x] && edge(in, i, pos)
				}
				if can {
					now[pc], changed = true, true
				}
			}
		}
		found(pos, now)
		now, then = then, now
	}
}
