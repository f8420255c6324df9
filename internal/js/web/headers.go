package web

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// Headers is a header list of the Fetch standard: names in lower case, values
// as bytes (a Go string holds the bytes, one for each code unit of the
// script's ByteString).
//
// The zero value is an empty list without a guard.
type Headers struct {
	list  []field
	guard guard

	// source is an incoming request's header that list is made from when
	// somebody iterates or writes.
	source http.Header
	in     Incoming // completes source before its first use; nil when that was done
	writer Incoming // is told of the first write; nil is nobody
	shared bool     // list belongs to somebody else and is copied before a write

	// OnChange is called after a script changed the list; nil is allowed.
	OnChange func()
	// BeforeWrite is called once, before the first change; nil is allowed.
	BeforeWrite func()

	// view is the list that this one shows: headers() sees what a script does
	// to request.headers, and cannot write itself.
	view *Headers
}

type field struct{ name, value string }

// guard is a Headers object's guard (Fetch §5.1).
type guard int8

const (
	guardNone guard = iota
	guardImmutable
	guardSealed // next/headers: immutable, with its own error text
)

// FromHTTP returns the headers of an incoming request as a script sees them.
// h is not changed, and copied before the first write.
func FromHTTP(h http.Header) *Headers { return &Headers{source: h} }

// Sealed returns a view of the list that throws Next.js's error for headers()
// when a script writes to it.
func (h *Headers) Sealed() *Headers { return &Headers{guard: guardSealed, view: h} }

// materialise turns the source into the list. Repeated lines are joined as
// Node's HTTP server joins them.
func (h *Headers) materialise() {
	if h.view != nil {
		h.view.materialise()
		h.list = h.view.list
		return
	}
	if h.source == nil {
		return
	}
	h.prepared()
	src := h.source
	h.source = nil
	h.list = make([]field, 0, len(src))
	for k, vs := range src {
		if len(vs) == 0 {
			continue
		}
		name := strings.ToLower(k)
		if name == "set-cookie" {
			for _, v := range vs {
				h.list = append(h.list, field{name, v})
			}
			continue
		}
		h.list = append(h.list, field{name, joinIncoming(name, vs)})
	}
	slices.SortStableFunc(h.list, func(a, b field) int { return strings.Compare(a.name, b.name) })
}

// own makes the list this object's own, before a write.
func (h *Headers) own() {
	if f := h.BeforeWrite; f != nil {
		h.BeforeWrite = nil
		f()
	}
	if w := h.writer; w != nil {
		h.writer = nil
		w.BeforeWrite()
	}
	h.materialise()
	if h.shared {
		h.list, h.shared = slices.Clone(h.list), false
	}
}

// prepared completes the source before its first use.
func (h *Headers) prepared() {
	if in := h.in; in != nil {
		h.in = nil
		in.Complete(h.source)
	}
}

// preparedFor is prepared for a look at one header: most are there as they came.
func (h *Headers) preparedFor(name string) {
	if h.in != nil && (name == "host" || strings.HasPrefix(name, "x-forwarded-")) {
		h.prepared()
	}
}

func joinIncoming(name string, vs []string) string {
	if len(vs) == 1 {
		return vs[0]
	}
	switch name {
	case "cookie":
		return strings.Join(vs, "; ")
	case "age", "authorization", "content-length", "content-type", "etag", "expires", "from", "host", "if-modified-since",
		"if-unmodified-since", "last-modified", "location", "max-forwards", "proxy-authorization", "referer", "retry-after", "server", "user-agent":
		return vs[0] // Node: the first line wins
	}
	return strings.Join(vs, ", ")
}

// Get returns the combined value of a header, and whether it is there. name is
// in lower case.
func (h *Headers) Get(name string) (string, bool) {
	if h.view != nil {
		return h.view.Get(name)
	}
	if h.source != nil {
		h.preparedFor(name)
		vs := h.source[http.CanonicalHeaderKey(name)]
		if len(vs) == 0 {
			return "", false
		}
		return joinIncoming(name, vs), true
	}
	value, n := "", 0
	for i := range h.list {
		if h.list[i].name == name {
			if n++; n == 1 {
				value = h.list[i].value
			} else {
				value += ", " + h.list[i].value
			}
		}
	}
	return value, n > 0
}

// Values returns the values of all lines of a header.
func (h *Headers) Values(name string) []string {
	h.materialise()
	var out []string
	for _, f := range h.list {
		if f.name == name {
			out = append(out, f.value)
		}
	}
	return out
}

