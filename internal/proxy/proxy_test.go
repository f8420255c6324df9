package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
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
)

// front is a proxy behind an HTTP server, as clients see it.
type front struct {
	*httptest.Server
	p      *Proxy
	target func(r *http.Request) Target
	before func(w http.ResponseWriter, r *http.Request)

	mu   sync.Mutex
	errs []*Error
	seen chan *Error // each error, if not nil
}

// to makes targets below base with the request's own path and query.
func to(t testing.TB, base string) func(r *http.Request) Target {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return func(r *http.Request) Target {
		out := *u
		out.Path, out.RawPath, out.RawQuery = r.URL.Path, r.URL.RawPath, r.URL.RawQuery
		return Target{URL: &out, ForwardedFor: "203.0.113.7", Proto: "https", Host: "shop.example", ID: "id1"}
	}
}

func newFront(t testing.TB, c Config, target func(r *http.Request) Target) *front {
	t.Helper()
	f := newFrontUnstarted(t, c, target)
	f.Start()
	return f
}

func newFrontUnstarted(t testing.TB, c Config, target func(r *http.Request) Target) *front {
	t.Helper()
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{p: p, target: target, seen: make(chan *Error, 4096)}
	f.Server = httptest.NewUnstartedServer(f)
	f.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(func() {
		p.Close()
		f.Close()
	})
	return f
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.before != nil {
		f.before(w, r)
	}
	err := f.p.Serve(w, r, f.target(r))
	if err == nil {
		return
	}
	var e *Error
	if !errors.As(err, &e) {
		panic(fmt.Sprintf("an error of type %T", err))
	}
	select {
	case f.seen <- e:
	default:
	}
	if e.Status == StatusClientGone {
		return
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(e.RetryAfter.Seconds())))
	}
	http.Error(w, e.Reason, e.Status)
}

// backend is an upstream.
func backend(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func get(t testing.TB, c *http.Client, url string) (*http.Response, string) {
	t.Helper()
	res, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer closeOf(res.Body)
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func TestServe(t *testing.T) {
	up := backend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		fmt.Fprintf(w, "%s %s %s", r.Method, r.RequestURI, r.Host)
	})
	f := newFront(t, Config{}, to(t, up.URL))
	res, body := get(t, f.Client(), f.URL+"/x/y?q=1")
	if want := "GET /x/y?q=1 " + strings.TrimPrefix(up.URL, "http://"); body != want {
		t.Errorf("got %q, want %q", body, want)
	}
	if got := res.Header["Set-Cookie"]; fmt.Sprint(got) != "[a=1 b=2]" {
		t.Errorf("Set-Cookie: %q", got)
	}
}

func TestHTTP2(t *testing.T) {
	up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %d %v", r.Proto, len(b), err)
	}))
	up.EnableHTTP2 = true
	up.StartTLS()
	defer up.Close()
	roots := up.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	f := newFront(t, Config{Upstreams: map[string]Options{up.URL: {TLS: &tls.Config{RootCAs: roots}}}}, to(t, up.URL))
	res, err := f.Client().Post(f.URL, "text/plain", io.MultiReader(strings.NewReader("hello")))
	if err != nil {
		t.Fatal(err)
	}
	defer closeOf(res.Body)
	b, _ := io.ReadAll(res.Body)
	if got := string(b); got != "HTTP/2.0 5 <nil>" {
		t.Errorf("got %q", got)
	}
}

func TestUpgrade(t *testing.T) {
	up := backend(t, echoUpgrade)
	f := newFront(t, Config{}, to(t, up.URL))
	f.before = func(w http.ResponseWriter, r *http.Request) { w.Header().Add("Set-Cookie", "mw=1") }
	c, err := net.Dial("tcp", f.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer closeOf(c)
	// Bytes right behind the request are in the server's buffer already.
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nearly,")
	br := bufio.NewReader(c)
	res, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 101 || res.Header.Get("Sec-Websocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" || res.Header.Get("Set-Cookie") != "mw=1" || res.Header.Get("Upgrade") != "websocket" || res.Header.Get("Connection") != "Upgrade" {
		t.Fatalf("%s %v", res.Status, res.Header)
	}
	io.WriteString(c, "late")
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(br)
	if got := string(b); err != nil || got != "early,late.end" {
		t.Errorf("%q, %v", got, err)
	}
}

// echoUpgrade answers a WebSocket handshake and then with what it reads; at the
// end it says so.
func echoUpgrade(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Connection") != "Upgrade" {
		http.Error(w, "no upgrade: "+fmt.Sprint(r.Header), 400)
		return
	}
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer closeOf(c)
	io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
	io.Copy(c, rw.Reader)
	io.WriteString(c, ".end")
}

var _ = context.Background
