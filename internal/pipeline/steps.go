package pipeline

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/portico-dev/portico/internal/edge"
	"github.com/portico-dev/portico/internal/proxy"
	"github.com/portico-dev/portico/internal/route"
)

// Middleware is the project's middleware file.
type Middleware interface {
	// Run decides what happens to a request. The request's body is whole
	// afterwards. An error is answered with a 500: it never means "continue".
	Run(x *Exchange) (*Verdict, error)
	// Source is the file's name.
	Source() string
}

// Verdict is what middleware makes of a request.
type Verdict struct {
	// Answer sends the middleware's own answer; nil goes on.
	Answer func(w http.ResponseWriter) error
	// Header are lines for the answer of whatever follows.
	Header http.Header
	// Request replaces the request's headers; nil leaves them.
	Request http.Header
	// Rewrite is where the request goes instead; nil is where it came to. It is
	// absolute when that is another server.
	Rewrite *url.URL
	// Close is called when the request is over.
	Close func()
}

func (p *Pipeline) admit(x *Exchange) bool {
	// Before anything adds headers of ours, which Connection could name too.
	proxy.CleanConnection(x.R.Header)
	peer, err := p.c.Clients.Peer(x.R)
	x.Peer = peer
	if err == nil {
		return false
	}
	se := &StatusError{Status: http.StatusBadRequest, Err: err}
	var refused *edge.Error
	if errors.As(err, &refused) {
		se.Status, se.Reason = refused.Status, refused.Text
	}
	p.fail(x, se)
	return true
}

func (p *Pipeline) cleanPath(x *Exchange) bool {
	path, moved, err := route.Clean(route.RequestPath(x.R.URL))
	if err != nil {
		p.fail(x, &StatusError{Status: http.StatusBadRequest, Err: err})
		return true
	}
	if moved {
		x.permanently(path)
		return true
	}
	// As in Next.js, also for what is not below the base path.
	if !p.c.SkipTrailingSlashRedirect {
		if to, moved := route.TrailingSlash(path, p.c.TrailingSlash); moved {
			x.permanently(to)
			return true
		}
	}
	setPath(x.R, path)
	x.Path = path
	x.moveTo(path, x.R.URL.RawQuery)
	return false
}

// health says whether the server is ready for requests: not any more when it
// is being stopped, so that a load balancer looks elsewhere before it closes. A
// route of the same path is the project's own answer.
func (p *Pipeline) health(x *Exchange) bool {
	if x.Path != p.c.HealthPath || p.c.HealthPath == "" {
		return false
	}
	if _, taken := p.c.Table.Static(x.Path); taken {
		return false
	}
	h := x.W.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	status, said := http.StatusOK, struct {
		Status string `json:"status"`
		Cache  string `json:"cache,omitempty"`
	}{Status: "ready"}
	if p.c.Ready != nil && !p.c.Ready() {
		status, said.Status = http.StatusServiceUnavailable, "stopping"
	}
	if p.c.CacheHealth != nil {
		said.Cache = p.c.CacheHealth()
	}
	x.W.WriteHeader(status)
	if x.R.Method != http.MethodHead {
		_ = json.NewEncoder(x.W).Encode(said) // the client may have left
	}
	return true
}

func (p *Pipeline) crossOrigin(x *Exchange) bool {
	if p.c.CORS != nil && p.c.CORS.Handle(x.W, x.R, x.Path) {
		return true
	}
	if p.c.CSRF == nil {
		return false
	}
	err := p.c.CSRF.Check(x.R, x.Peer, x.Path)
	if err == nil {
		return false
	}
	// A route may do without the check. It is asked for again when its turn
	// comes: a rewrite may lead elsewhere.
	// Not so for an upgrade, the one GET that is refused: what it opens is no
	// webhook.
	if bare, ok := underBase(x.Path, p.c.BasePath); ok && x.R.Method != http.MethodGet {
		if e, _, lerr := p.c.Table.Lookup(bare); lerr == nil && e != nil && e.Value.NoCSRF {
			x.unchecked = true
			return false
		}
	}
	p.forbid(x, err)
	return true
}

func (p *Pipeline) forbid(x *Exchange, err error) {
	p.failed(x, &StatusError{Status: http.StatusForbidden, Err: err, Reason: err.Error()}, false)
}