// Set replaces a header's lines with one, in the place of the first.
func (h *Headers) Set(name, value string) {
	h.own()
	for i := range h.list {
		if h.list[i].name != name {
			continue
		}
		h.list[i].value = value
		rest := slices.DeleteFunc(h.list[i+1:], func(f field) bool { return f.name == name })
		h.list = h.list[:i+1+len(rest)]
		return
	}
	h.list = append(h.list, field{name, value})
}

// Append adds a line.
func (h *Headers) Append(name, value string) {
	h.own()
	h.list = append(h.list, field{name, value})
}

// Delete removes a header.
func (h *Headers) Delete(name string) {
	h.own()
	h.list = slices.DeleteFunc(h.list, func(f field) bool { return f.name == name })
}

// Has reports whether a header is there.
func (h *Headers) Has(name string) bool {
	if h.view != nil {
		return h.view.Has(name)
	}
	if h.source != nil {
		h.preparedFor(name)
		return len(h.source[http.CanonicalHeaderKey(name)]) > 0
	}
	return slices.ContainsFunc(h.list, func(f field) bool { return f.name == name })
}

// AppendAll adds the lines of another list in its sorted order, each with a
// prefix to its name, and returns the names without it, separated by commas.
// For names of which none is there yet.
func (h *Headers) AppendAll(prefix string, from *Headers) (names string) {
	list := from.sorted()
	h.own()
	h.list = slices.Grow(h.list, len(list)+1)
	var b strings.Builder
	for i, f := range list {
		if i > 0 {
			if b.WriteByte(','); f.name == list[i-1].name {
				h.Set(prefix+f.name, f.value) // the last of several cookies
				b.WriteString(f.name)
				continue
			}
		}
		b.WriteString(f.name)
		h.list = append(h.list, field{prefix + f.name, f.value})
	}
	return b.String()
}

// Each calls f for every line in the order of writing.
func (h *Headers) Each(f func(name, value string)) {
	h.materialise()
	for _, x := range h.list {
		f(x.name, x.value)
	}
}

// Combined calls f for every header as a script iterates them: sorted, lines
// of one name combined, set-cookie lines apart.
func (h *Headers) Combined(f func(name, value string)) {
	for _, x := range h.sorted() {
		f(x.name, x.value)
	}
}

// Len is the number of lines.
func (h *Headers) Len() int {
	h.materialise()
	return len(h.list)
}

// plain reports whether the list is this object's own and nobody is told of
// writes to it, but for the copy that a shared list makes first.
func (h *Headers) plain() bool { return h.view == nil && h.source == nil && h.guard == guardNone }

// Clone returns an independent copy without guard and hook.
func (h *Headers) Clone() *Headers {
	if h.view != nil {
		return h.view.Clone()
	}
	if h.source != nil {
		h.prepared()
		return &Headers{source: h.source}
	}
	return &Headers{list: slices.Clone(h.list)}
}

// CopyTo adds all lines to a net/http header.
func (h *Headers) CopyTo(dst http.Header) {
	if h.source != nil {
		h.prepared()
		for k, vs := range h.source {
			dst[k] = append(dst[k], vs...)
		}
		return
	}
	for _, f := range h.list {
		k := http.CanonicalHeaderKey(f.name)
		dst[k] = append(dst[k], f.value)
	}
}

// sorted is the standard's "sort and combine": names in order, set-cookie
// lines apart. The list is not the caller's to change.
func (h *Headers) sorted() []field {
	h.materialise()
	if slices.IsSortedFunc(h.list, func(a, b field) int {
		if a.name == b.name && a.name != "set-cookie" {
			return -1 // to be combined, so not in order
		}
		return strings.Compare(a.name, b.name)
	}) {
		return h.list
	}
	list := slices.Clone(h.list)
	slices.SortStableFunc(list, func(a, b field) int { return strings.Compare(a.name, b.name) })
	out := list[:0]
	for _, f := range list {
		if n := len(out); n > 0 && out[n-1].name == f.name && f.name != "set-cookie" {
			out[n-1].value += ", " + f.value
			continue
		}
		out = append(out, f)
	}
	return out
}

// tokenByte marks the bytes that an HTTP token may have (RFC 9110 §5.6.2).
var tokenByte = func() (t [256]bool) {
	for c := byte('0'); c <= '9'; c++ {
		t[c] = true
	}
	for c := byte('a'); c <= 'z'; c++ {
		t[c], t[c-32] = true, true
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		t[byte(c)] = true
	}
	return
}()

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !tokenByte[s[i]] {
			return false
		}
	}
	return s != ""
}

// normalise removes leading and trailing HTTP white space.
func normalise(v string) string { return strings.Trim(v, " \t\r\n") }

func validValue(v string) bool { return strings.IndexAny(v, "\x00\r\n") < 0 }

