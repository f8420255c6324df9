package next

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
)

// Verdict is what the middleware made of a request.
type Verdict struct {
	// Header are lines for the client: on top of the handler's answer, or of
	// the middleware's own when Answered.
	Header http.Header
	// Request replaces the request's headers, all of them: what is not in it was
	// removed. Nil leaves them.
	Request http.Header
	// Rewrite is where the request goes instead; nil is where it came to. It is
	// absolute only when that is another server.
	Rewrite *url.URL
	// Answered says that the middleware has answered: Write sends it.
	Answered bool

	x *Exchange
}

// Write sends the answer of a middleware that has Answered.
func (v *Verdict) Write(w http.ResponseWriter) error { return v.x.write(w) }

// Close starts what the middleware left for after the answer. It is called once
// the request is over.
func (v *Verdict) Close() {
	x := v.x
	if x.handlers != nil {
		_ = x.handlers.Close() // what waits there for a handler that did not read it
	}
	x.close()
	x.closeShared()
}

// closeShared gives up the middleware's branch of the body once nobody can read
// it any more: the request is over, and so are the promises of waitUntil.
func (x *Exchange) closeShared() {
	if x.shared != nil && x.over.Add(1) == x.held.Load()+1 {
		_ = x.shared.Close()
	}
}

// MiddlewareExports are the names under which a middleware file may export its
// function, the first that is there is the one.
var MiddlewareExports = []string{"middleware", "proxy", "default"}

// examineMiddleware looks at the exports of the middleware file.
func (m *Modules) examineMiddleware(path string, ns *goja.Object) *entry {
	e := &entry{fns: map[string]handlerFunc{}, module: &Module{}}
	for _, name := range MiddlewareExports {
		v := ns.Get(name)
		if v == nil || goja.IsUndefined(v) {
			continue
		}
		if f, ok := m.iso.Handler(v); ok {
			e.fns[name] = handlerFunc{f, wantsContext(v)}
			e.module.Methods = []string{name}
			return e
		}
		e.bad = &ExportError{Entry: path, Name: name, Text: "export " + name + " is not a function but " + article(kind(v)),
			Hint: "export function " + name + "(request: NextRequest) { … }"}
		return e
	}
	e.bad = &ExportError{Entry: path, Text: "the file exports no function middleware, nor proxy, nor a default one",
		Hint: "export function middleware(request: NextRequest) { … }"}
	return e
}

// Middleware runs the middleware for a request. The body of r is whole
// afterwards, whatever the middleware read of it. On an error there is nothing
// to close.
func (a *App) Middleware(r *http.Request, c Call) (*Verdict, error) {
	c.Entry = a.opts.Middleware
	c.Draft = a.opts.Draft.Asked(r)
	x := a.exchange(r, c, nil)
	x.middleware = true
	// Completed now, the map is not written to again: what the middleware left
	// running may go on to read it beside the handler.
	x.Complete(r.Header)
	x.shareBody()
	err := x.run()
	if err == nil && x.err != nil {
		x.close()
		err = x.err
	}
	if errors.Is(err, ErrTimeout) || errors.Is(err, js.ErrCompute) { // there is no stack that would say where
		err = fmt.Errorf("%s: %w", x.call.Entry, err)
	}
	if x.shared != nil && (err != nil || !x.touched) {
		_ = x.shared.Close() // nobody reads it: the handler's branch spares itself the copy
	}
	if err != nil {
		if x.handlers != nil {
			_ = x.handlers.Close()
		}
		return nil, err
	}
	x.verdict.x = x
	return x.verdict, nil
}

// shareBody gives the middleware the request's body and leaves it whole for the
// handler.
func (x *Exchange) shareBody() {
	r := x.req
	b := requestBody(r)
	x.request.Body = b
	if data, ok := b.Bytes(); ok {
		if len(data) > 0 {
			r.Body = web.BytesReader(data)
		}
		return
	}
	if b == nil {
		return
	}
	// A small body of which only a part came fails for both in the same place.
	src, length := b.Reader()
	x.shared, x.handlers = web.Tee(src)
	x.request.Body = web.ReaderBody(x.shared, length)
	r.Body = x.handlers
}

