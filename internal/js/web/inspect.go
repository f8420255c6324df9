package web

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// InspectOptions are the options of Node's util.inspect. InspectDefaults has
// the usual values; the zero value shows nothing below the top level.
type InspectOptions struct {
	ShowHidden    bool
	Depth         int // levels of nested objects that are shown; math.MaxInt for all
	Colors        bool
	CustomInspect bool
	ShowProxy     bool
	// MaxArrayLength and MaxStringLength are how many elements and UTF-16 units
	// are shown; BreakLength is the width of a line. math.MaxInt for no limit.
	MaxArrayLength, MaxStringLength, BreakLength int
	// Compact is how many inner levels may share a line; 0 for none, CompactAll
	// for Node's true.
	Compact int
	Sorted  bool
	// SortBy compares two lines when Sorted is true; nil compares them as text.
	SortBy goja.Callable
	// Getters is which getters are called: "", "all", "get" (those without a
	// setter) or "set" (those with one).
	Getters          string
	NumericSeparator bool
}

// CompactAll is InspectOptions.Compact for Node's true: no limit to what shares a line.
const CompactAll = -1

// InspectDefaults returns the options that console.log uses.
func InspectDefaults() InspectOptions {
	return InspectOptions{Depth: 2, CustomInspect: true, MaxArrayLength: 100, MaxStringLength: 10000, BreakLength: 80, Compact: 3}
}

// Inspect returns v as Node's util.inspect shows it. Objects may define how they
// are shown, so that it can run code of a script, and throw what that throws. It
// must be called on the isolate.
func (e *Env) Inspect(v goja.Value, o InspectOptions) string {
	in := &inspector{e: e, in: e.intrinsics(), InspectOptions: o}
	return in.value(orUndefined(v), 0, false)
}

// inspector is one call of inspect.
type inspector struct {
	InspectOptions
	e  *Env
	in *intrinsics

	indent   int // columns
	deepest  int // level of the object that was formatted last
	seen     []*goja.Object
	circular map[*goja.Object]int
	budget   map[int]int // text written so far, by indent
}

// maxInspected is the length of text after which nested objects are not shown
// any more, so that an object graph full of shared parts has an end.
const maxInspected = 1 << 27

// deepestShown is the level at which inspection stops whatever the depth.
const deepestShown = 1000

// style colours text the way Node's default theme does.
func (in *inspector) style(text, kind string) string {
	if !in.Colors {
		return text
	}
	on, off, ok := inspectColor(kind)
	if !ok {
		return text
	}
	return "\x1b[" + strconv.Itoa(on) + "m" + text + "\x1b[" + strconv.Itoa(off) + "m"
}

func inspectColor(kind string) (on, off int, ok bool) {
	switch kind {
	case "special":
		return 36, 39, true
	case "number", "bigint", "boolean":
		return 33, 39, true
	case "undefined":
		return 90, 39, true
	case "null":
		return 1, 22, true
	case "string", "symbol":
		return 32, 39, true
	case "date":
		return 35, 39, true
	case "regexp":
		return 31, 39, true
	case "module":
		return 4, 24, true
	}
	return 0, 0, false
}

// tooDeep reports whether the objects at a level are only named.
func (in *inspector) tooDeep(level int) bool { return level > in.Depth }

// value formats a value at a level of nesting. typed is true inside a typed
// array's hidden properties, where buffers are not written out.
func (in *inspector) value(v goja.Value, level int, typed bool) string {
	o, ok := v.(*goja.Object)
	if !ok {
		return in.primitive(v)
	}
	if level > deepestShown {
		return in.style("["+in.internalName(o)+": Inspection interrupted prematurely. Maximum call stack size exceeded.]", "special")
	}
	context := o
	proxy := false
	for in.e.isProxy(o) {
		proxy = true
		p := o.Export().(goja.Proxy)
		target := p.Target()
		if in.ShowProxy {
			return in.proxy(p, level)
		}
		if target == nil {
			return in.style("<Revoked Proxy>", "special")
		}
		o = target
	}
	if in.CustomInspect {
		if text, ok := in.custom(o, context, level, proxy); ok {
			return text
		}
	}
	if slices.Contains(in.seen, o) {
		n := in.circular[o]
		if n == 0 {
			n = len(in.circular) + 1
			if in.circular == nil {
				in.circular = map[*goja.Object]int{}
			}
			in.circular[o] = n
		}
		return in.style("[Circular *"+strconv.Itoa(n)+"]", "special")
	}
	return in.object(o, level, typed)
}

