package next

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
	"github.com/portico-dev/portico/internal/limit"
	"github.com/portico-dev/portico/internal/route"
)

// ErrTimeout ends a request whose handler did not settle in time.
var ErrTimeout = errors.New("handler did not answer in time")

// ErrClientGone ends a request whose client left before the answer began.
var ErrClientGone = errors.New("client went away")

// Options are the settings of an App.
type Options struct {
	// HandlerTimeout is how long a handler may take until it returns its
	// Response; a streamed body may take longer. 0 is 60 s.
	HandlerTimeout time.Duration
	// Web are the options of the Web platform. Its Context is set by New.
	Web web.Options
	// Context has the values of contexts of work for nobody's request; nil is
	// none.
	Context context.Context
	// Pool are the options of the isolates; Setup is set by New.
	Pool js.Options
	// Isolates is the number of isolates; 0 is GOMAXPROCS.
	Isolates int
	// Modules registers further host modules on an isolate; nil is none.
	Modules func(*js.Isolate)
	// Middleware is the entry that is the middleware; empty is none.
	Middleware string
	// Metadata are the entries that generate metadata files.
	Metadata map[string]route.MetadataKind
	// Cache keeps what fetch and cached functions give; nil keeps nothing.
	Cache *cache.Cache
	// Limiter counts for portico/rate-limit; nil is one of the App's own, in
	// memory. SessionCookies are the names behind by: 'session'; nil is a list of
	// usual ones.
	Limiter        limit.Limiter
	SessionCookies []string
	// Build names the code of the bundle: what functions with 'use cache' have
	// returned is for that code alone.
	Build string
	// CacheLife are the profiles of cacheLife() beside Next.js's own, by name.
	CacheLife map[string]CacheLife
	// Draft is the secret of draft mode's cookie; nil is a random one.
	Draft *Draft
}

// App is the script side of a site: a compiled bundle and the isolates that
// run it.
type App struct {
	opts   Options
	pool   *js.Pool
	ctx    context.Context
	cancel context.CancelFunc
	work   work  // requests and what they left for after the answer
	waits  waits // of cached functions for one another
}

// New starts the isolates of a compiled bundle.
func New(p *js.Program, o Options) (*App, error) {
	if o.HandlerTimeout <= 0 {
		o.HandlerTimeout = time.Minute
	}
	if o.Limiter == nil {
		o.Limiter = limit.NewMemory(0, nil)
	}
	if o.Draft == nil {
		o.Draft = NewDraft(nil)
	}
	a := &App{opts: o}
	if o.Context == nil {
		o.Context = context.Background()
	}
	a.ctx, a.cancel = context.WithCancel(o.Context)
	a.opts.Web.Context = a.ctx
	a.opts.Pool.Setup = func(iso *js.Isolate) error {
		web.Install(iso, &a.opts.Web)
		a.install(iso)
		if a.opts.Modules != nil {
			a.opts.Modules(iso)
		}
		return nil
	}
	a.opts.Pool.Unhandled = func(s *js.Scope, err error) {
		var x *Exchange
		if s != nil {
			x, _ = s.Value.(*Exchange)
		}
		a.report(x, "unhandled error in a script", err)
	}
	var err error
	if a.pool, err = js.NewPool(p, o.Isolates, a.opts.Pool); err != nil {
		a.cancel()
		return nil, err
	}
	return a, nil
}

// report logs an error with its place and stack.
func (a *App) report(x *Exchange, msg string, err error) {
	attrs := []any{slog.Any("error", err)}
	if x != nil {
		attrs = append(attrs, slog.String("method", x.req.Method), slog.String("route", x.call.Pattern), slog.String("id", x.call.ID))
	}
	a.opts.Web.Logger.Error(msg, attrs...)
}

// Close ends the app: it waits for requests and their after() work until ctx
// ends, then stops the isolates.
func (a *App) Close(ctx context.Context) error {
	err := a.work.wait(ctx)
	a.cancel()
	a.pool.Close()
	a.opts.Web.Client.Close()
	return err
}

