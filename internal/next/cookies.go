package next

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
)

// A cookie jar is an ordered map from names to cookie objects, bound to the
// header list that it is written to: `cookie` for requests, one `set-cookie`
// line a cookie for responses. The objects are script objects, because scripts
// get back what they put in.
type jar struct {
	cookies []*cookie
	h       *web.Headers

	response bool
	// sealed makes writes throw: cookies() where nothing may be set any more.
	sealed string
	// changed records the names that a script set or deleted; see Exchange.
	changed func(name string)
}

// cookie is one of a jar. That of a request has its value, and becomes an
// object when a script wants it: of all that a browser sends few are looked at.
type cookie struct {
	name   string
	value  string
	root   bool // the object gets the path /
	object *goja.Object
}

// find returns nil for a cookie that is not there.
func (j *jar) find(name string) *cookie {
	for _, c := range j.cookies {
		if c.name == name {
			return c
		}
	}
	return nil
}

// object is the cookie as scripts see it, the same one each time.
func (m *Modules) object(c *cookie) *goja.Object {
	if c.object == nil {
		c.object = m.rt.NewObject()
		put(c.object, "name", m.env.UTF8Text(c.name))
		put(c.object, "value", m.env.UTF8Text(c.value))
		if c.root {
			put(c.object, "path", m.rt.ToValue("/"))
		}
	}
	return c.object
}

// put adds a cookie, or replaces the one of its name where that stands.
func (j *jar) put(c cookie) {
	if old := j.find(c.name); old != nil {
		*old = c
		return
	}
	j.cookies = append(j.cookies, &c)
}

// remove leaves the old list as it is: a script may be in the middle of it.
func (j *jar) remove(name string) bool {
	c := j.find(name)
	if c == nil {
		return false
	}
	j.cookies = slices.DeleteFunc(slices.Clone(j.cookies), func(o *cookie) bool { return o == c })
	return true
}

// requestJar parses the `cookie` header: pairs separated by semicolons, a pair
// without "=" has the value "true", values are percent-decoded and a pair whose
// value cannot be is left out, the last pair of a name wins in the place of the first.
func (m *Modules) requestJar(h *web.Headers) *jar {
	j := &jar{h: h}
	v, _ := h.Get("cookie")
	v = fromLatin1(v)
	for pair := range strings.SplitSeq(v, ";") {
		pair = strings.TrimLeft(pair, " ")
		if pair == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			value = "true"
		} else if value, ok = decodeComponent(value); !ok {
			continue
		}
		j.put(cookie{name: name, value: value})
	}
	return j
}

// fromLatin1 reads a header's bytes as scripts do: each is a character.
func fromLatin1(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			r := make([]rune, len(s))
			for j := range r {
				r[j] = rune(s[j])
			}
			return string(r)
		}
	}
	return s
}

// decodeComponent is decodeURIComponent on bytes; ok is false where that throws.
func decodeComponent(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		out = append(out, byte(n))
		i += 2
	}
	return string(out), utf8.Valid(out)
}

// encodeComponent is encodeURIComponent.
func encodeComponent(s string) string {
	const keep = "-_.!~*'()"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte("0123456789ABCDEF"[c>>4])
		b.WriteByte("0123456789ABCDEF"[c&15])
	}
	return b.String()
}

// responseJar parses the `set-cookie` lines of a response.
func (m *Modules) responseJar(h *web.Headers) *jar {
	j := &jar{h: h, response: true}
	for _, line := range h.Values("set-cookie") {
		if name, o, ok := m.parseSetCookie(line); ok {
			j.put(cookie{name: name, object: o})
		}
	}
	return j
}