func (in *inspector) proxy(p goja.Proxy, level int) string {
	if p.Target() == nil {
		return in.style("<Revoked Proxy>", "special")
	}
	if in.tooDeep(level) {
		return in.style("Proxy [Array]", "special")
	}
	level++
	in.indent += 2
	parts := []string{in.value(p.Target(), level, false), in.value(p.Handler(), level, false)}
	in.indent -= 2
	return in.join(parts, "", "Proxy [", "]", false, level, nil)
}

// custom calls an object's own [nodejs.util.inspect.custom].
func (in *inspector) custom(o, context *goja.Object, level int, proxy bool) (string, bool) {
	e := in.e
	m := o.GetSymbol(e.inspectSymbol())
	fn, ok := goja.AssertFunction(m)
	if !ok || m == goja.Value(e.console.inspect) {
		return "", false
	}
	// Not for the prototype of a class that defines the method.
	if c, ok := o.Get("constructor").(*goja.Object); ok {
		if c.Get("prototype") == goja.Value(o) {
			return "", false
		}
	}
	depth := goja.Value(goja.Null())
	if in.Depth != math.MaxInt {
		depth = e.rt.ToValue(in.Depth - level)
	}
	r := e.call(fn, context, depth, in.optionsObject(proxy), e.InspectFunction())
	if r == goja.Value(context) {
		return "", false
	}
	text := ""
	if _, ok := r.(*goja.Object); ok {
		text = in.value(r, level, false)
	} else {
		text = in.e.domString(r).String()
	}
	return strings.ReplaceAll(text, "\n", "\n"+spaces(in.indent)), true
}

// optionsObject is what a custom inspect function gets as options.
func (in *inspector) optionsObject(proxy bool) *goja.Object {
	rt := in.e.rt
	o := rt.NewObject()
	if proxy {
		must(o.SetPrototype(nil))
	}
	limit := func(n int) any {
		if n == math.MaxInt {
			return math.Inf(1)
		}
		return n
	}
	set := func(name string, v any) { must(o.Set(name, v)) }
	colors := in.Colors
	set("stylize", in.e.iso.Func("stylize", 2, func(c goja.FunctionCall) goja.Value {
		i := inspector{InspectOptions: InspectOptions{Colors: colors}}
		return rt.ToValue(i.style(c.Argument(0).String(), c.Argument(1).String()))
	}))
	set("showHidden", in.ShowHidden)
	if in.Depth == math.MaxInt {
		set("depth", goja.Null())
	} else {
		set("depth", in.Depth)
	}
	set("colors", in.Colors)
	set("customInspect", in.CustomInspect)
	set("showProxy", in.ShowProxy)
	set("maxArrayLength", limit(in.MaxArrayLength))
	set("maxStringLength", limit(in.MaxStringLength))
	set("breakLength", limit(in.BreakLength))
	if in.Compact == CompactAll {
		set("compact", true)
	} else {
		set("compact", in.Compact)
	}
	set("sorted", in.Sorted)
	if in.Getters == "all" || in.Getters == "" {
		set("getters", in.Getters == "all")
	} else {
		set("getters", in.Getters)
	}
	set("numericSeparator", in.NumericSeparator)
	return o
}

// part is what is known of an object before its members are formatted.
type part struct {
	base        string // stands before the braces
	open, close string
	keys        []goja.Value
	array       bool // its lines may be grouped into columns
	// members formats what is not a property.
	members func(level int) []string
	// whole is the text of an object with no members to show.
	whole string
	done  bool // whole is all
}

func (in *inspector) object(o *goja.Object, level int, typed bool) string {
	p := in.describe(o, level, typed)
	if p.done {
		return p.whole
	}
	if in.tooDeep(level) {
		name := strings.TrimSuffix(prefix(in.constructorName(o, level), in.tag(o), "Object", ""), " ")
		return in.style("["+name+"]", "special")
	}
	level++
	in.seen = append(in.seen, o)
	in.deepest = level
	var out []string
	if p.members != nil {
		out = p.members(level)
	}
	for _, k := range p.keys {
		out = append(out, in.property(o, k, level, p.array, false))
	}
	in.seen = in.seen[:len(in.seen)-1]
	if n := in.circular[o]; n > 0 {
		ref := in.style("<ref *"+strconv.Itoa(n)+">", "special")
		switch {
		case in.Compact == CompactAll:
			p.open = ref + " " + p.open
		case p.base == "":
			p.base = ref
		default:
			p.base = ref + " " + p.base
		}
	}
	if in.Sorted {
		in.sort(out, len(out)-len(p.keys), p.array)
	}
	var elements *goja.Object
	if p.array {
		elements = o
	}
	text := in.join(out, p.base, p.open, p.close, p.array, level, elements)
	if in.budget == nil {
		in.budget = map[int]int{}
	}
	in.budget[in.indent] += len(text)
	if in.budget[in.indent] > maxInspected {
		in.Depth = -1
	}
	return text
}

