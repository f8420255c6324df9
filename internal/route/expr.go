package route

import (
	"errors"
	"math"
	"slices"
)

// The patterns of a Next.js configuration are ECMAScript regular expressions,
// and most matchers hold a negative look-ahead, which Go's regexp package has
// not. So this file compiles ECMAScript's syntax (ECMA-262 §22.2.1 and annex
// B.1.2, without the u and v flags) to an automaton, and expr_run.go runs it in
// time linear in its input. It differs from Go's regexp in just what ECMAScript
// has otherwise: look-around, UTF-16 units, case folding by upper case, \s, the
// dot, $ that is the very end, empty iterations and the resetting of groups.
//
// What cannot be had in linear time, back references and groups that are read
// out of look-around, is errBacktracks; a rule then needs a backtracking engine.

// errBacktracks says that an expression is sound, but not a linear one.
var errBacktracks = errors.New("needs an engine that backtracks")

// An inst is an instruction of a program. Each names what follows it.
type inst struct {
	op     instOp
	neg    bool
	x, y   int32 // next; the second choice of instSplit, the body of instLook
	lo, hi int32 // instSave: the slot; instClear: the slots; instLook: its number
	set    *charSet
}

type instOp uint8

const (
	instFail    instOp = iota
	instAccept         // the end of the expression or of a look-around's body
	instSet            // one unit forward
	instSetBack        // one unit back, in a look-behind
	instSplit          // x is tried first
	instSave
	instClear // an iteration starts: its groups are unset
	instLook
	instBegin
	instEnd
	instWordEdge
)

// expr is a compiled expression. It is immutable.
type expr struct {
	insts    []inst
	main     part
	looks    []part      // an inner one is before the outer
	groups   int         // how many it has
	test     bool        // keepNone: where it matches is not told
	names    []string    // of the groups that are kept, by slot/2
	index    []int       // the number of each of them among all groups
	back     Backtracker // instead of all the rest, if that cannot match it
	anchored bool        // starts with ^: only position 0 can match
	lead     []*charSet
}

// part is a program by itself: the whole expression without its look-arounds,
// or the body of one of these. It shares instruction 0, which fails.
type part struct {
	start int32
	eat   []int32 // its instructions that consume, in order
	rest  []int32 // the others
	back  bool    // it reads against the text
}

// maxInsts bounds a program; {1,1000} of something long is beyond it.
const maxInsts = 8192

// exprCompiler emits a program back to front: each part is emitted after what
// follows it.
type exprCompiler struct {
	e    *expr
	slot map[int]int32 // index of a kept group to its slot
	back bool
	// owned says which instructions are in a part already.
	owned []bool
	test  bool // only whether it matches is asked: lazy loops may be greedy
}

type tooLarge struct{}

func (c *exprCompiler) emit(i inst) int32 {
	if len(c.e.insts) >= maxInsts {
		panic(tooLarge{})
	}
	c.e.insts = append(c.e.insts, i)
	return int32(len(c.e.insts) - 1)
}

// gen emits n so that next follows it.
func (c *exprCompiler) gen(n *exprNode, next int32) int32 {
	return c.pair(n, next, next, false)
}

// pair emits n with two continuations: empty follows when n has consumed
// nothing, full when it has. ECMAScript ends a loop whose iteration was empty by
// failing it (RepeatMatcher, §22.2.2.3.1), which so needs no counter at run time
// and keeps the state of a match a place in the program and one in the text.
// Where the two are the same, distinguish is false.
func (c *exprCompiler) pair(n *exprNode, empty, full int32, distinguish bool) int32 {
	switch n.op {
	case nodeSet:
		op := instSet
		if c.back {
			op = instSetBack
		}
		return c.emit(inst{op: op, set: n.set, x: full})
	case nodeCat:
		subs := n.subs
		if c.back {
			subs = slices.Clone(subs)
			slices.Reverse(subs)
		}
		return c.cat(subs, empty, full, distinguish)
	case nodeAlt:
		entry := c.pair(n.subs[len(n.subs)-1], empty, full, distinguish)
		for i := len(n.subs) - 2; i >= 0; i-- {
			first := c.pair(n.subs[i], empty, full, distinguish)
			entry = c.emit(inst{op: instSplit, x: first, y: entry})
		}
		return entry
	case nodeRepeat:
		return c.repeat(n, empty, full, distinguish)
	case nodeGroup:
		slot, kept := c.slot[n.index]
		if !kept {
			return c.pair(n.subs[0], empty, full, distinguish)
		}
		first, last := slot, slot+1
		if c.back {
			first, last = last, first
		}
		f := c.emit(inst{op: instSave, lo: last, x: full})
		e := f
		if distinguish {
			e = c.emit(inst{op: instSave, lo: last, x: empty})
		}
		return c.emit(inst{op: instSave, lo: first, x: c.pair(n.subs[0], e, f, distinguish)})
	case nodeLook:
		return c.emit(inst{op: instLook, neg: n.neg, lo: c.look(n), x: empty})
	case nodeBegin:
		return c.emit(inst{op: instBegin, x: empty})
	case nodeEnd:
		return c.emit(inst{op: instEnd, x: empty})
	case nodeWordEdge:
		return c.emit(inst{op: instWordEdge, neg: n.neg, x: empty})
	}
	return empty
}

