package proxy

import (
	"bufio"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"
)

// sent is what an upstream gets for a request whose header has the lines.
func sent(t *testing.T, target Target, lines ...string) http.Header {
	t.Helper()
	var got http.Header
	up := backend(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		if len(r.TransferEncoding) > 0 {
			got["Transfer-Encoding"] = r.TransferEncoding
		}
	})
	u := to(t, up.URL)
	f := newFront(t, Config{}, func(r *http.Request) Target {
		out := target
		out.URL = u(r).URL
		return out
	})
	res, _, err := ask(t, f.addr(), "GET", "GET / HTTP/1.1\r\nHost: shop.example\r\n"+strings.Join(lines, "\r\n")+"\r\n\r\n")
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("%v %v", res, err)
	}
	return got
}

func TestRequestHeader(t *testing.T) {
	known := Target{ForwardedFor: "203.0.113.7", Proto: "https", Host: "shop.example"}
	extra := http.Header{
		"X-Forwarded-For":   {"203.0.113.7"},
		"X-Forwarded-Host":  {"shop.example"},
		"X-Forwarded-Proto": {"https"},
		"X-Forwarded-Port":  {"443"},
		"Forwarded":         {"for=203.0.113.7;host=shop.example;proto=https"},
	}
	for _, c := range []struct {
		name  string
		lines []string
		want  http.Header // besides extra
	}{
		{"nothing is invented", []string{"X-A: 1"}, http.Header{"X-A": {"1"}}},
		{"lists stay apart", []string{"X-A: 1", "X-A: 2, 3"}, http.Header{"X-A": {"1", "2, 3"}}},
		{"end to end", []string{"User-Agent: me", "Accept-Encoding: br", "Cookie: a=1; b=2", "Authorization: Bearer x", "Range: bytes=0-1", "If-None-Match: \"x\""},
			http.Header{"User-Agent": {"me"}, "Accept-Encoding": {"br"}, "Cookie": {"a=1; b=2"}, "Authorization": {"Bearer x"}, "Range": {"bytes=0-1"}, "If-None-Match": {`"x"`}}},
		{"hop by hop", []string{"Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "Proxy-Authorization: x", "Connection: keep-alive", "X-A: 1"}, http.Header{"X-A": {"1"}}},
		{"named by Connection", []string{"Connection: keep-alive, X-Secret", "Connection: x-other", "X-Secret: 1", "X-Other: 2", "X-A: 1"}, http.Header{"X-A": {"1"}}},
		{"Connection cannot drop ours", []string{"Connection: keep-alive, X-Forwarded-For, Forwarded", "X-Forwarded-For: 6.6.6.6"}, http.Header{}},
		{"TE", []string{"TE: gzip, trailers;q=0.5"}, http.Header{}},
		{"TE trailers", []string{"TE: gzip", "TE: trailers", "Connection: TE"}, http.Header{"Te": {"trailers"}}},
		{"an upgrade to HTTP/2 is none", []string{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"}, http.Header{}},
		{"nor to another HTTP", []string{"Connection: Upgrade", "Upgrade: HTTP/2.0"}, http.Header{}},
		{"nor to TLS", []string{"Connection: Upgrade", "Upgrade: TLS/1.2"}, http.Header{}},
		{"nor to one of several", []string{"Connection: Upgrade", "Upgrade: websocket, h2c"}, http.Header{}},
		{"Upgrade without Connection", []string{"Upgrade: websocket"}, http.Header{}},
		{"underscores", []string{"X_Forwarded_For: 6.6.6.6", "X_Auth_User: admin", "X-Auth_User: admin", "X-Auth-User: me"}, http.Header{"X-Auth-User": {"me"}}},
		{"forged origin", []string{"X-Forwarded-For: 6.6.6.6", "X-Forwarded-Host: evil.test", "X-Forwarded-Proto: http", "X-Forwarded-Port: 1", "Forwarded: for=6.6.6.6", "X-Real-IP: 6.6.6.6"},
			http.Header{"X-Real-Ip": {"203.0.113.7"}}},
		{"Expect without a body", []string{"Expect: 100-continue"}, http.Header{}},
		{"Idempotency-Key", []string{"X-Idempotency-Key: k"}, http.Header{"X-Idempotency-Key": {"k"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := sent(t, known, c.lines...)
			want := maps.Clone(extra)
			maps.Copy(want, c.want)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

func TestForwarded(t *testing.T) {
	for _, c := range []struct {
		target Target
		want   http.Header
	}{
		{Target{}, http.Header{}},
		{Target{ForwardedFor: "2001:db8::7"}, http.Header{"X-Forwarded-For": {"2001:db8::7"}, "Forwarded": {`for="[2001:db8::7]"`}, "X-Real-Ip": {"2001:db8::7"}}},
		{Target{ForwardedFor: "203.0.113.7, 10.0.0.2, 2001:db8::1", Proto: "https", Host: "shop.example:8443"}, http.Header{
			"X-Forwarded-For": {"203.0.113.7, 10.0.0.2, 2001:db8::1"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"shop.example:8443"}, "X-Forwarded-Port": {"8443"}, "X-Real-Ip": {"203.0.113.7"},
			"Forwarded": {`for=203.0.113.7;host="shop.example:8443";proto=https, for=10.0.0.2, for="[2001:db8::1]"`}}},
		{Target{Proto: "http", Host: "[::1]"}, http.Header{"X-Forwarded-Proto": {"http"}, "X-Forwarded-Host": {"[::1]"}, "X-Forwarded-Port": {"80"}, "Forwarded": {`host="[::1]";proto=http`}}},
		{Target{Host: "shop.example"}, http.Header{"X-Forwarded-Host": {"shop.example"}, "Forwarded": {`host=shop.example`}}},
	} {
		got := sent(t, c.target, "X-Real-IP: 6.6.6.6", "X-Forwarded-For: 6.6.6.6", "Forwarded: for=6.6.6.6")
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%+v:\ngot  %v\nwant %v", c.target, got, c.want)
		}
	}
	var b strings.Builder
	if quote(&b, `a"b\c`); b.String() != `"a\"b\\c"` {
		t.Errorf("quoted: %s", b.String())
	}
}

func TestCleanConnection(t *testing.T) {
	for _, c := range []struct{ in, want http.Header }{
		{http.Header{"X-A": {"1"}}, http.Header{"X-A": {"1"}}},
		{http.Header{"Connection": {"keep-alive, Upgrade"}, "Upgrade": {"websocket"}}, http.Header{"Connection": {"keep-alive, Upgrade"}, "Upgrade": {"websocket"}}},
		{http.Header{"Connection": {"close, X-A", "x-b,,Upgrade"}, "X-A": {"1"}, "X-B": {"2"}, "X-C": {"3"}}, http.Header{"Connection": {"close, Upgrade"}, "X-C": {"3"}}},
		{http.Header{"Connection": {"X-A"}, "X-A": {"1"}}, http.Header{}},
		{http.Header{"Connection": {"TE"}, "Te": {"trailers"}}, http.Header{"Connection": {"TE"}, "Te": {"trailers"}}},
	} {
		CleanConnection(c.in)
		if fmt.Sprint(c.in) != fmt.Sprint(c.want) {
			t.Errorf("got %v, want %v", c.in, c.want)
		}
	}
}

func TestHost(t *testing.T) {
	hosts := make(chan string, 1)
	up := backend(t, func(w http.ResponseWriter, r *http.Request) { hosts <- r.Host })
	for origin, want := range map[string]string{
		"http://API.example":         "api.example",
		"http://api.example:80":      "api.example",
		"http://api.example:8080":    "api.example:8080",
		"http://[2001:db8::1]":       "[2001:db8::1]",
		"http://[2001:db8::1]:81":    "[2001:db8::1]:81",
		"http://xn--bcher-kva.test/": "xn--bcher-kva.test",
	} {
		f := newFront(t, Config{Upstreams: map[string]Options{origin: {Addresses: []string{strings.TrimPrefix(up.URL, "http://")}}}}, to(t, origin))
		res, body := get(t, f.Client(), f.URL)
		if res.StatusCode != 200 {
			t.Fatalf("%s: %d %s", origin, res.StatusCode, body)
		}
		if got := <-hosts; got != want {
			t.Errorf("%s: Host %q, want %q", origin, got, want)
		}
	}
}

func TestResponseHeader(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer string // of the upstream, its header
		set    http.Header
		want   http.Header
	}{
		{"all there is", "Content-Length: 0\r\nDate: x\r\nServer: me\r\nX-A: 1\r\nX-A: 2\r\nStrict-Transport-Security: max-age=1", nil,
			http.Header{"Content-Length": {"0"}, "Date": {"x"}, "Server": {"me"}, "X-A": {"1", "2"}, "Strict-Transport-Security": {"max-age=1"}}},
		{"cookies stay apart", "Content-Length: 0\r\nDate: x\r\nSet-Cookie: a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT\r\nSet-Cookie: b=2", nil,
			http.Header{"Content-Length": {"0"}, "Date": {"x"}, "Set-Cookie": {"a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=2"}}},
		{"hop by hop", "Content-Length: 0\r\nDate: x\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nTE: x\r\nUpgrade: h2c\r\nProxy-Authenticate: x\r\nAlt-Svc: h3=\":443\"", nil,
			http.Header{"Content-Length": {"0"}, "Date": {"x"}}},
		{"what was set stays", "Content-Length: 0\r\nDate: x\r\nX-A: upstream\r\nX-B: upstream\r\nVary: Cookie\r\nSet-Cookie: up=1", http.Header{"X-A": {"mine"}, "Vary": {"Accept"}, "Set-Cookie": {"mw=1"}, "Content-Length": {"5"}},
			http.Header{"Content-Length": {"0"}, "Date": {"x"}, "X-A": {"mine"}, "X-B": {"upstream"}, "Vary": {"Accept", "Cookie"}, "Set-Cookie": {"mw=1", "up=1"}}},
		{"compression is not undone", "Content-Length: 0\r\nDate: x\r\nContent-Encoding: gzip, " + strings.Repeat("br, ", 1000) + "zstd", nil,
			http.Header{"Content-Length": {"0"}, "Date": {"x"}, "Content-Encoding": {"gzip, " + strings.Repeat("br, ", 1000) + "zstd"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			up := wire(t, func(_ int, conn net.Conn, br *bufio.Reader) {
				if _, _, err := readRequest(br); err == nil {
					io.WriteString(conn, "HTTP/1.1 200 Fine\r\n"+c.answer+"\r\n\r\n")
				}
			})
			f := newFront(t, Config{}, to(t, up))
			f.before = func(w http.ResponseWriter, _ *http.Request) { maps.Copy(w.Header(), c.set) }
			res, _ := get(t, f.Client(), f.URL)
			if fmt.Sprint(res.Header) != fmt.Sprint(c.want) {
				t.Errorf("got  %v\nwant %v", res.Header, c.want)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		method, answer string
		status         int
		header         http.Header
		body           string
	}{
		{"GET", "200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, http.Header{"Content-Length": {"2"}}, "hi"},
		{"HEAD", "200 OK\r\nContent-Length: 1234\r\n\r\n", 200, http.Header{"Content-Length": {"1234"}}, ""},
		{"HEAD", "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, http.Header{}, ""},
		{"GET", "204 No Content\r\n\r\n", 204, http.Header{}, ""},
		{"GET", "206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nhi", 206, http.Header{"Content-Length": {"2"}, "Content-Range": {"bytes 0-1/9"}}, "hi"},
		{"GET", "304 Not Modified\r\nETag: \"x\"\r\n\r\n", 304, http.Header{"Etag": {`"x"`}}, ""},
		{"GET", "302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", 302, http.Header{"Location": {"http://169.254.169.254/"}, "Content-Length": {"0"}}, ""},
		{"POST", "307 Temporary Redirect\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 307, http.Header{"Location": {"/x"}, "Content-Length": {"0"}}, ""},
		{"GET", "401 Unauthorized\r\nWWW-Authenticate: Basic\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n", 401, http.Header{"Www-Authenticate": {"Basic", "Bearer"}, "Content-Length": {"0"}}, ""},
		{"GET", "500 Oops\r\nContent-Length: 0\r\n\r\n", 500, http.Header{"Content-Length": {"0"}}, ""},
		{"GET", "999 Odd\r\nContent-Length: 0\r\n\r\n", 999, http.Header{"Content-Length": {"0"}}, ""},
		{"GET", "200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 200, http.Header{"Content-Length": {"3"}}, "abc"},
	} {
		t.Run(c.method+" "+c.answer[:3], func(t *testing.T) {
			up := wire(t, func(_ int, conn net.Conn, br *bufio.Reader) {
				for {
					if _, _, err := readRequest(br); err != nil {
						return
					}
					io.WriteString(conn, "HTTP/1.1 "+c.answer)
				}
			})
			f := newFront(t, Config{}, to(t, up))
			for range 2 {
				res, body, err := ask(t, f.addr(), c.method, c.method+" / HTTP/1.1\r\nHost: a\r\n\r\n")
				if err != nil {
					t.Fatal(err)
				}
				res.Header.Del("Date")
				if res.StatusCode != c.status || body != c.body || fmt.Sprint(res.Header) != fmt.Sprint(c.header) {
					t.Errorf("%d %v %q", res.StatusCode, res.Header, body)
				}
			}
		})
	}
}

// The framing of a body stays what it was, whatever the method, so that one
// request is one (CVE-2026-29057 and its kind).
func TestFraming(t *testing.T) {
	const inside = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"} {
		for _, c := range []struct {
			name, header, body string // of the client
			want               string // a line of what the upstream gets
			body2              string
		}{
			{"none", "", "", "", ""},
			{"length", "Content-Length: 5\r\n", "hello", "Content-Length: 5", "hello"},
			{"chunked", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked", "hello"},
			{"empty chunked", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "Transfer-Encoding: chunked", ""},
			{"a request inside", "Transfer-Encoding: chunked\r\n", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(inside), inside), "Transfer-Encoding: chunked", inside},
		} {
			t.Run(method+" "+c.name, func(t *testing.T) {
				requests := make(chan [2]string, 4)
				up := wire(t, func(_ int, conn net.Conn, br *bufio.Reader) {
					for {
						h, b, err := readRequest(br)
						if err != nil {
							return
						}
						requests <- [2]string{h, b}
						io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
					}
				})
				f := newFront(t, Config{}, to(t, up))
				res, _, err := ask(t, f.addr(), method, method+" / HTTP/1.1\r\nHost: a\r\n"+c.header+"\r\n"+c.body)
				if err != nil || res.StatusCode != 204 {
					t.Fatal(res, err)
				}
				f.Close()
				f.p.Close()
				got := <-requests
				if got[1] != c.body2 || !strings.HasPrefix(got[0], method+" / HTTP/1.1\r\n") {
					t.Errorf("got %q", got)
				}
				for _, field := range []string{"Content-Length: ", "Transfer-Encoding: "} {
					if i := strings.Index(got[0], field); i >= 0 {
						line, _, _ := strings.Cut(got[0][i:], "\r\n")
						// What may have a body says that it has none.
						if line != c.want && line != "Content-Length: 0" {
							t.Errorf("%s, want %s", line, c.want)
						}
					} else if strings.HasPrefix(c.want, field) {
						t.Errorf("no %s in %q", c.want, got[0])
					}
				}
				select {
				case more := <-requests:
					t.Errorf("and %q", more)
				default:
				}
			})
		}
	}
}

func TestCompressed(t *testing.T) {
	var asked []string
	up := backend(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header["Accept-Encoding"]
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, "hello")
		_ = z.Close()
	})
	f := newFront(t, Config{}, to(t, up.URL))
	res, body, err := ask(t, f.addr(), "GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if err != nil || asked != nil {
		t.Fatalf("%v, Accept-Encoding: %q", err, asked)
	}
	if res.Header.Get("Content-Encoding") != "gzip" || !strings.HasPrefix(body, "\x1f\x8b") {
		t.Errorf("%v %q", res.Header, body)
	}
}

func TestTrailers(t *testing.T) {
	type trailers struct{ announced, at http.Header }
	got := make(chan trailers, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		announced := r.Trailer.Clone()
		io.Copy(io.Discard, r.Body)
		got <- trailers{announced, r.Trailer.Clone()}
		w.Header().Set("Trailer", "X-Sum, X-Empty")
		io.WriteString(w, "body")
		w.Header().Set("X-Sum", "42")
		if r.URL.Path == "/unannounced" {
			w.Header().Set(http.TrailerPrefix+"X-Late", "1")
		}
	})
	h1 := httptest.NewServer(handler)
	defer h1.Close()
	h2 := httptest.NewUnstartedServer(handler)
	h2.EnableHTTP2 = true
	h2.StartTLS()
	defer h2.Close()
	trust := Config{Upstreams: map[string]Options{h2.URL: {TLS: &tls.Config{RootCAs: h2.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}}}}
	for _, up := range []string{h1.URL, h2.URL} {
		f := newFront(t, trust, to(t, up))
		c, err := net.Dial("tcp", f.addr())
		if err != nil {
			t.Fatal(err)
		}
		defer closeOf(c)
		br := bufio.NewReader(c)
		for _, path := range []string{"/", "/unannounced"} {
			fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Md5, X-Gone, Authorization, X-Forwarded-For, X_Y\r\n\r\n"+
				"4\r\nbody\r\n0\r\nX-Md5: abc\r\nAuthorization: Bearer x\r\nX-Forwarded-For: 6.6.6.6\r\nX_Y: 1\r\nX-Surprise: 1\r\n\r\n", path)
			res, err := http.ReadResponse(br, nil)
			if err != nil {
				t.Fatal(err)
			}
			if want := "map[X-Empty:[] X-Sum:[]]"; fmt.Sprint(res.Trailer) != want {
				t.Errorf("%s: announced to the client: %v, want %v", up, res.Trailer, want)
			}
			b, err := io.ReadAll(res.Body)
			if err != nil || string(b) != "body" {
				t.Errorf("%q %v", b, err)
			}
			want := http.Header{"X-Sum": {"42"}}
			if path == "/unannounced" {
				want["X-Late"] = []string{"1"}
			}
			for k, v := range res.Trailer {
				if len(v) == 0 {
					delete(res.Trailer, k)
				}
			}
			if fmt.Sprint(res.Trailer) != fmt.Sprint(want) {
				t.Errorf("%s%s: trailer %v, want %v", up, path, res.Trailer, want)
			}
			tr := <-got
			if names := slices.Sorted(maps.Keys(tr.announced)); fmt.Sprint(names) != "[X-Gone X-Md5]" {
				t.Errorf("%s: announced to the upstream: %v", up, names)
			}
			if fmt.Sprint(tr.at["X-Md5"]) != "[abc]" || len(tr.at["X-Gone"]) > 0 || len(tr.at) > 2 {
				t.Errorf("%s: the upstream got %v", up, tr.at)
			}
		}
	}
}

func TestInformational(t *testing.T) {
	up := wire(t, func(_ int, c net.Conn, br *bufio.Reader) {
		for {
			h, _, err := readRequest(br)
			if err != nil {
				return
			}
			n, more := 2, ""
			switch {
			case strings.Contains(h, "/many"):
				n = maxHints + 1
			case strings.Contains(h, "/large"):
				n, more = maxHints-1, "X-A: "+strings.Repeat("a", 4<<10)+"\r\n"
			}
			for i := range n {
				fmt.Fprintf(c, "HTTP/1.1 103 Early Hints\r\nLink: </%d.css>\r\nConnection: X-Hop\r\nX-Hop: 1\r\n%s\r\n", i, more)
			}
			io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\n\r\nhi")
		}
	})
	f := newFront(t, Config{}, to(t, up))
	f.before = func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Set-Cookie", "mw=1") }
	type hint struct {
		code int
		h    textproto.MIMEHeader
	}
	var hints []hint
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		hints = append(hints, hint{code, h})
		return nil
	}})
	r, _ := http.NewRequestWithContext(ctx, "GET", f.URL+"/large", nil)
	res, err := f.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	closeOf(res.Body)
	if len(hints) != 3 || res.StatusCode != 200 {
		t.Errorf("%s after %d large hints", res.Status, len(hints))
	}
	hints = nil
	r, _ = http.NewRequestWithContext(ctx, "GET", f.URL, nil)
	res, err = f.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	closeOf(res.Body)
	if want := "[{103 map[Link:[</0.css>]]} {103 map[Link:[</1.css>]]}]"; fmt.Sprint(hints) != want {
		t.Errorf("got %v, want %v", hints, want)
	}
	if res.StatusCode != 200 || res.Header.Get("Set-Cookie") != "mw=1" || res.Header.Get("X-A") != "1" || res.Header.Get("Link") != "" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	// HTTP/1.0 has none.
	got, body, err := ask(t, f.addr(), "GET", "GET / HTTP/1.0\r\nHost: a\r\n\r\n")
	if err != nil || got.StatusCode != 200 || body != "hi" {
		t.Errorf("%v %q %v", got, body, err)
	}
	res, _ = get(t, f.Client(), f.URL+"/many")
	if res.StatusCode != 502 {
		t.Errorf("status %d for too many", res.StatusCode)
	}
}

// The client's Expect goes on, so that an upstream can refuse before a body is
// sent, and the client's body starts only when the upstream wants it.
func TestExpectContinue(t *testing.T) {
	up := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusForbidden)
			return
		}
		io.Copy(w, r.Body)
	})
	f := newFront(t, Config{}, to(t, up.URL))
	for _, path := range []string{"/yes", "/no"} {
		c, err := net.Dial("tcp", f.addr())
		if err != nil {
			t.Fatal(err)
		}
		defer closeOf(c)
		if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", path)
		br := bufio.NewReader(c)
		res, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		if path == "/no" {
			if res.StatusCode != 403 || !res.Close {
				t.Errorf("%s: %s, close %v", path, res.Status, res.Close)
			}
			continue
		}
		if res.StatusCode != 100 {
			t.Fatalf("%s: %s", path, res.Status)
		}
		io.WriteString(c, "hello")
		res, err = http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(res.Body); string(b) != "hello" || err != nil {
			t.Errorf("%q %v", b, err)
		}
	}
}