// sort orders the lines: of an array only the extra keys.
func (in *inspector) sort(out []string, extra int, array bool) {
	less := strings.Compare
	if in.SortBy != nil {
		less = func(a, b string) int {
			n := in.e.call(in.SortBy, goja.Undefined(), in.e.rt.ToValue(a), in.e.rt.ToValue(b)).ToFloat()
			return cmp.Compare(n, 0)
		}
	}
	if array {
		out = out[extra:]
	}
	slices.SortStableFunc(out, less)
}

// tag is an object's Symbol.toStringTag, unless it is shown as a property anyway.
func (in *inspector) tag(o *goja.Object) string {
	v, ok := o.GetSymbol(goja.SymToStringTag).(goja.String)
	if !ok || v.Length() == 0 {
		return ""
	}
	if p, own := in.e.ownProperty(o, goja.SymToStringTag); own && (p.enumerable || in.ShowHidden) {
		return ""
	}
	return v.String()
}

// constructorName is the name of the nearest constructor on the prototype
// chain; nullProto stands for an object without prototype.
func (in *inspector) constructorName(o *goja.Object, level int) string {
	var first *goja.Object
	for i, p := 0, o; p != nil; i++ {
		if d, ok := in.e.ownProperty(p, in.e.rt.ToValue("constructor")); ok {
			if c, ok := d.value.(*goja.Object); ok {
				if _, callable := goja.AssertFunction(c); callable {
					if name := in.functionName(c); name != "" && in.instanceOf(o, c) {
						return name
					}
				}
			}
		}
		p = p.Prototype()
		if i > 0 {
			continue
		}
		first = p
		switch p { // the usual cases, without looking anything up
		case in.in.objectProto:
			return "Object"
		case in.in.arrayProto:
			return "Array"
		}
	}
	if first == nil {
		return nullProto
	}
	res := in.internalName(o)
	if in.tooDeep(level) || level > len(in.seen)+10 { // a chain of prototypes without end
		return res + " <Complex prototype>"
	}
	name := in.constructorName(first, level+1)
	if name == nullProto {
		i := &inspector{e: in.e, in: in.in, InspectOptions: in.InspectOptions}
		i.CustomInspect, i.Depth = false, -1
		return res + " <" + i.value(first, 0, false) + ">"
	}
	return res + " <" + name + ">"
}

const nullProto = "\x00"

// internalName is V8's class name of an object whose prototypes name none.
func (in *inspector) internalName(o *goja.Object) string {
	switch in.e.kindOf(o) {
	case kindArray:
		return "Array"
	case kindFunction:
		return "Function"
	case kindError:
		return "Error"
	case kindMap:
		return "Map"
	case kindSet:
		return "Set"
	case kindDate:
		return "Date"
	case kindRegExp:
		return "RegExp"
	case kindPromise:
		return "Promise"
	}
	return "Object"
}

func (in *inspector) functionName(f *goja.Object) string {
	d, ok := in.e.ownProperty(f, in.e.rt.ToValue("name"))
	if !ok {
		if v, ok := f.Get("name").(goja.String); ok {
			return v.String()
		}
		return ""
	}
	if v, ok := d.value.(goja.String); ok {
		return v.String()
	}
	if d.get != nil {
		if v, ok := f.Get("name").(goja.String); ok {
			return v.String()
		}
	}
	return ""
}

func (in *inspector) instanceOf(o, c *goja.Object) (is bool) {
	// A prototype that is no object, or a proxy, may make instanceof throw.
	return in.e.rt.Try(func() { is = in.e.rt.InstanceOf(o, c) }) == nil && is
}

// prefix is what stands before the braces.
func prefix(constructor, tag, fallback, size string) string {
	if constructor == nullProto {
		s := "[" + fallback + size + ": null prototype] "
		if tag != "" && tag != fallback {
			s += "[" + tag + "] "
		}
		return s
	}
	if tag != "" && tag != constructor {
		return constructor + size + " [" + tag + "] "
	}
	return constructor + size + " "
}