func (c *exprCompiler) cat(subs []*exprNode, empty, full int32, distinguish bool) int32 {
	if !distinguish {
		for _, s := range slices.Backward(subs) {
			full = c.gen(s, full)
		}
		return full
	}
	if len(subs) == 1 {
		return c.pair(subs[0], empty, full, true)
	}
	rest := c.cat(subs[1:], full, full, false)
	if !subs[0].nullable() {
		return c.gen(subs[0], rest)
	}
	return c.pair(subs[0], c.cat(subs[1:], empty, full, true), rest, true)
}

func (c *exprCompiler) repeat(n *exprNode, empty, full int32, distinguish bool) int32 {
	body := n.subs[0]
	if n.max == 0 {
		return empty
	}
	if n.min > maxInsts || n.max != math.MaxInt && n.max > maxInsts {
		panic(tooLarge{})
	}
	// tail emits the optional iterations, which must not be empty.
	tail := func(exit int32) int32 {
		if n.max == math.MaxInt {
			head := c.emit(inst{op: instSplit})
			c.choose(head, c.iteration(body, head), exit, n.lazy)
			return head
		}
		entry := exit
		for range n.max - n.min {
			split := c.emit(inst{op: instSplit})
			c.choose(split, c.iteration(body, entry), exit, n.lazy)
			entry = split
		}
		return entry
	}
	f := tail(full)
	if !distinguish {
		for range n.min {
			f = c.clear(body, c.gen(body, f))
		}
		return f
	}
	// Having consumed nothing so far, the first optional iteration that is not
	// empty leads to where something has been consumed.
	e := empty
	if n.max > n.min {
		after := f
		if n.max != math.MaxInt {
			short := *n
			short.min, short.max = 0, n.max-n.min-1
			after = c.repeat(&short, full, full, false)
		}
		split := c.emit(inst{op: instSplit})
		c.choose(split, c.iteration(body, after), empty, n.lazy)
		e = split
	}
	for range n.min {
		f2 := c.clear(body, c.gen(body, f))
		e = c.clear(body, c.pair(body, e, f, true))
		f = f2
	}
	return e
}

func (c *exprCompiler) choose(split, body, exit int32, lazy bool) {
	if lazy && !c.test {
		body, exit = exit, body
	}
	c.e.insts[split].x, c.e.insts[split].y = body, exit
}

// iteration emits an optional pass through a loop's body, which fails if it
// consumes nothing.
func (c *exprCompiler) iteration(body *exprNode, next int32) int32 {
	if !body.nullable() {
		return c.clear(body, c.gen(body, next))
	}
	return c.clear(body, c.pair(body, 0, next, true)) // instruction 0 is instFail
}

func (c *exprCompiler) clear(body *exprNode, next int32) int32 {
	lo, hi := body.groups()
	first, last := int32(math.MaxInt32), int32(-1)
	for i := lo; i < hi; i++ {
		if slot, kept := c.slot[i]; kept {
			first, last = min(first, slot), max(last, slot+2)
		}
	}
	if last < 0 {
		return next
	}
	return c.emit(inst{op: instClear, lo: first, hi: last, x: next})
}

