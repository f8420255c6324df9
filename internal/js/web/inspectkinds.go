package web

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// What inspect shows of each kind of object.

func (in *inspector) describe(o *goja.Object, level int, typed bool) part {
	e := in.e
	ctor, tag := in.constructorName(o, level), in.tag(o)
	whole := func(s string) part { return part{whole: s, done: true} }
	k := e.kindOf(o)
	switch k {
	case kindArray:
		n := int(o.Get("length").ToInteger())
		p := part{open: "[", close: "]", array: true, keys: in.otherKeys(o, n)}
		if ctor != "Array" || tag != "" {
			p.open = prefix(ctor, tag, "Array", "("+itoa(n)+")") + "["
		}
		if n == 0 && len(p.keys) == 0 {
			return whole(p.open + "]")
		}
		p.members = func(level int) []string { return in.elements(o, n, level) }
		return p
	case kindTypedArray:
		class, _, _, n := e.typedView(o)
		fallback := ""
		if ctor == nullProto {
			fallback = class
		}
		p := part{open: prefix(ctor, tag, fallback, "("+itoa(n)+")") + "[", close: "]", array: true, keys: in.otherKeys(o, n)}
		if n == 0 && len(p.keys) == 0 && !in.ShowHidden {
			return whole(p.open + "]")
		}
		p.members = func(level int) []string { return in.typedElements(o, n, level) }
		return p
	case kindSet:
		n := int(e.call(e.intrinsics().setSize, o).ToInteger())
		pre := prefix(ctor, tag, "Set", "("+itoa(n)+")")
		keys := in.keys(o)
		if n == 0 && len(keys) == 0 {
			return whole(pre + "{}")
		}
		return part{open: pre + "{", close: "}", keys: keys, members: func(level int) []string { return in.entries(o, n, level, false) }}
	case kindMap:
		n := int(e.call(e.intrinsics().mapSize, o).ToInteger())
		pre := prefix(ctor, tag, "Map", "("+itoa(n)+")")
		keys := in.keys(o)
		if n == 0 && len(keys) == 0 {
			return whole(pre + "{}")
		}
		return part{open: pre + "{", close: "}", keys: keys, members: func(level int) []string { return in.entries(o, n, level, true) }}
	case kindHost:
		return in.host(o, ctor, tag)
	}
	p := part{open: "{", close: "}", keys: in.keys(o)}
	none := len(p.keys) == 0
	lead := func(fallback string) { p.open = prefix(ctor, tag, fallback, "") + "{" }
	switch k {
	case kindFunction:
		p.base = in.function(o, ctor, tag)
		if none {
			return whole(in.style(p.base, "special"))
		}
	case kindRegExp:
		if ctor == nullProto { // its source and flags are out of toString's reach
			source, flags := e.regexp(o)
			p.base = "/" + source.String() + "/" + flags
		} else {
			p.base = e.call(e.intrinsics().regexpText, o).String()
		}
		if pre := prefix(ctor, tag, "RegExp", ""); pre != "RegExp " {
			p.base = pre + p.base
		}
		if none || in.tooDeep(level) {
			return whole(in.style(p.base, "regexp"))
		}
	case kindDate:
		text := e.intrinsics().dateISO
		if math.IsNaN(e.call(e.intrinsics().dateTime, o).ToFloat()) {
			text = e.intrinsics().dateText
		}
		p.base = e.call(text, o).String()
		if pre := prefix(ctor, tag, "Date", ""); pre != "Date " {
			p.base = pre + p.base
		}
		if none {
			return whole(in.style(p.base, "date"))
		}
	case kindError:
		p.base, p.keys = in.error(o, ctor, tag, p.keys)
		if len(p.keys) == 0 {
			return whole(p.base)
		}
	case kindArrayBuffer:
		if typed && none {
			n := e.call(e.intrinsics().bufferLength, o).String()
			return whole(prefix(ctor, tag, "ArrayBuffer", "") + "{ byteLength: " + in.style(n, "number") + " }")
		}
		lead("ArrayBuffer")
		p.keys = slices.Insert(p.keys, 0, e.rt.ToValue("byteLength"))
		if !typed {
			p.members = func(int) []string { return in.contents(o) }
		}
	case kindDataView:
		lead("DataView")
		p.keys = slices.Insert(p.keys, 0, e.rt.ToValue("byteLength"), e.rt.ToValue("byteOffset"), e.rt.ToValue("buffer"))
	case kindPromise:
		lead("Promise")
		p.members = func(level int) []string { return in.promise(o, level) }
	case kindWeakSet, kindWeakMap:
		lead(map[kind]string{kindWeakSet: "WeakSet", kindWeakMap: "WeakMap"}[k])
		p.members = func(int) []string { return []string{in.style("<items unknown>", "special")} }
	case kindBoxed:
		p.base, p.keys = in.boxed(o, ctor, tag, p.keys)
		if len(p.keys) == 0 {
			return whole(p.base)
		}
	case kindArguments:
		p.open = "[Arguments] {"
		if ctor != "Object" {
			lead("Arguments")
		}
		if none {
			return whole(p.open + "}")
		}
	default:
		if ctor == "Object" && tag == "" {
			if none {
				return whole("{}")
			}
			break
		}
		lead("Object")
		if none {
			return whole(p.open + "}")
		}
	}
	return p
}

