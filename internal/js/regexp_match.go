package js

import (
	"strings"
	"time"
	"unsafe"
)

// rxMachine runs compiled patterns by backtracking, with a stack of its own, so
// that no pattern and no text can exhaust Go's. An isolate has one.
//
// A long match polls the isolate, so that the watchdog can end it. Where a
// pattern has no references, whether the rest matches depends on nothing but
// the instruction and the place, but within loops that are counted or whose
// rounds may be empty. So once a match has gone back often, places that failed
// are remembered, and the work grows with pattern times text instead of
// exponentially.
type rxMachine struct {
	iso   *Isolate  // nil for a Pattern
	until time.Time // of a Pattern
	stack []rxFrame
	caps  []int32
	regs  []int32

	memoAfter int // rxMemoAfter but in tests

	steps  int
	backs  int
	seen   []uint64 // bits, instruction × place
	width  int
	spans  []rxSpan // of each run
	inLook int
}

// rxFrame is an entry of the stack: a way not tried yet (op is its
// instruction), or something to be undone.
type rxFrame struct{ op, a, b, c int32 }

// rxSpan is what is remembered of an unbounded run: the text from from to end
// is all its characters, and what follows the run fails from failed to end.
type rxSpan struct {
	from, end, failed int32
	known             bool
}

const (
	undoCap int32 = -1 // capture slot a was b
	undoReg int32 = -2 // register a was b
	giveRun int32 = -3 // run a, from b to c, gives a character back
	takeRun int32 = -4 // lazy run a, at c, takes another; b were taken
)

const (
	rxPollEvery  = 1 << 15
	rxMaxStack   = 8 << 20  // frames of 16 bytes
	rxMemoAfter  = 1 << 14  // times gone back
	rxMemoMost   = 32 << 20 // bytes
	rxKeepFrames = 1 << 12
)

// match looks for a match at or after start, only there when sticky. The
// result is the capture slots, good until the next match; nil means none.
func (m *rxMachine) match(iso *Isolate, p *rxProgram, in rxText, start int, sticky bool) []int32 {
	m.iso = iso
	if in.wide == nil {
		return matchIn(m, p, unsafe.Slice(unsafe.StringData(in.ascii), len(in.ascii)), in.ascii, start, sticky)
	}
	return matchIn(m, p, in.wide, "", start, sticky)
}

// poll lets a long match be ended.
func (m *rxMachine) poll() {
	if m.iso != nil {
		m.iso.poll()
	} else if time.Now().After(m.until) {
		panic(ErrPattern)
	}
}

// rxText is a subject: ASCII, or UTF-16 units.
type rxText struct {
	ascii string
	wide  []uint16
}

func (t rxText) len() int {
	if t.wide != nil {
		return len(t.wide)
	}
	return len(t.ascii)
}

func matchIn[T byte | uint16](m *rxMachine, p *rxProgram, in []T, text string, start int, sticky bool) []int32 {
	m.steps += 64 // many short matches are a long work too
	m.backs, m.inLook = 0, 0
	if m.memoAfter == 0 {
		m.memoAfter = rxMemoAfter
	}
	m.caps = grow(m.caps, p.slots)
	m.regs = grow(m.regs, p.registers)
	defer func() {
		m.seen, m.spans = nil, nil
		m.stack = m.stack[:0]
		if cap(m.stack) > rxKeepFrames {
			m.stack = nil
		}
	}()
	r := rxRun[T]{m: m, p: p, in: in, wide: p.wide && unsafe.Sizeof(T(0)) == 2}
	if r.wide && start > 0 && start < len(in) && isLow(in[start]) && isHigh(in[start-1]) {
		start-- // a place inside a pair is the pair's (ECMA-262 RegExpBuiltinExec)
	}
	for at := start; at+p.least <= len(in); at++ {
		if !sticky {
			if at = r.skip(at, text); at < 0 {
				break
			}
		}
		for i := range m.caps {
			m.caps[i] = -1
		}
		if end := r.run(0, at, 0); end >= 0 {
			m.caps[0], m.caps[1] = int32(at), int32(end)
			return m.caps
		}
		if sticky || p.atStart {
			break
		}
		if p.leadRun >= 0 {
			// A match from within the run would go on from places that failed.
			end, _ := r.span(&p.insts[p.leadRun].test, at, len(in), false)
			if end > at {
				at = end - 1
				continue
			}
		}
		if r.wide && at+1 < len(in) && isHigh(in[at]) && isLow(in[at+1]) {
			at++
		}
	}
	return nil
}

