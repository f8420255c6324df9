package js

import (
	"strconv"

	"github.com/dop251/goja"
	"github.com/dop251/goja/unistring"
)

// The functions of RegExp.prototype (ECMA-262 §22.2.6). Where an object has
// nothing of its own and the prototype is as it was, they do at once what the
// standard's steps would do one by one.

// pristine reports whether nothing that a script could have changed matters:
// exec and flags are ours and the object is a direct instance.
func (iso *Isolate) pristine(o *goja.Object) bool {
	rx := &iso.rx
	if rx.direct {
		if iso.eng.ownNames(o) != 1 || iso.eng.protoOf(o) != rx.proto {
			return false
		}
	} else if o.Prototype() != rx.proto || len(o.GetOwnPropertyNames()) != 1 {
		return false
	}
	return o.Get("exec") == goja.Value(rx.exec) && iso.flagsUntouched()
}

// flagsUntouched: RegExp.prototype.flags is still the getter that was put there.
func (iso *Isolate) flagsUntouched() bool {
	rx := &iso.rx
	if rx.direct {
		return iso.eng.getterOf(rx.proto, "flags") == rx.flags
	}
	d, err := iso.Call(rx.descriptor, goja.Undefined(), rx.proto, iso.rt.ToValue("flags"))
	must(err)
	o, ok := d.(*goja.Object)
	return ok && o.Get("get") == rx.flags
}

func (iso *Isolate) getLastIndex(o *goja.Object) int {
	if iso.rx.direct && iso.eng.isRegExp(o) {
		if p := iso.eng.lastIndex(o); p != nil {
			if _, isObject := (*p).(*goja.Object); !isObject {
				return int(min(toLength(*p), 1<<40))
			}
		}
	}
	return int(min(toLength(o.Get("lastIndex")), 1<<40))
}

func (iso *Isolate) setLastIndex(o *goja.Object, n int) {
	if iso.rx.direct && iso.eng.isRegExp(o) {
		if p := iso.eng.lastIndex(o); p != nil {
			*p = iso.rt.ToValue(n)
			return
		}
	}
	if err := o.Set("lastIndex", n); err != nil {
		panic(err)
	}
}

// execRaw is RegExpBuiltinExec up to its result: the capture slots, or nil.
func (iso *Isolate) execRaw(o *goja.Object, p *rxProgram, t rxText) []int32 {
	last := iso.getLastIndex(o)
	moves := p.flags.global || p.flags.sticky
	if !moves {
		last = 0
	} else if last > t.len() {
		iso.setLastIndex(o, 0)
		return nil
	}
	caps := iso.rx.machine.match(iso, p, t, last, p.flags.sticky)
	if moves {
		if caps == nil {
			iso.setLastIndex(o, 0)
		} else {
			iso.setLastIndex(o, int(caps[1]))
		}
	}
	return caps
}

var matchNames = []unistring.String{"index", "input", "groups", "indices"}

