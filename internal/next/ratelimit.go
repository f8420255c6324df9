package next

import (
	"context"
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/edge"
	"github.com/portico-dev/portico/internal/js/web"
	"github.com/portico-dev/portico/internal/limit"
)

// rateLimitModule fills portico/rate-limit.
//
//	const { rateLimited, headers } = await rateLimit(request, { limit: 10, window: '1m' })
//	if (rateLimited) return new Response(null, { status: 429, headers })
func (m *Modules) rateLimitModule(o *goja.Object) {
	m.fn(o, "rateLimit", 2, func(c goja.FunctionCall) goja.Value {
		return m.iso.Attempt(func() (goja.Value, error) { return m.rateLimit(c.Argument(0), c.Argument(1)) })
	})
}

// rate is what a script asks of a limiter.
type rate struct {
	limit.Rule
	name string
	cost int
	// Whose request it is: what fn says, key, or by.
	by  edge.By
	key string
	fn  goja.Callable
}

func (m *Modules) rateLimit(request, options goja.Value) (goja.Value, error) {
	m.touch("rateLimit()")
	if m.making() != nil { // force-static
		panic(m.iso.NewError("Error", "rateLimit() counts who asks, and the answer of a handler with dynamic = 'force-static' is made once for all of them; use rateLimits of the configuration"))
	}
	req, ok := m.env.RequestOf(request)
	if !ok {
		panic(m.iso.TypeError("rateLimit() wants the request as its first argument, such as rateLimit(request, { limit: 10, window: '1m' })"))
	}
	q := m.rate(options)
	x := m.exchange()
	if q.name == "" {
		if x == nil {
			panic(m.iso.TypeError("rateLimit(): outside of a request a limit needs a name"))
		}
		q.name = x.call.Pattern
	}
	if q.fn == nil {
		return m.take(x, q, req)
	}
	v, err := m.iso.Call(q.fn, goja.Undefined(), request)
	if err != nil {
		return nil, err
	}
	whose := func(v goja.Value) (goja.Value, error) {
		q.key = m.rateKey(v, "the function by")
		return m.take(x, q, req)
	}
	if v, err, settled := m.iso.Settled(v); settled {
		if err != nil {
			return nil, err
		}
		return whose(v)
	}
	p := m.iso.NewPromise()
	m.iso.Await(v, func(v goja.Value, err error) {
		p.Settle(func() (goja.Value, error) {
			if err != nil {
				return nil, err
			}
			return whose(v)
		})
	})
	return p.Value(), nil
}

// rate reads the options. What is wrong with them is a TypeError.
func (m *Modules) rate(v goja.Value) *rate {
	o, ok := v.(*goja.Object)
	if !ok {
		panic(m.iso.TypeError("rateLimit() wants options, such as { limit: 10, window: '1m' }"))
	}
	q := &rate{cost: 1}
	count := func(name string, v goja.Value, least int) int {
		switch v.Export().(type) {
		case int64, float64:
			if n := v.ToFloat(); n == math.Trunc(n) && n >= float64(least) && n <= math.MaxInt32 {
				return int(n)
			}
		}
		panic(m.iso.TypeError("rateLimit(): %s is %s, want a whole number of at least %d", name, describe(v), least))
	}
	for _, k := range o.Keys() {
		v := orUndefined(o.Get(k))
		if goja.IsUndefined(v) {
			continue
		}
		switch k {
		case "limit":
			q.Limit = count(k, v, 1)
		case "window":
			var err error
			if q.Window, err = config.ParseWindow(v.Export()); err != nil {
				panic(m.iso.TypeError("rateLimit(): %s", err.Error()))
			}
		case "cost":
			q.cost = count(k, v, 0)
		case "name":
			s, ok := v.(goja.String)
			if !ok || s.Length() == 0 {
				panic(m.iso.TypeError("rateLimit(): name is %s, want a text", describe(v)))
			}
			q.name = s.String()
		case "by":
			m.rateBy(q, v)
		default:
			panic(m.iso.TypeError("rateLimit(): there is no option %q; the options are limit, window, by, name, cost", k))
		}
	}
	switch {
	case q.Limit == 0:
		panic(m.iso.TypeError("rateLimit(): there is no limit; write { limit: 10, window: '1m' }"))
	case q.Window == 0:
		panic(m.iso.TypeError("rateLimit(): there is no window; write { limit: 10, window: '1m' }"))
	}
	if err := q.Check(); err != nil {
		panic(m.iso.TypeError("rateLimit(): %s", err.Error()))
	}
	return q
}

