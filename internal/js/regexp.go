package js

import (
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"github.com/dop251/goja"
	"github.com/dop251/goja/unistring"
)

// Regular expressions are matched here and not by the engine, whose two
// libraries read \p as p, know neither v nor d, keep captures of earlier rounds,
// and cannot be interrupted. The engine's objects stay: a literal makes one, and
// RegExp, its prototype and their functions keep their identity; what the
// functions do is ours.
//
// A compiled pattern is shared by all isolates of the process: a new RegExp of
// a pattern that was seen costs a look-up.

// rxState is what an isolate keeps for regular expressions.
type rxState struct {
	direct  bool // the program is kept in the object, see internals.go
	machine rxMachine
	ctor    *goja.Object
	proto   *goja.Object
	exec    *goja.Object // RegExp.prototype.exec as it was made
	flags   goja.Value   // the getter of RegExp.prototype.flags

	// The fallback: a WeakMap from object to what belongs to it, and the
	// engine's own getters for literals.
	slots            *goja.Object
	slotGet, slotSet goja.Callable
	getSource        goja.Callable
	getFlags         map[byte]goja.Callable
	descriptor       goja.Callable
	holder           *goja.Object

	iterator *goja.Object // %RegExpStringIteratorPrototype%, once it was needed
}

// rxSlots are a regular expression's internal slots in the fallback.
type rxSlots struct {
	program *rxProgram
	source  goja.String
}

// rxCache has the programs of the process. It has two halves: what is found in
// the old one moves to the new one, and when that is full it becomes the old
// one, so that what is used stays.
type rxCache struct {
	mu    sync.Mutex
	young map[string]*rxProgram
	old   map[string]*rxProgram
	size  int // of the young half's patterns and programs, in bytes
}

const (
	rxCacheSize  = 8 << 20
	rxCacheCount = 4096
)

var regexps = rxCache{young: map[string]*rxProgram{}}

// compile returns the program of a pattern, as wtf8 makes it, and its flags.
func (c *rxCache) compile(pattern string, f rxFlags) (*rxProgram, error) {
	key := f.String() + "/" + pattern
	c.mu.Lock()
	p := c.young[key]
	if p == nil {
		if p = c.old[key]; p != nil {
			c.add(key, p)
		}
	}
	c.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := compileRegExp(appendUnits(nil, pattern), f)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.add(strings.Clone(key), p)
	c.mu.Unlock()
	return p, nil
}

func (c *rxCache) add(key string, p *rxProgram) {
	size := len(key) + len(p.insts)*int(unsafe.Sizeof(rxInst{}))
	if c.size += size; c.size > rxCacheSize/2 || len(c.young) >= rxCacheCount/2 {
		c.old, c.young, c.size = c.young, map[string]*rxProgram{}, size
	}
	c.young[key] = p
}

// blankPrograms are scripts whose value is a regular expression with given
// flags that matches the empty string: what a new object begins as.
var blankPrograms sync.Map // string → *Program

func blankProgram(flags string) *Program {
	if p, ok := blankPrograms.Load(flags); ok {
		return p.(*Program)
	}
	p, _ := blankPrograms.LoadOrStore(flags, MustCompile("regexp", "/(?:)/"+flags))
	return p.(*Program)
}

// makeRegExp compiles a pattern and makes its object; it throws a SyntaxError.
func (iso *Isolate) makeRegExp(proto *goja.Object, source goja.String, flags string) *goja.Object {
	p := iso.compilePattern(source, flags)
	plain := p.flags
	plain.indices, plain.sets = false, false
	v, err := iso.rt.RunProgram(blankProgram(plain.String()).p)
	must(err)
	o := v.(*goja.Object)
	if proto != iso.rx.proto {
		must(o.SetPrototype(proto))
	}
	iso.setProgram(o, p, source)
	return o
}