// result makes the array that exec returns.
func (iso *Isolate) result(p *rxProgram, s goja.String, t rxText, caps []int32) *goja.Object {
	rt := iso.rt
	items := make([]goja.Value, len(caps)/2)
	for i := range items {
		if caps[2*i] < 0 || caps[2*i+1] < 0 {
			items[i] = goja.Undefined()
		} else {
			items[i] = iso.part(s, t, int(caps[2*i]), int(caps[2*i+1]))
		}
	}
	groups := goja.Undefined()
	if len(p.names) > 0 {
		groups = iso.groups(p, caps, items)
	}
	vals := []goja.Value{rt.ToValue(int(caps[0])), s, groups, nil}[:3]
	if p.flags.indices {
		pairs := make([]goja.Value, len(items))
		for i := range pairs {
			pairs[i] = goja.Undefined()
			if caps[2*i] >= 0 && caps[2*i+1] >= 0 {
				pairs[i] = rt.NewArray(int(caps[2*i]), int(caps[2*i+1]))
			}
		}
		indices := iso.arrayOf(pairs)
		named := goja.Undefined()
		if len(p.names) > 0 {
			named = iso.groups(p, caps, pairs)
		}
		must(indices.DefineDataProperty("groups", named, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
		vals = append(vals, indices)
	}
	if iso.rx.direct {
		return iso.eng.newMatch(items, matchNames[:len(vals)], vals)
	}
	a := iso.arrayOf(items)
	for i, v := range vals {
		must(a.DefineDataProperty(string(matchNames[i]), v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
	}
	return a
}

// groups makes the object of the named groups: each name has the value of the
// group that took part.
func (iso *Isolate) groups(p *rxProgram, caps []int32, items []goja.Value) goja.Value {
	keys := make([]unistring.String, len(p.names))
	vals := make([]goja.Value, len(p.names))
	for i, n := range p.names {
		keys[i], vals[i] = groupKey(n.name), goja.Undefined()
		for _, g := range n.groups {
			if caps[2*g] >= 0 && caps[2*g+1] >= 0 {
				vals[i] = items[g]
			}
		}
	}
	if iso.rx.direct {
		o, _ := iso.eng.newRecord(nil, keys, vals)
		return o
	}
	o := iso.rt.CreateObject(nil)
	for i, k := range keys {
		must(o.DefineDataProperty(k.String(), vals[i], goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
	}
	return o
}

// arrayOf makes an array; list is not kept.
func (iso *Isolate) arrayOf(list []goja.Value) *goja.Object {
	if iso.rx.direct {
		return iso.eng.newArray(list)
	}
	x := make([]any, len(list))
	for i, v := range list {
		x[i] = v
	}
	return iso.rt.NewArray(x...)
}

func (iso *Isolate) regExpExecMethod(c goja.FunctionCall) goja.Value {
	o, p, _, ok := iso.regExp(c.This)
	if !ok {
		panic(iso.TypeError("Method RegExp.prototype.exec called on incompatible receiver %s", iso.describeValue(c.This)))
	}
	s := iso.asString(c.Argument(0))
	t := iso.subject(s)
	caps := iso.execRaw(o, p, t)
	if caps == nil {
		return goja.Null()
	}
	return iso.result(p, s, t, caps)
}

// regExpExec is ECMA-262 RegExpExec: it calls the object's exec method. The
// result is an object or nil.
func (iso *Isolate) regExpExec(o *goja.Object, s goja.String) *goja.Object {
	exec := o.Get("exec")
	if exec != goja.Value(iso.rx.exec) {
		if f, ok := goja.AssertFunction(orUndefined(exec)); ok {
			v, err := iso.Call(f, o, s)
			if err != nil {
				panic(err)
			}
			if r, ok := v.(*goja.Object); ok {
				return r
			}
			if !goja.IsNull(v) {
				panic(iso.TypeError("object null is not a function"))
			}
			return nil
		}
	}
	_, p, _, ok := iso.regExp(o)
	if !ok {
		panic(iso.TypeError("Method RegExp.prototype.exec called on incompatible receiver %s", iso.describeValue(o)))
	}
	t := iso.subject(s)
	caps := iso.execRaw(o, p, t)
	if caps == nil {
		return nil
	}
	return iso.result(p, s, t, caps)
}

// receiver is the object that a method of RegExp.prototype is called on.
func (iso *Isolate) receiver(c goja.FunctionCall, method string) *goja.Object {
	o, ok := c.This.(*goja.Object)
	if !ok {
		panic(iso.TypeError("Method RegExp.prototype.%s called on incompatible receiver %s", method, iso.describeValue(c.This)))
	}
	return o
}

// quick returns the program of an object for which the short way is right.
func (iso *Isolate) quick(o *goja.Object) *rxProgram {
	_, p, _, ok := iso.regExp(o)
	if !ok || !iso.pristine(o) {
		return nil
	}
	return p
}

func (iso *Isolate) regExpTest(c goja.FunctionCall) goja.Value {
	o := iso.receiver(c, "test")
	s := iso.asString(c.Argument(0))
	if _, p, _, ok := iso.regExp(o); ok && o.Get("exec") == goja.Value(iso.rx.exec) {
		return iso.rt.ToValue(iso.execRaw(o, p, iso.subject(s)) != nil)
	}
	return iso.rt.ToValue(iso.regExpExec(o, s) != nil)
}

func (iso *Isolate) flagsOf(o *goja.Object) string {
	return iso.asString(orUndefined(o.Get("flags"))).String()
}

func hasFlag(flags string, c byte) bool {
	for i := range len(flags) {
		if flags[i] == c {
			return true
		}
	}
	return false
}

// advance is ECMA-262 AdvanceStringIndex.
func advance(t rxText, i int, wide bool) int {
	if wide && t.wide != nil && i+1 < len(t.wide) && isHigh(t.wide[i]) && isLow(t.wide[i+1]) {
		return i + 2
	}
	return i + 1
}

// each finds all matches of a global regular expression whose short way is
// right, and leaves lastIndex at 0.
func (iso *Isolate) each(o *goja.Object, p *rxProgram, t rxText, found func(caps []int32)) {
	iso.setLastIndex(o, 0)
	for at := 0; at <= t.len(); {
		caps := iso.rx.machine.match(iso, p, t, at, p.flags.sticky)
		if caps == nil {
			break
		}
		at = int(caps[1])
		if caps[0] == caps[1] {
			at = advance(t, at, p.wide)
		}
		found(caps)
	}
	iso.setLastIndex(o, 0)
}

func (iso *Isolate) regExpMatch(c goja.FunctionCall) goja.Value {
	o := iso.receiver(c, "[Symbol.match]")
	s := iso.asString(c.Argument(0))
	if p := iso.quick(o); p != nil {
		t := iso.subject(s)
		if !p.flags.global {
			caps := iso.execRaw(o, p, t)
			if caps == nil {
				return goja.Null()
			}
			return iso.result(p, s, t, caps)
		}
		var list []goja.Value
		iso.each(o, p, t, func(caps []int32) { list = append(list, iso.part(s, t, int(caps[0]), int(caps[1]))) })
		if list == nil {
			return goja.Null()
		}
		return iso.arrayOf(list)
	}
	flags := iso.flagsOf(o)
	if !hasFlag(flags, 'g') {
		return orNull(iso.regExpExec(o, s))
	}
	wide := hasFlag(flags, 'u') || hasFlag(flags, 'v')
	t := iso.subject(s)
	iso.setLastIndex(o, 0)
	var list []goja.Value
	for {
		r := iso.regExpExec(o, s)
		if r == nil {
			break
		}
		text := iso.asString(orUndefined(r.Get("0")))
		list = append(list, text)
		if text.Length() == 0 {
			iso.setLastIndex(o, advance(t, iso.getLastIndex(o), wide))
		}
	}
	if list == nil {
		return goja.Null()
	}
	return iso.arrayOf(list)
}

func orNull(o *goja.Object) goja.Value {
	if o == nil {
		return goja.Null()
	}
	return o
}

func (iso *Isolate) regExpSearch(c goja.FunctionCall) goja.Value {
	o := iso.receiver(c, "[Symbol.search]")
	s := iso.asString(c.Argument(0))
	if p := iso.quick(o); p != nil {
		caps := iso.rx.machine.match(iso, p, iso.subject(s), 0, p.flags.sticky)
		if caps == nil {
			return iso.rt.ToValue(-1)
		}
		return iso.rt.ToValue(int(caps[0]))
	}
	before := orUndefined(o.Get("lastIndex"))
	if !before.SameAs(iso.rt.ToValue(0)) {
		iso.setLastIndex(o, 0)
	}
	r := iso.regExpExec(o, s)
	if now := orUndefined(o.Get("lastIndex")); !now.SameAs(before) {
		if err := o.Set("lastIndex", before); err != nil {
			panic(err)
		}
	}
	if r == nil {
		return iso.rt.ToValue(-1)
	}
	return orUndefined(r.Get("index"))
}

// species is ECMA-262 SpeciesConstructor with RegExp as the default; nil stands
// for RegExp itself.
func (iso *Isolate) species(o *goja.Object) *goja.Object {
	c := orUndefined(o.Get("constructor"))
	if goja.IsUndefined(c) {
		return nil
	}
	ctor, ok := c.(*goja.Object)
	if !ok {
		panic(iso.TypeError("The .constructor property is not an object"))
	}
	s := orUndefined(ctor.GetSymbol(goja.SymSpecies))
	if goja.IsUndefined(s) || goja.IsNull(s) || s == goja.Value(iso.rx.ctor) {
		return nil
	}
	if _, ok := goja.AssertConstructor(s); !ok {
		panic(iso.TypeError("object.constructor[Symbol.species] is not a constructor"))
	}
	return s.(*goja.Object)
}

// respawn makes a regular expression like o with other flags.
func (iso *Isolate) respawn(o *goja.Object, flags string) *goja.Object {
	ctor := iso.species(o)
	if ctor == nil {
		return iso.constructRegExp([]goja.Value{o, iso.rt.ToValue(flags)}, nil)
	}
	r, err := iso.rt.New(ctor, o, iso.rt.ToValue(flags))
	if err != nil {
		panic(err)
	}
	return r
}

func (iso *Isolate) regExpSplit(c goja.FunctionCall) goja.Value {
	o := iso.receiver(c, "[Symbol.split]")
	s := iso.asString(c.Argument(0))
	t := iso.subject(s)
	limit := uint32(1<<32 - 1)
	p := iso.quick(o)
	if p != nil && o.Get("constructor") != goja.Value(iso.rx.ctor) {
		p = nil
	}
	var splitter *goja.Object
	wide := false
	if p == nil {
		flags := iso.flagsOf(o)
		wide = hasFlag(flags, 'u') || hasFlag(flags, 'v')
		if !hasFlag(flags, 'y') {
			flags += "y"
		}
		splitter = iso.respawn(o, flags)
	}
	if v := c.Argument(1); !goja.IsUndefined(v) {
		limit = uint32(v.ToNumber().ToInteger())
	}
	var list []goja.Value
	full := func(v goja.Value) bool {
		list = append(list, v)
		return uint32(len(list)) == limit
	}
	size := t.len()
	switch {
	case limit == 0:
	case p != nil:
		iso.splitQuick(p, s, t, full)
	case size == 0:
		if iso.regExpExec(splitter, s) == nil {
			full(s)
		}
	default:
		from := 0
	places:
		for q := 0; q < size; {
			iso.setLastIndex(splitter, q)
			r := iso.regExpExec(splitter, s)
			if r == nil {
				q = advance(t, q, wide)
				continue
			}
			e := min(iso.getLastIndex(splitter), size)
			if e == from {
				q = advance(t, q, wide)
				continue
			}
			if full(iso.part(s, t, from, q)) {
				return iso.arrayOf(list)
			}
			from = e
			for i := int64(1); i < toLength(r.Get("length")); i++ {
				if full(orUndefined(r.Get(strconv.FormatInt(i, 10)))) {
					break places
				}
			}
			q = from
		}
		if uint32(len(list)) < limit {
			full(iso.part(s, t, from, size))
		}
	}
	return iso.arrayOf(list)
}

func (iso *Isolate) splitQuick(p *rxProgram, s goja.String, t rxText, full func(goja.Value) bool) {
	size := t.len()
	m := &iso.rx.machine
	if size == 0 {
		if m.match(iso, p, t, 0, true) == nil {
			full(s)
		}
		return
	}
	from := 0
	for q := 0; q < size; {
		caps := m.match(iso, p, t, q, false)
		if caps == nil || int(caps[0]) >= size {
			break
		}
		at, e := int(caps[0]), int(caps[1])
		if e == from {
			q = advance(t, max(at, q), p.wide)
			continue
		}
		if full(iso.part(s, t, from, at)) {
			return
		}
		from = e
		for i := 2; i < len(caps); i += 2 {
			v := goja.Undefined()
			if caps[i] >= 0 && caps[i+1] >= 0 {
				v = iso.part(s, t, int(caps[i]), int(caps[i+1]))
			}
			if full(v) {
				return
			}
		}
		q = from
	}
	full(iso.part(s, t, from, size))
}

// rxIterator is what matchAll returns.
type rxIterator struct {
	o            *goja.Object
	s            goja.String
	global, wide bool
	done         bool
}

func (iso *Isolate) regExpMatchAll(c goja.FunctionCall) goja.Value {
	o := iso.receiver(c, "[Symbol.matchAll]")
	s := iso.asString(c.Argument(0))
	flags := iso.flagsOf(o)
	matcher := iso.respawn(o, flags)
	iso.setLastIndex(matcher, iso.getLastIndex(o))
	it := &rxIterator{o: matcher, s: s, global: hasFlag(flags, 'g'), wide: hasFlag(flags, 'u') || hasFlag(flags, 'v')}
	return iso.eng.newHost(iso.regExpIterator(), it)
}

// regExpIterator returns %RegExpStringIteratorPrototype%.
func (iso *Isolate) regExpIterator() *goja.Object {
	rx := &iso.rx
	if rx.iterator != nil {
		return rx.iterator
	}
	array := iso.rt.NewArray()
	values, _ := goja.AssertFunction(array.GetSymbol(goja.SymIterator))
	it, err := values(array)
	must(err)
	rx.iterator = iso.rt.CreateObject(it.(*goja.Object).Prototype().Prototype())
	must(rx.iterator.DefineDataPropertySymbol(goja.SymToStringTag, iso.rt.ToValue("RegExp String Iterator"), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(rx.iterator.DefineDataProperty("next", iso.Func("next", 0, iso.regExpNext), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return rx.iterator
}

func (iso *Isolate) regExpNext(c goja.FunctionCall) goja.Value {
	it, ok := Host[rxIterator](iso, c.This)
	if !ok {
		panic(iso.TypeError("Method RegExp String Iterator.prototype.next called on incompatible receiver %s", iso.describeValue(c.This)))
	}
	var r *goja.Object
	if !it.done {
		if r = iso.regExpExec(it.o, it.s); r == nil || !it.global {
			it.done = true
		} else if iso.asString(orUndefined(r.Get("0"))).Length() == 0 {
			iso.setLastIndex(it.o, advance(iso.subject(it.s), iso.getLastIndex(it.o), it.wide))
		}
	}
	v := goja.Undefined()
	if r != nil {
		v = r
	}
	out := iso.rt.NewObject()
	must(out.Set("value", v))
	must(out.Set("done", r == nil))
	return out
}
