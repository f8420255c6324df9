package portico

import (
	"context"
	"net/http"
)

// appKey is where a request's context has the App that serves it.
type appKey struct{}

// appFrom is the App that serves the request of a context, or nil.
func appFrom(ctx context.Context) *App {
	a, _ := ctx.Value(appKey{}).(*App)
	return a
}

// within gives a request a context that has the App. Requests of Run and Serve
// have one that does, without costing anything; of Apps in one another the
// inner one counts.
func (a *App) within(r *http.Request) *http.Request {
	if appFrom(r.Context()) == a {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), appKey{}, a))
}