// parseSetCookie reads one line into a cookie object. Unknown attributes are
// dropped and SameSite is written in lower case, as Next.js does.
func (m *Modules) parseSetCookie(line string) (string, *goja.Object, bool) {
	if line == "" {
		return "", nil, false
	}
	line = fromLatin1(line)
	var name, value string
	attrs := map[string]string{}
	first := true
	for pair := range strings.SplitSeq(line, ";") {
		pair = strings.TrimLeft(pair, " ")
		if pair == "" {
			continue
		}
		k, v, ok := strings.Cut(pair, "=")
		if !ok {
			v = "true"
		}
		v, ok = decodeComponent(v)
		if !ok {
			continue
		}
		if first {
			name, value, first = k, v, false
			continue
		}
		attrs[strings.ToLower(k)] = v
	}
	if first {
		return "", nil, false
	}
	c := m.rt.NewObject()
	put(c, "name", m.rt.ToValue(name))
	put(c, "value", m.rt.ToValue(value))
	if v := attrs["domain"]; v != "" {
		put(c, "domain", m.rt.ToValue(v))
	}
	if v := attrs["expires"]; v != "" {
		put(c, "expires", m.date(m.rt.ToValue(v)))
	}
	if attrs["httponly"] != "" {
		put(c, "httpOnly", m.rt.ToValue(true))
	}
	if v := attrs["max-age"]; v != "" {
		put(c, "maxAge", m.rt.ToValue(v).ToNumber())
	}
	if v := attrs["path"]; v != "" {
		put(c, "path", m.rt.ToValue(v))
	}
	if v := strings.ToLower(attrs["samesite"]); v == "strict" || v == "lax" || v == "none" {
		put(c, "sameSite", m.rt.ToValue(v))
	}
	if attrs["secure"] != "" {
		put(c, "secure", m.rt.ToValue(true))
	}
	if v := strings.ToLower(attrs["priority"]); v == "low" || v == "medium" || v == "high" {
		put(c, "priority", m.rt.ToValue(v))
	}
	if attrs["partitioned"] != "" {
		put(c, "partitioned", m.rt.ToValue(true))
	}
	return name, c, true
}

// date makes a script Date from text or milliseconds.
func (m *Modules) date(v goja.Value) goja.Value {
	o, err := m.rt.New(m.rt.Get("Date"), v)
	if err != nil {
		panic(err)
	}
	return o
}

// write puts the jar back into its header list.
func (m *Modules) write(j *jar) {
	if !j.response {
		parts := make([]string, 0, len(j.cookies))
		for _, c := range j.cookies {
			parts = append(parts, m.pair(c))
		}
		j.h.Set("cookie", strings.Join(parts, "; "))
		return
	}
	j.h.Delete("set-cookie")
	for _, c := range j.cookies {
		j.h.Append("set-cookie", m.serialise(m.object(c)))
	}
}

// pair is a cookie as a request's header has it.
func (m *Modules) pair(c *cookie) string {
	return c.name + "=" + encodeComponent(optional(m.object(c).Get("value")))
}

func optional(v goja.Value) string {
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return ""
	}
	return v.String()
}

// cookieName reports whether a script may set a cookie of this name: visible
// ASCII but what ends a name. That is more than RFC 6265 §4.1.1 has, as cookies
// such as a[0] are common, and keeps out blanks beyond ASCII, which some readers
// trim: they would take the cookie for another one.
func cookieName(name string) bool {
	for i := 0; i < len(name); i++ {
		if c := name[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("=;,\"", c) >= 0 {
			return false
		}
	}
	return name != ""
}

// serialise writes a cookie: name=value; Path; Expires; Max-Age; Domain;
// Secure; HttpOnly; SameSite; Partitioned; Priority. What could end the
// attribute or the line is refused, where Next.js would let a script write a
// header of its user's making.
func (m *Modules) serialise(c *goja.Object) string {
	name := optional(c.Get("name"))
	if strings.ContainsAny(name, "=; \t\r\n\x00,") || !printable(name) {
		panic(m.iso.TypeError("cookie name %q is not a valid token", name))
	}
	var b strings.Builder
	b.WriteString(name + "=" + encodeComponent(optional(c.Get("value"))))
	attr := func(key, label string) {
		v := c.Get(key)
		if v == nil || !v.ToBoolean() {
			return
		}
		s := v.String()
		if strings.ContainsAny(s, ";\r\n\x00") || !printable(s) {
			panic(m.iso.TypeError("cookie attribute %s has an invalid value %q", label, s))
		}
		b.WriteString("; " + label + "=" + s)
	}
	flag := func(key, label string) {
		if v := c.Get(key); v != nil && v.ToBoolean() {
			b.WriteString("; " + label)
		}
	}
	attr("path", "Path")
	if v := c.Get("expires"); v != nil && (v.ToBoolean() || isNumber(v)) {
		ms := v.ToNumber().ToFloat()
		text := "Invalid Date"
		if !math.IsNaN(ms) && math.Abs(ms) <= 8.64e15 {
			text = httpDate(ms)
		}
		b.WriteString("; Expires=" + text)
	}
	if v := c.Get("maxAge"); v != nil && isNumber(v) {
		b.WriteString("; Max-Age=" + v.String())
	}
	attr("domain", "Domain")
	flag("secure", "Secure")
	flag("httpOnly", "HttpOnly")
	attr("sameSite", "SameSite")
	flag("partitioned", "Partitioned")
	attr("priority", "Priority")
	line, ok := latin1(b.String())
	if !ok {
		panic(m.iso.TypeError("the cookie %q has characters that no header can hold", name))
	}
	return line
}

func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] == 0x7f {
			return false
		}
	}
	return true
}

