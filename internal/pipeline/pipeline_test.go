package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/portico-dev/portico/internal/edge"
	"github.com/portico-dev/portico/internal/route"
)

// entry makes a route whose handlers are named by method; "*" takes any.
func entry(t testing.TB, pattern string, handlers map[string]Handler) route.Entry[*Route] {
	t.Helper()
	p, err := route.Parse(pattern)
	if err != nil {
		t.Fatal(err)
	}
	any := handlers["*"]
	delete(handlers, "*")
	source := "app" + pattern + "/route.ts"
	return route.Entry[*Route]{Pattern: p, Source: source, Value: NewRoute(pattern, source, handlers, any)}
}

func pipeline(t testing.TB, c Config, entries ...route.Entry[*Route]) *Pipeline {
	t.Helper()
	table, err := route.NewTable(entries)
	if err != nil {
		t.Fatal(err)
	}
	c.Table = table
	if c.Clients == nil {
		c.Clients = clients(t, "")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return New(c)
}

func clients(t testing.TB, publicOrigin string) *edge.Clients {
	t.Helper()
	c, err := edge.NewClients(edge.ClientsConfig{PublicOrigin: publicOrigin})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// told is a handler that says what it was given.
var told = HandlerFunc(func(x *Exchange) error {
	fmt.Fprintf(x.W, "%s %s %s", x.Export, x.Route.Pattern, x.URL(func(q string) string { return q }))
	for _, p := range x.Params {
		fmt.Fprintf(x.W, " %s=%s", p.Name, p.Value)
	}
	return nil
})

// request sends what a client wrote, byte for byte in the request line.
func request(p *Pipeline, method, target string, header ...string) *httptest.ResponseRecorder {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		panic(err)
	}
	r := &http.Request{Method: method, URL: u, RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Host: "example.com", Body: http.NoBody}
	if u.Host != "" {
		r.Host = u.Host
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

// Every request takes the same way, and each step of it can be the last.
func TestOrder(t *testing.T) {
	p := pipeline(t, Config{},
		entry(t, "/", map[string]Handler{"GET": told}),
		entry(t, "/a", map[string]Handler{"GET": told, "POST": told}),
		entry(t, "/a/[id]", map[string]Handler{"GET": told}),
		entry(t, "/any", map[string]Handler{"*": told}),
	)
	for _, c := range []struct {
		method, target string
		header         []string
		status         int
		body           string // of a 200
		name, value    string // a header that the answer has
	}{
		{"GET", "/", nil, 200, "GET / http://example.com/", "", ""},
		{"GET", "/a?x=1&y", nil, 200, "GET /a http://example.com/a?x=1&y", "", ""},
		{"GET", "/a?", nil, 200, "GET /a http://example.com/a", "", ""},
		{"HEAD", "/a", nil, 200, "GET /a http://example.com/a", "", ""}, // net/http drops the body
		{"POST", "/a", nil, 200, "POST /a http://example.com/a", "", ""},
		{"GET", "/a/%C3%A9", nil, 200, "GET /a/[id] http://example.com/a/%C3%A9 id=é", "", ""},
		{"GET", "/b/../a", nil, 200, "GET /a http://example.com/a", "", ""},
		{"BREW", "/any", nil, 200, "BREW /any http://example.com/any", "", ""},
		{"GET", "/a/", nil, 308, "", "Location", "/a"},
		{"GET", "//a", nil, 308, "", "Location", "/a"},
		{"GET", "//evil.test/x?y=1", nil, 308, "", "Location", "/evil.test/x?y=1"},
		{"GET", "/a//7?q=1", nil, 308, "", "Location", "/a/7?q=1"},
		{"GET", "/%5Cevil.test/", nil, 400, "", "", ""},
		{"GET", "//evil.test/%2e%2e", nil, 400, "", "", ""},
		{"GET", "/a/..%2fb", nil, 400, "", "", ""},
		{"GET", "/a/%00", nil, 400, "", "", ""},
		{"GET", "/a", []string{"Host", "ex ample"}, 400, "", "", ""},
		{"GET", "/a", []string{"Host", "a/b"}, 400, "", "", ""},
		{"GET", "/a", []string{"Host", "user@b"}, 400, "", "", ""},
		{"GET", "/a", []string{"Host", "localhost:3000"}, 200, "GET /a http://localhost:3000/a", "", ""},
		{"GET", "http://example.com/a", nil, 200, "GET /a http://example.com/a", "", ""},
		{"GET", "http://169.254.169.254/a", []string{"Host", "example.com"}, 400, "", "", ""},
		{"GET", "/none", nil, 404, "", "Content-Type", "text/plain; charset=utf-8"},
		{"DELETE", "/a", nil, 405, "", "Allow", "GET, HEAD, OPTIONS, POST"},
		{"OPTIONS", "/a", nil, 204, "", "Allow", "GET, HEAD, OPTIONS, POST"},
	} {
		w := request(p, c.method, c.target, c.header...)
		if w.Code != c.status {
			t.Errorf("%s %s %v: got %d, want %d", c.method, c.target, c.header, w.Code, c.status)
			continue
		}
		if c.status == 200 && w.Body.String() != c.body {
			t.Errorf("%s %s: got %s, want %s", c.method, c.target, w.Body, c.body)
		}
		if got := w.Header().Get(c.name); got != c.value {
			t.Errorf("%s %s: %s is %q, want %q", c.method, c.target, c.name, got, c.value)
		}
	}
}

func TestTrailingSlash(t *testing.T) {
	p := pipeline(t, Config{TrailingSlash: true}, entry(t, "/a", map[string]Handler{"GET": told}))
	if w := request(p, "GET", "/a?q"); w.Code != 308 || w.Header().Get("Location") != "/a/?q" || w.Body.String() != "/a/?q" || w.Header().Get("Refresh") != "0;url=/a/?q" {
		t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := request(p, "GET", "/a/"); w.Code != 200 || w.Body.String() != "GET /a http://example.com/a/" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// The public origin is the configured one, else the Host header, else where the
// connection came in.
func TestOrigin(t *testing.T) {
	handlers := func() route.Entry[*Route] { return entry(t, "/a", map[string]Handler{"GET": told}) }
	p := pipeline(t, Config{Clients: clients(t, "https://shop.example")}, handlers())
	if got := request(p, "GET", "/a", "Host", "evil.test").Body.String(); got != "GET /a https://shop.example/a" {
		t.Errorf("got %s", got)
	}
	p = pipeline(t, Config{}, handlers())
	serve := func(r *http.Request) string {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		return w.Body.String()
	}
	if got := serve(httptest.NewRequest("GET", "https://example.com/a", nil)); got != "GET /a https://example.com/a" {
		t.Errorf("over TLS: got %s", got)
	}
	r := httptest.NewRequest("GET", "/a", nil)
	r.Host, r.Proto, r.ProtoMinor = "", "HTTP/1.0", 0
	if got := serve(r); got != "GET /a http://localhost/a" {
		t.Errorf("without a host: got %s", got)
	}
	r = httptest.NewRequest("GET", "/a", nil).WithContext(contextWithAddr(t, "127.0.0.1:3000"))
	r.Host, r.Proto, r.ProtoMinor = "", "HTTP/1.0", 0
	if got := serve(r); got != "GET /a http://127.0.0.1:3000/a" {
		t.Errorf("without a host, on a listener: got %s", got)
	}
}

// No header from outside carries state of the inside.
func TestInternalHeaders(t *testing.T) {
	var seen http.Header
	p := pipeline(t, Config{}, entry(t, "/a", map[string]Handler{"GET": HandlerFunc(func(x *Exchange) error {
		seen = x.R.Header.Clone()
		return nil
	})}))
	request(p, "GET", "/a",
		"X-Middleware-Subrequest", "middleware:middleware", "X-Middleware-Rewrite", "/b", "X-Nextjs-Data", "1", "X-Portico-Any", "1",
		"X-Invoke-Path", "/", "X-Now-Route-Matches", "1", "X-Next-Cache-Tags", "a", "X-Matched-Path", "/", "Next-Resume", "1",
		"X_User_Id", "1", "X-User-Id", "kept", "X-Matched-Pathology", "kept", "Next-Resumed", "kept", "X-Forwarded-For", "6.6.6.6", "Accept", "kept")
	for name, values := range seen {
		if values[0] != "kept" {
			t.Errorf("the handler sees %s: %s", name, values)
		}
	}
	if len(seen) != 4 {
		t.Errorf("the handler sees %v, want four headers", seen)
	}
}

func TestMiddlewareWraps(t *testing.T) {
	p := pipeline(t, Config{Middleware: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/stop":
				w.WriteHeader(http.StatusTeapot)
				return
			case "/move":
				r.URL.Path = "/a/moved"
			case "/climb":
				r.URL.Path = "/a/%2e%2e"
			}
			w.Header().Set("X-Middleware", r.URL.Path)
			next.ServeHTTP(w, r)
		})
	}}, entry(t, "/a/[id]", map[string]Handler{"GET": told}))
	for path, want := range map[string]string{
		"/stop":  "418 ",
		"/move":  "200 /a/moved",
		"/none":  "404 /none",
		"/climb": "400 /a/%2e%2e",
		"//stop": "308 ", // the one path comes before middleware
	} {
		w := request(p, "GET", path)
		if got := fmt.Sprint(w.Code, " ", w.Header().Get("X-Middleware")); got != want {
			t.Errorf("GET %s: got %s, want %s", path, got, want)
		}
	}
}

// deepError is one with a stack.
type deepError struct{}

func (deepError) Error() string  { return "TypeError: secret" }
func (deepError) Detail() string { return "TypeError: secret\n    at GET (app/a/route.ts:2:3)" }
func (deepError) Place() string  { return "app/a/route.ts:2:3" }

// An error becomes a status, a line in the log with an id, and in development
// the reason. In production a client never sees a cause.
func TestErrors(t *testing.T) {
	fails := func(err error) map[string]Handler {
		return map[string]Handler{"GET": HandlerFunc(func(x *Exchange) error {
			x.W.Header().Set("Content-Encoding", "gzip") // of a body that did not come
			return err
		})}
	}
	for _, dev := range []bool{false, true} {
		var log strings.Builder
		p := pipeline(t, Config{Dev: dev, Logger: slog.New(slog.NewTextHandler(&log, nil))},
			entry(t, "/deep", fails(deepError{})),
			entry(t, "/plain", fails(errors.New("secret"))),
			entry(t, "/busy", fails(&StatusError{Status: 503, Err: errors.New("secret")})),
			entry(t, "/late", fails(fmt.Errorf("wrapped: %w", &StatusError{Status: 504, Err: errors.New("secret")}))),
			entry(t, "/gone", fails(&StatusError{Quiet: true})),
		)
		for path, status := range map[string]int{"/deep": 500, "/plain": 500, "/busy": 503, "/late": 504} {
			log.Reset()
			for accept, typ := range map[string]string{
				"":                                   "text/plain; charset=utf-8",
				"*/*":                                "text/plain; charset=utf-8",
				"text/html,application/json;q=.9":    "text/html; charset=utf-8",
				"application/problem+json, */*":      "application/json",
				"image/png, application/json;q=0.5":  "application/json",
				"text/plain;q=0.9, text/html;q=0.1":  "text/plain; charset=utf-8",
				"application/xhtml+xml;q=0.9, a/b, ": "text/html; charset=utf-8",
			} {
				w := request(p, "GET", path, "Accept", accept)
				id := w.Header().Get("X-Request-Id")
				if w.Code != status || id == "" || !strings.Contains(log.String(), "id="+id) || !strings.Contains(log.String(), "secret") {
					t.Errorf("%s: got %d with id %q; the log is\n%s", path, w.Code, id, log.String())
				}
				if (w.Header().Get("Retry-After") != "") != (status == 503) {
					t.Errorf("%s: Retry-After is %q", path, w.Header().Get("Retry-After"))
				}
				if w.Header().Get("Content-Encoding") != "" || strings.Contains(w.Header().Get("Cache-Control"), "no-store") != dev {
					t.Errorf("%s: the headers are %v", path, w.Header())
				}
				body := w.Body.String()
				if !dev {
					if body != "" || w.Header().Get("Content-Length") != "0" {
						t.Errorf("%s in production: the body is %q", path, body)
					}
					continue
				}
				if w.Header().Get("Content-Type") != typ {
					t.Errorf("%s: for %q the answer is %s, want %s", path, accept, w.Header().Get("Content-Type"), typ)
				}
				if !strings.Contains(body, "secret") || !strings.Contains(body, id) {
					t.Errorf("%s: the body says neither why nor which:\n%s", path, body)
				}
				if path == "/deep" && !strings.Contains(body, "at GET (app/a/route.ts:2:3)") {
					t.Errorf("the body has no stack:\n%s", body)
				}
				if typ == "application/json" {
					var v struct {
						Error, Detail, ID string
						Status            int
					}
					if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || v.Status != status || v.Error != http.StatusText(status) || v.ID != id || v.Detail == "" {
						t.Errorf("%s: the JSON is %s, %v", path, body, err)
					}
				}
			}
		}
		log.Reset()
		func() {
			defer func() {
				if x := recover(); x != http.ErrAbortHandler { //nolint:errorlint // it is this value
					t.Errorf("a client that has gone: the connection is not ended but %v", x)
				}
			}()
			request(p, "GET", "/gone")
		}()
		if log.Len() > 0 {
			t.Errorf("a client that has gone is logged: %s", log.String())
		}
	}
}

// A 404 says in development what there is instead.
func TestNotFound(t *testing.T) {
	p := pipeline(t, Config{Dev: true}, entry(t, "/a/[id]", map[string]Handler{"GET": told}))
	if got := request(p, "GET", "/b%1b").Body.String(); got != "Not Found\n\nno route matches /b%1b\n/a/[id]  (app/a/[id]/route.ts)\n" {
		t.Errorf("got %q", got)
	}
	p = pipeline(t, Config{Dev: true})
	if got := request(p, "GET", "/b").Body.String(); !strings.Contains(got, "hint: there are no routes yet") {
		t.Errorf("without routes: got %q", got)
	}
	p = pipeline(t, Config{}, entry(t, "/a", map[string]Handler{"GET": told}))
	if w := request(p, "GET", "/b"); w.Body.String() != "Not Found\n" || w.Header().Get("X-Request-Id") != "" {
		t.Errorf("in production: got %q %v", w.Body, w.Header())
	}
	if w := request(p, "HEAD", "/b"); w.Body.Len() != 0 || w.Header().Get("Content-Length") != "10" {
		t.Errorf("HEAD: got %q %v", w.Body, w.Header())
	}
}

func TestRequestIDs(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				id := newID()
				mu.Lock()
				if seen[id] || len(id) > 32 {
					t.Errorf("id %s was given before, or is long", id)
				}
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestAllow(t *testing.T) {
	for _, c := range []struct{ handlers, allow string }{
		{"GET", "GET, HEAD, OPTIONS"},
		{"POST", "OPTIONS, POST"},
		{"HEAD", "HEAD, OPTIONS"},
		{"OPTIONS", "OPTIONS"},
		{"", "OPTIONS"},
		{"PUT GET HEAD", "GET, HEAD, OPTIONS, PUT"},
	} {
		handlers := map[string]Handler{}
		for _, m := range strings.Fields(c.handlers) {
			handlers[m] = told
		}
		if rt := NewRoute("/a", "a", handlers, nil); rt.allow != c.allow {
			t.Errorf("%s: Allow is %q, want %q", c.handlers, rt.allow, c.allow)
		}
	}
	if rt := NewRoute("/a", "a", nil, told); rt.Methods != nil {
		t.Errorf("a route for any method lists %v", rt.Methods)
	}
}

func contextWithAddr(t *testing.T, addr string) context.Context {
	t.Helper()
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return context.WithValue(t.Context(), http.LocalAddrContextKey, a)
}