// Methods are the methods that a route file can export.
var Methods = []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"}

// Module is what a route file exports.
type Module struct {
	// Methods are the methods that it exports a function for; of middleware, the
	// one export that runs.
	Methods []string
	// BodyLimit is what the export bodyLimit says, a string or a number; nil
	// when there is none.
	BodyLimit any
	// NoCSRF is true when it exports csrf = false.
	NoCSRF bool
	// Segment is what it exports to say when its answers may be kept.
	Segment Segment
	// Many says that it lists ids, and makes a metadata file for each.
	Many bool
	// Warnings are explanations of exports that do nothing.
	Warnings []string
}

// ExportError is an export that cannot be served.
type ExportError struct {
	Entry, Name, Text, Hint string
}

func (e *ExportError) Error() string { return e.Entry + ": " + e.Text }

// Describe evaluates a route file and tells what it exports. The error is what
// the module threw, or an *ExportError.
func (a *App) Describe(ctx context.Context, path string) (*Module, error) {
	type result struct {
		m   *Module
		err error
	}
	c := make(chan result, 1)
	s := &js.Scope{OnKill: func(err error) { c <- result{nil, err} }}
	iso := a.pool.Isolates()[0]
	ok := iso.Post(js.NewFrame(s), func() {
		of(iso).load(path, func(e *entry, err error) {
			if err != nil {
				c <- result{nil, err}
				return
			}
			c <- result{e.module, e.bad}
		})
	})
	if !ok {
		return nil, js.ErrClosed
	}
	select {
	case r := <-c:
		return r.m, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: top-level await did not settle: %w", path, ctx.Err())
	}
}

// entry is an evaluated route module on one isolate.
type entry struct {
	fns map[string]handlerFunc
	// staticParams is generateStaticParams, nil when it is not exported.
	staticParams goja.Callable
	metadata     *metadata // nil for a route file
	module       *Module
	bad          error
}

// handlerFunc is an exported handler.
type handlerFunc struct {
	call goja.Callable
	// wantsContext is false for a function that cannot see its second argument,
	// so that none is made.
	wantsContext bool
}

// wantsContext looks whether a function can see a second argument: it declares
// one (length does not count it when a parameter has a default), or uses
// arguments or a rest parameter. What is not plain to see does.
func wantsContext(v goja.Value) bool {
	f := v.(*goja.Object)
	if n := f.Get("length"); n == nil || n.ToInteger() > 1 {
		return true
	}
	src := f.String()
	parameters, _, _ := strings.Cut(src, ")")
	return strings.ContainsAny(parameters, ",=") || strings.Contains(src, "[native code]") || strings.Contains(src, "arguments") || strings.Contains(src, "...") || strings.Contains(src, "eval")
}

// load evaluates a route module, or the middleware's, once an isolate.
func (m *Modules) load(path string, then func(*entry, error)) {
	if e := m.entries[path]; e != nil {
		then(e, nil)
		return
	}
	m.iso.Load(path, func(ns *goja.Object, err error) {
		if err != nil {
			then(nil, err)
			return
		}
		e := m.entries[path]
		if e == nil {
			kind, generates := m.app.opts.Metadata[path]
			switch {
			case path == m.app.opts.Middleware:
				e = m.examineMiddleware(path, ns)
			case generates:
				e = m.examineMetadata(path, ns, kind)
			default:
				e = m.examine(path, ns)
			}
			m.entries[path] = e
		}
		then(e, nil)
	})
}