func (iso *Isolate) compilePattern(source goja.String, flags string) *rxProgram {
	f, ok := parseFlags(flags)
	if !ok {
		panic(iso.NewError("SyntaxError", "Invalid flags supplied to RegExp constructor '"+flags+"'"))
	}
	p, err := regexps.compile(wtf8(source), f)
	if err != nil {
		text := source.String()
		if text == "" {
			text = "(?:)"
		}
		panic(iso.NewError("SyntaxError", "Invalid regular expression: /"+text+"/"+f.String()+": "+err.Error()))
	}
	return p
}

func (iso *Isolate) setProgram(o *goja.Object, p *rxProgram, source goja.String) {
	if iso.rx.direct {
		iso.eng.setRegexp(o, p, source)
		return
	}
	if iso.rx.holder == nil {
		iso.rx.holder = iso.rt.CreateObject(nil)
	}
	_, err := iso.Call(iso.rx.slotSet, iso.rx.slots, o, iso.eng.newHost(iso.rx.holder, &rxSlots{p, source}))
	must(err)
}

// regExp returns the program and the source of a regular expression object; ok
// is false for any other value. A literal is compiled when it is first used.
func (iso *Isolate) regExp(v goja.Value) (o *goja.Object, p *rxProgram, source goja.String, ok bool) {
	o, ok = v.(*goja.Object)
	if !ok {
		return nil, nil, nil, false
	}
	if iso.rx.direct {
		if !iso.eng.isRegExp(o) {
			return nil, nil, nil, false
		}
		var flags rxFlags
		if p, source, flags = iso.eng.regexp(o); p == nil {
			source, flags = genuine(source, flags)
			p = iso.compilePattern(source, flags.String())
			iso.eng.setRegexp(o, p, source)
		}
		return o, p, source, true
	}
	if o.ExportType() == typeProxy || o.ClassName() != "RegExp" {
		return nil, nil, nil, false
	}
	h, err := iso.Call(iso.rx.slotGet, iso.rx.slots, o)
	must(err)
	if s, found := Host[rxSlots](iso, h); found {
		return o, s.program, s.source, true
	}
	src, err := iso.Call(iso.rx.getSource, o)
	must(err)
	var flags string
	for c, get := range iso.rx.getFlags {
		on, err := iso.Call(get, o)
		must(err)
		if on.ToBoolean() {
			flags += string(c)
		}
	}
	source = src.(goja.String)
	if source.String() == "(?:)" {
		source = iso.rt.ToValue("").(goja.String)
	}
	f, _ := parseFlags(flags)
	source, f = genuine(source, f)
	p = iso.compilePattern(source, f.String())
	iso.setProgram(o, p, source)
	return o, p, source, true
}

// genuine gives a literal's own source and flags, see regexp_literal.go.
func genuine(source goja.String, f rxFlags) (goja.String, rxFlags) {
	if source.Length() == 0 || source.CharAt(0) != disguiseMark {
		return source, f
	}
	if u, f, ok := undisguise(units(source), f); ok {
		return goja.StringFromUTF16(u), f
	}
	return source, f
}

// subject returns the content of a script string.
func (iso *Isolate) subject(s goja.String) rxText {
	if iso.rx.direct {
		if t, ok := iso.eng.text(s); ok {
			return t
		}
	}
	text := s.String()
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			u := units(s)
			if u == nil {
				u = []uint16{}
			}
			return rxText{wide: u}
		}
	}
	return rxText{ascii: text}
}

// part is a part of a subject as a script string.
func (iso *Isolate) part(s goja.String, t rxText, from, to int) goja.Value {
	if t.wide != nil {
		if from == 0 && to == len(t.wide) {
			return s
		}
		return goja.StringFromUTF16(t.wide[from:to])
	}
	if from == 0 && to == len(t.ascii) {
		return s
	}
	if iso.rx.direct {
		part := t.ascii[from:to]
		return iso.eng.boxString(&part)
	}
	return iso.rt.ToValue(t.ascii[from:to])
}