func (p *Pipeline) redirect(x *Exchange) bool {
	for _, rule := range p.c.Redirects {
		to, status, ok, err := rule.Apply(&x.asked)
		if err != nil {
			p.ruleFailed(x, err)
			return true
		}
		if ok {
			x.redirect(to, status)
			return true
		}
	}
	return false
}

func (p *Pipeline) headers(x *Exchange) bool {
	for _, rule := range p.c.Headers {
		fields, ok, err := rule.Apply(&x.asked)
		if err != nil {
			p.ruleFailed(x, err)
			return true
		}
		if !ok {
			continue
		}
		if x.config == nil {
			x.config = http.Header{}
		}
		for _, f := range fields {
			k := http.CanonicalHeaderKey(f.Name)
			if k == "Set-Cookie" {
				x.config[k] = append(x.config[k], f.Value)
			} else {
				x.config[k] = []string{f.Value}
			}
		}
	}
	return false
}

// ruleFailed answers when a rule of the configuration could not be applied.
func (p *Pipeline) ruleFailed(x *Exchange, err error) {
	var bad *route.PathError
	if errors.As(err, &bad) {
		p.fail(x, &StatusError{Status: http.StatusBadRequest, Err: err})
		return
	}
	var long *route.LimitError
	if errors.As(err, &long) {
		p.fail(x, &StatusError{Status: http.StatusRequestHeaderFieldsTooLarge, Err: err})
		return
	}
	p.failed(x, &StatusError{Status: http.StatusInternalServerError, Err: err}, false)
}

// matches reports whether the middleware file wants to see a request. When that
// cannot be told, it does.
func (p *Pipeline) matches(x *Exchange) bool {
	if len(p.c.Matchers) == 0 {
		return true
	}
	for _, m := range p.c.Matchers {
		if ok, err := m.Match(&x.asked); ok || err != nil {
			return true
		}
	}
	return false
}

func (p *Pipeline) middleware(x *Exchange) bool {
	if p.c.Script == nil || !p.matches(x) {
		return false
	}
	v, err := p.c.Script.Run(x)
	if err != nil {
		se := statusOf(err)
		x.config = nil
		p.failed(x, x.because(se), false)
		return true
	}
	x.verdict = v
	if v.Answer != nil {
		// What the middleware says itself wins over the configuration.
		if len(x.config) > 0 {
			x.W = &outerWriter{ResponseWriter: x.W, weak: x.config}
		}
		if err := v.Answer(x.W); err != nil {
			p.failed(x, statusOf(err), false)
		}
		return true
	}
	if v.Request != nil {
		x.R.Header, x.Overridden = v.Request, true
		x.asked.Header = v.Request
	}
	if len(v.Header) > 0 {
		// As in Next.js, a handler finds on its request what the middleware has set
		// on the answer. Another server does not: a cookie for the client is
		// nothing to tell to a third party.
		x.told = x.R.Header.Clone()
		for name, values := range v.Header {
			x.told[name] = values[len(values)-1:]
		}
		x.asked.Header = x.told
	}
	x.outer, x.Cookies = v.Header, v.Header["Set-Cookie"]
	for name := range v.Header {
		if !edge.Additive(name) || name == "Set-Cookie" { // the configuration's cookie gives way too
			delete(x.config, name)
		}
	}
	if v.Rewrite == nil {
		return false
	}
	if v.Rewrite.Host != "" {
		p.forward(x, v.Rewrite, proxy.Limits{})
		return true
	}
	return p.move(x, v.Rewrite.EscapedPath(), v.Rewrite.RawQuery)
}

// move rewrites a request to another path of ours. It reports whether that
// was refused.
func (p *Pipeline) move(x *Exchange, path, query string) bool {
	clean, _, err := route.Clean(path)
	if err != nil {
		p.fail(x, &StatusError{Status: http.StatusBadRequest, Err: err})
		return true
	}
	x.moveTo(clean, query)
	return false
}

func (p *Pipeline) beforeFiles(x *Exchange) bool { return p.rewrite(x, p.c.BeforeFiles, nil) }
func (p *Pipeline) afterFiles(x *Exchange) bool  { return p.rewrite(x, p.c.AfterFiles, p.routes) }
func (p *Pipeline) fallback(x *Exchange) bool    { return p.rewrite(x, p.c.Fallback, p.routes) }

