package js

import (
	"slices"
	"unsafe"
)

// rxOp is what one instruction of a compiled pattern does.
type rxOp uint8

const (
	opMatch   rxOp = iota
	opOne          // one character that test accepts
	opRun          // min to max characters that test accepts
	opSplit        // try x, then y
	opJump         // go on at x
	opSave         // capture slot x is the place
	opReset        // captures x to y are forgotten
	opMark         // register x is the place
	opMoved        // fail when the place is still that of register x, and count register y is above min
	opZero         // register x is 0
	opCount        // the head of a counted loop: register x, body follows, y is the exit
	opEnter        // count register x up
	opBackRef      // the text of a capture of groups
	opLook         // what follows up to opLookEnd, then go on at x
	opLookEnd      //
	opStart        // ^
	opEnd          // $
	opEdge         // \b or \B
	opFail         //
)

// rxTest accepts a character: r or r2, or a member of set.
type rxTest struct {
	set    *rxClass
	r, r2  rune
	always bool
}

type rxInst struct {
	op         rxOp
	back       bool // reads towards the beginning, as a lookbehind does
	lazy       bool
	negative   bool
	multiline  bool
	fold       bool
	counted    bool // what follows depends on a register, not on the place alone
	possessive bool // what follows a run can never begin with one of its characters
	test       rxTest
	x, y       int32
	min, max   int32
	groups     []int
	// What the next character may be if x or y is to match; nil means anything.
	canX, canY *rxFirst
}

// rxClass is a set made fast to ask: a bitmap below 256, ranges above.
type rxClass struct {
	low    [4]uint64
	ranges runeSet
}

func newClass(s runeSet) *rxClass {
	c := new(rxClass)
	for i := 0; i < len(s); i += 2 {
		for r := s[i]; r <= min(s[i+1], 255); r++ {
			c.low[r>>6] |= 1 << (r & 63)
		}
		if s[i+1] > 255 {
			c.ranges = append(c.ranges, max(s[i], 256), s[i+1])
		}
	}
	return c
}

func (c *rxClass) has(r rune) bool {
	if r < 256 {
		return c.low[r>>6]&(1<<(r&63)) != 0
	}
	return c.ranges.has(r)
}

// rxFirst are the characters that something may begin with: exact for ASCII,
// all or nothing above.
type rxFirst struct {
	low  [2]uint64
	high bool
}

func (f *rxFirst) add(t *rxTest) {
	switch {
	case t.always:
		f.low, f.high = [2]uint64{^uint64(0), ^uint64(0)}, true
	case t.set != nil:
		f.low[0] |= t.set.low[0]
		f.low[1] |= t.set.low[1]
		f.high = f.high || t.set.low[2]|t.set.low[3] != 0 || len(t.set.ranges) > 0
	default:
		for _, r := range [2]rune{t.r, t.r2} {
			if r < 0x80 {
				f.low[r>>6] |= 1 << (r & 63)
			} else {
				f.high = true
			}
		}
	}
}

func (f *rxFirst) meets(g *rxFirst) bool {
	return f.low[0]&g.low[0]|f.low[1]&g.low[1] != 0 || f.high && g.high
}

func (f *rxFirst) may(r rune) bool {
	if r < 0x80 {
		return f.low[r>>6]&(1<<(r&63)) != 0
	}
	return f.high
}

// rxProgram is a compiled pattern. It is never changed, so that all isolates
// share it.
type rxProgram struct {
	flags     rxFlags
	insts     []rxInst
	slots     int // 2 for each group and the whole
	registers int
	names     []rxGroupName
	wide      bool // reads code points
	memo      bool // without references a place that failed once fails always, see rxMachine
	leadRun   int  // the unbounded run that every match begins with, or -1
	atStart   bool // can match at the beginning of the text only
	first     *rxFirst
	prefix    string // ASCII that every match begins with
	least     int    // the length of the shortest match in units, at least
}

// maxRxInsts bounds a compiled pattern.
const maxRxInsts = 1 << 17

type rxCompiler struct {
	p     *rxProgram
	back  bool
	sets  map[string]*rxClass
	loops int // registers
	inner int // loops around this whose registers matter
}

// compileRegExp compiles a pattern. The error is an rxError.
func compileRegExp(pattern []uint16, f rxFlags) (p *rxProgram, err error) {
	root, groups, names, err := parseRegExp(pattern, f)
	if err != nil {
		return nil, err
	}
	p = &rxProgram{flags: f, slots: 2 * (groups + 1), names: names, wide: f.unicode || f.sets, memo: true}
	c := &rxCompiler{p: p, sets: map[string]*rxClass{}}
	defer func() {
		if x := recover(); x != nil {
			e, ok := x.(rxError)
			if !ok {
				panic(x)
			}
			err = e
		}
	}()
	c.node(root)
	c.emit(rxInst{op: opMatch})
	p.registers = c.loops
	p.least = root.least()
	c.analyse()
	return p, nil
}