func grow(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n)
	}
	return s[:n]
}

func isHigh[T byte | uint16](u T) bool { return uint16(u)&0xfc00 == 0xd800 }
func isLow[T byte | uint16](u T) bool  { return uint16(u)&0xfc00 == 0xdc00 }

// rxRun is one search.
type rxRun[T byte | uint16] struct {
	m    *rxMachine
	p    *rxProgram
	in   []T
	wide bool // pairs of surrogates are one character
}

// skip returns the next place where a match may begin, or -1.
func (r *rxRun[T]) skip(at int, text string) int {
	p := r.p
	if p.atStart {
		if at > 0 {
			return -1
		}
		return 0
	}
	if len(p.prefix) > 1 && text != "" {
		i := strings.Index(text[at:], p.prefix)
		if i < 0 {
			return -1
		}
		return at + i
	}
	if f := p.first; f != nil {
		for at < len(r.in) && !f.may(rune(r.in[at])) {
			at++
		}
		if at >= len(r.in) {
			return -1
		}
	}
	return at
}

func (t *rxTest) ok(c rune) bool {
	switch {
	case t.set != nil:
		return t.set.has(c)
	case t.always:
		return true
	}
	return c == t.r || c == t.r2
}

// next reads the character at i and returns its size; 0 at the end.
func (r *rxRun[T]) next(i int) (c rune, n int) {
	if i >= len(r.in) {
		return 0, 0
	}
	u := r.in[i]
	if r.wide && isHigh(u) && i+1 < len(r.in) && isLow(r.in[i+1]) {
		return 0x10000 + (rune(u)-0xd800)<<10 + rune(r.in[i+1]) - 0xdc00, 2
	}
	return rune(u), 1
}

// last reads the character before i.
func (r *rxRun[T]) last(i int) (c rune, n int) {
	if i <= 0 {
		return 0, 0
	}
	u := r.in[i-1]
	if r.wide && isLow(u) && i >= 2 && isHigh(r.in[i-2]) {
		return 0x10000 + (rune(r.in[i-2])-0xd800)<<10 + rune(u) - 0xdc00, 2
	}
	return rune(u), 1
}

func (r *rxRun[T]) push(f rxFrame) {
	m := r.m
	if len(m.stack) >= rxMaxStack {
		if m.iso == nil {
			panic(ErrPattern)
		}
		panic(m.iso.RangeError("Maximum call stack size exceeded: a regular expression goes back too far"))
	}
	m.stack = append(m.stack, f)
}

func (r *rxRun[T]) setCap(slot, v int32) {
	m := r.m
	if old := m.caps[slot]; old != v {
		r.push(rxFrame{undoCap, slot, old, 0})
		m.caps[slot] = v
	}
}

func (r *rxRun[T]) setReg(reg, v int32) {
	m := r.m
	if old := m.regs[reg]; old != v {
		r.push(rxFrame{undoReg, reg, old, 0})
		m.regs[reg] = v
	}
}

// known reports whether going on from place i at the split pc, or after the
// run pc, was tried before, and notes that it was.
func (r *rxRun[T]) known(pc, i int) bool {
	m := r.m
	if m.seen == nil || m.inLook > 0 || r.p.insts[pc].counted {
		return false
	}
	bit := pc*m.width + i
	w, b := bit>>6, uint64(1)<<(bit&63)
	if m.seen[w]&b != 0 {
		return true
	}
	m.seen[w] |= b
	return false
}