// rewrite applies rules one after the other, each to where the last one led;
// then asks whether the request has arrived.
func (p *Pipeline) rewrite(x *Exchange, rules []*route.Rewrite, then step) bool {
	for _, rule := range rules {
		t, ok, err := rule.Apply(&x.asked)
		switch {
		case err != nil:
			p.ruleFailed(x, err)
			return true
		case !ok:
			continue
		case t.External:
			x.config = nil // headers() are for what this server answers itself
			p.forward(x, p.target(t), p.c.Limits[rule])
			return true
		}
		if p.move(x, t.Path, t.RawQuery) || then != nil && then(x) {
			return true
		}
	}
	return false
}

// target is the URL of another server that a rule leads to, to be sent as it is.
func (p *Pipeline) target(t route.Target) *url.URL {
	u := &url.URL{RawPath: t.Path, RawQuery: t.RawQuery}
	if base := p.origins[t.Origin]; base != nil {
		u.Scheme, u.Host, u.User = base.Scheme, base.Host, base.User
	}
	var err error
	if u.Path, err = url.PathUnescape(t.Path); err != nil {
		u.Path = t.Path
	}
	return u
}

func (p *Pipeline) routes(x *Exchange) bool { return p.files(x) || p.exact(x) || p.dynamic(x) }

func (p *Pipeline) exact(x *Exchange) bool {
	path, ok := underBase(x.to, p.c.BasePath)
	if !ok {
		return false
	}
	e, ok := p.c.Table.Static(path)
	return ok && p.handle(x, e.Value, nil)
}

func (p *Pipeline) dynamic(x *Exchange) bool {
	path, ok := underBase(x.to, p.c.BasePath)
	if !ok {
		return false
	}
	for m, err := range p.c.Table.Dynamic(path) {
		if err != nil {
			p.fail(x, &StatusError{Status: http.StatusBadRequest, Err: err})
			return true
		}
		if !m.Entry.Value.serves(x, path) {
			continue
		}
		return p.handle(x, m.Entry.Value, m.Params)
	}
	return false
}

// draftCookie is the name of draft mode's cookie, as Next.js has it.
const draftCookie = "__prerender_bypass"

// draft looks whether a request is in draft mode. It has no part in what the
// middleware or the rules see.
func (p *Pipeline) draft(x *Exchange) bool {
	if p.c.Draft == nil {
		return false
	}
	for _, line := range x.R.Header["Cookie"] {
		if !strings.Contains(line, draftCookie) {
			continue
		}
		if c, err := x.R.Cookie(draftCookie); err == nil {
			x.Draft = p.c.Draft(c.Value, x.W.Header())
		}
		break
	}
	return false
}

// begin makes the writer of the answer, with the headers of configuration and
// middleware on it.
func (x *Exchange) begin() {
	if len(x.config) == 0 && len(x.outer) == 0 {
		return
	}
	strong := x.config
	if strong == nil {
		strong = x.outer
	} else {
		for name, values := range x.outer {
			if edge.Additive(name) {
				strong[name] = append(strong[name], values...)
			} else {
				strong[name] = values
			}
		}
	}
	x.W = &outerWriter{ResponseWriter: x.W, strong: strong}
	x.config, x.outer = nil, nil
}

var errBusy = errors.New("the route handles as many requests as it may")

// handle runs a route's handler.
func (p *Pipeline) handle(x *Exchange, rt *Route, params route.Params) bool {
	x.Route, x.Params = rt, params
	if x.told != nil {
		x.R.Header = x.told
	}
	x.logged.Store(rt)
	if x.unchecked && !rt.NoCSRF {
		p.forbid(x, errors.New("a request from another site was rewritten to a route that takes none"))
		return true
	}
	x.begin()
	if rt.static != nil && (x.R.Method == http.MethodGet || x.R.Method == http.MethodHead) && p.kept(x, rt) {
		return true
	}
	h, export := rt.pick(x.R.Method)
	switch {
	case h == nil && x.R.Method == http.MethodOptions:
		x.W.Header().Set("Allow", rt.allow)
		x.W.WriteHeader(http.StatusNoContent)
		return true
	case h == nil:
		x.W.Header().Set("Allow", rt.allow)
		x.W.Header()["Content-Type"] = nil
		x.W.WriteHeader(http.StatusMethodNotAllowed)
		return true
	}
	x.Export = export
	if limit := rt.BodyLimit; limit != 0 && x.body.ReadCloser != nil {
		if limit > 0 && x.R.ContentLength > limit {
			p.failed(x, &StatusError{Status: http.StatusRequestEntityTooLarge, Err: largeError{&http.MaxBytesError{Limit: limit}}}, false)
			return true
		}
		x.limit(limit)
	}
	if most := int64(p.c.Concurrency); most > 0 {
		defer rt.running.Add(-1)
		if rt.running.Add(1) > most {
			p.failed(x, &StatusError{Status: http.StatusServiceUnavailable, Err: errBusy}, false)
			return true
		}
	}
	if err := h.Handle(x); err != nil {
		p.failed(x, x.because(statusOf(err)), true)
	}
	return true
}