// examine looks at a module's exports.
func (m *Modules) examine(path string, ns *goja.Object) *entry {
	e := &entry{fns: map[string]handlerFunc{}, module: &Module{}}
	for _, name := range Methods {
		v := ns.Get(name)
		if v == nil || goja.IsUndefined(v) {
			continue
		}
		f, ok := m.iso.Handler(v)
		if !ok {
			if e.bad == nil {
				e.bad = &ExportError{Entry: path, Name: name, Text: "export " + name + " is not a function but " + article(kind(v)),
					Hint: "export async function " + name + "(request: Request) { … }"}
			}
			continue
		}
		e.fns[name] = handlerFunc{f, wantsContext(v)}
		e.module.Methods = append(e.module.Methods, name)
	}
	if v := ns.Get("bodyLimit"); v != nil && !goja.IsUndefined(v) {
		switch limit := v.Export().(type) {
		case string, int64, float64:
			e.module.BodyLimit = limit
		default:
			e.bad = &ExportError{Entry: path, Name: "bodyLimit", Text: "export bodyLimit is no size but " + article(kind(v)), Hint: "export const bodyLimit = '4mb'"}
		}
	}
	if e.bad == nil {
		m.segmentOf(path, ns, e)
	}
	if v := ns.Get("csrf"); v != nil && !goja.IsUndefined(v) {
		on, ok := v.Export().(bool)
		switch {
		case !ok:
			e.bad = &ExportError{Entry: path, Name: "csrf", Text: "export csrf is not true or false but " + article(kind(v)), Hint: "export const csrf = false takes requests from other sites that carry cookies"}
		case !on:
			e.module.NoCSRF = true
			e.module.Warnings = append(e.module.Warnings, path+": csrf = false: any web page may send requests here with its visitors' cookies")
		}
	}
	for _, k := range ns.Keys() {
		if up := strings.ToUpper(k); up != k && slices.Contains(Methods, up) {
			e.module.Warnings = append(e.module.Warnings, fmt.Sprintf("%s: detected lower-case method '%s'; export the upper-case '%s' method name to fix this", path, k, up))
		}
	}
	if v := ns.Get("default"); v != nil && !goja.IsUndefined(v) {
		e.module.Warnings = append(e.module.Warnings, path+": detected a default export; export a named export for each HTTP method instead")
	}
	if len(e.module.Methods) == 0 {
		e.module.Warnings = append(e.module.Warnings, path+": no HTTP methods exported; export a named export for each HTTP method")
	}
	return e
}

func kind(v goja.Value) string {
	switch x := v.(type) {
	case *goja.Object:
		return "object"
	case goja.String:
		return "string"
	default:
		switch x.Export().(type) {
		case int64, float64:
			return "number"
		case bool:
			return "boolean"
		}
	}
	return "value"
}

func article(s string) string {
	if s == "object" || s == "array" {
		return "an " + s
	}
	return "a " + s
}

// Call says which function a request goes to, and what scripts are told of it.
type Call struct {
	Entry   string // the file
	Export  string // the exported function: HEAD may run GET
	Pattern string // the route's pattern, for logs
	// Place is where the file answers in the app directory, groups and all, for
	// the tags of what it answers; "" is the Entry's folder.
	Place   string
	ID      string // the request's id, for logs
	URL     string // the request's URL as scripts see it
	Host    string // the public host
	Proto   string // "http" or "https"
	Client  string // the client's address
	Params  route.Params
	Dynamic bool // the pattern has parameters
	// Cookies are the set-cookie lines of the middleware that has run: cookies()
	// of the handler has them already.
	Cookies []string
	// Overridden says that middleware has replaced the request's headers: what it
	// left out stays out.
	Overridden bool
	// BasePath and TrailingSlash are the settings of these names, which
	// middleware sees in nextUrl.
	BasePath      string
	TrailingSlash bool
	// Segment is the route file's.
	Segment *Segment
	// Draft is whether the request has draft mode's cookie.
	Draft bool
}