// lower returns s in lower case, without allocating when it is so already.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			return strings.ToLower(s)
		}
	}
	return s
}

// byteString converts a script value to a ByteString: the bytes as a Go string.
func (e *Env) byteString(v goja.Value) string {
	if _, ok := v.(*goja.Symbol); ok {
		panic(e.iso.TypeError("Headers contructor: init is a symbol, which cannot be converted to a DOMString."))
	}
	s := v.ToString()
	text := s.String()
	ascii := true
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return text
	}
	gs := s.(goja.String)
	out := make([]byte, gs.Length())
	for i := range out {
		c := gs.CharAt(i)
		if c > 0xff {
			panic(e.iso.TypeError("Cannot convert argument to a ByteString because the character at index %d has a value of %d which is greater than 255.", i, c))
		}
		out[i] = byte(c)
	}
	return string(out)
}

// fromBytes is the opposite: bytes as a script string, one code unit a byte.
func (e *Env) fromBytes(s string) goja.Value {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			u := make([]uint16, len(s))
			for j := range u {
				u[j] = uint16(s[j])
			}
			return goja.StringFromUTF16(u)
		}
	}
	return e.rt.ToValue(s)
}

func (e *Env) headerName(v goja.Value, op string) string {
	n := e.byteString(v)
	if !isToken(n) {
		panic(e.iso.TypeError("Headers.%s: \"%s\" is an invalid header name.", op, v.String()))
	}
	return lower(n)
}

func (e *Env) headerValue(v goja.Value, op string) string {
	s := normalise(e.byteString(v))
	if !validValue(s) {
		panic(e.iso.TypeError("Headers.%s: \"%s\" is an invalid header value.", op, e.fromBytes(s).String()))
	}
	return s
}

type fetchClasses struct {
	headers, request, response *js.Class
}

func (e *Env) headersClass() *js.Class {
	return class(&e.fetches.headers, func() *js.Class {
		rt := e.rt
		c := e.iso.Class("Headers", 0, nil, func(c goja.ConstructorCall) any {
			h := &Headers{}
			if v := argument(c.Arguments, 0); !goja.IsUndefined(v) {
				e.fillHeaders(h, v)
			}
			return h
		})
		self := func(c goja.FunctionCall) *Headers {
			h, ok := js.Host[Headers](e.iso, c.This)
			if !ok {
				panic(e.iso.TypeError("Illegal invocation"))
			}
			return h
		}
		need := func(c goja.FunctionCall, n int, op string) {
			if len(c.Arguments) < n {
				panic(e.iso.TypeError("Headers.%s: %d argument%s required, but %s found.", op, n, plural(n), counted(len(c.Arguments))))
			}
		}
		write := func(h *Headers, f func()) goja.Value {
			switch h.guard {
			case guardImmutable:
				panic(e.iso.TypeError("immutable"))
			case guardSealed:
				panic(e.iso.NewError("Error", "Headers cannot be modified. Read more: https://nextjs.org/docs/app/api-reference/functions/headers"))
			}
			f()
			if h.OnChange != nil {
				h.OnChange()
			}
			return goja.Undefined()
		}
		c.Method("append", 2, func(c goja.FunctionCall) goja.Value {
			h := self(c)
			if h.guard == guardSealed {
				return write(h, nil)
			}
			need(c, 2, "append")
			n, v := e.headerName(c.Argument(0), "append"), e.headerValue(c.Argument(1), "append")
			return write(h, func() { h.Append(n, v) })
		})
		c.Method("delete", 1, func(c goja.FunctionCall) goja.Value {
			h := self(c)
			if h.guard == guardSealed {
				return write(h, nil)
			}
			need(c, 1, "delete")
			n := e.headerName(c.Argument(0), "delete")
			return write(h, func() { h.Delete(n) })
		})
		c.Method("get", 1, func(c goja.FunctionCall) goja.Value {
			h := self(c)
			need(c, 1, "get")
			if v, ok := h.Get(e.headerName(c.Argument(0), "get")); ok {
				return e.fromBytes(v)
			}
			return goja.Null()
		})
		c.Method("has", 1, func(c goja.FunctionCall) goja.Value {
			h := self(c)
			need(c, 1, "has")
			return rt.ToValue(h.Has(e.headerName(c.Argument(0), "has")))
		})
		c.Method("set", 2, func(c goja.FunctionCall) goja.Value {
			h := self(c)
			if h.guard == guardSealed {
				return write(h, nil)
			}
			need(c, 2, "set")
			n, v := e.headerName(c.Argument(0), "set"), e.headerValue(c.Argument(1), "set")
			return write(h, func() { h.Set(n, v) })
		})
		c.Method("getSetCookie", 0, func(c goja.FunctionCall) goja.Value {
			vs := self(c).Values("set-cookie")
			out := make([]any, len(vs))
			for i, v := range vs {
				out[i] = e.fromBytes(v)
			}
			return rt.NewArray(out...)
		})
		e.pairIterable(c, func(this goja.Value) pairs {
			h, ok := js.Host[Headers](e.iso, this)
			if !ok {
				panic(e.illegal())
			}
			return func(i int) (name, value goja.Value, ok bool) {
				l := h.sorted()
				if i >= len(l) {
					return nil, nil, false
				}
				return rt.ToValue(l[i].name), e.fromBytes(l[i].value), true
			}
		})
		each, _ := goja.AssertFunction(c.Proto.Get("forEach"))
		c.Method("forEach", 1, func(call goja.FunctionCall) goja.Value {
			if _, ok := goja.AssertFunction(call.Argument(0)); !ok {
				panic(e.iso.TypeError("Failed to execute 'forEach' on 'Headers': parameter 1 is not of type 'Function'."))
			}
			v, err := e.iso.Call(each, call.This, call.Arguments...)
			must(err)
			return v
		})
		return c
	})
}