// elements formats the elements of an array, holes as "<2 empty items>".
func (in *inspector) elements(o *goja.Object, n, level int) []string {
	limit := min(max(in.MaxArrayLength, 0), n)
	var out []string
	i := 0
	for ; i < n && len(out) < limit; i++ {
		key := in.e.rt.ToValue(itoa(i))
		d, ok := in.e.ownProperty(o, key)
		if ok {
			out = append(out, in.member(o, key, d, level, true, true))
			continue
		}
		next := in.nextElement(o, i, n)
		out = append(out, in.style("<"+counting(next-i, "empty item")+">", "undefined"))
		i = next - 1
	}
	if i < n {
		out = append(out, remaining(n-i))
	}
	return out
}

// nextElement is the index of the first element from i on that is no hole.
func (in *inspector) nextElement(o *goja.Object, i, n int) int {
	if n-i > 1000 { // a sparse array: its keys are fewer than its holes
		for _, k := range o.Keys() {
			if !isIndex(k) {
				break
			}
			if x, _ := strconv.Atoi(k); x >= i {
				return x
			}
		}
		return n
	}
	for ; i < n; i++ {
		if _, ok := in.e.ownProperty(o, in.e.rt.ToValue(itoa(i))); ok {
			return i
		}
	}
	return n
}

func (in *inspector) typedElements(o *goja.Object, n, level int) []string {
	limit := min(max(in.MaxArrayLength, 0), n)
	out := make([]string, 0, limit+1)
	for i := range limit {
		out = append(out, in.primitive(orUndefined(o.Get(itoa(i)))))
	}
	if n > limit {
		out = append(out, remaining(n-limit))
	}
	if in.ShowHidden {
		in.indent += 2
		for _, name := range []string{"BYTES_PER_ELEMENT", "length", "byteLength", "byteOffset", "buffer"} {
			out = append(out, "["+name+"]: "+in.value(orUndefined(o.Get(name)), level, true))
		}
		in.indent -= 2
	}
	return out
}

// entries formats the entries of a Map or the values of a Set.
func (in *inspector) entries(o *goja.Object, n, level int, pairs bool) []string {
	limit := min(max(in.MaxArrayLength, 0), n)
	out := make([]string, 0, limit+1)
	in.indent += 2
	each := in.in.setForEach
	if pairs {
		each = in.in.mapForEach
	}
	in.e.call(each, o, in.e.rt.ToValue(func(c goja.FunctionCall) goja.Value {
		if len(out) < limit {
			text := ""
			value, key := c.Argument(0), c.Argument(1)
			if pairs {
				text = in.value(key, level, false) + " => "
			}
			out = append(out, text+in.value(value, level, false))
		}
		return goja.Undefined()
	}))
	in.indent -= 2
	if n > limit {
		out = append(out, remaining(n-limit))
	}
	return out
}

// contents is the bytes of an ArrayBuffer in hexadecimal.
func (in *inspector) contents(o *goja.Object) []string {
	if o.Export().(goja.ArrayBuffer).Detached() {
		return []string{in.style("(detached)", "special")}
	}
	b, _ := in.e.bytes(o)
	limit := min(max(in.MaxArrayLength, 0), len(b))
	text := strings.TrimSpace(fmt.Sprintf("% x", b[:limit]))
	if n := len(b) - limit; n > 0 {
		text += " ... " + counting(n, "more byte")
	}
	return []string{"[" + in.style("Uint8Contents", "special") + "]: <" + text + ">"}
}