// keys are the own keys that are shown.
func (in *inspector) keys(o *goja.Object) []goja.Value {
	if in.ShowHidden {
		return in.e.allKeys(o)
	}
	names := o.Keys()
	exact := true
	var out []goja.Value
	for _, name := range names {
		exact = exact && !strings.ContainsRune(name, utf8.RuneError)
		out = append(out, in.e.rt.ToValue(name))
	}
	if !exact { // a key with a lone surrogate is no Go string
		out = slices.DeleteFunc(in.e.allKeys(o), func(k goja.Value) bool {
			p, ok := in.e.ownProperty(o, k)
			return !ok || !p.enumerable
		})
		return out
	}
	for _, s := range o.Symbols() {
		out = append(out, s)
	}
	return out
}

// listedElements is the length above which the other keys of an array are not
// looked for: the engine can only list them together with all indices.
const listedElements = 100_000

// otherKeys are the keys of an array or typed array that are no indices.
func (in *inspector) otherKeys(o *goja.Object, length int) []goja.Value {
	if length > listedElements {
		return nil
	}
	all := in.e.allKeys(o)
	var out []goja.Value
	for _, k := range all {
		if s, ok := k.(goja.String); ok && isIndex(s.String()) {
			continue
		}
		if p, ok := in.e.ownProperty(o, k); ok && (p.enumerable || in.ShowHidden) {
			out = append(out, k)
		}
	}
	return out
}

func isIndex(s string) bool {
	if s == "" || len(s) > 10 || len(s) > 1 && s[0] == '0' {
		return false
	}
	n := uint64(0)
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		n = n*10 + uint64(s[i]-'0')
	}
	return n < math.MaxUint32
}

// property formats one own property.
func (in *inspector) property(o *goja.Object, key goja.Value, level int, array, element bool) string {
	d, ok := in.e.ownProperty(o, key)
	if !ok { // a property that a kind adds, as a buffer's byteLength
		d.value, d.enumerable = orUndefined(o.Get(key.String())), true
	}
	return in.member(o, key, d, level, array, element)
}

func (in *inspector) member(o *goja.Object, key goja.Value, d property, level int, array, element bool) string {
	text, extra := "", " "
	switch {
	case d.get != nil:
		text = in.getter(o, d, level)
	case d.set != nil:
		text = in.style("[Setter]", "special")
	default:
		diff := 2
		if in.Compact == CompactAll && !array {
			diff = 3
		}
		in.indent += diff
		text = in.value(orUndefined(d.value), level, false)
		if diff == 3 && in.BreakLength < width(text, in.Colors) {
			extra = "\n" + spaces(in.indent)
		}
		in.indent -= diff
	}
	if element {
		return text
	}
	return in.keyText(key, d.enumerable) + ":" + extra + text
}

func (in *inspector) keyText(key goja.Value, enumerable bool) string {
	if s, ok := key.(*goja.Symbol); ok {
		return "[" + in.style(escapeControls(symbolText(s)), "symbol") + "]"
	}
	name := key.String()
	switch {
	case name == "__proto__":
		return "['__proto__']"
	case !enumerable:
		return "[" + escapeControls(name) + "]"
	case isPlainKey(name):
		return in.style(name, "name")
	}
	return in.style(quote(key.(goja.String)), "string")
}

func (in *inspector) getter(o *goja.Object, d property, level int) string {
	label := "Getter"
	if d.set != nil {
		label = "Getter/Setter"
	}
	call := in.Getters == "all" || in.Getters == "get" && d.set == nil || in.Getters == "set" && d.set != nil
	if !call {
		return in.style("["+label+"]", "special")
	}
	fn, _ := goja.AssertFunction(d.get)
	v, err := fn(o)
	if ex, ok := err.(*goja.Exception); ok {
		message := ""
		if x, ok := ex.Value().(*goja.Object); ok {
			message = orUndefined(x.Get("message")).String()
		}
		return in.style("["+label+": <Inspection threw ("+message+")>]", "special")
	} else if err != nil {
		panic(err)
	}
	in.indent += 2
	defer func() { in.indent -= 2 }()
	if x, ok := v.(*goja.Object); ok {
		return in.style("["+label+"]", "special") + " " + in.value(x, level, false)
	}
	return in.style("["+label+":", "special") + " " + in.primitive(v) + in.style("]", "special")
}

// isPlainKey reports whether a key is shown without quotes.
func isPlainKey(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return s != ""
}

func symbolText(s *goja.Symbol) string { return "Symbol(" + s.String() + ")" }

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

func counting(n int, one string) string {
	if n == 1 {
		return strconv.Itoa(n) + " " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}

func remaining(n int) string { return "... " + strings.Replace(counting(n, "@"), "@", "more item", 1) }