// part gathers what has been emitted since from, but for the parts in it.
func (c *exprCompiler) part(from, start int32, back bool) part {
	p := part{start: start, back: back}
	c.owned = append(c.owned, make([]bool, len(c.e.insts)-len(c.owned))...)
	for pc := from; pc < int32(len(c.e.insts)); pc++ {
		if c.owned[pc] {
			continue
		}
		c.owned[pc] = true
		if op := c.e.insts[pc].op; op == instSet || op == instSetBack {
			p.eat = append(p.eat, pc)
		} else {
			p.rest = append(p.rest, pc)
		}
	}
	return p
}

// look emits a look-around's body and returns its number.
func (c *exprCompiler) look(n *exprNode) int32 {
	before, slots := c.back, c.slot
	c.back, c.slot = n.behind, nil
	from := int32(len(c.e.insts))
	accept := c.emit(inst{op: instAccept})
	start := c.gen(n.subs[0], accept)
	c.back, c.slot = before, slots
	c.e.looks = append(c.e.looks, c.part(from, start, n.behind))
	return int32(len(c.e.looks) - 1)
}

// keep says which groups of an expression are kept.
type keep uint8

const (
	keepNone keep = iota // only whether it matches is asked
	keepNamed
	keepAll
)

// compileExpr compiles an expression. What cannot be matched in linear time is handed to
// backtrack, or errBacktracks if there is none. An expression that ECMAScript
// refuses is a *syntaxError.
func compileExpr(src string, ignoreCase bool, groups keep, backtrack BacktrackFunc) (*expr, error) {
	n, p, err := parseExpr(src, ignoreCase)
	if err != nil {
		return nil, err
	}
	e := &expr{groups: len(p.names), test: groups == keepNone}
	c := &exprCompiler{e: e, slot: map[int]int32{}, test: groups == keepNone}
	for i, name := range p.names {
		if groups == keepAll || groups == keepNamed && name != "" {
			c.slot[i+1] = int32(2 * len(e.names))
			e.names = append(e.names, name)
			e.index = append(e.index, i+1)
		}
	}
	hard := p.refers || groups == keepNamed && p.namedInside || groups == keepAll && p.inside
	if !hard && c.program(n) {
		return e, nil
	}
	if backtrack == nil {
		return nil, errBacktracks
	}
	back, err := backtrack(src, ignoreCase)
	if err != nil {
		return nil, err
	}
	return &expr{groups: e.groups, names: e.names, index: e.index, back: back}, nil
}

// program emits the whole of n, and reports whether there was room for it.
func (c *exprCompiler) program(n *exprNode) (ok bool) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case tooLarge:
			ok = false
		default:
			panic(r)
		}
	}()
	c.emit(inst{op: instFail})
	start := c.gen(n, c.emit(inst{op: instAccept}))
	c.e.main = c.part(1, start, false)
	c.e.anchored = startsAnchored(n)
	c.e.lead = c.e.leading()
	return true
}

// startsAnchored reports whether no match can start but at the beginning.
func startsAnchored(n *exprNode) bool {
	switch n.op {
	case nodeBegin:
		return true
	case nodeCat:
		return startsAnchored(n.subs[0])
	case nodeGroup:
		return startsAnchored(n.subs[0])
	case nodeAlt:
		return !slices.ContainsFunc(n.subs, func(s *exprNode) bool { return !startsAnchored(s) })
	}
	return false
}

// maxLead is how many units of a text are looked at before a match is tried.
const maxLead = 8

// leading returns, for an anchored expression, sets that the first units of a
// matching text are in. Most rules do not match most requests, and are told so
// by the first few letters.
func (e *expr) leading() []*charSet {
	if !e.anchored {
		return nil
	}
	var lead []*charSet
	at := map[int32]bool{e.main.start: true}
	for len(lead) < maxLead {
		var rs []unitRange
		next := map[int32]bool{}
		seen := map[int32]bool{}
		open := true
		var visit func(pc int32)
		visit = func(pc int32) {
			if seen[pc] {
				return
			}
			seen[pc] = true
			switch i := &e.insts[pc]; i.op {
			case instFail:
			case instAccept, instEnd, instSetBack:
				open = false
			case instSet:
				rs = append(rs, i.set.all()...)
				next[i.x] = true
			case instSplit:
				visit(i.x)
				visit(i.y)
			default:
				visit(i.x)
			}
		}
		for pc := range at {
			visit(pc)
		}
		if !open {
			break
		}
		lead = append(lead, setOf(rs...))
		at = next
	}
	return lead
}
