// Package pipeline takes one request from its first rule to its answer.
package pipeline

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/http"

	"github.com/portico-dev/portico/internal/route"
)

// Config is what a Pipeline decides by. It is not changed once a Pipeline has it.
type Config struct {
	// Table holds the routes, Go's and scripts' alike.
	Table *route.Table[*Route]
	// PublicOrigin is the origin of request URLs, such as https://example.com;
	// empty takes the request's Host.
	PublicOrigin string
	// TrailingSlash is Next.js's setting of that name.
	TrailingSlash bool
	// Middleware wraps everything from the routes on; nil is none.
	Middleware func(http.Handler) http.Handler
	// Logger receives errors. It must not be nil.
	Logger *slog.Logger
	// Dev shows errors to the client, with the lines of Source where they
	// happened; Source has the project's files, and may be nil.
	Dev    bool
	Source fs.FS
}

// Pipeline is an http.Handler; see ServeHTTP for the order.
type Pipeline struct {
	c     Config
	inner http.Handler // what Go middleware wraps, wrapped
}

// New makes a pipeline.
func New(c Config) *Pipeline {
	p := &Pipeline{c: c}
	p.inner = http.HandlerFunc(p.serveRoutes)
	if c.Middleware != nil {
		p.inner = c.Middleware(p.inner)
	}
	return p
}

// ServeHTTP answers a request. This is the order, and the only place that has it.
func (p *Pipeline) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	dropInternal(r.Header)

	// One path for everything that follows.
	path, moved, err := route.Clean(route.RequestPath(r.URL))
	if err != nil || !wellFormed(r) {
		p.fail(w, r, &StatusError{Status: http.StatusBadRequest, Err: err})
		return
	}
	if moved {
		permanently(w, r, path)
		return
	}
	if to, moved := route.TrailingSlash(path, p.c.TrailingSlash); moved {
		permanently(w, r, to)
		return
	}
	setPath(r, path)

	p.inner.ServeHTTP(w, r)
}

// serveRoutes finds the route and its handler. Go middleware may have changed
// the request, so the path is asked for again.
func (p *Pipeline) serveRoutes(w http.ResponseWriter, r *http.Request) {
	path, _, err := route.Clean(route.RequestPath(r.URL))
	if err != nil {
		p.fail(w, r, &StatusError{Status: http.StatusBadRequest, Err: err})
		return
	}
	entry, params, err := p.c.Table.Lookup(path)
	switch {
	case err != nil:
		p.fail(w, r, &StatusError{Status: http.StatusBadRequest, Err: err})
		return
	case entry == nil:
		p.notFound(w, r)
		return
	}
	rt := entry.Value
	h, export := rt.pick(r.Method)
	switch {
	case h == nil && r.Method == http.MethodOptions:
		w.Header().Set("Allow", rt.allow)
		w.WriteHeader(http.StatusNoContent)
		return
	case h == nil:
		w.Header().Set("Allow", rt.allow)
		w.Header()["Content-Type"] = nil
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	x := &Exchange{W: w, R: r, ID: newID(), Path: path, Params: params, Route: rt, Export: export}
	x.Proto, x.Host = p.origin(r)
	if err := h.Handle(x); err != nil {
		p.handlerFailed(x, err)
	}
}

// handlerFailed turns a handler's error into an answer and a line in the log.
func (p *Pipeline) handlerFailed(x *Exchange, err error) {
	var se *StatusError
	if !errors.As(err, &se) {
		se = &StatusError{Status: http.StatusInternalServerError, Err: err}
	}
	if se.Quiet {
		return
	}
	p.c.Logger.Error("request failed", "method", x.R.Method, "route", x.Route.Pattern, "status", se.Status, "id", x.ID, "error", se.Err)
	p.answer(x.W, x.R, se, x.ID, true)
}

// fail answers a request that reached no handler.
func (p *Pipeline) fail(w http.ResponseWriter, r *http.Request, se *StatusError) {
	p.answer(w, r, se, newID(), false)
}