func (in *inspector) promise(o *goja.Object, level int) []string {
	p := o.Export().(*goja.Promise)
	if p.State() == goja.PromiseStatePending {
		return []string{in.style("<pending>", "special")}
	}
	in.indent += 2
	text := in.value(orUndefined(p.Result()), level, false)
	in.indent -= 2
	if p.State() == goja.PromiseStateRejected {
		text = in.style("<rejected>", "special") + " " + text
	}
	return []string{text}
}

// function is what a function or class is called: [AsyncFunction: name].
func (in *inspector) function(o *goja.Object, ctor, tag string) string {
	text := in.e.call(in.in.functionText, o).String()
	if strings.HasPrefix(text, "class") && strings.HasSuffix(text, "}") || in.e.isHostClass(o) {
		return in.class(o, ctor, tag)
	}
	kind := "Function"
	switch head, _, _ := strings.Cut(text, "("); {
	case strings.HasPrefix(text, "async function*"), strings.HasPrefix(text, "async *"):
		kind = "AsyncGeneratorFunction"
	case strings.HasPrefix(text, "async ") || strings.HasPrefix(text, "async("):
		kind = "AsyncFunction"
	case strings.HasPrefix(strings.TrimPrefix(strings.TrimSpace(head), "function"), "*"),
		strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(head, "function")), "*"):
		kind = "GeneratorFunction"
	}
	base := "[" + kind
	if ctor == nullProto {
		base += " (null prototype)"
	}
	if name := orUndefined(o.Get("name")).String(); name == "" {
		base += " (anonymous)"
	} else {
		base += ": " + name
	}
	base += "]"
	if ctor != kind && ctor != nullProto && ctor != "Function" {
		base += " " + ctor
	}
	if tag != "" && tag != ctor && tag != kind {
		base += " [" + tag + "]"
	}
	return base
}

func (in *inspector) class(o *goja.Object, ctor, tag string) string {
	base := "[class (anonymous)"
	if d, ok := in.e.ownProperty(o, in.e.rt.ToValue("name")); ok && d.value != nil && d.value.ToBoolean() {
		base = "[class " + d.value.String()
	}
	if ctor != "Function" && ctor != nullProto {
		base += " [" + ctor + "]"
	}
	if tag != "" && tag != ctor {
		base += " [" + tag + "]"
	}
	if ctor == nullProto {
		return base + " extends null]"
	}
	if p := o.Prototype(); p != nil {
		if name := p.Get("name"); name != nil && name.ToBoolean() {
			base += " extends " + name.String()
		}
	}
	return base + "]"
}

// boxed formats a Number, String, Boolean, BigInt or Symbol object.
func (in *inspector) boxed(o *goja.Object, ctor, tag string, keys []goja.Value) (string, []goja.Value) {
	v, name := in.e.unbox(o)
	if s, ok := v.(goja.String); ok { // its characters are keys too
		keys = slices.DeleteFunc(keys, func(k goja.Value) bool {
			x, ok := k.(goja.String)
			if !ok || !isIndex(x.String()) {
				return false
			}
			i, _ := strconv.Atoi(x.String())
			return i < s.Length()
		})
	}
	base := "[" + name
	if ctor == nullProto {
		base += " (null prototype)"
	} else if ctor != name {
		base += " (" + ctor + ")"
	}
	plain := &inspector{e: in.e, in: in.in, InspectOptions: in.InspectOptions, indent: in.indent}
	plain.Colors = false
	base += ": " + plain.primitive(v) + "]"
	if tag != "" && tag != ctor {
		base += " [" + tag + "]"
	}
	if len(keys) > 0 {
		return base, keys
	}
	return in.style(base, strings.ToLower(name)), nil
}

// unbox returns the primitive value of a boxed one, and the name of its class.
func (e *Env) unbox(o *goja.Object) (goja.Value, string) {
	name := ""
	switch o.ClassName() {
	case "Number", "String", "Boolean":
		name = o.ClassName()
	default:
		name = "Symbol"
		if o.ExportType() == typeBigInt {
			name = "BigInt"
		}
	}
	return e.call(e.intrinsics().valueOf[name], o), name
}