// Exchange is one request on its way through an isolate. Its fields belong to
// the isolate until done is signalled; from then on the goroutine of the
// request reads result and err, which nobody changes any more.
type Exchange struct {
	app  *App
	iso  *js.Isolate
	call Call
	req  *http.Request

	request  *web.Request
	incoming *web.Headers // the request's
	ext      requestExt   // what makes it a NextRequest
	args     [2]goja.Value

	headersObj, cookiesObj *goja.Object
	jar                    *jar
	changed                []string // names that cookies() set or deleted, in order

	scope   js.Scope
	settled bool // result or err is there
	state   atomic.Int32
	done    chan struct{} // closed when the outcome is there and somebody waits
	result  result
	err     error
	plain   bool // bytes at hand and nothing for after(): no way back to the isolate

	places  []string                // see pathTags
	marks   []mark                  // what it has revalidated
	marking atomic.Pointer[marking] // applies them; nil while there is none
	making  *making                 // the answer is being made to be kept, for whoever asks; nil for a request's own

	middleware bool // it runs the middleware, and the answer is a verdict
	touched    bool // middleware has read of the body, or holds its stream
	// shared and handlers are the branches of a body that middleware may read;
	// held counts its waitUntil promises, over those that settled and the end of
	// the request.
	shared, handlers io.ReadCloser
	held, over       atomic.Int32
	verdict          *Verdict // of middleware

	later     []func()      // after() callbacks, until the answer is finished
	finished  bool          // the answer has been sent, or nobody waits for it
	released  atomic.Bool   // no longer counted in app.work
	signals   []*web.Signal // to abort when the client goes away
	gone      bool          // the client left
	abandoned bool          // the request's goroutine no longer waits
}

// The states of an exchange. Most handlers settle before the goroutine of the
// request looks, which then needs no channel.
const (
	statePending int32 = iota
	stateWaiting
	stateSettled
)

// result is an answer as Go sends it.
type result struct {
	status int
	header *web.Headers
	data   []byte
	body   io.ReadCloser
	length int64
}

// maxEager is the largest body that is read before the handler starts: a small
// body is there when its headers are, and reading it now spares the handler
// a trip off the isolate.
const maxEager = 64 << 10

// Serve runs a handler for a request and writes its answer. An error means
// that nothing was written; a failure after that panics with
// http.ErrAbortHandler, which ends the connection.
func (a *App) Serve(w http.ResponseWriter, r *http.Request, c Call) error {
	x := a.exchange(r, c, requestBody(r))
	if err := x.run(); err != nil {
		return err
	}
	defer x.close()
	if x.err != nil {
		return x.err
	}
	return x.write(w)
}

// exchange prepares a request for an isolate.
func (a *App) exchange(r *http.Request, c Call, body *web.Body) *Exchange {
	x := &Exchange{app: a, call: c, req: r}
	x.scope.Value = x
	x.request = web.NewIncoming(r.Method, c.URL, r.Header, body, x)
	x.incoming = x.request.Headers()
	x.ext.incoming = true
	x.ext.basePath, x.ext.slash = c.BasePath, c.TrailingSlash
	x.request.Ext = &x.ext
	return x
}

// run gives the request to an isolate and waits for the outcome, which is in
// result or err then, and close is due. An error of run means that there is no
// outcome and nothing to close.
func (x *Exchange) run() error {
	a := x.app
	a.work.Add(1)
	iso, err := a.pool.Begin(&x.scope)
	if err != nil {
		x.release()
		return err
	}
	x.iso = iso
	if !iso.Post(js.NewFrame(&x.scope), x.start) {
		a.pool.End(iso, &x.scope)
		x.release()
		return js.ErrClosed
	}
	if x.state.Load() != stateSettled && !x.wait() {
		a.pool.End(iso, &x.scope)
		return ErrClientGone
	}
	x.applied(x.req.Context()) // whoever has the answer finds nothing that it revalidated
	return nil
}

// close ends an exchange when its answer has been sent, however sending it
// went: what after() was given starts now.
func (x *Exchange) close() {
	if x.plain {
		x.release()
	} else {
		left := x.req.Context().Err() != nil // the client's doing: ours ends later
		if !x.post(func() {
			if left {
				x.abort()
			}
			x.finish()
		}) {
			x.release() // the isolate is gone, and what was left for later with it
		}
	}
	x.app.pool.End(x.iso, &x.scope)
}

// post runs fn on the isolate in the exchange's context, also when the isolate
// has ended its scope.
func (x *Exchange) post(fn func()) bool {
	return x.iso.Post(nil, func() { x.iso.InFrame(js.NewFrame(&x.scope), fn) })
}

// release counts the exchange as over.
func (x *Exchange) release() {
	if x.released.CompareAndSwap(false, true) {
		x.app.work.Done()
	}
}

