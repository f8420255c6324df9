package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
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
	f.Config.ErrorLog = quiet()
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

// quiet is for what net/http's servers log of cut connections.
func quiet() *log.Logger { return slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) }

// backend is an upstream.
func backend(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = quiet()
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

// wire is an upstream as bytes: it hands each connection to serve, one after
// the other.
func wire(t testing.TB, serve func(n int, c net.Conn, br *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer closeOf(c)
				serve(n, c, bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		closeOf(l)
		all.Wait()
	})
	return "http://" + l.Addr().String()
}

// readRequest reads one request as it stands on the wire: the header, and its
// body as http.ReadRequest reads it.
func readRequest(br *bufio.Reader) (header, body string, err error) {
	var text strings.Builder
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return text.String(), "", err
		}
		text.WriteString(line)
		if line == "\r\n" {
			break
		}
	}
	r, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(text.String()), br)))
	if err != nil {
		return text.String(), "", err
	}
	// ReadRequest's buffer may have taken bytes from br; tests that care use a
	// body without anything behind it.
	b, err := io.ReadAll(r.Body)
	return text.String(), string(b), err
}

// ask sends bytes to a server and reads the answer to a request of method.
func ask(t testing.TB, addr, method, request string) (*http.Response, string, error) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer closeOf(c)
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		return nil, "", err
	}
	b, err := io.ReadAll(res.Body)
	return res, string(b), err
}

func (f *front) addr() string { return f.Listener.Addr().String() }

// failure is the error of the request before.
func (f *front) failure(t testing.TB) *Error {
	t.Helper()
	select {
	case e := <-f.seen:
		return e
	default:
		t.Fatal("Serve returned no error")
		return nil
	}
}

func TestTarget(t *testing.T) {
	for _, c := range []struct {
		url  string
		want string // the request line's target; "" is refused
	}{
		{"/", "/"},
		{"", "/"},
		{"?q", "/?q"},
		{"/?", "/?"},
		{"/a/b%2Fc", "/a/b%2Fc"},
		{"/a%20b", "/a%20b"},
		{"/a+b?c+d", "/a+b?c+d"},
		{"//double//slash", "//double//slash"},
		{"/{braces}|^`", "/{braces}|^`"},
		{"/%7bbraces%7D", "/%7bbraces%7D"},
		{"/%61", "/%61"},
		{"/a%2Fb\"c", "/a%2Fb\"c"},
		{"//a%2Fb\"c", ""},
		{"/ünï", "/ünï"},
		{"/x?a=1;b=2&c=%zz&d=4", "/x?a=1;b=2&c=%zz&d=4"},
		{"/x?" + strings.Repeat("a&", 20000), "/x?" + strings.Repeat("a&", 20000)},
		{"/x?q=\"<>", "/x?q=\"<>"},
		{"/x?q=/../..", "/x?q=/../.."},
		{"/a.b/..c/...", "/a.b/..c/..."},
		{"/100%25", "/100%25"},
		{"/x?a b", ""},
		{"/x/../y", ""},
		{"/x/.", ""},
		{"/x/%2e%2E/y", ""},
		{"/x/..%2fadmin", ""},
		{"/x/..%252fadmin", ""},
		{"/x/%252e%252e/admin", ""},
		{"/x/..;/admin", ""},
		{"/x/..%5cadmin", ""},
		{"/%25252525252e", ""},
	} {
		t.Run(c.url, func(t *testing.T) {
			var got string
			up := backend(t, func(w http.ResponseWriter, r *http.Request) { got = r.RequestURI })
			u, err := url.Parse(up.URL + c.url)
			if err != nil {
				t.Fatal(err)
			}
			f := newFront(t, Config{}, func(*http.Request) Target { return Target{URL: u} })
			res, body := get(t, f.Client(), f.URL)
			if c.want == "" {
				if res.StatusCode != 400 || got != "" {
					t.Errorf("status %d, upstream got %q", res.StatusCode, got)
				}
				return
			}
			if res.StatusCode != 200 || got != c.want {
				t.Errorf("status %d %s, upstream got %q", res.StatusCode, body, got)
			}
		})
	}
	// A URL that Parse does not make.
	p, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, u := range []*url.URL{
		{Scheme: "http", Host: "127.0.0.1:9", Path: "/", RawQuery: "a\r\nX: y"},
		{Scheme: "http", Host: "127.0.0.1:9", Path: "/", RawQuery: "a#b"},
		{Scheme: "http", Host: "127.0.0.1:9", Path: "/a#b", RawPath: "/a#b"},
		{Scheme: "http", Host: "127.0.0.1:9", Path: "no-slash"},
		{Scheme: "http", Host: "127.0.0.1:9", Path: "/a", RawPath: "/b"},
		{Scheme: "http", Host: "127.0.0.1:9", Opaque: "//evil.test/"},
	} {
		err := p.Serve(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), Target{URL: u})
		var e *Error
		if !errors.As(err, &e) || e.Status != 400 {
			t.Errorf("%#v: %v", u, err)
		}
	}
}