// spanOf returns what is remembered of the run pc, or nil.
func (r *rxRun[T]) spanOf(pc int) *rxSpan {
	m := r.m
	if m.spans == nil || m.inLook > 0 || r.wide {
		return nil
	}
	if in := &r.p.insts[pc]; in.counted || in.back || in.lazy || in.possessive || in.max != rxInfinite {
		return nil
	}
	return &m.spans[pc]
}

// covers reports whether i is within the text that is remembered, which is
// lengthened towards the beginning if it can be.
func (r *rxRun[T]) covers(sp *rxSpan, t *rxTest, i int) bool {
	if !sp.known || i >= int(sp.end) {
		return false
	}
	if i < int(sp.from) {
		if end, _ := r.span(t, i, int(sp.from)-i, false); end < int(sp.from) {
			return false
		}
		sp.from = int32(i)
	}
	return true
}

// remember begins to note places, unless that would take too much.
func (r *rxRun[T]) remember() {
	m := r.m
	if !r.p.memo || m.seen != nil {
		return
	}
	width := len(r.in) + 1
	if n := (len(r.p.insts)*width + 63) / 64; n*8 <= rxMemoMost {
		m.width = width
		m.seen = make([]uint64, n)
		m.spans = make([]rxSpan, len(r.p.insts))
	}
}

// span takes up to most characters from i that the test accepts, and returns
// where it ends and how many they were.
func (r *rxRun[T]) span(t *rxTest, i, most int, back bool) (int, int) {
	n := 0
	switch {
	case back:
		for n < most {
			c, w := r.last(i)
			if w == 0 || !t.ok(c) {
				break
			}
			i -= w
			n++
		}
	case r.wide:
		for n < most {
			c, w := r.next(i)
			if w == 0 || !t.ok(c) {
				break
			}
			i += w
			n++
		}
	default:
		in := r.in[i:]
		if len(in) > most {
			in = in[:most]
		}
		switch {
		case t.always:
			n = len(in)
		case t.set != nil:
			set := t.set
			for n < len(in) && set.has(rune(in[n])) {
				n++
			}
		default:
			for n < len(in) && (rune(in[n]) == t.r || rune(in[n]) == t.r2) {
				n++
			}
		}
		i += n
	}
	r.m.steps += n >> 3
	return i, n
}