// decide takes what the middleware returned. It runs on the isolate.
func (x *Exchange) decide(m *Modules, v goja.Value) {
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		res := web.NewResponse(http.StatusOK)
		res.Headers().Set("x-middleware-next", "1")
		x.conclude(m, res)
		return
	}
	res, ok := m.env.ResponseOf(v)
	if !ok {
		x.fail(fmt.Errorf("%s: expected an instance of Response to be returned, received '%s'\nhint: return a Response, NextResponse.next(), or nothing", x.call.Entry, describe(v)))
		return
	}
	x.conclude(m, res)
}

// conclude turns the middleware's response into a verdict.
func (x *Exchange) conclude(m *Modules, res *web.Response) {
	if res.IsError() {
		x.fail(fmt.Errorf("%s returned Response.error(), a network error without a status", x.call.Entry))
		return
	}
	h := x.headersOf(m, res)
	v := &Verdict{Header: http.Header{}}
	x.verdict = v
	rewrite, rewritten := h.Get("x-middleware-rewrite")
	next, _ := h.Get("x-middleware-next")
	v.Answered = !rewritten && next != "1"
	if v.Answered {
		x.reply(m, res, h)
		return
	}
	x.touched = x.request.Body.Touched()
	if rewritten {
		to, err := x.target(rewrite)
		if err != nil {
			x.fail(err)
			return
		}
		v.Rewrite = to
	}
	h.Each(func(name, value string) {
		if passedOn(name) && value != "" {
			k := http.CanonicalHeaderKey(name)
			v.Header[k] = append(v.Header[k], value)
		}
	})
	v.Request = overridden(h)
	x.end()
}

// passedOn tells the headers of a response that next() and rewrite() hand on:
// not those that describe a body or a connection which are not used, nor the
// messages to the server.
func passedOn(name string) bool {
	switch name {
	case "accept-encoding", "connection", "content-encoding", "content-length", "expect", "keep-alive", "keepalive", "transfer-encoding":
		return false
	}
	return !strings.HasPrefix(name, "x-middleware-")
}

// overridden are the request's headers from here on, nil when they are as they
// were: { request: { headers } } is the complete list.
func overridden(h *web.Headers) http.Header {
	names, ok := h.Get("x-middleware-override-headers")
	if !ok {
		return nil
	}
	const prefix = "x-middleware-request-"
	type line struct{ name, value string }
	given := make([]line, 0, h.Len())
	h.Combined(func(name, value string) {
		if name, ok := strings.CutPrefix(name, prefix); ok {
			given = append(given, line{name, value})
		}
	})
	to := make(http.Header, len(given))
	values := make([]string, 0, len(given)) // one array for all
	next := 0                               // both are in order, unless a script has written them
	for name := range strings.SplitSeq(names, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		at := next
		if at >= len(given) || given[at].name != name {
			at = slices.IndexFunc(given, func(l line) bool { return l.name == name })
		}
		if at < 0 || name == "" || strings.HasPrefix(name, "x-middleware-") {
			continue
		}
		next = at + 1
		k := canonical(name)
		if _, twice := to[k]; !twice {
			values = append(values, given[at].value)
			to[k] = values[len(values)-1 : len(values) : len(values)]
		}
	}
	return to
}

// canonical is http.CanonicalHeaderKey, which makes a new string each time of the
// names that each request gets from us.
func canonical(name string) string {
	switch name {
	case "x-forwarded-for":
		return "X-Forwarded-For"
	case "x-forwarded-host":
		return "X-Forwarded-Host"
	case "x-forwarded-port":
		return "X-Forwarded-Port"
	case "x-forwarded-proto":
		return "X-Forwarded-Proto"
	}
	return http.CanonicalHeaderKey(name)
}