func isNumber(v goja.Value) bool {
	if _, ok := v.(*goja.Object); ok {
		return false
	}
	switch v.Export().(type) {
	case int64, float64:
		return true
	}
	return false
}

// httpDate is Date.prototype.toUTCString.
func httpDate(ms float64) string {
	return time.UnixMilli(int64(ms)).UTC().Format("Mon, 02 Jan 2006 15:04:05") + " GMT"
}

// set is the set method's effect: the cookie object is a copy of what the
// script gave, normalised.
func (m *Modules) set(j *jar, args []goja.Value) {
	var name, value goja.Value
	var options *goja.Object
	if len(args) == 1 {
		o, ok := args[0].(*goja.Object)
		if !ok {
			panic(m.iso.TypeError("cookies.set: the argument is not an object"))
		}
		name, value, options = o.Get("name"), o.Get("value"), o
	} else {
		name, value = argument(args, 0), argument(args, 1)
		options, _ = argument(args, 2).(*goja.Object)
	}
	key := optional(name)
	c := m.rt.NewObject()
	put(c, "name", orUndefined(name))
	put(c, "value", orUndefined(value))
	if j.response {
		if options != nil {
			for _, k := range options.Keys() {
				put(c, k, options.Get(k))
			}
		}
		m.normalise(c)
		if !cookieName(key) {
			panic(m.iso.TypeError("cookie name %q is not a valid token", key))
		}
		m.serialise(c) // throws before anything has changed
	}
	j.put(cookie{name: key, object: c})
	m.write(j)
	if j.changed != nil {
		j.changed(key)
	}
}

// normalise fills in what Next.js fills in: dates from numbers, Expires from a
// max-age that is not 0, "/" for a path that is null or missing.
func (m *Modules) normalise(c *goja.Object) {
	if v := c.Get("expires"); v != nil && isNumber(v) {
		put(c, "expires", m.date(v))
	}
	if v := c.Get("maxAge"); v != nil && v.ToBoolean() {
		put(c, "expires", m.date(m.rt.ToValue(float64(time.Now().UnixMilli())+v.ToFloat()*1000)))
	}
	if v := c.Get("path"); v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		put(c, "path", m.rt.ToValue("/"))
	}
}

func orUndefined(v goja.Value) goja.Value {
	if v == nil {
		return goja.Undefined()
	}
	return v
}

func argument(args []goja.Value, i int) goja.Value {
	if i < len(args) {
		return args[i]
	}
	return goja.Undefined()
}

func put(o *goja.Object, name string, v goja.Value) {
	if err := o.Set(name, v); err != nil {
		panic(err)
	}
}

// nameArgument is the name in get(name) and get({ name }).
func nameArgument(v goja.Value) string {
	if o, ok := v.(*goja.Object); ok {
		return optional(o.Get("name"))
	}
	return v.String()
}