// error formats an error with its stack; keys lose what the stack shows and
// gain the cause and the errors of an AggregateError.
func (in *inspector) error(o *goja.Object, ctor, tag string, keys []goja.Value) (string, []goja.Value) {
	e := in.e
	get := func(name string) goja.Value { return orUndefined(o.Get(name)) }
	name := "Error"
	if v := get("name"); !goja.IsUndefined(v) && !goja.IsNull(v) {
		name = v.String()
	}
	stack := ""
	if v := get("stack"); v.ToBoolean() {
		stack = v.String()
	} else {
		stack = e.call(e.intrinsics().errorText, o).String()
	}
	if !in.ShowHidden {
		keys = slices.DeleteFunc(keys, func(k goja.Value) bool {
			s, ok := k.(goja.String)
			if !ok || s.String() != "name" && s.String() != "message" && s.String() != "stack" {
				return false
			}
			v, isString := get(s.String()).(goja.String)
			return !isString || strings.Contains(stack, v.String())
		})
	}
	has := func(name string) bool {
		return slices.ContainsFunc(keys, func(k goja.Value) bool { s, ok := k.(goja.String); return ok && s.String() == name })
	}
	cause := o.Get("cause") // nil when there is none, on the prototype neither
	if cause != nil && !has("cause") {
		keys = append(keys, e.rt.ToValue("cause"))
	}
	if errs, ok := get("errors").(*goja.Object); ok && e.kindOf(errs) == kindArray && !has("errors") {
		keys = append(keys, e.rt.ToValue("errors"))
	}
	stack = improveStack(stack, ctor, name, tag)
	// Frames are looked for behind the message, which may look like one.
	from := 0
	if m := get("message"); m.ToBoolean() {
		if i := strings.Index(stack, m.String()); i >= 0 {
			from = i + len(m.String())
		}
	}
	if i := strings.Index(stack[from:], "\n    at"); i < 0 {
		stack = "[" + stack + "]"
	} else {
		i += from
		lines := strings.Split(stack[i+1:], "\n")
		if c, ok := cause.(*goja.Object); ok && e.isError(c) {
			lines = shareFrames(lines, orUndefined(c.Get("stack")).String())
		}
		stack = stack[:i] + "\n" + strings.Join(lines, "\n")
	}
	if in.indent != 0 {
		stack = strings.ReplaceAll(stack, "\n", "\n"+spaces(in.indent))
	}
	return stack, keys
}

// isError reports whether a value is an error object, a DOMException too.
func (e *Env) isError(o *goja.Object) bool {
	if _, ok := e.iso.HostValue(o).(*domException); ok {
		return true
	}
	return e.kindOf(o) == kindError
}

// improveStack puts the name of the class into the first line of a stack.
func improveStack(stack, ctor, name, tag string) string {
	n := len(name)
	if ctor != nullProto {
		if !strings.HasSuffix(name, "Error") || !strings.HasPrefix(stack, name) || len(stack) > n && stack[n] != ':' && stack[n] != '\n' {
			return stack
		}
	}
	fallback := "Error"
	if ctor == nullProto {
		n = 0
		fallback = "Error"
		if i := strings.IndexAny(stack, ":\n"); i > 0 && stack[0] >= 'A' && stack[0] <= 'Z' {
			fallback, n = stack[:i], i
		} else if strings.HasSuffix(stack, "Error") && !strings.ContainsAny(stack, " \n") {
			fallback, n = stack, len(stack)
		}
	}
	pre := strings.TrimSuffix(prefix(ctor, tag, fallback, ""), " ")
	switch {
	case name == pre:
		return stack
	case !strings.Contains(pre, name):
		return pre + " [" + name + "]" + stack[n:]
	case n == 0:
		return pre + ": " + stack
	}
	return pre + stack[n:]
}

// shareFrames replaces the frames that the cause has too by their number.
func shareFrames(lines []string, causeStack string) []string {
	i := strings.Index(causeStack, "\n    at")
	if i < 0 {
		return lines
	}
	other := strings.Split(causeStack[i+1:], "\n")
	best, at := 0, 0
	for i := 0; i < len(lines)-3 && best == 0; i++ {
		for j := range other {
			n := 0
			for i+n < len(lines) && j+n < len(other) && lines[i+n] == other[j+n] {
				n++
			}
			if n > 3 {
				best, at = n, i
				break
			}
		}
	}
	if best <= 3 {
		return lines
	}
	skipped := best - 2
	return slices.Replace(slices.Clone(lines), at+1, at+1+skipped,
		"    ... "+strconv.Itoa(skipped)+" lines matching cause stack trace ...")
}

// isHostClass reports whether a function is the constructor of a class that is
// written in Go, and not one of the engine's own.
func (e *Env) isHostClass(f *goja.Object) bool { return e.iso.IsClass(f) }