// target resolves where a rewrite goes: relative when that is this server.
func (x *Exchange) target(location string) (*url.URL, error) {
	u, err := web.ParseURL(location, nil)
	if err != nil || u.Protocol() != "http:" && u.Protocol() != "https:" {
		return nil, fmt.Errorf("%s rewrites to %q, which is no http or https URL\nhint: NextResponse.rewrite(new URL('/path', request.url))", x.call.Entry, location)
	}
	to := &url.URL{RawPath: u.Pathname(), RawQuery: strings.TrimPrefix(u.Search(), "?")}
	if to.Path, err = url.PathUnescape(to.RawPath); err != nil {
		to.Path = to.RawPath // the router says what is wrong with it
	}
	if !x.own(u) {
		to.Scheme, to.Host = strings.TrimSuffix(u.Protocol(), ":"), u.Host()
	}
	return to, nil
}

// own reports whether a URL is of this server: of the origin that scripts see,
// where a loopback address goes for another.
func (x *Exchange) own(u *web.URL) bool {
	if u.Protocol() != x.call.Proto+":" {
		return false
	}
	if strings.EqualFold(u.Host(), x.call.Host) {
		return true
	}
	mine, err := web.ParseURL(x.call.Proto+"://"+x.call.Host, nil)
	return err == nil && (u.Host() == mine.Host() || u.Port() == mine.Port() && local(u.Hostname()) && local(mine.Hostname()))
}

func local(host string) bool { return host == "localhost" || loopback(host) }

var redirects = []int{301, 302, 303, 307, 308}

// reply makes the middleware's own answer. A redirect to this server is
// relative, and its body is the place, as Next.js writes it.
func (x *Exchange) reply(m *Modules, res *web.Response, h *web.Headers) {
	h = h.Clone()
	var drop []string
	h.Each(func(name, _ string) {
		if strings.HasPrefix(name, "x-middleware-") {
			drop = append(drop, name)
		}
	})
	for _, name := range drop {
		h.Delete(name)
	}
	location, ok := h.Get("location")
	if ok {
		if u, err := web.ParseURL(location, nil); err == nil && x.own(u) {
			location = u.Pathname() + u.Search() + u.Hash()
			h.Set("location", location)
		}
	}
	if ok && slices.Contains(redirects, res.Status) {
		if res.Status == http.StatusPermanentRedirect {
			h.Set("refresh", "0;url="+location)
		}
		x.touched = x.request.Body.Touched()
		x.result = result{status: res.Status, header: h, data: []byte(location), length: int64(len(location))}
		x.end()
		return
	}
	x.touched = x.request.Body.Touched()
	x.answer(m, res, h)
}

// eventClass is the second argument of middleware.
func (m *Modules) eventClass() *js.Class {
	return lazyClass(&m.classes.event, func() *js.Class {
		c := m.iso.Class("NextFetchEvent", 1, nil, func(goja.ConstructorCall) any {
			panic(m.iso.TypeError("Illegal constructor"))
		})
		c.Hidden()
		self := func(v goja.Value) *Exchange {
			x, ok := js.Host[Exchange](m.iso, v)
			if !ok {
				panic(m.iso.TypeError("Illegal invocation"))
			}
			return x
		}
		c.Method("waitUntil", 1, func(c goja.FunctionCall) goja.Value {
			self(c.This).hold(m, c.Argument(0))
			return goja.Undefined()
		})
		c.Getter("sourcePage", func(c goja.FunctionCall) goja.Value {
			return m.rt.ToValue("/" + middlewareName(self(c.This).call.Entry))
		})
		for _, gone := range []string{"respondWith", "passThroughOnException"} {
			c.Method(gone, 0, func(c goja.FunctionCall) goja.Value {
				self(c.This)
				panic(m.iso.NewError("Error", "event."+gone+"() is of the Service Worker API and does nothing in middleware; return a Response instead"))
			})
		}
		return c
	})
}

// middlewareName is "middleware" or "proxy".
func middlewareName(entry string) string {
	name := entry[strings.LastIndexByte(entry, '/')+1:]
	name, _, _ = strings.Cut(name, ".")
	return name
}
