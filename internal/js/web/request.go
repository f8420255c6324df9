package web

import (
	"net/http"
	"strings"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// Request is a Request of the Fetch standard. Its script object carries a
// pointer to it.
type Request struct {
	Method string
	Body   *Body

	url        string // serialised, with the fragment
	parsed     *URL
	headers    *Headers
	headersObj *goja.Object
	signal     *Signal
	// watch ties the signal to what aborts an incoming request; it runs when a
	// script first asks for the signal.
	watch  func(*Signal)
	object *Blob    // what a blob: URL named when the request was made
	in     Incoming // whose request it is, for one from the network; stands in for watch

	mode, credentials, cache, redirect, referrer, referrerPolicy, integrity string
	keepalive                                                               bool

	// Ext is what a subclass written in Go keeps: NextRequest.
	Ext any
	// Guard, when not nil, is told before a script sees something of the request
	// that another request may have otherwise, by the name of the property. It
	// may panic with a script error. Clones have it too.
	Guard func(name string)
}

// Incoming is what a request from the network asks its exchange for, each once
// and only when a script needs it. The methods are called on the isolate.
type Incoming interface {
	// Complete adds to the header what a handler sees behind a Node server: Host
	// and X-Forwarded-*.
	Complete(http.Header)
	// BeforeWrite comes before the first change of the header.
	BeforeWrite()
	// Watch ties the signal to what aborts the request.
	Watch(*Signal)
}

// NewIncoming returns the request of an exchange.
func NewIncoming(method, url string, h http.Header, body *Body, in Incoming) *Request {
	r := &struct {
		request Request
		headers Headers
	}{
		Request{Method: method, url: url, Body: body, in: in, mode: "cors", credentials: "same-origin", redirect: "follow", referrer: "about:client"},
		Headers{source: h, in: in, writer: in},
	}
	r.request.headers = &r.headers
	return &r.request
}

func (r *Request) theBody() *Body { return r.Body }

func (r *Request) guard(name string) {
	if r.Guard != nil {
		r.Guard(name)
	}
}

func (r *Request) contentType() string { v, _ := r.headers.Get("content-type"); return v }

// URL is the request's URL as scripts see it.
func (r *Request) URL() string { return r.url }

// SetURL replaces the URL.
func (r *Request) SetURL(u string) { r.url, r.parsed = u, nil }

// Headers is the request's header list.
func (r *Request) Headers() *Headers { return r.headers }

// Redirect is the redirect mode: "follow", "error" or "manual".
func (r *Request) Redirect() string { return r.redirect }

// Cache is the cache mode; "" is the default.
func (r *Request) Cache() string { return r.cache }

// Traits are the members that tell one fetch of a URL from another, beside
// method, headers and body, in a fixed order.
func (r *Request) Traits() []string {
	return []string{r.mode, r.redirect, r.credentials, r.referrer, r.integrity, r.cache}
}

// Signal returns the request's signal.
func (e *Env) requestSignal(r *Request) *Signal {
	if r.signal == nil {
		r.signal = e.LazySignal()
		switch {
		case r.in != nil:
			r.in.Watch(r.signal)
		case r.watch != nil:
			r.watch(r.signal)
		}
	}
	return r.signal
}

func (e *Env) requestClass() *js.Class {
	return class(&e.fetches.request, func() *js.Class {
		rt := e.rt
		c := e.iso.Class("Request", 1, nil, func(c goja.ConstructorCall) any {
			if len(c.Arguments) == 0 {
				panic(e.iso.TypeError("Request constructor: 1 argument required, but 0 found."))
			}
			return e.MakeRequest(c.Arguments[0], argument(c.Arguments, 1))
		})
		self := func(v goja.Value) *Request {
			r, ok := js.Host[Request](e.iso, v)
			if !ok {
				panic(e.iso.TypeError("Illegal invocation"))
			}
			return r
		}
		text := func(name string, get func(*Request) string) {
			c.Getter(name, func(c goja.FunctionCall) goja.Value { return rt.ToValue(get(self(c.This))) })
		}
		text("method", func(r *Request) string { return r.Method })
		text("url", func(r *Request) string {
			r.guard("url")
			return r.url
		})
		c.Getter("headers", func(c goja.FunctionCall) goja.Value {
			r := self(c.This)
			r.guard("headers")
			if r.headersObj == nil {
				r.headersObj = e.NewHeaders(r.headers)
			}
			return r.headersObj
		})
		text("destination", func(*Request) string { return "" })
		text("referrer", func(r *Request) string { return r.referrer })
		text("referrerPolicy", func(r *Request) string { return r.referrerPolicy })
		text("mode", func(r *Request) string { return r.mode })
		text("credentials", func(r *Request) string { return r.credentials })
		text("cache", func(r *Request) string {
			if r.cache == "" {
				return "default"
			}
			return r.cache
		})
		text("redirect", func(r *Request) string { return r.redirect })
		text("integrity", func(r *Request) string { return r.integrity })
		flag := func(name string, get func(*Request) bool) {
			c.Getter(name, func(c goja.FunctionCall) goja.Value { return rt.ToValue(get(self(c.This))) })
		}
		flag("keepalive", func(r *Request) bool { return r.keepalive })
		flag("isReloadNavigation", func(*Request) bool { return false })
		flag("isHistoryNavigation", func(*Request) bool { return false })
		c.Getter("signal", func(c goja.FunctionCall) goja.Value {
			return e.requestSignal(self(c.This)).Object()
		})
		text("duplex", func(*Request) string { return "half" })
		e.bodyMixin(c)
		c.Method("clone", 0, func(c goja.FunctionCall) goja.Value {
			return e.requestClass().New(e.CloneRequest(self(c.This)))
		})
		return c
	})
}

// RequestClass is the Request class, for subclasses written in Go.
func (e *Env) RequestClass() *js.Class { return e.requestClass() }

// RequestOf returns the request that a script object carries.
func (e *Env) RequestOf(v goja.Value) (*Request, bool) { return js.Host[Request](e.iso, v) }

// CloneRequest is the clone method (Fetch §5.4).
func (e *Env) CloneRequest(r *Request) *Request {
	if e.unusable(r.Body) {
		panic(e.iso.TypeError("unusable"))
	}
	n := *r
	n.Ext, n.headersObj, n.signal = nil, nil, nil
	n.headers = r.headers.Clone()
	n.Body = e.cloneBody(r.Body)
	n.watch, n.in = e.follow(r), nil
	return &n
}

// watched reports whether anything could abort the request's signal.
func (r *Request) watched() bool { return r.signal != nil || r.watch != nil || r.in != nil }

// follow ties a new request's signal to r's, when somebody asks for it.
func (e *Env) follow(r *Request) func(*Signal) {
	if !r.watched() {
		return nil
	}
	return func(s *Signal) { e.chainSignal(e.requestSignal(r), s) }
}

// chainSignal aborts to when from is aborted.
func (e *Env) chainSignal(from, to *Signal) {
	if from.Aborted() {
		to.Abort(from.Reason())
		return
	}
	from.OnAbort(func() { to.Abort(from.Reason()) })
}

// normalMethods are the methods that are recognised in any case (Fetch §2.2.1).
var normalMethods = map[string]string{"delete": "DELETE", "get": "GET", "head": "HEAD", "options": "OPTIONS", "post": "POST", "put": "PUT"}

// enums are the values of RequestInit's enumerations.
var enums = map[string][]string{
	"mode":           {"navigate", "same-origin", "no-cors", "cors"},
	"credentials":    {"omit", "same-origin", "include"},
	"cache":          {"default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"},
	"redirect":       {"follow", "error", "manual"},
	"duplex":         {"half"},
	"priority":       {"auto", "high", "low"},
	"referrerPolicy": {"", "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin", "origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url"},
}

// MakeRequest is the Request constructor (Fetch §5.4).
func (e *Env) MakeRequest(input, initv goja.Value) *Request {
	r := &Request{Method: "GET", mode: "cors", credentials: "same-origin", redirect: "follow", referrer: "about:client"}
	var from *Request
	if in, ok := js.Host[Request](e.iso, input); ok {
		from = in
		from.guard("headers") // all of it goes on where nobody sees who looks
		*r = *in
		r.Guard = nil
		r.Ext, r.headersObj, r.signal, r.Body = nil, nil, nil, nil
		r.watch, r.in = e.follow(in), nil
	} else {
		u, err := ParseURL(input.String(), nil)
		if err != nil {
			o := e.iso.TypeError("Failed to parse URL from %s", input.String())
			set(o, "cause", e.invalidURL(input.String(), nil))
			panic(o)
		}
		if u.Username() != "" || u.Password() != "" {
			panic(e.iso.TypeError("Request cannot be constructed from a URL that includes credentials: %s", input.String()))
		}
		r.url, r.parsed = u.Href(), u
		if strings.HasPrefix(r.url, "blob:") {
			href, _, _ := strings.Cut(r.url, "#")
			r.object, _ = e.objectURL(href)
		}
	}
	var init *goja.Object
	switch v := initv.(type) {
	case *goja.Object:
		init = v
	default:
		if !goja.IsUndefined(v) && !goja.IsNull(v) {
			panic(e.iso.TypeError("Request constructor: Expected %s to be one of: Null, Undefined, Object.", v.String()))
		}
	}
	var body goja.Value
	var bodyFrom *Request // init is itself a request: its body moves without entering script
	hasBodyInit := false
	if init != nil {
		bodyFrom, _ = js.Host[Request](e.iso, init)
		enum := func(name string, to *string) {
			v, ok := member(init, name)
			if !ok {
				return
			}
			s := v.String()
			for _, ok := range enums[name] {
				if s == ok {
					*to = s
					return
				}
			}
			panic(e.iso.TypeError("Request constructor: %s is not an accepted type. Expected one of %s.", s, strings.Join(enums[name], ", ")))
		}
		if bodyFrom == nil {
			if v, ok := member(init, "body"); ok {
				body, hasBodyInit = v, true
			}
		} else if bodyFrom.Body != nil {
			hasBodyInit = true
		}
		enum("cache", &r.cache)
		enum("credentials", &r.credentials)
		var duplex string
		enum("duplex", &duplex)
		if v, ok := member(init, "headers"); ok {
			r.headers = &Headers{}
			e.fillHeaders(r.headers, v)
		}
		if v, ok := member(init, "integrity"); ok {
			r.integrity = v.String()
		}
		if v, ok := member(init, "keepalive"); ok {
			r.keepalive = v.ToBoolean()
		}
		if v, ok := member(init, "method"); ok {
			m := v.String()
			if !isToken(m) {
				panic(e.iso.TypeError("'%s' is not a valid HTTP method.", m))
			}
			if n, ok := normalMethods[strings.ToLower(m)]; ok {
				m = n
			}
			switch strings.ToUpper(m) {
			case "CONNECT", "TRACE", "TRACK":
				panic(e.iso.TypeError("'%s' HTTP method is unsupported.", m))
			}
			r.Method = m
		}
		enum("mode", &r.mode)
		if r.mode == "navigate" && bodyFrom == nil {
			panic(e.iso.TypeError("Request constructor: invalid request mode navigate."))
		}
		enum("redirect", &r.redirect)
		var priority string // takes no part, but has to be valid
		enum("priority", &priority)
		if v, ok := member(init, "referrer"); ok {
			r.referrer = e.referrer(e.text(v))
		}
		enum("referrerPolicy", &r.referrerPolicy)
		if v, ok := member(init, "signal"); ok {
			if goja.IsNull(v) {
				r.watch = nil
			} else {
				s, ok := e.SignalOf(v)
				if !ok {
					panic(e.iso.TypeError("Failed to construct 'Request': member signal is not of type AbortSignal."))
				}
				r.watch = func(to *Signal) { e.chainSignal(s, to) }
			}
		}
		if v, ok := member(init, "window"); ok && !goja.IsNull(v) {
			panic(e.iso.TypeError("'window' option 'client' must be null"))
		}
		if hasBodyInit && body != nil && !goja.IsNull(body) && e.isReadableStream(body) && duplex == "" {
			panic(e.iso.TypeError("RequestInit: duplex option is required when sending a body."))
		}
	}
	if r.cache == "only-if-cached" && r.mode != "same-origin" {
		panic(e.iso.TypeError("'only-if-cached' can be set only with 'same-origin' mode"))
	}
	if r.mode == "no-cors" && r.Method != "GET" && r.Method != "HEAD" && r.Method != "POST" {
		panic(e.iso.TypeError("'%s is unsupported in no-cors mode.", r.Method))
	}
	switch {
	case r.headers == nil:
		r.headers = &Headers{}
	case from != nil && r.headers == from.headers:
		r.headers = from.headers.Clone()
	}
	wantsBody := hasBodyInit && (bodyFrom != nil || !goja.IsNull(body))
	if (wantsBody || from != nil && from.Body != nil && !hasBodyInit) && (r.Method == "GET" || r.Method == "HEAD") {
		panic(e.iso.TypeError("Request with GET/HEAD method cannot have body."))
	}
	switch {
	case wantsBody && bodyFrom != nil:
		r.Body = e.moveBody(bodyFrom, "Response body object should not be disturbed or locked")
	case wantsBody:
		x := e.extract(body)
		r.Body = x.body
		if x.typ != "" && !r.headers.Has("content-type") {
			r.headers.Append("content-type", x.typ)
		}
	case from != nil && !hasBodyInit && from.Body != nil:
		r.Body = e.moveBody(from, "Cannot construct a Request with a Request object that has already been used.")
	}
	return r
}

// referrer is what the referrer member of a RequestInit becomes: a URL, "" for
// none, or the client, which here has no origin that a URL could differ from.
func (e *Env) referrer(s string) string {
	if s == "" {
		return ""
	}
	u, err := ParseURL(s, nil)
	if err != nil {
		o := e.iso.TypeError("Referrer %q is not a valid URL.", s)
		set(o, "cause", e.invalidURL(s, nil))
		panic(o)
	}
	return u.Href()
}

// moveBody takes a request's body for another; the first is used afterwards.
func (e *Env) moveBody(from *Request, used string) *Body {
	b := from.Body
	if e.unusable(b) {
		panic(e.iso.TypeError("%s", used))
	}
	moved := *b
	if b.stream != nil {
		if src := e.takeSource(b.stream); src != nil {
			moved.stream, moved.src = nil, src
		} else {
			moved.stream = e.proxyStream(b.stream)
		}
	}
	b.used = true
	return &moved
}