// installRegExp puts our functions under the engine's names.
func (iso *Isolate) installRegExp() {
	rt := iso.rt
	rx := &iso.rx
	rx.ctor = rt.Get("RegExp").(*goja.Object)
	rx.proto = rx.ctor.Get("prototype").(*goja.Object)
	rx.direct = iso.eng.has(TrickRegExp) && !iso.opts.fallback
	if !rx.direct {
		iso.prepareRegExpFallback()
	}
	construct := iso.constructRegExp
	call := func(c goja.FunctionCall) goja.Value { return iso.callRegExp(c.Arguments) }
	if !rx.direct || !iso.eng.construction(rx.ctor, construct, call) {
		rx.ctor = iso.wrapRegExp()
	}

	method := func(name string, length int, fn func(goja.FunctionCall) goja.Value) *goja.Object {
		if rx.direct {
			if f, ok := rx.proto.Get(name).(*goja.Object); ok && iso.eng.setCall(f, fn) {
				return f
			}
		}
		f := iso.Func(name, length, fn)
		must(rx.proto.DefineDataProperty(name, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		return f
	}
	symbol := func(sym *goja.Symbol, length int, fn func(goja.FunctionCall) goja.Value) {
		if rx.direct {
			if f, ok := rx.proto.GetSymbol(sym).(*goja.Object); ok && iso.eng.setCall(f, fn) {
				return
			}
		}
		must(rx.proto.DefineDataPropertySymbol(sym, iso.Func("["+sym.String()+"]", length, fn), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	rx.exec = method("exec", 1, iso.regExpExecMethod)
	method("test", 1, iso.regExpTest)
	method("compile", 2, iso.regExpCompile)
	method("toString", 0, iso.regExpToString)
	symbol(goja.SymMatch, 1, iso.regExpMatch)
	symbol(goja.SymMatchAll, 1, iso.regExpMatchAll)
	symbol(goja.SymSearch, 1, iso.regExpSearch)
	symbol(goja.SymSplit, 2, iso.regExpSplit)
	symbol(goja.SymReplace, 2, iso.regExpReplace)

	getter := func(name string, get func(goja.FunctionCall) goja.Value) goja.Value {
		f := iso.Func("get "+name, 0, get)
		must(rx.proto.DefineAccessorProperty(name, f, nil, goja.FLAG_TRUE, goja.FLAG_FALSE))
		return f
	}
	rx.flags = getter("flags", iso.regExpFlags)
	flag := func(name string, of func(rxFlags) bool) {
		getter(name, func(c goja.FunctionCall) goja.Value {
			if o, ok := c.This.(*goja.Object); ok {
				if o == rx.proto {
					return goja.Undefined()
				}
				if _, p, _, ok := iso.regExp(o); ok {
					return rt.ToValue(of(p.flags))
				}
			}
			panic(iso.TypeError("RegExp.prototype.%s getter called on non-RegExp object", name))
		})
	}
	flag("hasIndices", func(f rxFlags) bool { return f.indices })
	flag("unicodeSets", func(f rxFlags) bool { return f.sets })
	if !rx.direct { // the engine's look at its own pattern
		flag("global", func(f rxFlags) bool { return f.global })
		flag("ignoreCase", func(f rxFlags) bool { return f.ignoreCase })
		flag("multiline", func(f rxFlags) bool { return f.multiline })
		flag("dotAll", func(f rxFlags) bool { return f.dotAll })
		flag("unicode", func(f rxFlags) bool { return f.unicode })
		flag("sticky", func(f rxFlags) bool { return f.sticky })
	}
	getter("source", iso.regExpSource) // the engine's escapes a slash as \u002f
}

// prepareRegExpFallback takes the engine's own functions aside.
func (iso *Isolate) prepareRegExpFallback() {
	rx := &iso.rx
	v, err := iso.rt.New(iso.rt.Get("WeakMap"))
	must(err)
	rx.slots = v
	rx.slotGet, _ = goja.AssertFunction(v.Get("get"))
	rx.slotSet, _ = goja.AssertFunction(v.Get("set"))
	rx.descriptor = iso.builtin("Object", "getOwnPropertyDescriptor")
	getter := func(name string) goja.Callable {
		d, err := rx.descriptor(goja.Undefined(), rx.proto, iso.rt.ToValue(name))
		must(err)
		f, _ := goja.AssertFunction(d.(*goja.Object).Get("get"))
		return f
	}
	rx.getSource = getter("source")
	rx.getFlags = map[byte]goja.Callable{'g': getter("global"), 'i': getter("ignoreCase"), 'm': getter("multiline"), 's': getter("dotAll"), 'u': getter("unicode"), 'y': getter("sticky")}
}

// wrapRegExp puts a constructor of ours in the place of the engine's.
func (iso *Isolate) wrapRegExp() *goja.Object {
	rt := iso.rt
	var ctor *goja.Object
	ctor = rt.ToValue(func(c goja.ConstructorCall) *goja.Object {
		// A plain call cannot be told from a construction here, so that RegExp(r)
		// makes a copy of r.
		return iso.constructRegExp(c.Arguments, c.NewTarget)
	}).(*goja.Object)
	iso.nameFunction(ctor, "RegExp", 2)
	must(ctor.DefineDataProperty("prototype", iso.rx.proto, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE))
	must(ctor.DefineAccessorPropertySymbol(goja.SymSpecies, iso.Func("get [Symbol.species]", 0, func(c goja.FunctionCall) goja.Value { return c.This }), nil, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(iso.rx.proto.DefineDataProperty("constructor", ctor, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(rt.GlobalObject().DefineDataProperty("RegExp", ctor, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return ctor
}

// isRegExpLike is ECMA-262 IsRegExp.
func (iso *Isolate) isRegExpLike(v goja.Value) bool {
	o, ok := v.(*goja.Object)
	if !ok {
		return false
	}
	if m := o.GetSymbol(goja.SymMatch); m != nil && !goja.IsUndefined(m) {
		return m.ToBoolean()
	}
	if iso.rx.direct {
		return iso.eng.isRegExp(o)
	}
	return o.ExportType() != typeProxy && o.ClassName() == "RegExp"
}

// callRegExp is RegExp called as a function.
func (iso *Isolate) callRegExp(args []goja.Value) goja.Value {
	pattern, flags := argument(args, 0), argument(args, 1)
	if goja.IsUndefined(flags) && iso.isRegExpLike(pattern) {
		if c := pattern.(*goja.Object).Get("constructor"); c == goja.Value(iso.rx.ctor) {
			return pattern
		}
	}
	return iso.constructRegExp(args, nil)
}

// constructRegExp is RegExp as a constructor.
func (iso *Isolate) constructRegExp(args []goja.Value, newTarget *goja.Object) *goja.Object {
	pattern, flags := argument(args, 0), argument(args, 1)
	like := iso.isRegExpLike(pattern)
	if _, p, source, ok := iso.regExp(pattern); ok {
		pattern = source
		if goja.IsUndefined(flags) {
			flags = iso.rt.ToValue(p.flags.String())
		}
	} else if like {
		o := pattern.(*goja.Object)
		pattern = orUndefined(o.Get("source"))
		if goja.IsUndefined(flags) {
			flags = orUndefined(o.Get("flags"))
		}
	}
	proto := iso.rx.proto
	if newTarget != nil && newTarget != iso.rx.ctor {
		if p, ok := newTarget.Get("prototype").(*goja.Object); ok {
			proto = p
		}
	}
	text := ""
	source, ok := goja.Value(iso.rt.ToValue("")), true
	if !goja.IsUndefined(pattern) {
		source = iso.toString(pattern)
	}
	if !goja.IsUndefined(flags) {
		text = iso.toString(flags).String()
	}
	s, ok := source.(goja.String)
	if !ok {
		s = iso.rt.ToValue(source.String()).(goja.String)
	}
	return iso.makeRegExp(proto, s, text)
}

func orUndefined(v goja.Value) goja.Value {
	if v == nil {
		return goja.Undefined()
	}
	return v
}

// regExpCompile is RegExp.prototype.compile (annex B).
func (iso *Isolate) regExpCompile(c goja.FunctionCall) goja.Value {
	o, _, _, ok := iso.regExp(c.This)
	if !ok {
		panic(iso.TypeError("Method RegExp.prototype.compile called on incompatible receiver %s", iso.describeValue(c.This)))
	}
	pattern, flags := c.Argument(0), c.Argument(1)
	text := ""
	if _, p, source, ok := iso.regExp(pattern); ok {
		if !goja.IsUndefined(flags) {
			panic(iso.TypeError("Invalid flags"))
		}
		pattern, text = source, p.flags.String()
	} else {
		if goja.IsUndefined(pattern) {
			pattern = iso.rt.ToValue("")
		}
		pattern = iso.toString(pattern)
		if !goja.IsUndefined(flags) {
			text = iso.toString(flags).String()
		}
	}
	source := iso.asString(pattern)
	iso.setProgram(o, iso.compilePattern(source, text), source)
	iso.setLastIndex(o, 0)
	return o
}

// asString is ToString for a value of which goja gives a goja.String.
func (iso *Isolate) asString(v goja.Value) goja.String {
	v = iso.toString(v)
	if s, ok := v.(goja.String); ok {
		return s
	}
	return iso.rt.ToValue(v.String()).(goja.String) // a number
}

// regExpFlags is the getter of RegExp.prototype.flags.
func (iso *Isolate) regExpFlags(c goja.FunctionCall) goja.Value {
	o, ok := c.This.(*goja.Object)
	if !ok {
		panic(iso.TypeError("RegExp.prototype.flags getter called on non-object %s", iso.describeValue(c.This)))
	}
	var b []byte
	for _, f := range []struct {
		name string
		flag byte
	}{{"hasIndices", 'd'}, {"global", 'g'}, {"ignoreCase", 'i'}, {"multiline", 'm'}, {"dotAll", 's'}, {"unicode", 'u'}, {"unicodeSets", 'v'}, {"sticky", 'y'}} {
		if v := o.Get(f.name); v != nil && v.ToBoolean() {
			b = append(b, f.flag)
		}
	}
	return iso.rt.ToValue(string(b))
}

// regExpSource is the getter of RegExp.prototype.source.
func (iso *Isolate) regExpSource(c goja.FunctionCall) goja.Value {
	if c.This == goja.Value(iso.rx.proto) {
		return iso.rt.ToValue("(?:)")
	}
	_, _, source, ok := iso.regExp(c.This)
	if !ok {
		panic(iso.TypeError("RegExp.prototype.source getter called on non-RegExp object"))
	}
	return goja.StringFromUTF16(escapeSource(units(source)))
}

// escapeSource is ECMA-262 EscapeRegExpPattern.
func escapeSource(u []uint16) []uint16 {
	if len(u) == 0 {
		return utf16.Encode([]rune("(?:)"))
	}
	out := make([]uint16, 0, len(u)+8)
	inClass := false
	for i := 0; i < len(u); i++ {
		c := u[i]
		escaped := c == '\\' && i+1 < len(u)
		if escaped {
			out = append(out, c)
			i++
			c = u[i]
		}
		switch c {
		case '\n', '\r', 0x2028, 0x2029:
			if escaped {
				out = out[:len(out)-1]
			}
			text := map[uint16]string{'\n': `\n`, '\r': `\r`, 0x2028: `\u2028`, 0x2029: `\u2029`}[c]
			out = append(out, utf16.Encode([]rune(text))...)
			continue
		case '/':
			if !inClass && !escaped {
				out = append(out, '\\')
			}
		case '[':
			inClass = inClass || !escaped
		case ']':
			inClass = inClass && escaped
		}
		out = append(out, c)
	}
	return out
}

func (iso *Isolate) regExpToString(c goja.FunctionCall) goja.Value {
	o, ok := c.This.(*goja.Object)
	if !ok {
		panic(iso.TypeError("Method RegExp.prototype.toString called on incompatible receiver %s", iso.describeValue(c.This)))
	}
	var u []uint16
	u = append(u, '/')
	u = append(u, units(iso.asString(orUndefined(o.Get("source"))))...)
	u = append(u, '/')
	u = append(u, units(iso.asString(orUndefined(o.Get("flags"))))...)
	return goja.StringFromUTF16(u)
}

// groupNames are the keys of a program's groups object.
func groupKey(name string) unistring.String { return unistring.NewFromString(name) }
