package portico

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/portico-dev/portico/internal/limit"
	"github.com/portico-dev/portico/internal/site"
)

// Rate is how often something may be done: Limit times a Window, all at once or
// one by one. Then one gets through each Window/Limit (GCRA).
type Rate struct {
	// Limit is at least 1.
	Limit int
	// Window is at least a microsecond for each of Limit, and at most a year.
	Window time.Duration
	// Name tells this rate from others. Those of one name, limit and window
	// count together, in scripts too (portico/rate-limit). Empty is the pattern
	// of the request's route, or "default" where there is none yet: in Use.
	Name string
	// By says whose a request is, for RateLimit. Nil, or the text "" that it
	// returns, is the client's address, seen through trusted proxies, and of IPv6
	// its /64.
	By func(*http.Request) string
	// Cost is how much of the limit is used up; 0 is 1. A negative one uses up
	// nothing, and tells how things stand.
	Cost int
}

// RateResult is the answer to one who asks.
type RateResult struct {
	// Limited is to be refused. It has cost nothing.
	Limited bool
	// Limit is that of the Rate.
	Limit int
	// Remaining is how many would get through now.
	Remaining int
	// Reset is when the allowance is whole again, from now.
	Reset time.Duration
	// RetryAfter is when to try again; 0 when it is not Limited, and the window
	// when it asks for more than the limit.
	RetryAfter time.Duration
	// Away says that nothing was counted, and all is refused: the store that nodes
	// share cannot be reached, and the configuration wants whenStoreIsAway: 'refuse'.
	Away bool

	name string
	rule limit.Rule
	res  limit.Result
}

// SetHeader tells the client: RateLimit and RateLimit-Policy
// (draft-ietf-httpapi-ratelimit-headers-10), and Retry-After when it is Limited.
func (r RateResult) SetHeader(h http.Header) {
	told, policy, after := limit.Headers(r.name, r.rule, r.res)
	if !r.Away {
		h.Set("RateLimit", told)
		h.Set("RateLimit-Policy", policy)
	}
	if after != "" {
		h.Set("Retry-After", after)
	}
}

// TakeRate asks whether somebody may do something: key is who, such as an
// account's id. The context is that of a request; By is not asked. The error is
// ErrNoApp, ErrNotLoaded, the context's, or that of a Rate without a sense or of a
// store.
func TakeRate(ctx context.Context, key string, r Rate) (RateResult, error) {
	a := appFrom(ctx)
	if a == nil {
		return RateResult{}, ErrNoApp
	}
	return a.TakeRate(ctx, key, r)
}

// TakeRate is the function TakeRate for work that no request has asked for.
func (a *App) TakeRate(ctx context.Context, key string, r Rate) (RateResult, error) {
	return a.take(ctx, r, "key", key)
}

func (a *App) take(ctx context.Context, r Rate, by, value string) (RateResult, error) {
	g := a.enter()
	if g == nil || g.site == nil {
		return RateResult{}, ErrNotLoaded
	}
	if g.err == nil { // else it is that of a page of errors, and not counted in
		defer a.leave(g)
	}
	if r.Name == "" {
		r.Name = "default"
	}
	cost := max(r.Cost, 0)
	if r.Cost == 0 {
		cost = 1
	}
	rule := limit.Rule{Limit: r.Limit, Window: r.Window}
	res, err := g.site.Shared().Limiter.Take(ctx, limit.Key(rule, "code", r.Name, by, value), rule, cost)
	if err != nil {
		return RateResult{}, err
	}
	after := res.RetryAfter
	if after < 0 {
		after = r.Window
	}
	return RateResult{Limited: res.Limited, Limit: res.Limit, Remaining: res.Remaining, Reset: res.Reset, RetryAfter: after, Away: res.Away,
		name: r.Name, rule: rule, res: res}, nil
}

// RateLimit is middleware, for single handlers or for Use, that lets requests
// through so often and refuses others with 429 and Retry-After. Answers carry
// RateLimit and RateLimit-Policy. It panics on a Rate without a sense. It cannot
// stand inside of handlers whose answers are kept (Handlers.Revalidate).
func RateLimit(r Rate) func(http.Handler) http.Handler {
	if err := (limit.Rule{Limit: r.Limit, Window: r.Window}).Check(); err != nil {
		panic(fmt.Sprintf("portico.RateLimit: %v", err))
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			switch a := appFrom(req.Context()); {
			case a == nil:
				site.Refuse(w, req, http.StatusInternalServerError, ErrNoApp)
			case site.Kept(req.Context()):
				a.c.Logger.Error("RateLimit is inside of a handler whose answers are kept, where it would count how often they are made\nhint: put it into Use, or write a rule for the path", "route", req.Pattern)
				site.Refuse(w, req, http.StatusInternalServerError, nil)
			default:
				a.limited(w, req, r, next)
			}
		})
	}
}

func (a *App) limited(w http.ResponseWriter, req *http.Request, r Rate, next http.Handler) {
	if r.Name == "" {
		r.Name = req.Pattern
	}
	by, value := "key", ""
	if r.By != nil {
		value = r.By(req)
	}
	if value == "" {
		by, value = "ip", a.household(req)
	}
	res, err := a.take(req.Context(), r, by, value)
	switch {
	case err != nil && req.Context().Err() != nil:
		panic(http.ErrAbortHandler) // nobody is there to be answered
	case err != nil:
		a.c.Logger.Error("a rate limit cannot be counted", "name", r.Name, "error", err)
		site.Refuse(w, req, http.StatusServiceUnavailable, err)
		return
	}
	res.SetHeader(w.Header())
	switch {
	case res.Away:
		site.Refuse(w, req, http.StatusServiceUnavailable, nil)
	case res.Limited:
		site.Refuse(w, req, http.StatusTooManyRequests, nil)
	default:
		next.ServeHTTP(w, req)
	}
}

// household is the client's address, as it is counted.
func (a *App) household(req *http.Request) string {
	g := a.enter()
	if g == nil || g.site == nil {
		return ""
	}
	if g.err == nil {
		defer a.leave(g)
	}
	return g.site.Household(req)
}