// What is not an address of an upstream is never dialled.
func TestTargetRefused(t *testing.T) {
	dialled := false
	var logged strings.Builder
	p, err := New(Config{
		Allow:  []string{"api.example", "*.internal.example", "other.example:8443", "[2001:db8::1]"},
		Logger: slog.New(slog.NewTextHandler(&logged, nil)),
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			dialled = true
			return nil, errors.New("dialled")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, c := range []struct {
		url   string
		dials bool
	}{
		{"http://api.example/", true},
		{"http://API.Example:8080/", true},
		{"https://a.b.internal.example/", true},
		{"https://other.example:8443/", true},
		{"http://[2001:DB8::1]/", true},
		{"https://other.example/", false},
		{"https://internal.example/", false},
		{"https://xinternal.example/", false},
		{"http://api.example.evil.test/", false},
		{"http://evil.test/?api.example", false},
		{"http://169.254.169.254/latest/meta-data", false},
		{"http://api.example@evil.test/", false},
		{"http://user:secret@api.example/", false},
		{"ftp://api.example/", false},
		{"http:///x", false},
		{"/relative", false},
		{"http://api.example:0/", false},
		{"http://api.example:99999/", false},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		dialled = false
		logged.Reset()
		w := httptest.NewRecorder()
		err = p.Serve(w, httptest.NewRequest("GET", "/", nil), Target{URL: u, ID: "id7"})
		var e *Error
		if !errors.As(err, &e) || e.Status != 502 {
			t.Errorf("%s: %v", c.url, err)
		}
		if dialled != c.dials {
			t.Errorf("%s: dialled is %v", c.url, dialled)
		}
		if e != nil && (strings.Contains(e.Reason, "example") || strings.Contains(e.Reason, "169.254")) {
			t.Errorf("%s: the reason has the address: %s", c.url, e.Reason)
		}
		if e.Reason == "the upstream's host is not allowed" && !strings.Contains(logged.String(), "id=id7") {
			t.Errorf("%s: the log has %q", c.url, logged.String())
		}
	}
}

func TestMethods(t *testing.T) {
	asked := make(chan string, 1)
	up := backend(t, func(w http.ResponseWriter, r *http.Request) { asked <- r.Method })
	f := newFront(t, Config{}, to(t, up.URL))
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "QUERY"} {
		res, body, err := ask(t, f.addr(), m, m+" / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
		if err != nil || res.StatusCode != 200 {
			t.Errorf("%s: %v %v %s", m, err, res, body)
			continue
		}
		if got := <-asked; got != m {
			t.Errorf("%s came as %s", m, got)
		}
	}
	for _, line := range []string{"TRACE / HTTP/1.1", "CONNECT upstream:443 HTTP/1.1", "CONNECT / HTTP/1.1"} {
		m, _, _ := strings.Cut(line, " ")
		res, _, err := ask(t, f.addr(), m, line+"\r\nHost: a\r\n\r\n")
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if res.StatusCode != 405 || !strings.Contains(res.Header.Get("Allow"), "GET") {
			t.Errorf("%s: %s, Allow: %s", line, res.Status, res.Header.Get("Allow"))
		}
	}
	select {
	case m := <-asked:
		t.Errorf("the upstream got %s", m)
	default:
	}
}

func TestAllows(t *testing.T) {
	p, err := New(Config{Allow: []string{"api.test:8443", "*.sub.test"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for origin, want := range map[string]bool{"https://API.test:8443": true, "https://api.test": false, "http://a.sub.test": true, "http://sub.test": false, "ftp://api.test:8443": false, "://": false} {
		if got := p.Allows(origin); got != want {
			t.Errorf("%s: %v, want %v", origin, got, want)
		}
	}
}

func TestNew(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{Upstreams: map[string]Options{"api.example": {}}}, "want http or https"},
		{Config{Upstreams: map[string]Options{"http://": {}}}, "no host"},
		{Config{Upstreams: map[string]Options{"http://a/path": {}}}, "something stands behind the host"},
		{Config{Upstreams: map[string]Options{"http://a?x": {}}}, "something stands behind the host"},
		{Config{Upstreams: map[string]Options{"http://u:p@a": {}}}, "name and a password"},
		{Config{Upstreams: map[string]Options{"http://a": {}, "http://A:80/": {}}}, "twice"},
		{Config{Upstreams: map[string]Options{"http://a": {Addresses: []string{"b/c"}}}}, "is no address"},
		{Config{Upstreams: map[string]Options{"http://a": {Addresses: []string{"http://b"}}}}, "is no address"},
		{Config{Upstreams: map[string]Options{"http://a": {Addresses: []string{"b:x"}}}}, "is no address"},
		{Config{Upstreams: map[string]Options{"http://a": {Addresses: []string{""}}}}, "is no address"},
		{Config{Allow: []string{"*"}}, `proxy.allow: "*" is no host`},
		{Config{Allow: []string{"http://a", "b c"}}, "proxy.allow: \"http://a\" is no host\nproxy.allow: \"b c\" is no host"},
		{Config{Allow: []string{"a*.b"}}, "allow"},
		{Config{Allow: []string{""}}, "allow"},
		{Config{Upstreams: map[string]Options{"https://a": {Addresses: []string{"b", "[::1]:8443", "10.0.0.1"}}}, Allow: []string{"a", "*.b", "[::1]:80"}}, ""},
	} {
		p, err := New(c.config)
		switch {
		case err == nil && c.want != "":
			t.Errorf("%+v: no error", c.config)
		case err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%+v: %v", c.config, err)
		}
		if p != nil {
			p.Close()
		}
	}
	p, err := New(Config{Upstreams: map[string]Options{"https://A.example": {Addresses: []string{"b", "[::1]:8443"}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	o := p.origins.known[site{"https", "a.example", "443"}]
	if o == nil || o.addresses[0].host != "b:443" || o.addresses[1].host != "[::1]:8443" || o.site.host() != "a.example" {
		t.Errorf("%+v", o)
	}
	if got := o.options.Limits; got != builtin.Limits {
		t.Errorf("limits %+v", got)
	}
}

// What is sent is what was asked for, in one line and within its folder.
func FuzzTarget(f *testing.F) {
	for _, s := range []string{"/a/b?c=d", "/a%2fb\"", "//x", "/..%2f", "/%25252e", "/a#b", "?", "/a;b/..;x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		u, err := url.Parse("http://up.test" + in)
		if err != nil || u.Host != "up.test" {
			return
		}
		out, err := requestURL(u, site{"http", "up.test", "80"})
		if err != nil {
			return
		}
		asked, _, _ := strings.Cut(in, "#")
		if asked == "" || asked[0] != '/' {
			asked = "/" + asked
		}
		got := out.RequestURI()
		if got != asked {
			t.Fatalf("%q is sent as %q", asked, got)
		}
		if strings.ContainsAny(got, " \t\r\n#\x00") {
			t.Fatalf("%q is not one word", got)
		}
		path, _, _ := strings.Cut(got, "?")
		for range 3 {
			for seg := range strings.SplitSeq(path, "/") {
				if seg == ".." || seg == "." {
					t.Fatalf("%q leaves its folder", got)
				}
			}
			if path, err = url.PathUnescape(path); err != nil {
				break
			}
		}
	})
}