// run executes from pc at place i; base is where its part of the stack begins.
// It returns the place of the match's end, or -1 with its part of the stack
// gone and all undone.
func (r *rxRun[T]) run(pc, i, base int) int {
	m := r.m
	insts := r.p.insts
	for {
		if m.steps++; m.steps >= rxPollEvery {
			m.steps = 0
			m.poll()
		}
		in := &insts[pc]
		switch in.op {
		case opOne:
			var c rune
			var n int
			if in.back {
				if c, n = r.last(i); n == 0 || !in.test.ok(c) {
					goto fail
				}
				i -= n
			} else {
				if c, n = r.next(i); n == 0 || !in.test.ok(c) {
					goto fail
				}
				i += n
			}
			pc++
		case opRun:
			if in.lazy {
				end, n := r.span(&in.test, i, int(in.min), in.back)
				if n < int(in.min) {
					goto fail
				}
				i = end
				if n < int(in.max) {
					r.push(rxFrame{takeRun, int32(pc), int32(n), int32(i)})
				}
				pc++
				continue
			}
			if sp := r.spanOf(pc); sp != nil && r.covers(sp, &in.test, i) {
				low := i + int(in.min)
				if low >= int(sp.failed) {
					goto fail // too few, or nothing new
				}
				r.push(rxFrame{giveRun, int32(pc), int32(low), sp.failed})
				goto pop
			}
			low := i
			if in.min > 0 {
				end, n := r.span(&in.test, i, int(in.min), in.back)
				if n < int(in.min) {
					goto fail
				}
				low = end
			}
			end, n := r.span(&in.test, low, int(in.max-in.min), in.back)
			sp := r.spanOf(pc)
			if sp != nil {
				*sp = rxSpan{int32(i), int32(end), int32(end) + 1, true}
			}
			if (n > 0 || sp != nil) && !in.possessive {
				r.push(rxFrame{giveRun, int32(pc), int32(low), int32(end)})
			}
			i = end
			pc++
		case opSplit:
			if r.known(pc, i) {
				goto fail
			}
			if in.canX != nil || in.canY != nil {
				if c, n := r.next(i); n == 0 {
					if in.canX != nil {
						if in.canY != nil {
							goto fail
						}
						pc = int(in.y)
						continue
					}
					if in.canY != nil {
						pc = int(in.x)
						continue
					}
				} else if in.canX != nil && !in.canX.may(c) {
					if in.canY != nil && !in.canY.may(c) {
						goto fail
					}
					pc = int(in.y)
					continue
				} else if in.canY != nil && !in.canY.may(c) {
					pc = int(in.x)
					continue
				}
			}
			r.push(rxFrame{in.y, int32(i), 0, 0})
			pc = int(in.x)
		case opJump:
			pc = int(in.x)
		case opSave:
			r.setCap(in.x, int32(i))
			pc++
		case opReset:
			for s := in.x; s <= in.y; s++ {
				r.setCap(s, -1)
			}
			pc++
		case opMark:
			r.setReg(in.x, int32(i))
			pc++
		case opMoved:
			if m.regs[in.x] == int32(i) && (in.y < 0 || m.regs[in.y] > in.min) {
				goto fail
			}
			pc++
		case opZero:
			r.setReg(in.x, 0)
			pc++
		case opCount:
			switch n := m.regs[in.x]; {
			case n < in.min:
				pc++
			case n >= in.max:
				pc = int(in.y)
			case in.lazy:
				r.push(rxFrame{int32(pc + 1), int32(i), 0, 0})
				pc = int(in.y)
			default:
				r.push(rxFrame{in.y, int32(i), 0, 0})
				pc++
			}
		case opEnter:
			r.setReg(in.x, m.regs[in.x]+1)
			pc++
		case opBackRef:
			end := r.reference(in, i)
			if end < 0 {
				goto fail
			}
			i = end
			pc++
		case opLook:
			here := len(m.stack)
			m.inLook++
			end := r.run(pc+1, i, here)
			m.inLook--
			if in.negative {
				if end >= 0 {
					r.undo(here)
					goto fail
				}
			} else {
				if end < 0 {
					goto fail
				}
				// The ways not tried are given up; what undoes captures stays.
				kept := m.stack[:here]
				for _, f := range m.stack[here:] {
					if f.op == undoCap || f.op == undoReg {
						kept = append(kept, f)
					}
				}
				m.stack = kept
			}
			pc = int(in.x)
		case opLookEnd, opMatch:
			return i
		case opStart:
			if i != 0 && !(in.multiline && isLineEnd(rune(r.in[i-1]))) {
				goto fail
			}
			pc++
		case opEnd:
			if i != len(r.in) && !(in.multiline && isLineEnd(rune(r.in[i]))) {
				goto fail
			}
			pc++
		case opEdge:
			before := i > 0 && isWord(rune(r.in[i-1]), in.fold)
			after := i < len(r.in) && isWord(rune(r.in[i]), in.fold)
			if (before != after) == in.negative {
				goto fail
			}
			pc++
		case opFail:
			goto fail
		}
		continue

	fail:
		if m.backs++; m.backs == m.memoAfter {
			r.remember()
		}
	pop:
		if len(m.stack) == base {
			return -1
		}
		top := len(m.stack) - 1
		f := &m.stack[top]
		switch f.op {
		case undoCap:
			m.caps[f.a] = f.b
			m.stack = m.stack[:top]
			goto pop
		case undoReg:
			m.regs[f.a] = f.b
			m.stack = m.stack[:top]
			goto pop
		case giveRun:
			pc, i = int(f.a)+1, int(f.c)
			in := &insts[f.a]
			low := int(f.b)
			sp := r.spanOf(int(f.a))
			if sp != nil && (!sp.known || i < int(sp.from) || i > int(sp.end)+1) {
				sp = nil // it is of another part of the text by now
			}
			if sp != nil {
				sp.failed = min(sp.failed, int32(i))
				i = max(int(sp.failed), low)
			}
			found := false
			for i != low {
				if in.back {
					_, n := r.next(i)
					i += n
				} else if r.wide {
					_, n := r.last(i)
					i -= n
				} else {
					i--
				}
				m.steps++
				if in.canY != nil && !in.back && !(i < len(r.in) && in.canY.may(rune(r.in[i]))) {
					continue
				}
				if !r.known(int(f.a), i) {
					found = true
					break
				}
			}
			if sp != nil {
				sp.failed = min(sp.failed, int32(i)+1)
			}
			if i == low {
				m.stack = m.stack[:top]
			} else {
				f.c = int32(i)
			}
			if !found {
				if sp != nil {
					sp.failed = min(sp.failed, int32(low))
				}
				goto pop
			}
		case takeRun:
			in := &insts[f.a]
			pc = int(f.a) + 1
			found := false
			for {
				var n int
				var c rune
				if in.back {
					c, n = r.last(int(f.c))
					n = -n
				} else {
					c, n = r.next(int(f.c))
				}
				if n == 0 || !in.test.ok(c) {
					break
				}
				f.c += int32(n)
				f.b++
				m.steps++
				i = int(f.c)
				if in.canY != nil && !in.back && !(i < len(r.in) && in.canY.may(rune(r.in[i]))) {
					if f.b < in.max {
						continue
					}
					break
				}
				if !r.known(int(f.a), i) {
					found = true
					break
				}
				if f.b >= in.max {
					break
				}
			}
			if !found || f.b >= in.max {
				m.stack = m.stack[:top]
			}
			if !found {
				goto pop
			}
		default:
			pc, i = int(f.op), int(f.a)
			m.stack = m.stack[:top]
		}
	}
}

