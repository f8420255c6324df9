package web

import (
	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

type urlClasses struct {
	urls, searchParams *js.Class
	entries            goja.Value // URLSearchParams.prototype.entries as it was made
	objectURLs         map[string]*Blob
}

func installURL(e *Env) {
	e.global("URL", e.urlClass)
	e.global("URLSearchParams", e.searchParamsClass)
}

// urlObject is what a script's URL carries.
type urlObject struct {
	url    *URL
	params *goja.Object // the searchParams object, once it was asked for
}

// NewURL makes a script's URL over u, which it shares.
func (e *Env) NewURL(u *URL) *goja.Object { return e.urlClass().New(&urlObject{url: u}) }

// URLOf returns the URL behind a script's URL object.
func (e *Env) URLOf(v goja.Value) (*URL, bool) {
	u, ok := js.Host[urlObject](e.iso, v)
	if !ok {
		return nil, false
	}
	return u.url, true
}

// NewSearchParams makes a script's URLSearchParams over p, which it shares.
func (e *Env) NewSearchParams(p *SearchParams) *goja.Object { return e.searchParamsClass().New(p) }

// SearchParamsOf returns the list behind a script's URLSearchParams.
func (e *Env) SearchParamsOf(v goja.Value) (*SearchParams, bool) {
	return js.Host[SearchParams](e.iso, v)
}

// invalidURL makes the error that Node throws for a text that is no URL. base
// is what the caller passed as base, or nil.
func (e *Env) invalidURL(input string, base goja.Value) *goja.Object {
	o := e.nodeError("TypeError", "ERR_INVALID_URL", "Invalid URL")
	must(o.Set("input", input))
	if base != nil {
		must(o.Set("base", e.text(base)))
	}
	return o
}

// parseArguments parses (url, base) as the constructor, parse and canParse take them.
func (e *Env) parseArguments(args []goja.Value) (*URL, *goja.Object) {
	if len(args) == 0 {
		panic(e.missingArguments("url"))
	}
	input := e.text(args[0])
	var base *URL
	var baseArg goja.Value
	if len(args) > 1 && !absent(args[1]) {
		baseArg = args[1]
		b, err := ParseURL(e.text(baseArg), nil)
		if err != nil {
			return nil, e.invalidURL(input, baseArg)
		}
		base = b
	}
	u, err := ParseURL(input, base)
	if err != nil {
		return nil, e.invalidURL(input, baseArg)
	}
	return u, nil
}

func (e *Env) urlClass() *js.Class {
	return class(&e.url.urls, func() *js.Class {
		rt := e.rt
		c := e.iso.Class("URL", 1, nil, func(call goja.ConstructorCall) any {
			u, err := e.parseArguments(call.Arguments)
			if err != nil {
				panic(err)
			}
			return &urlObject{url: u}
		})
		this := func(v goja.Value) *urlObject {
			u, ok := js.Host[urlObject](e.iso, v)
			if !ok {
				panic(e.iso.TypeError("Receiver must be an instance of class URL"))
			}
			return u
		}
		href := func(call goja.FunctionCall) goja.Value { return rt.ToValue(this(call.This).url.Href()) }
		accessor := func(name string, get func(*URL) string, set func(*URL, string)) {
			g := func(call goja.FunctionCall) goja.Value { return rt.ToValue(get(this(call.This).url)) }
			if set == nil {
				c.Getter(name, g)
				return
			}
			c.Accessor(name, g, func(call goja.FunctionCall) goja.Value {
				u := this(call.This)
				set(u.url, e.text(call.Argument(0)))
				return goja.Undefined()
			})
		}
		c.Method("toString", 0, href)
		c.Accessor("href", href, func(call goja.FunctionCall) goja.Value {
			u := this(call.This)
			s := e.text(call.Argument(0))
			if err := u.url.SetHref(s); err != nil {
				panic(e.invalidURL(s, nil))
			}
			return goja.Undefined()
		})
		accessor("origin", (*URL).Origin, nil)
		accessor("protocol", (*URL).Protocol, (*URL).SetProtocol)
		accessor("username", (*URL).Username, (*URL).SetUsername)
		accessor("password", (*URL).Password, (*URL).SetPassword)
		accessor("host", (*URL).Host, (*URL).SetHost)
		accessor("hostname", (*URL).Hostname, (*URL).SetHostname)
		accessor("port", (*URL).Port, (*URL).SetPort)
		accessor("pathname", (*URL).Pathname, (*URL).SetPathname)
		accessor("search", (*URL).Search, (*URL).SetSearch)
		c.Getter("searchParams", func(call goja.FunctionCall) goja.Value {
			u := this(call.This)
			if u.params == nil {
				u.params = e.NewSearchParams(u.url.SearchParams())
			}
			return u.params
		})
		accessor("hash", (*URL).Hash, (*URL).SetHash)
		c.Method("toJSON", 0, href)

		c.Static("parse", 1, func(call goja.FunctionCall) goja.Value {
			u, err := e.parseArguments(call.Arguments)
			if err != nil {
				return goja.Null()
			}
			return e.NewURL(u)
		})
		c.Static("canParse", 1, func(call goja.FunctionCall) goja.Value {
			_, err := e.parseArguments(call.Arguments)
			return rt.ToValue(err == nil)
		})
		c.Static("createObjectURL", 1, func(call goja.FunctionCall) goja.Value {
			b, ok := e.BlobOf(call.Argument(0))
			if !ok {
				panic(e.nodeError("TypeError", "ERR_INVALID_ARG_TYPE", `The "obj" argument must be an instance of Blob. Received %s`, e.received(call.Argument(0))))
			}
			if e.url.objectURLs == nil {
				e.url.objectURLs = map[string]*Blob{}
			}
			name := "blob:nodedata:" + randomUUID()
			e.url.objectURLs[name] = b
			return rt.ToValue(name)
		})
		c.Static("revokeObjectURL", 1, func(call goja.FunctionCall) goja.Value {
			e.specify(call, "url")
			delete(e.url.objectURLs, e.text(call.Argument(0)))
			return goja.Undefined()
		})
		return c
	})
}

// objectURL returns the Blob that URL.createObjectURL gave a URL to on this
// isolate, until it is revoked.
func (e *Env) objectURL(href string) (*Blob, bool) {
	b, ok := e.url.objectURLs[href]
	return b, ok
}

func (e *Env) searchParamsClass() *js.Class {
	return class(&e.url.searchParams, func() *js.Class {
		rt := e.rt
		c := e.iso.Class("URLSearchParams", 0, nil, func(call goja.ConstructorCall) any {
			return e.searchParamsFrom(call.Argument(0))
		})
		this := func(v goja.Value) *SearchParams {
			p, ok := js.Host[SearchParams](e.iso, v)
			if !ok {
				panic(e.invalidThis("URLSearchParams"))
			}
			return p
		}
		// value is the optional second argument of has and delete.
		value := func(call goja.FunctionCall) []string {
			if v := call.Argument(1); !absent(v) {
				return []string{e.text(v)}
			}
			return nil
		}
		c.Getter("size", func(call goja.FunctionCall) goja.Value { return rt.ToValue(this(call.This).Size()) })
		c.Method("append", 2, func(call goja.FunctionCall) goja.Value {
			p := this(call.This)
			e.specify(call, "name", "value")
			name, value := e.text(call.Argument(0)), e.text(call.Argument(1))
			p.Append(name, value)
			return goja.Undefined()
		})
		c.Method("delete", 1, func(call goja.FunctionCall) goja.Value {
			p := this(call.This)
			e.specify(call, "name")
			p.Delete(e.text(call.Argument(0)), value(call)...)
			return goja.Undefined()
		})
		c.Method("get", 1, func(call goja.FunctionCall) goja.Value {
			p := this(call.This)
			e.specify(call, "name")
			v, ok := p.Get(e.text(call.Argument(0)))
			if !ok {
				return goja.Null()
			}
			return rt.ToValue(v)
		})
		c.Method("getAll", 1, func(call goja.FunctionCall) goja.Value {
			p := this(call.This)
			e.specify(call, "name")
			all := p.GetAll(e.text(call.Argument(0)))
			items := make([]any, len(all))
			for i, v := range all {
				items[i] = v
			}
			return rt.NewArray(items...)
		})
		c.Method("has", 1, func(call goja.FunctionCall) goja.Value {
			p := this(call.This)
			e.specify(call, "name")
			return rt.ToValue(p.Has(e.text(call.Argument(0)), value(call)...))
		})
		c.Method("set", 2, func(call goja.FunctionCall) goja.Value {
			p := this(call.This)
			e.specify(call, "name", "value")
			name, value := e.text(call.Argument(0)), e.text(call.Argument(1))
			p.Set(name, value)
			return goja.Undefined()
		})
		c.Method("sort", 0, func(call goja.FunctionCall) goja.Value {
			this(call.This).Sort()
			return goja.Undefined()
		})
		e.pairIterable(c, func(v goja.Value) pairs {
			p := this(v)
			return func(i int) (goja.Value, goja.Value, bool) {
				name, value, ok := p.At(i)
				if !ok {
					return nil, nil, false
				}
				return rt.ToValue(name), rt.ToValue(value), true
			}
		})
		e.url.entries = c.Proto.Get("entries")
		c.Method("toString", 0, func(call goja.FunctionCall) goja.Value { return rt.ToValue(this(call.This).String()) })
		return c
	})
}

// searchParamsFrom is the constructor's conversion of its argument: a sequence
// of pairs, a record, or anything else as text.
func (e *Env) searchParamsFrom(init goja.Value) *SearchParams {
	p := &SearchParams{}
	if absent(init) || goja.IsNull(init) { // Node takes null for nothing
		return p
	}
	o, ok := init.(*goja.Object)
	if !ok {
		s := e.text(init)
		if s != "" && s[0] == '?' {
			s = s[1:]
		}
		return ParseSearchParams(s)
	}
	p.parsed = true
	if other, ok := js.Host[SearchParams](e.iso, o); ok && e.plainIterator(o) {
		return other.Clone()
	}
	method := o.GetSymbol(goja.SymIterator)
	if absent(method) || goja.IsNull(method) {
		e.record(o, func(name, value string) {
			// Names that differ in lone surrogates only are one: the last value wins.
			for i := range p.list {
				if p.list[i].name == name {
					p.list[i].value = value
					return
				}
			}
			p.list = append(p.list, param{name, value})
		})
		return p
	}
	if _, ok := goja.AssertFunction(method); !ok {
		panic(e.nodeError("TypeError", "ERR_ARG_NOT_ITERABLE", "Query pairs must be iterable"))
	}
	badTuple := func() *goja.Object {
		return e.nodeError("TypeError", "ERR_INVALID_TUPLE", "Each query pair must be an iterable [name, value] tuple")
	}
	e.rt.ForOf(o, func(v goja.Value) bool {
		tuple, ok := v.(*goja.Object)
		if !ok {
			panic(badTuple())
		}
		if _, ok := goja.AssertFunction(tuple.GetSymbol(goja.SymIterator)); !ok {
			panic(badTuple())
		}
		var pair []goja.Value
		e.rt.ForOf(tuple, func(v goja.Value) bool { pair = append(pair, v); return len(pair) < 3 })
		if len(pair) != 2 {
			panic(badTuple())
		}
		p.list = append(p.list, param{e.text(pair[0]), e.text(pair[1])})
		return true
	})
	return p
}

// plainIterator reports whether a URLSearchParams iterates as it was made to.
func (e *Env) plainIterator(o *goja.Object) bool {
	return o.GetSymbol(goja.SymIterator) == e.url.entries
}