func (m *Modules) jarMethods(c *js.Class) {
	c.Hidden()
	self := func(v goja.Value) *jar {
		j, ok := js.Host[jar](m.iso, v)
		if !ok {
			panic(m.iso.TypeError("Illegal invocation"))
		}
		return j
	}
	writable := func(v goja.Value) *jar {
		j := self(v)
		if j.sealed != "" {
			panic(m.iso.NewError("Error", j.sealed))
		}
		return j
	}
	c.Method("get", 0, func(c goja.FunctionCall) goja.Value {
		if found := self(c.This).find(nameArgument(c.Argument(0))); found != nil {
			return m.object(found)
		}
		return goja.Undefined()
	})
	c.Method("getAll", 0, func(c goja.FunctionCall) goja.Value {
		j := self(c.This)
		var out []any
		want, all := "", len(c.Arguments) == 0
		if !all {
			want = nameArgument(c.Arguments[0])
		}
		for _, c := range j.cookies {
			if all || c.name == want {
				out = append(out, m.object(c))
			}
		}
		return m.rt.NewArray(out...)
	})
	c.Method("has", 1, func(c goja.FunctionCall) goja.Value {
		return m.rt.ToValue(self(c.This).find(c.Argument(0).String()) != nil)
	})
	c.Method("set", 0, func(c goja.FunctionCall) goja.Value {
		m.set(writable(c.This), c.Arguments)
		return c.This
	})
	c.Method("toString", 0, func(c goja.FunctionCall) goja.Value {
		j := self(c.This)
		var parts []string
		for _, c := range j.cookies {
			if j.response {
				parts = append(parts, m.serialise(m.object(c)))
			} else {
				parts = append(parts, m.pair(c))
			}
		}
		return m.rt.ToValue(strings.Join(parts, "; "))
	})
}

func (m *Modules) requestCookies() *js.Class {
	return lazyClass(&m.classes.requestCookies, func() *js.Class {
		c := m.iso.Class("RequestCookies", 1, nil, func(c goja.ConstructorCall) any {
			h, ok := m.env.HeadersOf(argument(c.Arguments, 0))
			if !ok {
				panic(m.iso.TypeError("RequestCookies: the argument is not a Headers object"))
			}
			return m.requestJar(h)
		})
		m.jarMethods(c)
		self := func(v goja.Value) *jar {
			j, ok := js.Host[jar](m.iso, v)
			if !ok {
				panic(m.iso.TypeError("Illegal invocation"))
			}
			return j
		}
		c.Getter("size", func(c goja.FunctionCall) goja.Value { return m.rt.ToValue(len(self(c.This).cookies)) })
		c.Method("delete", 1, func(c goja.FunctionCall) goja.Value {
			j := self(c.This)
			var result goja.Value
			if o, ok := c.Argument(0).(*goja.Object); ok && o.ClassName() == "Array" {
				var out []any
				m.rt.ForOf(o, func(v goja.Value) bool { out = append(out, j.remove(v.String())); return true })
				result = m.rt.NewArray(out...)
			} else {
				result = m.rt.ToValue(j.remove(c.Argument(0).String()))
			}
			m.write(j)
			return result
		})
		c.Method("clear", 0, func(c goja.FunctionCall) goja.Value {
			j := self(c.This)
			j.cookies = nil
			m.write(j)
			return c.This
		})
		c.Symbol(goja.SymIterator, m.iso.Func("[Symbol.iterator]", 0, func(c goja.FunctionCall) goja.Value {
			j := self(c.This)
			var out []any
			for _, c := range j.cookies {
				out = append(out, m.rt.NewArray(m.rt.ToValue(c.name), m.object(c)))
			}
			a := m.rt.NewArray(out...)
			f, _ := goja.AssertFunction(a.GetSymbol(goja.SymIterator))
			v, err := m.iso.Call(f, a)
			if err != nil {
				panic(err)
			}
			return v
		}))
		return c
	})
}

func (m *Modules) responseCookies() *js.Class {
	return lazyClass(&m.classes.responseCookies, func() *js.Class {
		c := m.iso.Class("ResponseCookies", 1, nil, func(c goja.ConstructorCall) any {
			h, ok := m.env.HeadersOf(argument(c.Arguments, 0))
			if !ok {
				panic(m.iso.TypeError("ResponseCookies: the argument is not a Headers object"))
			}
			return m.responseJar(h)
		})
		m.jarMethods(c)
		c.Method("delete", 0, func(c goja.FunctionCall) goja.Value {
			j, ok := js.Host[jar](m.iso, c.This)
			if !ok {
				panic(m.iso.TypeError("Illegal invocation"))
			}
			if j.sealed != "" {
				panic(m.iso.NewError("Error", j.sealed))
			}
			o := m.rt.NewObject()
			if given, ok := c.Argument(0).(*goja.Object); ok {
				for _, k := range given.Keys() {
					put(o, k, given.Get(k))
				}
			} else {
				put(o, "name", c.Argument(0))
			}
			put(o, "value", m.rt.ToValue(""))
			put(o, "expires", m.date(m.rt.ToValue(0)))
			m.set(j, []goja.Value{o})
			return c.This
		})
		return c
	})
}