// rateBy reads the option by: what the configuration has, or a key. What a
// function returns is never taken for the former.
func (m *Modules) rateBy(q *rate, v goja.Value) {
	if fn, ok := goja.AssertFunction(v); ok {
		q.fn = fn
		return
	}
	key := m.rateKey(v, "by")
	if key == "ip" || key == "session" || strings.HasPrefix(key, "header:") || strings.HasPrefix(key, "cookie:") {
		var err error
		if q.by, err = edge.ParseBy(key, m.app.opts.SessionCookies); err != nil {
			panic(m.iso.TypeError("rateLimit(): by: %s", strings.ReplaceAll(err.Error(), "\nhint: ", "; ")))
		}
		return
	}
	q.key = key
}

// rateKey is a text that says whose a request is; "" is the client's.
func (m *Modules) rateKey(v goja.Value, what string) string {
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return ""
	}
	if _, isText := v.(goja.String); !isText {
		switch kind(v) {
		case "number":
		default:
			panic(m.iso.TypeError("rateLimit(): %s gives %s, want a text", what, describe(v)))
		}
	}
	return v.String()
}

// take asks the limiter: at once where it is in memory, and else off the isolate.
func (m *Modules) take(x *Exchange, q *rate, req *web.Request) (goja.Value, error) {
	by, value := "key", q.key
	if value == "" {
		if x == nil {
			panic(m.outside("rateLimit"))
		}
		client, _ := netip.ParseAddr(x.call.Client) // "" where nobody knows it, which is one client
		h := req.Headers()
		by, value = q.by.Of(func(name string) []string {
			if s, ok := h.Get(strings.ToLower(name)); ok {
				return []string{s}
			}
			return nil
		}, client)
	}
	// Scripts and Go count together where they use the same name.
	key := limit.Key(q.Rule, "code", q.name, by, value)
	if memory, ok := m.app.opts.Limiter.(*limit.Memory); ok {
		res, err := memory.Take(m.app.ctx, key, q.Rule, q.cost)
		if err != nil {
			return nil, err
		}
		return m.iso.Resolved(m.rateResult(q, res)), nil
	}
	ctx := m.app.ctx
	if x != nil {
		ctx = x.req.Context()
		if x.finished { // in after()
			ctx = context.WithoutCancel(ctx)
		}
	}
	return m.iso.Go(func() func() (goja.Value, error) {
		res, err := m.app.opts.Limiter.Take(ctx, key, q.Rule, q.cost)
		return func() (goja.Value, error) {
			if err != nil {
				return nil, err
			}
			return m.rateResult(q, res), nil
		}
	}), nil
}

// rateResult is what a script gets. Times are whole seconds, as in the headers.
func (m *Modules) rateResult(q *rate, res limit.Result) goja.Value {
	o, headers := m.rt.NewObject(), m.rt.NewObject()
	told, policy, retryAfter := limit.Headers(q.name, q.Rule, res)
	if !res.Away {
		put(headers, "RateLimit", m.rt.ToValue(told))
		put(headers, "RateLimit-Policy", m.rt.ToValue(policy))
	}
	if retryAfter != "" {
		put(headers, "Retry-After", m.rt.ToValue(retryAfter))
	}
	after := res.RetryAfter
	if after < 0 { // it never gets through: as the header has it
		after = q.Window
	}
	put(o, "rateLimited", m.rt.ToValue(res.Limited))
	put(o, "limit", m.rt.ToValue(res.Limit))
	put(o, "remaining", m.rt.ToValue(res.Remaining))
	put(o, "reset", m.rt.ToValue(limit.ResetSeconds(q.Rule, res)))
	put(o, "retryAfter", m.rt.ToValue(seconds(after)))
	put(o, "headers", headers)
	return o
}

// seconds rounds up: who waits that long is let through.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