func (c *rxCompiler) emit(i rxInst) int {
	if len(c.p.insts) >= maxRxInsts {
		panic(rxError("Regular expression too large"))
	}
	i.back = c.back
	i.counted = c.inner > 0
	c.p.insts = append(c.p.insts, i)
	return len(c.p.insts) - 1
}

func (c *rxCompiler) here() int32 { return int32(len(c.p.insts)) }

func (c *rxCompiler) class(s runeSet) *rxClass {
	if len(s) == 0 {
		return new(rxClass)
	}
	key := unsafe.String((*byte)(unsafe.Pointer(&s[0])), 4*len(s))
	k := c.sets[key]
	if k == nil {
		k = newClass(s)
		c.sets[key] = k
	}
	return k
}

// test makes the test of a node that is one character.
func (c *rxCompiler) test(n *rxNode) (t rxTest, ok bool) {
	switch n.kind {
	case rxChar:
		return rxTest{r: n.r, r2: n.r}, true
	case rxSet:
		s := n.set
		switch {
		case len(s) == 2 && s[0] == 0 && s[1] >= 0xffff:
			return rxTest{always: true}, true
		case len(s) == 2 && s[0] == s[1]:
			return rxTest{r: s[0], r2: s[0]}, true
		case len(s) == 4 && s[0] == s[1] && s[2] == s[3]:
			return rxTest{r: s[0], r2: s[2]}, true
		}
		return rxTest{set: c.class(s)}, true
	}
	return t, false
}

// least is the length of the shortest text that a node matches, in units.
func (n *rxNode) least() int {
	switch n.kind {
	case rxChar, rxSet:
		return 1
	case rxConcat:
		sum := 0
		for _, x := range n.list {
			sum = min(sum+x.least(), 1<<20)
		}
		return sum
	case rxAlternate:
		m := 1 << 20
		for _, x := range n.list {
			m = min(m, x.least())
		}
		return m
	case rxCapture:
		return n.list[0].least()
	case rxRepeat:
		if n.max == 0 {
			return 0
		}
		return min(n.list[0].least()*min(n.min, 1<<10), 1<<20)
	}
	return 0
}

func (c *rxCompiler) node(n *rxNode) {
	if t, ok := c.test(n); ok {
		c.emit(rxInst{op: opOne, test: t})
		return
	}
	switch n.kind {
	case rxConcat:
		if c.back {
			for _, x := range slices.Backward(n.list) {
				c.node(x)
			}
			return
		}
		for _, x := range n.list {
			c.node(x)
		}
	case rxAlternate:
		var exits []int
		for i, x := range n.list {
			if i == len(n.list)-1 {
				c.node(x)
				break
			}
			split := c.emit(rxInst{op: opSplit, x: c.here() + 1})
			c.node(x)
			exits = append(exits, c.emit(rxInst{op: opJump}))
			c.p.insts[split].y = c.here()
		}
		for _, i := range exits {
			c.p.insts[i].x = c.here()
		}
	case rxCapture:
		from, to := int32(2*n.index), int32(2*n.index+1)
		if c.back {
			from, to = to, from
		}
		c.emit(rxInst{op: opSave, x: from})
		c.node(n.list[0])
		c.emit(rxInst{op: opSave, x: to})
	case rxLook:
		look := c.emit(rxInst{op: opLook, negative: n.negative})
		was := c.back
		c.back = n.behind
		c.node(n.list[0])
		c.emit(rxInst{op: opLookEnd})
		c.back = was
		c.p.insts[look].x = c.here()
	case rxRepeat:
		c.repeat(n)
	case rxBackRef:
		c.p.memo = false
		c.emit(rxInst{op: opBackRef, groups: n.groups, fold: n.fold})
	case rxLineStart:
		c.emit(rxInst{op: opStart, multiline: n.multiline})
	case rxLineEnd:
		c.emit(rxInst{op: opEnd, multiline: n.multiline})
	case rxWordEdge:
		c.emit(rxInst{op: opEdge, negative: n.negative, fold: n.fold && c.p.wide})
	}
}