// wait waits for a handler that did not settle at once. It returns false when
// the client left first.
func (x *Exchange) wait() bool {
	x.done = make(chan struct{})
	if !x.state.CompareAndSwap(statePending, stateWaiting) {
		return true
	}
	limit := time.AfterFunc(x.app.opts.HandlerTimeout, func() { x.iso.Kill(&x.scope, ErrTimeout) })
	select {
	case <-x.done:
		limit.Stop()
		return true
	case <-x.req.Context().Done():
		// The handler goes on within its time limit, as in Node; its signal
		// tells it that nobody waits.
		x.post(func() {
			x.abort()
			x.abandoned = true
			if x.settled {
				x.finish()
				x.release() // finish did nothing for a plain answer
			}
		})
		return false
	}
}

// mayHold reports whether n bytes of a body are within the limit of what is
// held at once.
func mayHold(body io.Reader, n int64) bool {
	l, ok := body.(interface{ Whole(n int64) bool })
	return !ok || l.Whole(n)
}

// requestBody makes the script's body of a request's.
func requestBody(r *http.Request) *web.Body {
	if r.Body == nil || r.Body == http.NoBody || r.Method == http.MethodGet || r.Method == http.MethodHead {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			return web.BytesBody(nil)
		}
		return nil
	}
	if held, ok := r.Body.(*web.HeldBytes); ok {
		return web.BytesBody(held.Data)
	}
	if n := r.ContentLength; n > 0 && n <= maxEager && r.Header["Expect"] == nil && mayHold(r.Body, n) {
		buf := make([]byte, n)
		got, err := io.ReadFull(r.Body, buf)
		if err == nil {
			return web.BytesBody(buf)
		}
		return web.ReaderBody(web.FailingReader(buf[:got], err), n)
	}
	return web.ReaderBody(r.Body, r.ContentLength)
}

// Complete completes the headers as a handler sees them behind a Node server:
// Host is a header, and x-forwarded-* are there unless the client sent them.
func (x *Exchange) Complete(h http.Header) {
	if x.making != nil {
		return // nobody's request
	}
	var values [5]string // of all, in one piece
	n := 0
	set := func(name, value string) {
		if _, ok := h[name]; !ok && value != "" {
			values[n] = value
			h[name] = values[n : n+1 : n+1]
			n++
		}
	}
	if !x.call.Overridden {
		set("Host", x.req.Host)
	}
	set("X-Forwarded-Host", x.call.Host)
	set("X-Forwarded-Proto", x.call.Proto)
	_, port, err := net.SplitHostPort(x.call.Host)
	if err != nil {
		port = "80"
		if x.call.Proto == "https" {
			port = "443"
		}
	}
	set("X-Forwarded-Port", port)
	set("X-Forwarded-For", x.call.Client)
}

// start runs on the isolate: it finds the handler and calls it.
func (x *Exchange) start() {
	m := of(x.iso)
	if e := m.entries[x.call.Entry]; e != nil {
		x.invoke(m, e)
		return
	}
	// The module is evaluated outside of the request that happens to be the
	// first on its isolate: its scope is everybody's. What ends it ends the
	// request, too.
	x.iso.InFrame(js.NewFrame(&js.Scope{OnKill: x.Killed}), func() {
		m.load(x.call.Entry, func(e *entry, err error) {
			if err != nil {
				x.fail(err)
				return
			}
			x.iso.InFrame(js.NewFrame(&x.scope), func() { x.invoke(m, e) })
		})
	})
}

func (x *Exchange) invoke(m *Modules, e *entry) {
	if e.metadata != nil {
		x.metadata(m, e.metadata)
		return
	}
	f := e.fns[x.call.Export]
	if f.call == nil {
		x.fail(fmt.Errorf("%s does not export %s on this isolate", x.call.Entry, x.call.Export))
		return
	}
	args := x.args[:1]
	args[0] = m.requestClass().New(x.request)
	switch {
	case x.middleware:
		if f.wantsContext {
			args = append(args, m.eventClass().New(x))
		}
	case f.wantsContext:
		ctx := m.rt.NewObject()
		put(ctx, "params", x.params(m))
		args = append(args, ctx)
	}
	v, err := m.iso.Call(f.call, goja.Undefined(), args...)
	if err != nil {
		x.settle(m, nil, err)
		return
	}
	if v, err, ok := m.iso.Settled(v); ok {
		x.settle(m, v, err)
		return
	}
	m.iso.Await(v, func(v goja.Value, err error) { x.settle(m, v, err) })
}

