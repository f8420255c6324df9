package web

import (
	"strings"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// URLPattern of the URL Pattern standard. The syntax of patterns is in
// patternparse.go.
//
// Differences: regular expressions run with the flag u in place of v, which the
// engine does not have.

type patternClasses struct {
	patterns     *js.Class
	regexp, exec goja.Value
}

func installURLPattern(e *Env) { e.global("URLPattern", e.urlPatternClass) }

// The components of a URL, in the standard's order.
const (
	partProtocol = iota
	partUsername
	partPassword
	partHostname
	partPort
	partPathname
	partSearch
	partHash
	partCount
)

var partNames = [partCount]string{"protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"}

// urlPattern is what a URLPattern carries.
type urlPattern struct {
	parts [partCount]patternComponent
}

// patternComponent is a compiled component (URLPattern §1.3, "component").
type patternComponent struct {
	pattern   string // as the getters show it
	regexp    goja.Value
	names     []string // of the groups, in their order
	hasRegExp bool
}

// patternInit is a URLPatternInit: nil members are absent.
type patternInit struct {
	parts [partCount]*string
	base  *string
}

func (e *Env) urlPatternClass() *js.Class {
	return class(&e.pattern.patterns, func() *js.Class {
		c := e.iso.Class("URLPattern", 0, nil, func(call goja.ConstructorCall) any {
			var base *string
			options := call.Argument(1)
			if _, object := options.(*goja.Object); len(call.Arguments) > 2 || !object && !absent(options) && !goja.IsNull(options) {
				s := e.text(call.Argument(1))
				base, options = &s, call.Argument(2)
			}
			ignoreCase := flag(e.dictionary(options, "URLPatternOptions"), "ignoreCase")
			p, err := e.newURLPattern(call.Argument(0), base, ignoreCase)
			if err != nil {
				panic(e.patternFailure(err))
			}
			return p
		})
		this := func(v goja.Value) *urlPattern {
			p, ok := js.Host[urlPattern](e.iso, v)
			if !ok {
				panic(e.illegal())
			}
			return p
		}
		for i, name := range partNames {
			c.Getter(name, func(call goja.FunctionCall) goja.Value { return e.rt.ToValue(this(call.This).parts[i].pattern) })
		}
		c.Getter("hasRegExpGroups", func(call goja.FunctionCall) goja.Value {
			for _, part := range this(call.This).parts {
				if part.hasRegExp {
					return e.rt.ToValue(true)
				}
			}
			return e.rt.ToValue(false)
		})
		c.Method("test", 0, func(call goja.FunctionCall) goja.Value {
			_, _, matched := e.matchPattern(this(call.This), call)
			return e.rt.ToValue(matched != nil)
		})
		c.Method("exec", 0, func(call goja.FunctionCall) goja.Value {
			p := this(call.This)
			inputs, values, matched := e.matchPattern(p, call)
			if matched == nil {
				return goja.Null()
			}
			result := e.rt.NewObject()
			set(result, "inputs", e.rt.NewArray(inputs...))
			for i, name := range partNames {
				groups := e.rt.NewObject()
				for j, group := range p.parts[i].names {
					v := orUndefined(matched[i].Get(itoa(j + 1)))
					must(groups.DefineDataProperty(group, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
				}
				part := e.rt.NewObject()
				set(part, "input", e.rt.ToValue(values[i]))
				set(part, "groups", groups)
				set(result, name, part)
			}
			return result
		})
		return c
	})
}

// patternFailure makes the TypeError of a pattern that is wrong.
func (e *Env) patternFailure(err error) *goja.Object {
	return e.iso.TypeError("%s", "Invalid URLPattern: "+err.Error())
}

// patternInput converts a URLPatternInput: a string, or a dictionary.
func (e *Env) patternInput(v goja.Value) (text string, init *patternInit) {
	if _, object := v.(*goja.Object); !object && !absent(v) && !goja.IsNull(v) {
		return e.text(v), nil
	}
	init = new(patternInit)
	o := e.dictionary(v, "URLPatternInit")
	read := func(name string) *string {
		m, ok := member(o, name)
		if !ok {
			return nil
		}
		s := e.text(m)
		return &s
	}
	init.base = read("baseURL") // in the order of the names, as Web IDL has it
	for _, i := range []int{partHash, partHostname, partPassword, partPathname, partPort, partProtocol, partSearch, partUsername} {
		init.parts[i] = read(partNames[i])
	}
	return "", init
}

// newURLPattern is "create" (URLPattern §1.4).
func (e *Env) newURLPattern(input goja.Value, base *string, ignoreCase bool) (*urlPattern, error) {
	text, init := e.patternInput(input)
	if init == nil {
		var err error
		if init, err = e.parsePatternString(text); err != nil {
			return nil, err
		}
		if base == nil && init.parts[partProtocol] == nil {
			return nil, patternError("a relative pattern needs a base URL")
		}
		init.base = base
	} else if base != nil {
		return nil, patternError("a base URL goes into the dictionary")
	}
	in, err := init.process(true)
	if err != nil {
		return nil, err
	}
	var text8 [partCount]string
	for i, s := range in {
		text8[i] = "*"
		if s != nil {
			text8[i] = *s
		}
	}
	if p := text8[partProtocol]; isSpecial(p) && text8[partPort] == defaultPort(p) {
		text8[partPort] = ""
	}
	p := new(urlPattern)
	compile := func(i int, encode func(string) (string, error), o patternOptions) {
		if err == nil {
			p.parts[i], err = e.compilePattern(text8[i], encode, o)
		}
	}
	plain := patternOptions{ignoreCase: ignoreCase}
	compile(partProtocol, canonProtocol, patternOptions{})
	if err != nil {
		return nil, err
	}
	special := e.matchesSpecial(&p.parts[partProtocol])
	compile(partUsername, canonUser, patternOptions{})
	compile(partPassword, canonUser, patternOptions{})
	host := patternOptions{delimiter: "."}
	switch h := text8[partHostname]; {
	case len(h) >= 2 && (h[0] == '[' || h[:2] == "{[" || h[:2] == `\[`):
		compile(partHostname, canonIPv6, host)
	default:
		domain := special || p.parts[partProtocol].pattern == "*"
		compile(partHostname, func(s string) (string, error) { return canonHostname(s, domain) }, host)
	}
	compile(partPort, func(s string) (string, error) { return canonPort(s, "") }, patternOptions{})
	if special {
		compile(partPathname, canonPathname, patternOptions{delimiter: "/", prefix: "/", ignoreCase: ignoreCase})
	} else {
		compile(partPathname, canonOpaquePath, plain)
	}
	compile(partSearch, canonSearch, plain)
	compile(partHash, canonHash, plain)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// matchesSpecial is "protocol component matches a special scheme".
func (e *Env) matchesSpecial(c *patternComponent) bool {
	for _, scheme := range []string{"http", "https", "ws", "wss", "ftp", "file"} {
		if e.execPattern(c, scheme) != nil {
			return true
		}
	}
	return false
}

// regexps are the engine's RegExp and its exec, as they were at first.
func (e *Env) regexps() *patternClasses {
	c := &e.pattern
	if c.regexp == nil {
		c.regexp = e.rt.Get("RegExp")
		c.exec = c.regexp.(*goja.Object).Get("prototype").(*goja.Object).Get("exec")
	}
	return c
}

// execPattern returns the match of a component, or nil.
func (e *Env) execPattern(c *patternComponent, s string) *goja.Object {
	exec, _ := goja.AssertFunction(e.regexps().exec)
	match, _ := e.call(exec, c.regexp, e.rt.ToValue(s)).(*goja.Object)
	return match
}

// compilePattern is "compile a component".
func (e *Env) compilePattern(s string, encode func(string) (string, error), o patternOptions) (c patternComponent, err error) {
	parts, err := parsePattern(s, encode, o)
	if err != nil {
		return c, err
	}
	source, names := patternRegExp(parts, o)
	flags := "u"
	if o.ignoreCase {
		flags = "ui"
	}
	re, err := e.rt.New(e.regexps().regexp, e.rt.ToValue(source), e.rt.ToValue(flags))
	if err != nil {
		if _, thrown := err.(*goja.Exception); !thrown {
			panic(err)
		}
		return c, patternError("a group is no regular expression")
	}
	c = patternComponent{pattern: patternString(parts, o), regexp: re, names: names}
	for _, p := range parts {
		c.hasRegExp = c.hasRegExp || p.kind == partRegExp
	}
	return c, nil
}

// matchPattern is "match". matched is nil where the input does not match.
func (e *Env) matchPattern(p *urlPattern, call goja.FunctionCall) (inputs []any, values *[partCount]string, matched *[partCount]*goja.Object) {
	text, init := e.patternInput(call.Argument(0))
	var base *string
	if v := call.Argument(1); !absent(v) {
		s := e.text(v)
		base = &s
	}
	values = new([partCount]string)
	if init != nil {
		if base != nil {
			panic(e.iso.TypeError("A base URL goes into the dictionary"))
		}
		inputs = []any{e.initObject(init)}
		in, err := init.process(false)
		if err != nil {
			return nil, nil, nil // what is no URL does not match
		}
		for i, s := range in {
			if s != nil {
				values[i] = *s
			}
		}
	} else {
		inputs = []any{text}
		var from *URL
		if base != nil {
			inputs = append(inputs, *base)
			var err error
			if from, err = ParseURL(*base, nil); err != nil {
				return nil, nil, nil
			}
		}
		u, err := ParseURL(text, from)
		if err != nil {
			return nil, nil, nil
		}
		*values = urlParts(u)
	}
	matched = new([partCount]*goja.Object)
	for i := range p.parts {
		if matched[i] = e.execPattern(&p.parts[i], values[i]); matched[i] == nil {
			return nil, nil, nil
		}
	}
	return inputs, values, matched
}

// initObject is a dictionary as a result shows it.
func (e *Env) initObject(init *patternInit) *goja.Object {
	o := e.rt.NewObject()
	for i, s := range init.parts {
		if s != nil {
			set(o, partNames[i], e.rt.ToValue(*s))
		}
	}
	if init.base != nil {
		set(o, "baseURL", e.rt.ToValue(*init.base))
	}
	return o
}

// urlParts are the components of a URL without their punctuation.
func urlParts(u *URL) [partCount]string {
	return [partCount]string{
		strings.TrimSuffix(u.Protocol(), ":"), u.Username(), u.Password(), u.Hostname(), u.Port(), u.Pathname(),
		u.Query(), strings.TrimPrefix(u.Hash(), "#"),
	}
}

// process is "process a URLPatternInit"; pattern tells its type "pattern" from
// "url".
func (in *patternInit) process(pattern bool) (out [partCount]*string, err error) {
	if !pattern {
		for i := range out {
			out[i] = new(string)
		}
	}
	var base *URL
	if in.base != nil {
		if base, err = ParseURL(*in.base, nil); err != nil {
			return out, err
		}
		of := urlParts(base)
		inherit := func(i int) {
			s := of[i]
			if pattern {
				s = escapePattern(s)
			}
			out[i] = &s
		}
		// A component is inherited when neither it nor any that comes before it,
		// in the order of a URL's importance, is given.
		given := false
		for _, i := range []int{partProtocol, partHostname, partPort, partPathname, partSearch, partHash} {
			if given = given || in.parts[i] != nil; !given {
				inherit(i)
			}
		}
		if !pattern && in.parts[partProtocol] == nil && in.parts[partHostname] == nil && in.parts[partPort] == nil && in.parts[partUsername] == nil {
			inherit(partUsername)
			if in.parts[partPassword] == nil {
				inherit(partPassword)
			}
		}
	}
	add := func(i int, s string, canon func(string) (string, error)) {
		if err != nil {
			return
		}
		if !pattern {
			s, err = canon(s)
		}
		out[i] = &s
	}
	protocol := func() string {
		if out[partProtocol] == nil {
			return ""
		}
		return *out[partProtocol]
	}
	for i, given := range in.parts {
		if given == nil {
			continue
		}
		s := *given
		switch i {
		case partProtocol:
			add(i, strings.TrimSuffix(s, ":"), canonProtocol)
		case partUsername, partPassword:
			add(i, s, canonUser)
		case partHostname:
			add(i, s, func(s string) (string, error) { return canonHostname(s, protocol() == "" || isSpecial(protocol())) })
		case partPort:
			add(i, s, func(s string) (string, error) { return canonPort(s, protocol()) })
		case partPathname:
			if base != nil && !base.opaque() && !absolutePattern(s, pattern) {
				path := base.Pathname()
				if pattern {
					path = escapePattern(path)
				}
				s = path[:strings.LastIndexByte(path, '/')+1] + s
			}
			canon := canonOpaquePath
			if protocol() == "" || isSpecial(protocol()) {
				canon = canonPathname
			}
			add(i, s, canon)
		case partSearch:
			add(i, strings.TrimPrefix(s, "?"), canonSearch)
		case partHash:
			add(i, strings.TrimPrefix(s, "#"), canonHash)
		}
	}
	return out, err
}

// absolutePattern is "is an absolute pathname".
func absolutePattern(s string, pattern bool) bool {
	if strings.HasPrefix(s, "/") {
		return true
	}
	return pattern && (strings.HasPrefix(s, `\/`) || strings.HasPrefix(s, "{/"))
}

// The canonicalize algorithms (URLPattern §3.1): each gives what a URL that is
// parsed with such a component would have.

func canonProtocol(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	u, err := ParseURL(s+"://dummy.invalid/", nil)
	if err != nil {
		return "", patternError("the protocol is invalid")
	}
	return strings.TrimSuffix(u.Protocol(), ":"), nil
}

func canonUser(s string) (string, error) { return escapeUser(s), nil }

// canonHostname is the hostname state: what follows the host is left out.
func canonHostname(s string, special bool) (string, error) {
	if s == "" {
		return "", nil
	}
	end := "/?#"
	if special {
		end = `/?#\`
	}
	s = dropBreaks(s)
	if i := strings.IndexAny(s, end); i >= 0 {
		s = s[:i]
	}
	if name, _, port := cutPort(s); !port && (name != "" || !special) {
		if host, ok := parseHost(name, special); ok {
			return host, nil
		}
	}
	return "", patternError("the hostname is invalid")
}

func canonIPv6(s string) (string, error) {
	for i := 0; i < len(s); i++ {
		if unhex(s[i]) < 0 && s[i] != '[' && s[i] != ']' && s[i] != ':' {
			return "", patternError("the IPv6 address is invalid")
		}
	}
	return strings.ToLower(s), nil
}

// canonPort is the port state; the protocol's default port is the empty string.
func canonPort(s, protocol string) (string, error) {
	if s == "" {
		return "", nil
	}
	s = dropBreaks(s)
	digits := s[:countDigits(s)]
	if port, ok := (&record{scheme: protocol}).parsePort(digits); ok && digits != "" {
		return port, nil
	}
	return "", patternError("the port is invalid")
}

// canonPathname keeps a path that has no slash in front, as the rest of one
// behind a group has not.
func canonPathname(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	r := record{scheme: "https", hasHost: true}
	if s[0] == '/' {
		r.setPathname(s)
		return r.path, nil
	}
	r.setPathname("/-" + s)
	if len(r.path) < 2 {
		return "", nil
	}
	return r.path[2:], nil
}

func canonOpaquePath(s string) (string, error) {
	s = dropBreaks(s)
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i]
	}
	return escapeOpaque(s), nil
}

func canonSearch(s string) (string, error) { return escapeURL(s, queryPlain), nil }

func canonHash(s string) (string, error) { return escapeURL(s, fragPlain), nil }