func (c *rxCompiler) repeat(n *rxNode) {
	body := n.list[0]
	lo, hi := n.min, n.max
	if hi == 0 {
		return
	}
	if lo == 1 && hi == 1 {
		c.node(body)
		return
	}
	if t, ok := c.test(body); ok {
		c.emit(rxInst{op: opRun, test: t, min: int32(lo), max: int32(hi), lazy: n.lazy})
		return
	}
	// The size of the body decides between copies and a counter.
	start := len(c.p.insts)
	loops := c.loops
	c.node(body)
	size := len(c.p.insts) - start
	c.p.insts = c.p.insts[:start]
	c.loops = loops
	copies := lo
	if hi != rxInfinite {
		copies = hi
	}
	empty := body.least() == 0
	once := func() {
		if n.index <= n.groups[0] {
			c.emit(rxInst{op: opReset, x: int32(2 * n.index), y: int32(2*n.groups[0] + 1)})
		}
		c.node(body)
	}
	// choose emits a split between what follows and an exit that is set later.
	choose := func() int {
		i := c.emit(rxInst{op: opSplit, lazy: n.lazy})
		c.p.insts[i].x = c.here()
		return i
	}
	leave := func(i int) {
		in := &c.p.insts[i]
		in.y = c.here()
		if n.lazy {
			in.x, in.y = in.y, in.x
		}
	}
	register := func() int32 { c.loops++; return int32(c.loops - 1) }
	if size*copies > 1000 || copies > 1000 {
		count := register()
		place := int32(-1)
		c.emit(rxInst{op: opZero, x: count})
		c.inner++
		head := c.emit(rxInst{op: opCount, x: count, min: int32(lo), max: int32(hi), lazy: n.lazy})
		c.emit(rxInst{op: opEnter, x: count})
		if empty {
			place = register()
			c.emit(rxInst{op: opMark, x: place})
		}
		once()
		if empty {
			c.emit(rxInst{op: opMoved, x: place, y: count, min: int32(lo)})
		}
		c.emit(rxInst{op: opJump, x: int32(head)})
		c.inner--
		c.p.insts[head].y = c.here()
		return
	}
	for range lo {
		once()
	}
	mark := func() int32 {
		if !empty {
			return -1
		}
		r := register()
		c.inner++ // whether the round moved decides
		c.emit(rxInst{op: opMark, x: r})
		return r
	}
	moved := func(r int32) {
		if r >= 0 {
			c.emit(rxInst{op: opMoved, x: r, y: -1})
			c.inner--
		}
	}
	if hi == rxInfinite {
		head := choose()
		r := mark()
		once()
		moved(r)
		c.emit(rxInst{op: opJump, x: int32(head)})
		leave(head)
		return
	}
	var splits []int
	for range hi - lo {
		splits = append(splits, choose())
		r := mark()
		once()
		moved(r)
	}
	for _, i := range splits {
		leave(i)
	}
}

// analyse finds out what makes matching faster.
func (c *rxCompiler) analyse() {
	p := c.p
	budget := 64*len(p.insts) + 4096
	for i := range p.insts {
		in := &p.insts[i]
		if in.back {
			continue
		}
		switch in.op {
		case opSplit:
			in.canX, in.canY = p.firstOf(int(in.x), &budget), p.firstOf(int(in.y), &budget)
		case opRun:
			if follow := p.firstOf(i+1, &budget); follow != nil {
				own := new(rxFirst)
				own.add(&in.test)
				in.possessive = !in.lazy && !own.meets(follow)
				in.canY = follow
			}
		}
	}
	p.first = p.firstOf(0, &budget)
	p.atStart = p.startsAtStart(0, 0)
	p.leadRun = -1
	for i := range p.insts {
		in := &p.insts[i]
		if in.op == opSave {
			continue
		}
		if in.op == opRun && in.max == rxInfinite && !in.back && p.memo {
			p.leadRun = i
		}
		break
	}
	for i := range p.insts {
		in := &p.insts[i]
		if in.op == opSave {
			continue
		}
		if in.op != opOne || in.test.set != nil || in.test.always || in.test.r != in.test.r2 || in.test.r >= 0x80 {
			break
		}
		p.prefix += string(in.test.r)
	}
}

// firstOf returns what a match from pc on may begin with, or nil when it may be
// empty or is not known.
func (p *rxProgram) firstOf(pc int, budget *int) *rxFirst {
	f := new(rxFirst)
	seen := map[int]bool{}
	var walk func(pc int) bool
	walk = func(pc int) bool {
		for {
			if *budget--; *budget < 0 {
				return false
			}
			if seen[pc] {
				return true // what it adds is added, or will be
			}
			seen[pc] = true
			in := &p.insts[pc]
			switch in.op {
			case opOne:
				f.add(&in.test)
				return !in.back
			case opRun:
				f.add(&in.test)
				if in.min > 0 {
					return !in.back
				}
				pc++
			case opSplit:
				if !walk(int(in.x)) {
					return false
				}
				pc = int(in.y)
			case opJump:
				pc = int(in.x)
			case opSave, opReset, opMark, opZero, opStart, opEdge, opEnter:
				pc++
			case opLook:
				pc = int(in.x)
			case opCount:
				if in.min == 0 && !walk(int(in.y)) {
					return false
				}
				pc++
			case opFail:
				return true
			default: // the end, a reference, what looks at registers
				return false
			}
		}
	}
	if !walk(pc) {
		return nil
	}
	return f
}

// startsAtStart reports whether every way from pc begins with ^.
func (p *rxProgram) startsAtStart(pc, depth int) bool {
	for depth < 50 {
		switch in := &p.insts[pc]; in.op {
		case opStart:
			return !in.multiline
		case opSave, opReset, opMark, opZero:
			pc++
		case opJump:
			if int(in.x) <= pc {
				return false
			}
			pc = int(in.x)
		case opSplit:
			if int(in.x) <= pc || int(in.y) <= pc || !p.startsAtStart(int(in.x), depth+1) {
				return false
			}
			depth++
			pc = int(in.y)
		default:
			return false
		}
	}
	return false
}