// params is the promise of the route's parameters, or undefined for a route
// without any.
func (x *Exchange) params(m *Modules) goja.Value {
	if !x.call.Dynamic {
		return goja.Undefined()
	}
	return m.iso.Resolved(x.paramsObject(m))
}

func (x *Exchange) paramsObject(m *Modules) *goja.Object {
	o := m.rt.NewObject()
	for _, p := range x.call.Params {
		if p.Name == route.MetadataID {
			continue // no folder of the project has it
		}
		if p.Values == nil {
			put(o, p.Name, m.env.UTF8Text(p.Value))
			continue
		}
		list := make([]any, len(p.Values))
		for i, v := range p.Values {
			list[i] = m.env.UTF8Text(v)
		}
		put(o, p.Name, m.rt.NewArray(list...))
	}
	return o
}

// settle takes a handler's outcome. It runs on the isolate.
func (x *Exchange) settle(m *Modules, v goja.Value, err error) {
	if x.settled {
		return
	}
	if err != nil {
		if out, ok := m.outcomeOf(m.iso.Thrown(err)); ok {
			x.navigate(m, out)
			return
		}
		x.fail(m.iso.ErrorOf(err))
		return
	}
	if x.middleware {
		x.decide(m, v)
		return
	}
	res, ok := m.env.ResponseOf(v)
	if !ok {
		x.fail(fmt.Errorf("no response is returned from route handler '%s'. Expected a Response object but received '%s' (method: %s, url: %s)\nhint: return a Response or a NextResponse in all branches of your handler",
			x.call.Entry, describe(v), x.req.Method, x.req.URL.Path))
		return
	}
	x.respond(m, res)
}

func describe(v goja.Value) string {
	switch v := v.(type) {
	case nil:
		return "undefined"
	case *goja.Object:
		return "[object " + v.ClassName() + "]"
	}
	return v.String()
}

// navigate answers with what redirect() and its kin asked for.
func (x *Exchange) navigate(m *Modules, out outcome) {
	res := web.NewResponse(out.status)
	if out.status >= 300 && out.status < 400 {
		loc, ok := latin1(out.location)
		if !ok || out.location == "" {
			x.fail(fmt.Errorf("%s redirects to %q, which no Location header can hold\nhint: pass a path or a URL, percent-encoded where it has other characters than ASCII", x.call.Entry, out.location))
			return
		}
		if x.formPost() {
			res.Status = http.StatusSeeOther
		}
		res.Headers().Append("location", loc)
	} else {
		x.changed = nil // cookies that were set before are dropped
	}
	if x.middleware {
		x.conclude(m, res)
		return
	}
	x.respond(m, res)
}

// formPost reports whether the request is a form's or a server action's POST:
// Next.js answers its redirect with 303, so that the browser asks with GET.
func (x *Exchange) formPost() bool {
	if x.req.Method != http.MethodPost {
		return false
	}
	ct := x.req.Header.Get("Content-Type")
	return ct == "application/x-www-form-urlencoded" || strings.HasPrefix(ct, "multipart/form-data") || x.req.Header["Next-Action"] != nil
}

// latin1 writes text as Latin-1, the bytes of a header; ok is false for text
// that has other characters or that would end the line.
func latin1(s string) (out string, ok bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff || r == '\r' || r == '\n' || r == 0 {
			return "", false
		}
		b = append(b, byte(r))
	}
	return string(b), true
}