func set(o *goja.Object, name string, v goja.Value) {
	if err := o.Set(name, v); err != nil {
		panic(err)
	}
}

// fillHeaders is "fill a Headers object" (Fetch §5.1) with a HeadersInit.
func (e *Env) fillHeaders(h *Headers, init goja.Value) {
	o, ok := init.(*goja.Object)
	if !ok {
		panic(e.iso.TypeError("Headers constructor: Argument 1 could not be converted to one of: sequence<sequence<ByteString>>, record<ByteString, ByteString>."))
	}
	it := o.GetSymbol(goja.SymIterator)
	if src, ok := js.Host[Headers](e.iso, o); ok && it == e.headersClass().Proto.GetSymbol(goja.SymIterator) {
		// What a script would see by iterating: one line a name, cookies apart.
		list := src.sorted()
		if h.plain() && src.plain() && len(list) > 0 && len(list) == len(src.list) && &list[0] == &src.list[0] {
			h.list, h.shared, src.shared = list, true, true
			return
		}
		for _, f := range list {
			h.Append(f.name, f.value)
		}
		return
	}
	if it != nil && !goja.IsUndefined(it) && !goja.IsNull(it) {
		i := -1
		method, ok := goja.AssertFunction(it)
		if !ok {
			panic(e.iso.TypeError("Headers constructor: init is not iterable."))
		}
		e.sequence(o, method, func(v goja.Value) bool {
			i++
			po, ok := v.(*goja.Object)
			if !ok {
				panic(e.iso.TypeError("Headers contructor: init[%d] (%s) is not iterable.", i, v.String()))
			}
			var pair []goja.Value
			e.rt.ForOf(po, func(v goja.Value) bool { pair = append(pair, v); return true })
			if len(pair) != 2 {
				panic(e.iso.TypeError("Headers constructor: expected name/value pair to be length 2, found %d.", len(pair)))
			}
			n, v2 := e.headerName(pair[0], "append"), e.headerValue(pair[1], "append")
			h.Append(n, v2)
			return true
		})
		return
	}
	if o.ExportType() == typeProxy || len(o.Symbols()) > 0 {
		e.ordered(o, func(k, v goja.Value) {
			n := e.headerName(k, "append")
			h.Append(n, e.headerValue(v, "append"))
		})
		return
	}
	for _, k := range e.ownKeys(o) {
		n := e.headerName(e.rt.ToValue(k), "append")
		h.Append(n, e.headerValue(o.Get(k), "append"))
	}
}

// ownKeys returns the enumerable own string keys of a record. Proxies answer
// through their traps.
func (e *Env) ownKeys(o *goja.Object) []string { return o.Keys() }

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

func counted(n int) string {
	if n == 0 {
		return "0"
	}
	return "only " + string(rune('0'+n))
}

func argument(args []goja.Value, i int) goja.Value {
	if i < len(args) {
		return args[i]
	}
	return goja.Undefined()
}

// NewHeaders makes the script object of a header list.
func (e *Env) NewHeaders(h *Headers) *goja.Object { return e.headersClass().New(h) }

// HeadersOf returns the header list of a script's Headers object.
func (e *Env) HeadersOf(v goja.Value) (*Headers, bool) { return js.Host[Headers](e.iso, v) }

func installFetch(e *Env) {
	e.global("Headers", e.headersClass)
	e.global("Request", e.requestClass)
	e.global("Response", e.responseClass)
	e.iso.LazyFunc("fetch", 1, e.fetch)
}
