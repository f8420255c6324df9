package pipeline

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/portico-dev/portico/internal/edge"
	"github.com/portico-dev/portico/internal/limit"
	"github.com/portico-dev/portico/internal/route"
)

// RateLimit is a rule of the configuration: how often requests may come.
type RateLimit struct {
	// Name tells the rule from others; clients are told it.
	Name string
	// Match is for which requests it is; nil is all.
	Match *route.Matcher
	// Methods are those that are counted, HEAD where GET is; nil is all.
	Methods []string
	// Rate is how often, and By whose requests are counted together.
	Rate limit.Rule
	By   edge.By
}

// covers reports whether a request is counted. Where that cannot be told, it is.
func (l *RateLimit) covers(x *Exchange) bool {
	if l.Methods != nil {
		// HEAD runs GET's handler, and would be a way around.
		m := x.R.Method
		if !slices.Contains(l.Methods, m) && (m != http.MethodHead || !slices.Contains(l.Methods, http.MethodGet)) {
			return false
		}
	}
	if l.Match == nil {
		return true
	}
	ok, err := l.Match.Match(&x.asked)
	return ok || err != nil
}

var errStoreAway = errors.New("the store of rate limits cannot be reached")

// rateLimit counts a request by all rules that it matches, until one of them
// refuses it. The answer tells of the one that leaves the least.
func (p *Pipeline) rateLimit(x *Exchange) bool {
	var tightest *RateLimit
	var least limit.Result
	for _, l := range p.c.RateLimits {
		if !l.covers(x) {
			continue
		}
		by, value := l.By.Of(func(name string) []string { return x.R.Header[name] }, x.Peer.Addr)
		res, err := p.c.Limiter.Take(x.R.Context(), limit.Key(l.Rate, "rule", l.Name, by, value), l.Rate, 1)
		switch {
		case err != nil && x.R.Context().Err() != nil:
			p.failed(x, &StatusError{Quiet: true, Err: err}, false)
			return true
		case err != nil: // an answer that nobody understands: nothing was counted
			p.failed(x, &StatusError{Status: http.StatusServiceUnavailable, Err: err}, false)
			return true
		case res.Away:
			p.fail(x, &StatusError{Status: http.StatusServiceUnavailable, RetryAfter: res.RetryAfter, Err: errStoreAway})
			return true
		}
		if tightest == nil || res.Limited || res.Remaining < least.Remaining || res.Remaining == least.Remaining && res.Reset > least.Reset {
			tightest, least = l, res
		}
		if res.Limited {
			break
		}
	}
	if tightest == nil {
		return false
	}
	told, policy, retryAfter := limit.Headers(tightest.Name, tightest.Rate, least)
	h := x.W.Header()
	h["Ratelimit"], h["Ratelimit-Policy"] = []string{told}, []string{policy}
	if !least.Limited {
		return false
	}
	h["Retry-After"] = []string{retryAfter}
	p.fail(x, &StatusError{Status: http.StatusTooManyRequests})
	return true
}

// ExchangeOf is the exchange of a request that Go middleware or a Go handler
// sees; nil when it is another's.
func ExchangeOf(ctx context.Context) *Exchange {
	x, _ := ctx.Value(exchangeKey{}).(*Exchange)
	return x
}

// Told gives Go's request a context in which ExchangeOf finds x.
func (x *Exchange) Told() *http.Request {
	ctx := x.R.Context()
	if ExchangeOf(ctx) == x { // by the way through middleware
		return x.R
	}
	x.within = exchangeContext{ctx, x}
	return x.R.WithContext(&x.within)
}

// Refuse writes the answer of an error that Go middleware has: as all errors,
// and as one of no handler.
func Refuse(w http.ResponseWriter, r *http.Request, se *StatusError) {
	x := &Exchange{W: w, R: r}
	if of := ExchangeOf(r.Context()); of != nil {
		x.ID = of.ID
	}
	(&Pipeline{}).answer(x, se, false)
}