// limit bounds the body that the handler reads.
func (x *Exchange) limit(n int64) {
	if x.body.whole = n; n < 0 {
		return
	}
	if _, held := x.R.Body.(interface{ Len() int }); held {
		return // it is here, and its length was looked at
	}
	x.R.Body = &capped{ReadCloser: x.R.Body, limit: n, body: &x.body}
}

// because answers a failure whose cause is the request's body with the status
// that says so.
func (x *Exchange) because(se *StatusError) *StatusError {
	if bad := x.body.trouble(); bad != nil {
		return bad
	}
	return se
}

// statusOf is an error as one with a status.
func statusOf(err error) *StatusError {
	var se *StatusError
	if errors.As(err, &se) {
		return se
	}
	return &StatusError{Status: http.StatusInternalServerError, Err: err}
}

// forward answers from another server.
func (p *Pipeline) forward(x *Exchange, to *url.URL, limits proxy.Limits) {
	if se := p.proxied(x, to, limits); se != nil {
		p.failed(x, x.because(se), false)
	}
}

// proxied is forward without an answer to a failure.
func (p *Pipeline) proxied(x *Exchange, to *url.URL, limits proxy.Limits) *StatusError {
	x.pack.Pass()
	x.begin()
	err := p.c.Proxy.Serve(x.W, x.R, proxy.Target{URL: to, ForwardedFor: x.Peer.ForwardedFor(x.R.Header), Proto: x.Peer.Proto, Host: x.Peer.Host, Limits: limits, ID: x.ID})
	if err == nil {
		return nil
	}
	se := &StatusError{Status: http.StatusBadGateway, Err: err}
	var failed *proxy.Error
	if errors.As(err, &failed) {
		se.Status, se.Reason, se.RetryAfter = failed.Status, failed.Reason, failed.RetryAfter
		se.Quiet = failed.Status == proxy.StatusClientGone
	}
	return se
}

func (p *Pipeline) notFound(x *Exchange) bool {
	x.begin()
	se := &StatusError{Status: http.StatusNotFound}
	if p.c.Dev {
		se.Err = p.unrouted(x.to)
	}
	p.fail(x, se)
	return true
}

// failed turns an error into an answer and a line in the log.
func (p *Pipeline) failed(x *Exchange, se *StatusError, handler bool) {
	if se.Quiet {
		// Nobody is there. Returning would make net/http answer 200 all the same.
		panic(http.ErrAbortHandler)
	}
	attrs := []any{"method", x.R.Method}
	if x.Route != nil {
		attrs = append(attrs, "route", x.Route.Pattern)
	}
	attrs = append(attrs, "status", se.Status, "id", x.ID, "error", se.Err)
	switch {
	case se.Status >= 500:
		p.c.Logger.Error("request failed", attrs...)
	default:
		p.c.Logger.Warn("request refused", attrs...)
	}
	p.answer(x, se, handler && se.Status >= 500)
}

// fail answers a request that no rule or handler has failed.
func (p *Pipeline) fail(x *Exchange, se *StatusError) { p.answer(x, se, false) }

// log writes the line of the access log.
func (p *Pipeline) log(x *Exchange) {
	a := edge.Access{Method: x.R.Method, Status: x.count.Status(), Bytes: x.count.Bytes(), Took: time.Since(x.began), ID: x.ID, Client: x.Peer.Addr}
	if rt := x.logged.Load(); rt != nil {
		a.Route = rt.Pattern
	}
	a.Log(x.R.Context(), p.c.Logger)
}