// undo takes back everything above base.
func (r *rxRun[T]) undo(base int) {
	m := r.m
	for i := len(m.stack) - 1; i >= base; i-- {
		switch f := &m.stack[i]; f.op {
		case undoCap:
			m.caps[f.a] = f.b
		case undoReg:
			m.regs[f.a] = f.b
		}
	}
	m.stack = m.stack[:base]
}

// reference matches the text of the capture that took part, and returns the
// place after it, or -1.
func (r *rxRun[T]) reference(in *rxInst, i int) int {
	from, to := int32(-1), int32(-1)
	for _, g := range in.groups {
		if a, b := r.m.caps[2*g], r.m.caps[2*g+1]; a >= 0 && b >= 0 {
			from, to = a, b
			break
		}
	}
	if from < 0 {
		return i
	}
	n := int(to - from)
	at := i
	if in.back {
		at = i - n
	}
	if at < 0 || at+n > len(r.in) {
		return -1
	}
	r.m.steps += n >> 3
	if !in.fold {
		for k := range n {
			if r.in[int(from)+k] != r.in[at+k] {
				return -1
			}
		}
	} else {
		for k := 0; k < n; {
			a, w := r.next(int(from) + k)
			b, w2 := r.next(at + k)
			if w != w2 {
				return -1
			}
			if a != b {
				if r.p.wide && canonRune(a) != canonRune(b) || !r.p.wide && canonUnit(a) != canonUnit(b) {
					return -1
				}
			}
			k += w
		}
	}
	if in.back {
		return at
	}
	return at + n
}

func isLineEnd(c rune) bool {
	return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029
}

func isWord(c rune, fold bool) bool {
	return c-'0' < 10 && c >= '0' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || fold && (c == 0x17f || c == 0x212a)
}
