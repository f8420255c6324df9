package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/portico-dev/portico/internal/edge"
	"github.com/portico-dev/portico/internal/limit"
	"github.com/portico-dev/portico/internal/route"
)

// clock is moved by hand.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newClock() *clock { return &clock{time.Unix(1_700_000_000, 0)} }

func rateLimit(t testing.TB, name, source string, n int, by string, methods ...string) *RateLimit {
	t.Helper()
	l := &RateLimit{Name: name, Methods: methods, Rate: limit.Rule{Limit: n, Window: time.Minute}}
	var err error
	if l.By, err = edge.ParseBy(by, nil); err != nil {
		t.Fatal(err)
	}
	if source != "" {
		if l.Match, err = route.NewGuard(route.MatcherSpec{Source: source}, route.RuleOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// from is a request of a client.
func from(client, method, target string, header ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	if r.RemoteAddr = client; client != "" {
		r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(client), 4000).String()
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func serve(p *Pipeline, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func TestRateLimit(t *testing.T) {
	const a, b = "203.0.113.9", "203.0.113.10"
	for _, c := range []struct {
		name  string
		rules []*RateLimit
		used  []*http.Request // these use the limit of 1 up
		free  []*http.Request // and these get through all the same
		held  []*http.Request // but these do not
	}{
		{"by address", []*RateLimit{rateLimit(t, "r", "", 1, "ip")},
			[]*http.Request{from(a, "GET", "/a")},
			[]*http.Request{from(b, "GET", "/a")},
			[]*http.Request{from(a, "GET", "/a"), from(a, "POST", "/b"), from(a, "GET", "/a", "X-Forwarded-For", b), from(a, "GET", "/none")}},
		{"by /64", []*RateLimit{rateLimit(t, "r", "", 1, "ip")},
			[]*http.Request{from("2001:db8:1:2::1", "GET", "/a")},
			[]*http.Request{from("2001:db8:1:3::1", "GET", "/a")},
			[]*http.Request{from("2001:db8:1:2:ffff::9", "GET", "/a")}},
		{"nobody knows", []*RateLimit{rateLimit(t, "r", "", 1, "ip")},
			[]*http.Request{from("", "GET", "/a")}, []*http.Request{from(a, "GET", "/a")}, []*http.Request{from("", "GET", "/a")}},
		{"by header", []*RateLimit{rateLimit(t, "r", "", 1, "header:x-api-key")},
			[]*http.Request{from(a, "GET", "/a", "X-Api-Key", "k"), from(a, "GET", "/a")},
			[]*http.Request{from(a, "GET", "/a", "X-Api-Key", "l"), from(a, "GET", "/a", "X-Api-Key", a), from(b, "GET", "/a", "X-Api-Key", "")},
			[]*http.Request{from(b, "GET", "/a", "X-Api-Key", "k"), from(a, "GET", "/a", "X-Api-Key", "")}},
		{"by session", []*RateLimit{rateLimit(t, "r", "", 1, "session")},
			[]*http.Request{from(a, "GET", "/a", "Cookie", "x=1; session=s")},
			[]*http.Request{from(a, "GET", "/a", "Cookie", "sid=s"), from(a, "GET", "/a", "Cookie", "x=1")},
			[]*http.Request{from(b, "GET", "/a", "Cookie", "session=s")}},
		{"by source", []*RateLimit{rateLimit(t, "r", "/a/:path*", 1, "ip")},
			[]*http.Request{from(a, "GET", "/a/1")},
			[]*http.Request{from(a, "GET", "/b"), from(a, "GET", "/ab")},
			// However the path is written that leads there.
			[]*http.Request{from(a, "GET", "/a"), from(a, "GET", "/a/2?q"), from(a, "GET", "/b/../a/1"), from(a, "GET", "/%61/1"), from(a, "GET", "/A/1")}},
		{"by method", []*RateLimit{rateLimit(t, "r", "", 1, "ip", "GET")},
			[]*http.Request{from(a, "HEAD", "/a")},
			[]*http.Request{from(a, "POST", "/a"), from(a, "OPTIONS", "/a")},
			[]*http.Request{from(a, "GET", "/a"), from(a, "HEAD", "/a")}},
		{"HEAD alone", []*RateLimit{rateLimit(t, "r", "", 1, "ip", "HEAD")},
			[]*http.Request{from(a, "HEAD", "/a")}, []*http.Request{from(a, "GET", "/a")}, []*http.Request{from(a, "HEAD", "/a")}},
		{"several", []*RateLimit{rateLimit(t, "all", "", 9, "ip"), rateLimit(t, "a", "/a", 1, "ip"), rateLimit(t, "key", "", 1, "header:x-api-key")},
			[]*http.Request{from(a, "GET", "/a", "X-Api-Key", "k")},
			[]*http.Request{from(a, "GET", "/b", "X-Api-Key", "l"), from(b, "GET", "/a", "X-Api-Key", "m")},
			[]*http.Request{from(a, "GET", "/a", "X-Api-Key", "n"), from(b, "GET", "/b", "X-Api-Key", "k")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pipeline(t, Config{RateLimits: c.rules, Limiter: limit.NewMemory(0, newClock().now)},
				entry(t, "/a", map[string]Handler{"*": told}), entry(t, "/a/[id]", map[string]Handler{"*": told}), entry(t, "/b", map[string]Handler{"*": told}), entry(t, "/ab", map[string]Handler{"*": told}))
			for what, list := range map[string][]*http.Request{"used": c.used, "free": c.free} {
				for i, r := range list {
					if w := serve(p, r); w.Code >= 400 {
						t.Errorf("%s %d: %d", what, i, w.Code)
					}
				}
			}
			for i, r := range c.held {
				w := serve(p, r)
				if w.Code != 429 || w.Header().Get("Retry-After") != "60" || !strings.HasPrefix(w.Header().Get("Cache-Control"), "private, no-cache, no-store") {
					t.Errorf("held %d: %d %v", i, w.Code, w.Header())
				}
			}
		})
	}
}

// What clients are told, and when they get through again.
func TestRateLimitHeaders(t *testing.T) {
	c := newClock()
	p := pipeline(t, Config{RateLimits: []*RateLimit{rateLimit(t, "loose", "", 6, "ip"), rateLimit(t, "tight", "/a", 2, "ip")}, Limiter: limit.NewMemory(0, c.now)},
		entry(t, "/a", map[string]Handler{"GET": told}),
		entry(t, "/b", map[string]Handler{"GET": HandlerFunc(func(x *Exchange) error { return errors.New("fails") })}))
	for i, step := range []struct {
		pass                time.Duration
		target              string
		status              int
		told, policy, after string
	}{
		{0, "/a", 200, `"tight";r=1;t=30`, `"tight";q=2;w=60`, ""},
		{0, "/a", 200, `"tight";r=0;t=60`, `"tight";q=2;w=60`, ""},
		{0, "/a", 429, `"tight";r=0;t=60`, `"tight";q=2;w=60`, "30"},
		{0, "/b", 500, `"loose";r=2;t=40`, `"loose";q=6;w=60`, ""},
		{29 * time.Second, "/a", 429, `"tight";r=0;t=31`, `"tight";q=2;w=60`, "1"},
		{time.Second, "/a", 200, `"tight";r=0;t=60`, `"tight";q=2;w=60`, ""},
		{0, "/none", 404, `"loose";r=2;t=40`, `"loose";q=6;w=60`, ""},
	} {
		c.t = c.t.Add(step.pass)
		w := serve(p, from("203.0.113.9", "GET", step.target))
		h := w.Header()
		if w.Code != step.status || h.Get("RateLimit") != step.told || h.Get("RateLimit-Policy") != step.policy || h.Get("Retry-After") != step.after {
			t.Errorf("step %d: %d %v", i, w.Code, h)
		}
	}
	for accept, want := range map[string]string{
		"application/json": `{"error":"Too Many Requests","status":429}` + "\n",
		"*/*":              "Too Many Requests\n",
		"text/html":        "<title>429 Too Many Requests</title>",
	} {
		w := serve(p, from("203.0.113.9", "GET", "/a", "Accept", accept))
		if body := w.Body.String(); w.Code != 429 || !strings.Contains(body, want) && accept == "text/html" || accept != "text/html" && body != want {
			t.Errorf("%s: %d %s", accept, w.Code, body)
		}
	}
}

// Preflights and the health check are not counted; middleware and redirects come
// behind.
func TestRateLimitOrder(t *testing.T) {
	cors, err := edge.NewCORS([]edge.CORSRule{{Origins: []string{"https://app.example"}}})
	if err != nil {
		t.Fatal(err)
	}
	g := &guard{run: func(*Exchange) (*Verdict, error) { return nil, nil }}
	p := pipeline(t, Config{RateLimits: []*RateLimit{rateLimit(t, "r", "", 2, "ip")}, Limiter: limit.NewMemory(0, newClock().now),
		CORS: cors, HealthPath: "/healthz", Redirects: redirects(t, "/old", "/a"), Script: g},
		entry(t, "/a", map[string]Handler{"GET": told}))
	for i, c := range []struct {
		r      *http.Request
		status int
	}{
		{from("203.0.113.9", "GET", "/healthz"), 200},
		{from("203.0.113.9", "OPTIONS", "/a", "Origin", "https://app.example", "Access-Control-Request-Method", "GET"), 204},
		{from("203.0.113.9", "GET", "/%5C"), 400},
		{from("203.0.113.9", "GET", "/old"), 308},
		{from("203.0.113.9", "GET", "/a"), 200},
		{from("203.0.113.9", "GET", "/a"), 429},
		{from("203.0.113.9", "GET", "/old"), 429},
		{from("203.0.113.9", "OPTIONS", "/a", "Origin", "https://app.example", "Access-Control-Request-Method", "GET"), 204},
		{from("203.0.113.9", "GET", "/healthz"), 200},
	} {
		if w := serve(p, c.r); w.Code != c.status {
			t.Errorf("request %d: %d, want %d", i, w.Code, c.status)
		}
	}
	if len(g.seen) != 1 {
		t.Errorf("middleware has seen %q", g.seen)
	}
	w := serve(p, from("203.0.113.9", "GET", "/a", "Origin", "https://app.example"))
	if w.Code != 429 || w.Header().Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("a page cannot read its 429: %v", w.Header())
	}
}

// A handler's own headers count.
func TestRateLimitGivesWay(t *testing.T) {
	p := pipeline(t, Config{RateLimits: []*RateLimit{rateLimit(t, "r", "", 2, "ip")}, Limiter: limit.NewMemory(0, newClock().now)},
		entry(t, "/a", map[string]Handler{"GET": HandlerFunc(func(x *Exchange) error {
			x.W.Header().Set("RateLimit", `"own";r=1;t=1`)
			_, err := io.WriteString(x.W, "a")
			return err
		})}))
	if got := serve(p, from("203.0.113.9", "GET", "/a")).Header()["Ratelimit"]; len(got) != 1 || got[0] != `"own";r=1;t=1` {
		t.Errorf("RateLimit is %q", got)
	}
}

// limiter answers as it is told.
type limiter struct {
	res limit.Result
	err error
}

func (l limiter) Take(context.Context, string, limit.Rule, int) (limit.Result, error) {
	return l.res, l.err
}

func TestRateLimitStore(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name   string
		l      limiter
		ctx    context.Context
		status int
		after  string
	}{
		{"away", limiter{res: limit.Result{Limited: true, Away: true, RetryAfter: 3 * time.Second}}, t.Context(), 503, "3"},
		{"wrong", limiter{err: errors.New("wrong")}, t.Context(), 503, "1"},
		{"client gone", limiter{err: context.Canceled}, gone, 0, ""},
	} {
		p := pipeline(t, Config{RateLimits: []*RateLimit{rateLimit(t, "r", "", 2, "ip")}, Limiter: c.l}, entry(t, "/a", map[string]Handler{"GET": told}))
		w := httptest.NewRecorder()
		var aborted any
		func() {
			defer func() { aborted = recover() }()
			p.ServeHTTP(w, from("203.0.113.9", "GET", "/a").WithContext(c.ctx))
		}()
		if c.status == 0 {
			if aborted != http.ErrAbortHandler {
				t.Errorf("%s: %v and %d", c.name, aborted, w.Code)
			}
			continue
		}
		if aborted != nil || w.Code != c.status || w.Header().Get("Retry-After") != c.after || w.Header().Get("RateLimit") != "" {
			t.Errorf("%s: %v, %d %v", c.name, aborted, w.Code, w.Header())
		}
	}
}

// A flood of clients keeps the bound, and frees nobody who has used the
// allowance up; nor does one of made-up keys.
func TestRateLimitFlood(t *testing.T) {
	const keys = 4096
	memory := limit.NewMemory(keys*64, newClock().now)
	p := pipeline(t, Config{RateLimits: []*RateLimit{rateLimit(t, "addresses", "", 5, "ip"), rateLimit(t, "keys", "", 3, "header:x-api-key")}, Limiter: memory},
		entry(t, "/a", map[string]Handler{"GET": told}))
	greedy := func(i int) *http.Request {
		return from(fmt.Sprintf("198.51.100.%d", i), "GET", "/a", "X-Api-Key", fmt.Sprint("known ", i))
	}
	for i := range 8 {
		for range 3 {
			if w := serve(p, greedy(i)); w.Code != 200 {
				t.Fatalf("client %d: %d", i, w.Code)
			}
		}
	}
	for i := range 10 * keys {
		w := serve(p, from(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), "GET", "/a", "X-Api-Key", fmt.Sprint("made up ", i)))
		if w.Code != 200 {
			t.Fatalf("flood %d: %d", i, w.Code)
		}
	}
	if n := memory.Len(); n > keys {
		t.Errorf("%d keys are kept, more than %d", n, keys)
	}
	for i := range 8 {
		if w := serve(p, greedy(i)); w.Code != 429 {
			t.Errorf("client %d was freed: %d", i, w.Code)
		}
	}
}

// A client cannot write its way into another's allowance, or out of its own.
func TestRateLimitKeys(t *testing.T) {
	p := pipeline(t, Config{RateLimits: []*RateLimit{rateLimit(t, "r", "", 1, "header:x-api-key")}, Limiter: limit.NewMemory(0, newClock().now)},
		entry(t, "/a", map[string]Handler{"GET": told}))
	for i, key := range []string{"", "203.0.113.9", "2:ip", "ip 11:203.0.113.9", " 2:ip 11:203.0.113.9", "a", "a, b", "a\tb"} {
		if w := serve(p, from("203.0.113.9", "GET", "/a", "X-Api-Key", key)); w.Code != 200 {
			t.Errorf("key %d, %q, is another's: %d", i, key, w.Code)
		}
	}
	if w := serve(p, from("203.0.113.9", "GET", "/a", "X-Api-Key", "a", "X-Api-Key", "b")); w.Code != 429 {
		t.Errorf("two lines are not the list that they are (RFC 9110 §5.3): %d", w.Code)
	}
}
