package portico

import (
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/portico-dev/portico/internal/site"
)

// Handlers are the handlers of a route, one for each method, as a route.ts
// exports them. HEAD is answered by GET, OPTIONS with the list of methods in
// Allow, and any other method with 405, unless the field is set.
//
// A handler reads its parameters with r.PathValue("id") and the pattern with
// r.Pattern. The value of a catch-all is the rest of the path, decoded, with
// its slashes.
type Handlers struct {
	GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS http.HandlerFunc

	// BodyLimit bounds the body of a request in bytes: more is a 413, before the
	// handler when the length is declared, and an *http.MaxBytesError from
	// r.Body otherwise. 0 is no limit.
	BodyLimit int64
	// AllowCrossSite lets pages of other sites send requests here with their
	// visitors' cookies. For what does not go by cookies, such as webhooks.
	AllowCrossSite bool

	// Revalidate has the answers of GET kept for all clients, as the export of
	// that name does in a route.ts: for this long an answer is fresh; after that
	// the old one is given once more while a new one is made. Forever is fresh
	// until one of its tags is revalidated; 0 keeps nothing. Then GET runs for
	// nobody's request: it sees the path and its parameters, and no query,
	// header, cookie, client address or context value. HEAD is answered from the
	// same answer. What sets a cookie, says `Cache-Control: private` or fails
	// with a status of 500 or more is not kept.
	Revalidate time.Duration
	// Tags drop the kept answers when one of them is revalidated, from Go or
	// from a script; and see RevalidatePath. They have 1 to 256 characters.
	Tags []string
}

func (h Handlers) byMethod() map[string]http.Handler {
	m := map[string]http.Handler{}
	for name, f := range map[string]http.HandlerFunc{
		"GET": h.GET, "HEAD": h.HEAD, "POST": h.POST, "PUT": h.PUT, "PATCH": h.PATCH, "DELETE": h.DELETE, "OPTIONS": h.OPTIONS,
	} {
		if f != nil {
			m[name] = f
		}
	}
	return m
}

// Route registers handlers under a pattern, written as route folders are
// named: /api/users/[id], /files/[...path], /docs/[[...page]]. It takes effect
// with the next Load. A pattern that is malformed, or that collides with
// another of Go's or of the app directory, is an error of Load that names both
// places.
func (a *App) Route(pattern string, h Handlers) {
	a.register(site.GoRoute{Pattern: pattern, Source: caller(), Handlers: h.byMethod(), BodyLimit: h.BodyLimit, NoCSRF: h.AllowCrossSite, Revalidate: h.Revalidate, Tags: h.Tags})
}

// Handle registers one handler for all methods of a pattern.
func (a *App) Handle(pattern string, h http.Handler) {
	a.register(site.GoRoute{Pattern: pattern, Source: caller(), Any: h})
}

func (a *App) register(g site.GoRoute) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.routes = append(a.routes, g)
	a.forget()
}

// caller is the file and line outside this package that registers a route.
func caller() string {
	_, file, line, ok := runtime.Caller(2)
	if !ok {
		return "Go code"
	}
	return fmt.Sprintf("%s:%d", filepath.Base(file), line)
}

// Use wraps all routes, Go's and scripts' alike, in middleware. The first that
// is given is the outermost. It takes effect with the next Load.
func (a *App) Use(middleware ...func(http.Handler) http.Handler) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.middleware = append(a.middleware, middleware...)
	a.forget()
}

func chain(list []func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	if len(list) == 0 {
		return nil
	}
	return func(h http.Handler) http.Handler {
		for _, m := range slices.Backward(list) {
			h = m(h)
		}
		return h
	}
}