// respond turns a script's response into the answer that Go sends.
func (x *Exchange) respond(m *Modules, res *web.Response) {
	if res.IsError() {
		x.fail(fmt.Errorf("%s returned Response.error(), a network error without a status", x.call.Entry))
		return
	}
	h := res.Headers()
	if h.Has("x-middleware-rewrite") {
		x.fail(fmt.Errorf("NextResponse.rewrite() was used in the route handler %s, which is not supported\nhint: remove the invocation, or rewrite in middleware", x.call.Entry))
		return
	}
	if v, _ := h.Get("x-middleware-next"); v == "1" {
		x.fail(fmt.Errorf("NextResponse.next() was used in the route handler %s, which is not supported\nhint: return a Response; see https://nextjs.org/docs/messages/next-response-next-in-app-route-handler", x.call.Entry))
		return
	}
	x.answer(m, res, x.headersOf(m, res))
}

// headersOf are a response's headers with what cookies() changed.
func (x *Exchange) headersOf(m *Modules, res *web.Response) *web.Headers {
	if len(x.changed) > 0 {
		return x.withCookies(m, res.Headers())
	}
	return res.Headers()
}

// answer makes a script's response what Go sends.
func (x *Exchange) answer(m *Modules, res *web.Response, h *web.Headers) {
	out := result{status: res.Status, header: h, length: res.Body.Length()}
	if x.req.Method != http.MethodHead && !bodyless(res.Status) {
		var err error
		if out.data, out.body, err = m.env.Take(res); err != nil {
			x.fail(fmt.Errorf("%s returned a Response whose body has been read already", x.call.Entry))
			return
		}
	}
	x.result = out
	x.end()
}

func bodyless(status int) bool { return status == 204 || status == 205 || status == 304 }

// withCookies adds what cookies() changed to a response's headers: the
// response's own cookies come first, and win over those of the same name.
func (x *Exchange) withCookies(m *Modules, h *web.Headers) *web.Headers {
	h = h.Clone()
	j := m.responseJar(h)
	for _, c := range j.cookies { // Next.js sets them again, which gives them a path
		m.normalise(m.object(c))
	}
	for _, n := range x.changed {
		if j.find(n) != nil {
			continue
		}
		if c := x.jar.find(n); c != nil {
			j.put(*c)
		}
	}
	m.write(j)
	return h
}

func (x *Exchange) cookieChanged(name string) {
	if !slices.Contains(x.changed, name) {
		x.changed = append(x.changed, name)
	}
}

func (x *Exchange) fail(err error) {
	if !x.settled {
		x.err = err
		x.end()
	}
}

func (x *Exchange) end() {
	x.settled = true
	if x.abandoned {
		x.finish()
		return
	}
	if x.err == nil && x.result.body == nil && len(x.later) == 0 {
		x.plain, x.finished = true, true
	}
	if x.state.Swap(stateSettled) == stateWaiting {
		close(x.done)
	}
}

// Killed is told that the isolate ended the request: too much computing, no
// stack left, a panic, or its time limit.
func (x *Exchange) Killed(err error) {
	if !x.settled {
		x.err = err
		x.end()
		return
	}
	if !errors.Is(err, ErrTimeout) { // the limit is for the answer, and that is there
		x.app.report(x, "a script was ended after its answer had begun", err)
	}
	if a, ok := x.result.body.(interface{ Abort(error) }); ok {
		a.Abort(err)
	}
	x.release()
}

// Watch ties a request's signal to the client. It runs on the isolate.
func (x *Exchange) Watch(s *web.Signal) {
	if x.gone {
		s.Abort(x.aborted())
		return
	}
	x.signals = append(x.signals, s)
	if len(x.signals) == 1 {
		context.AfterFunc(x.req.Context(), func() { x.post(x.abort) })
	}
}

func (x *Exchange) aborted() goja.Value {
	e := x.iso.NewError("Error", "")
	put(e, "name", x.iso.Runtime().ToValue("ResponseAborted"))
	return e
}

// abort tells the handler that its client has gone.
func (x *Exchange) abort() {
	if x.gone || x.finished {
		return
	}
	x.gone = true
	for _, s := range x.signals {
		s.Abort(x.aborted())
	}
}
