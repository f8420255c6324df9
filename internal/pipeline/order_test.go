package pipeline

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/portico-dev/portico/internal/edge"
	"github.com/portico-dev/portico/internal/proxy"
	"github.com/portico-dev/portico/internal/route"
)

// guard is a middleware file of Go.
type guard struct {
	run  func(x *Exchange) (*Verdict, error)
	seen []string // the URLs that it was asked about
	open int      // verdicts that were not closed
}

func (g *guard) Source() string { return "middleware.ts" }

func (g *guard) Run(x *Exchange) (*Verdict, error) {
	g.seen = append(g.seen, x.R.Method+" "+x.FullURL(func(q string) string { return q }))
	v, err := g.run(x)
	if err != nil {
		return nil, err
	}
	if v == nil {
		v = &Verdict{}
	}
	g.open++
	v.Close = func() { g.open-- }
	return v, nil
}

func (g *guard) done(t *testing.T) {
	t.Helper()
	if g.open != 0 {
		t.Errorf("%d verdicts were not closed", g.open)
	}
}

func matchers(t testing.TB, sources ...string) (list []*route.Matcher) {
	t.Helper()
	for _, s := range sources {
		m, err := route.NewMatcher(route.MatcherSpec{Source: s}, route.RuleOptions{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

func rewrites(t testing.TB, fromTo ...string) (list []*route.Rewrite) {
	t.Helper()
	for i := 0; i < len(fromTo); i += 2 {
		w, err := route.NewRewrite(route.RuleSpec{Source: fromTo[i], Destination: fromTo[i+1]}, route.RuleOptions{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, w)
	}
	return list
}

func redirects(t testing.TB, fromTo ...string) (list []*route.Redirect) {
	t.Helper()
	permanent := true
	for i := 0; i < len(fromTo); i += 2 {
		d, err := route.NewRedirect(route.RuleSpec{Source: fromTo[i], Destination: fromTo[i+1], Permanent: &permanent}, route.RuleOptions{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, d)
	}
	return list
}

func headerRule(t testing.TB, source string, nameValue ...string) *route.HeaderRule {
	t.Helper()
	spec := route.RuleSpec{Source: source}
	for i := 0; i < len(nameValue); i += 2 {
		spec.Headers = append(spec.Headers, route.Field{Name: nameValue[i], Value: nameValue[i+1]})
	}
	h, err := route.NewHeaderRule(spec, route.RuleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func get(handlers ...Handler) map[string]Handler {
	if len(handlers) == 0 {
		return map[string]Handler{"GET": told}
	}
	return map[string]Handler{"GET": handlers[0]}
}

// Each stage of the order answers before the next one is asked.
func TestStages(t *testing.T) {
	g := &guard{run: func(x *Exchange) (*Verdict, error) {
		switch x.Path {
		case "/mw/answer":
			return &Verdict{Answer: func(w http.ResponseWriter) error { _, err := io.WriteString(w, "middleware"); return err }}, nil
		case "/mw/rewrite":
			return &Verdict{Rewrite: &url.URL{Path: "/before", RawQuery: "a=1"}}, nil
		case "/mw/redirected": // the configuration's redirects are over by now
			return &Verdict{Rewrite: &url.URL{Path: "/old"}}, nil
		case "/mw/climb":
			return &Verdict{Rewrite: &url.URL{Path: "/a/../../x", RawPath: "/a/..%2f../x"}}, nil
		}
		return nil, nil
	}}
	p := pipeline(t, Config{
		Script:      g,
		Redirects:   redirects(t, "/old", "/new", "/exact/moved", "/x", "/mw/moved", "/x"),
		BeforeFiles: rewrites(t, "/before", "/exact", "/chain/1", "/chain/2", "/chain/2", "/exact"),
		AfterFiles:  rewrites(t, "/exact", "/never", "/after", "/dynamic/after", "/dynamic/stolen", "/exact", "/miss/1", "/miss/2", "/miss/2", "/exact"),
		Fallback:    rewrites(t, "/exact", "/never", "/dynamic/x", "/never", "/last", "/dynamic/last"),
	},
		entry(t, "/exact", get()), entry(t, "/exact/moved", get()), entry(t, "/old", get()),
		entry(t, "/dynamic/[id]", get()), entry(t, "/mw/[what]", get()),
	)
	for _, c := range []struct {
		path   string
		status int
		body   string
		asked  bool // the middleware was
	}{
		{"/exact", 200, "GET /exact http://example.com/exact", true},
		{"/exact/moved", 308, "/x", false},
		{"/old?q=1", 308, "/new?q=1", false},
		{"/exact//a", 308, "/exact/a", false},
		{"/exact/", 308, "/exact", false},
		{"/mw/moved", 308, "/x", false},
		{"/mw/answer", 200, "middleware", true},
		{"/mw/rewrite", 200, "GET /exact http://example.com/mw/rewrite", true},
		{"/mw/redirected", 200, "GET /old http://example.com/mw/redirected", true},
		{"/mw/climb", 400, "", true},
		{"/mw/else", 200, "GET /mw/[what] http://example.com/mw/else what=else", true},
		{"/before", 200, "GET /exact http://example.com/before", true},
		{"/chain/1", 200, "GET /exact http://example.com/chain/1", true},
		{"/after", 200, "GET /dynamic/[id] http://example.com/after id=after", true},
		{"/dynamic/stolen", 200, "GET /exact http://example.com/dynamic/stolen", true},
		{"/miss/1", 200, "GET /exact http://example.com/miss/1", true},
		{"/dynamic/x", 200, "GET /dynamic/[id] http://example.com/dynamic/x id=x", true},
		{"/last", 200, "GET /dynamic/[id] http://example.com/last id=last", true},
		{"/none", 404, "", true},
		{"/%2e%2e%2f", 400, "", false},
	} {
		g.seen = nil
		w := request(p, "GET", c.path)
		if w.Code != c.status || c.body != "" && w.Body.String() != c.body {
			t.Errorf("GET %s: got %d %s, want %d %s", c.path, w.Code, w.Body, c.status, c.body)
		}
		if (len(g.seen) > 0) != c.asked {
			t.Errorf("GET %s: the middleware was asked about %v", c.path, g.seen)
		}
	}
	g.done(t)
}

// Middleware that fails never means "continue".
func TestMiddlewareFails(t *testing.T) {
	for name, fail := range map[string]error{"throws": errors.New("secret"), "is closed": &StatusError{Status: 503, Err: errors.New("secret")}} {
		g := &guard{run: func(*Exchange) (*Verdict, error) { return nil, fail }}
		p := pipeline(t, Config{Script: g, Headers: []*route.HeaderRule{headerRule(t, "/a", "x-config", "1")}}, entry(t, "/a", get(HandlerFunc(func(*Exchange) error {
			t.Error("the handler ran")
			return nil
		}))))
		w := request(p, "GET", "/a")
		want := 500
		if name == "is closed" {
			want = 503
		}
		if w.Code != want || w.Header().Get("X-Config") != "" || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("middleware %s: got %d %v %s", name, w.Code, w.Header(), w.Body)
		}
	}
}

// A matcher decides who is asked; the base path and a slash at the end belong
// to the path.
func TestMatchers(t *testing.T) {
	g := &guard{run: func(*Exchange) (*Verdict, error) { return nil, nil }}
	p := pipeline(t, Config{Script: g, Matchers: matchers(t, "/admin/:path*", "/x")}, entry(t, "/[[...all]]", get()))
	for path, want := range map[string]bool{"/admin": true, "/admin/a/b": true, "/x": true, "/adminx": false, "/": false, "/x/y": false, "/%61dmin/a": true, "/admin%2Fa": true} {
		g.seen = nil
		if request(p, "GET", path); (len(g.seen) > 0) != want {
			t.Errorf("%s: asked %v, want %v", path, g.seen, want)
		}
	}
}

// What an answer carries: middleware over configuration over handler, and what
// adds up adds up.
func TestHeaderPrecedence(t *testing.T) {
	handler := HandlerFunc(func(x *Exchange) error {
		h := x.W.Header()
		for _, name := range []string{"A", "B", "C"} {
			h.Set("X-"+name, "handler")
		}
		h.Add("Set-Cookie", "handler=1")
		h.Add("Vary", "handler")
		h.Set("Cache-Control", "handler")
		fmt.Fprint(x.W, "body")
		return nil
	})
	outer := []*route.HeaderRule{
		headerRule(t, "/:path*", "x-a", "config", "x-b", "config", "vary", "config", "set-cookie", "config=1", "cache-control", "config"),
		headerRule(t, "/:path*", "x-a", "config2"),
	}
	g := &guard{run: func(x *Exchange) (*Verdict, error) {
		h := http.Header{"X-B": {"middleware"}, "Vary": {"middleware"}}
		switch x.Path {
		case "/cookie":
			h.Add("Set-Cookie", "middleware=1")
		case "/answer":
			return &Verdict{Answer: func(w http.ResponseWriter) error {
				w.Header().Set("X-B", "middleware")
				w.Header().Set("Set-Cookie", "middleware=1")
				w.WriteHeader(201)
				return nil
			}}, nil
		}
		return &Verdict{Header: h}, nil
	}}
	p := pipeline(t, Config{Script: g, Headers: outer}, entry(t, "/a", get(handler)), entry(t, "/cookie", get(handler)))
	for _, c := range []struct{ path, a, b, c, cookies, vary, cache string }{
		{"/a", "config2", "middleware", "handler", "config=1,handler=1", "config,middleware,handler", "config"},
		{"/cookie", "config2", "middleware", "handler", "middleware=1,handler=1", "config,middleware,handler", "config"},
		{"/answer", "config2", "middleware", "", "middleware=1", "config", "config"},
		{"/none", "config2", "middleware", "", "config=1", "config,middleware", "private, no-cache, no-store, max-age=0, must-revalidate"},
	} {
		h := request(p, "GET", c.path).Header()
		got := []string{h.Get("X-A"), h.Get("X-B"), h.Get("X-C"), strings.Join(h["Set-Cookie"], ","), strings.Join(h["Vary"], ","), h.Get("Cache-Control")}
		if want := []string{c.a, c.b, c.c, c.cookies, c.vary, c.cache}; strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s: got  %q\nwant %q", c.path, got, want)
		}
	}
	g.done(t)
}

// What middleware passes on is what the handler gets: overridden, added, removed.
func TestMiddlewarePassesOn(t *testing.T) {
	g := &guard{run: func(x *Exchange) (*Verdict, error) {
		h := x.R.Header.Clone()
		h.Del("X-Secret")
		h.Set("X-User-Id", "42")
		return &Verdict{Request: h, Header: http.Header{"Set-Cookie": {"a=1; Path=/"}}}, nil
	}}
	p := pipeline(t, Config{Script: g}, entry(t, "/a", get(HandlerFunc(func(x *Exchange) error {
		fmt.Fprint(x.W, x.R.Header["X-User-Id"], x.R.Header["X-Secret"], x.Cookies, x.Overridden)
		return nil
	}))))
	w := request(p, "GET", "/a", "X-User-Id", "6", "X_User_Id", "7", "X-Secret", "s")
	if got := w.Body.String(); got != "[42] [] [a=1; Path=/] true" {
		t.Errorf("the handler saw %s", got)
	}
}

func TestBasePath(t *testing.T) {
	g := &guard{run: func(*Exchange) (*Verdict, error) { return nil, nil }}
	p := pipeline(t, Config{Script: g, BasePath: "/docs"}, entry(t, "/", get()), entry(t, "/a/[id]", get()))
	for path, want := range map[string]string{
		"/docs":        "200 GET / http://example.com/",
		"/docs/":       "308 /docs",
		"/docs/a/7?q":  "200 GET /a/[id] http://example.com/a/7?q id=7",
		"/a/7":         "404 Not Found\n",
		"/docsx":       "404 Not Found\n",
		"/DOCS/a/7":    "404 Not Found\n",
		"/elsewhere/":  "308 /elsewhere", // Next.js mends what is not below it, too
		"/docs//a/7":   "308 /docs/a/7",
		"/docs%2fa/7":  "404 Not Found\n",
		"/docs/a/7/b/": "308 /docs/a/7/b",
	} {
		w := request(p, "GET", path)
		if got := fmt.Sprint(w.Code, " ", w.Body); got != want {
			t.Errorf("GET %s: got %q, want %q", path, got, want)
		}
	}
	if last := g.seen[len(g.seen)-1]; !strings.HasPrefix(last, "GET http://example.com/") {
		t.Errorf("the middleware saw %s", last)
	}
}

// Bodies have limits where they are held, and none where they pass through.
func TestBodyLimits(t *testing.T) {
	whole := HandlerFunc(func(x *Exchange) error {
		type limited interface{ Buffered(int64) io.ReadCloser }
		b, err := io.ReadAll(x.R.Body.(limited).Buffered(x.R.ContentLength))
		if err != nil {
			return fmt.Errorf("TypeError: %w", err)
		}
		fmt.Fprint(x.W, len(b))
		return nil
	})
	stream := HandlerFunc(func(x *Exchange) error {
		n, err := io.Copy(io.Discard, x.R.Body)
		if err != nil {
			return err
		}
		fmt.Fprint(x.W, n)
		return nil
	})
	small := entry(t, "/small", map[string]Handler{"POST": stream})
	small.Value.BodyLimit = 10
	large := entry(t, "/large", map[string]Handler{"POST": whole})
	large.Value.BodyLimit = 1000
	open := entry(t, "/open", map[string]Handler{"POST": whole})
	open.Value.BodyLimit = -1
	p := pipeline(t, Config{BodyLimit: 100}, entry(t, "/whole", map[string]Handler{"POST": whole}), entry(t, "/stream", map[string]Handler{"POST": stream}), small, large, open)
	for _, c := range []struct {
		path    string
		size    int
		chunked bool
		want    string
	}{
		{"/whole", 100, false, "200 100"}, {"/whole", 101, false, "413"}, {"/whole", 100, true, "200 100"}, {"/whole", 101, true, "413"}, {"/whole", 100000, true, "413"},
		{"/stream", 5000, false, "200 5000"}, {"/stream", 5000, true, "200 5000"},
		{"/small", 10, false, "200 10"}, {"/small", 11, false, "413"}, {"/small", 10, true, "200 10"}, {"/small", 11, true, "413"},
		{"/large", 1000, true, "200 1000"}, {"/large", 1001, true, "413"}, {"/large", 1001, false, "413"},
		{"/open", 5000, true, "200 5000"},
	} {
		body := strings.NewReader(strings.Repeat("x", c.size))
		r := httptest.NewRequest("POST", c.path, body)
		if c.chunked {
			r.ContentLength = -1
		}
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		got := fmt.Sprint(w.Code)
		if w.Code == 200 {
			got += " " + w.Body.String()
		} else if w.Header().Get("Connection") != "close" {
			t.Errorf("%s of %d: the connection stays open", c.path, c.size)
		}
		if got != c.want {
			t.Errorf("POST %s of %d, chunked %v: got %s, want %s", c.path, c.size, c.chunked, got, c.want)
		}
	}
}

// A body whose framing is broken is the client's fault, whatever the handler
// made of it.
func TestMalformedBody(t *testing.T) {
	p := pipeline(t, Config{BodyLimit: 100}, entry(t, "/a", map[string]Handler{"POST": HandlerFunc(func(x *Exchange) error {
		_, err := io.ReadAll(x.R.Body)
		return fmt.Errorf("TypeError: terminated: %v", err)
	})}))
	for status, err := range map[int]error{400: badFraming{}, 408: lateBody{}, 500: errors.New("else")} {
		r := httptest.NewRequest("POST", "/a", io.MultiReader(strings.NewReader("x"), failing{err}))
		w := httptest.NewRecorder()
		if p.ServeHTTP(w, r); w.Code != status {
			t.Errorf("%v: got %d, want %d", err, w.Code, status)
		}
	}
}

type badFraming struct{}

func (badFraming) Error() string   { return "malformed chunk" }
func (badFraming) Malformed() bool { return true }

type lateBody struct{}

func (lateBody) Error() string { return "late" }
func (lateBody) Timeout() bool { return true }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A route handles so many requests at a time, and no more.
func TestConcurrency(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	p := pipeline(t, Config{Concurrency: 2}, entry(t, "/slow", get(HandlerFunc(func(x *Exchange) error {
		entered <- struct{}{}
		<-leave
		return nil
	}))), entry(t, "/other", get()))
	codes := make(chan int, 2)
	for range 2 {
		go func() { codes <- request(p, "GET", "/slow").Code }()
		<-entered
	}
	if w := request(p, "GET", "/slow"); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("the third request: got %d %v", w.Code, w.Header())
	}
	if w := request(p, "GET", "/other"); w.Code != 200 {
		t.Errorf("another route: got %d", w.Code)
	}
	close(leave)
	for range 2 {
		if code := <-codes; code != 200 {
			t.Errorf("got %d", code)
		}
	}
}

func TestHealth(t *testing.T) {
	ready := true
	g := &guard{run: func(*Exchange) (*Verdict, error) { return nil, errors.New("nobody passes") }}
	c := Config{Script: g, HealthPath: "/healthz", Ready: func() bool { return ready }}
	p := pipeline(t, c)
	if w := request(p, "GET", "/healthz"); w.Code != 200 || w.Body.String() != `{"status":"ready"}`+"\n" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	ready = false
	c.CacheHealth = func() string { return "redis: away" }
	if w := request(pipeline(t, c), "GET", "/healthz"); w.Code != 503 || w.Body.String() != `{"status":"stopping","cache":"redis: away"}`+"\n" {
		t.Errorf("with a cache that is away: %d %q", w.Code, w.Body)
	}
	if w := request(p, "GET", "/healthz"); w.Code != 503 {
		t.Errorf("while stopping: got %d %s", w.Code, w.Body)
	}
	c.Script = nil
	p = pipeline(t, c, entry(t, "/healthz", get()))
	if w := request(p, "GET", "/healthz"); w.Body.String() != "GET /healthz http://example.com/healthz" {
		t.Errorf("the project's own: got %d %s", w.Code, w.Body)
	}
}

// CSRF's check is made for the route that answers, not for the one that the
// path names.
func TestUncheckedRoutes(t *testing.T) {
	csrf, err := edge.NewCSRF(edge.CSRFConfig{})
	if err != nil {
		t.Fatal(err)
	}
	hook := entry(t, "/hook", map[string]Handler{"POST": told})
	hook.Value.NoCSRF = true
	g := &guard{run: func(x *Exchange) (*Verdict, error) {
		if x.R.URL.RawQuery == "to" {
			return &Verdict{Rewrite: &url.URL{Path: "/private"}}, nil
		}
		return nil, nil
	}}
	p := pipeline(t, Config{CSRF: csrf, Script: g}, hook, entry(t, "/private", map[string]Handler{"POST": told}))
	for target, want := range map[string]int{"/hook": 200, "/private": 403, "/hook?to": 403, "/none": 403} {
		if w := request(p, "POST", target, "Cookie", "a=1", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.test"); w.Code != want {
			t.Errorf("POST %s: got %d %s, want %d", target, w.Code, w.Body, want)
		}
	}
}

// What the upstream's failure means to the client.
func TestForwardFails(t *testing.T) {
	px, err := proxy.New(proxy.Config{Allow: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(px.Close)
	p := pipeline(t, Config{Proxy: px, AfterFiles: rewrites(t, "/dead", "http://127.0.0.1:1/x", "/refused", "http://other.test/x")})
	for path, reason := range map[string]string{"/dead": "", "/refused": ""} {
		w := request(p, "GET", path, "Accept", "application/json")
		if w.Code != 502 || !strings.Contains(w.Body.String(), `"reason":"`+reason) || w.Header().Get("X-Request-Id") == "" || strings.Contains(w.Body.String(), "127.0.0.1") {
			t.Errorf("GET %s: got %d %s", path, w.Code, w.Body)
		}
	}
}

// A client cannot have what middleware adds dropped on the way to an upstream,
// by calling it a matter of its connection (RFC 9110 §7.6.1).
func TestForwardKeepsWhatMiddlewareAdds(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header["X-User-Id"], r.Header["X-Other"], r.Header["X-Mine"])
	}))
	t.Cleanup(up.Close)
	px, err := proxy.New(proxy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(px.Close)
	g := &guard{run: func(x *Exchange) (*Verdict, error) {
		h := x.R.Header.Clone()
		h.Set("X-User-Id", "42")
		return &Verdict{Request: h}, nil
	}}
	p := pipeline(t, Config{Proxy: px, Script: g, AfterFiles: rewrites(t, "/a", up.URL)})
	w := request(p, "GET", "/a", "Connection", "keep-alive, X-User-Id, X-Other", "X-User-Id", "6", "X-Other", "7", "X-Mine", "8")
	if got := w.Body.String(); got != "[42] [] [8]" {
		t.Errorf("the upstream saw %s", got)
	}
}

// What a rule cannot look at for its length is the client's fault, and not a
// request that the rule does not match.
func TestTooLongForARule(t *testing.T) {
	d, err := route.NewRedirect(route.RuleSpec{
		Source: "/old", Destination: "/new", StatusCode: 307, Has: []route.Condition{{Type: "header", Key: "x-a", Value: "b.*"}},
	}, route.RuleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p := pipeline(t, Config{Redirects: []*route.Redirect{d}}, entry(t, "/old", get()))
	for length, want := range map[int]int{100: 307, 20 << 10: 431} {
		r := httptest.NewRequest("GET", "/old", nil)
		r.Header.Set("X-A", strings.Repeat("b", length))
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%d bytes: %d, want %d", length, w.Code, want)
		}
	}
}
