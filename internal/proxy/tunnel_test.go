package proxy

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	// The example of RFC 6455 §1.3.
	websocketKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	websocketAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

	websocketRequest = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + websocketKey + "\r\n\r\n"
	websocketAnswer  = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: " + websocketAccept + "\r\n"
)

// echoUpgrade answers a WebSocket handshake and then with what it reads; at the
// end it says so.
func echoUpgrade(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Connection") != "Upgrade" || r.Proto != "HTTP/1.1" {
		http.Error(w, "no upgrade: "+fmt.Sprint(r.Proto, r.Header), 400)
		return
	}
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer closeOf(c)
	io.WriteString(c, websocketAnswer+"X-Up: 1\r\n\r\n")
	io.Copy(c, rw.Reader)
	io.WriteString(c, ".end")
}

// dialFront opens a connection to the proxy's server.
func dialFront(t testing.TB, f *front) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", f.addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeOf(c) })
	if err := c.SetDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(c)
}

// Bytes go both ways, those that came early too, and each end is passed on
// alone.
func TestUpgrade(t *testing.T) {
	plain := backend(t, echoUpgrade)
	secure := httptest.NewUnstartedServer(http.HandlerFunc(echoUpgrade))
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer secure.Close()
	roots := secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	for _, up := range []string{plain.URL, secure.URL} {
		t.Run(up[:5], func(t *testing.T) {
			f := newFront(t, Config{Upstreams: map[string]Options{secure.URL: {TLS: &tls.Config{RootCAs: roots}}}}, to(t, up))
			f.before = func(w http.ResponseWriter, r *http.Request) { w.Header().Add("Set-Cookie", "mw=1") }
			if strings.HasPrefix(up, "https") {
				// A connection over HTTP/2 is there already, and is not for this.
				if res, body := get(t, f.Client(), f.URL); !strings.Contains(body, "HTTP/2.0") {
					t.Fatal(res.Status, body)
				}
			}
			c, br := dialFront(t, f)
			io.WriteString(c, websocketRequest+"early,")
			res, err := http.ReadResponse(br, nil)
			if err != nil {
				t.Fatal(err)
			}
			for k, want := range map[string]string{"Connection": "Upgrade", "Upgrade": "WebSocket", "Sec-Websocket-Accept": websocketAccept, "Set-Cookie": "mw=1", "X-Up": "1"} {
				if got := res.Header.Get(k); got != want {
					t.Errorf("%s: %q", k, got)
				}
			}
			if res.StatusCode != 101 {
				t.Fatal(res.Status)
			}
			buf := make([]byte, 6)
			if _, err := io.ReadFull(br, buf); err != nil || string(buf) != "early," {
				t.Fatalf("%q %v", buf, err)
			}
			io.WriteString(c, "late")
			if err := c.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(br); string(b) != "late.end" || err != nil {
				t.Errorf("%q %v", b, err)
			}
		})
	}
}

// The upstream's end is passed on, and the client may still speak.
func TestUpgradeHalfClose(t *testing.T) {
	heard := make(chan string, 1)
	up := wire(t, func(_ int, c net.Conn, br *bufio.Reader) {
		if _, _, err := readRequest(br); err != nil {
			return
		}
		io.WriteString(c, websocketAnswer+"\r\nbye") // in the same packet as the header
		_ = c.(*net.TCPConn).CloseWrite()
		b, _ := io.ReadAll(br)
		heard <- string(b)
	})
	f := newFront(t, Config{}, to(t, up))
	c, br := dialFront(t, f)
	io.WriteString(c, websocketRequest)
	if res, err := http.ReadResponse(br, nil); err != nil || res.StatusCode != 101 {
		t.Fatal(res, err)
	}
	if b, err := io.ReadAll(br); string(b) != "bye" || err != nil {
		t.Errorf("%q %v", b, err)
	}
	io.WriteString(c, "last words")
	_ = c.(*net.TCPConn).CloseWrite()
	if got := <-heard; got != "last words" {
		t.Errorf("the upstream heard %q", got)
	}
}

// An end that breaks is the end of both.
func TestUpgradeBroken(t *testing.T) {
	for _, byUpstream := range []bool{true, false} {
		ended := make(chan struct{})
		up := wire(t, func(n int, c net.Conn, br *bufio.Reader) {
			if _, _, err := readRequest(br); err != nil {
				return
			}
			io.WriteString(c, websocketAnswer+"\r\n")
			if byUpstream {
				_, _ = br.ReadByte()
				_ = c.(*net.TCPConn).SetLinger(0) // ends in a reset
				return
			}
			_, _ = io.Copy(io.Discard, br)
			close(ended)
		})
		f := newFront(t, Config{}, to(t, up))
		c, br := dialFront(t, f)
		io.WriteString(c, websocketRequest)
		if res, err := http.ReadResponse(br, nil); err != nil || res.StatusCode != 101 {
			t.Fatal(res, err)
		}
		if byUpstream {
			io.WriteString(c, "x")
			_, _ = io.Copy(io.Discard, br) // ends
		} else {
			_ = c.(*net.TCPConn).SetLinger(0)
			closeOf(c)
			<-ended
		}
		f.p.all.Wait() // without being told to end
	}
}

// The upgrade as a client asks for it, and the upstream's no.
func TestUpgradeRefused(t *testing.T) {
	up := wire(t, func(_ int, c net.Conn, br *bufio.Reader) {
		for {
			h, _, err := readRequest(br)
			if err != nil {
				return
			}
			switch {
			case !strings.Contains(h, "Upgrade: "):
				io.WriteString(c, ok)
			case strings.Contains(h, "/no"):
				io.WriteString(c, "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 2\r\n\r\nno")
			case strings.Contains(h, "/key"):
				io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: AAAA\r\n\r\n")
			case strings.Contains(h, "/other"):
				io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n")
			case strings.Contains(h, "/silent"):
				io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			case strings.Contains(h, "/crlf"):
				io.WriteString(c, websocketAnswer+"X-A: a\x00b\r\n\r\n")
			}
		}
	})
	f := newFront(t, Config{}, to(t, up))
	for path, want := range map[string]string{
		"/no":     "426 no",
		"/key":    "502 the upstream's answer is not valid\n",
		"/other":  "502 the upstream's answer is not valid\n",
		"/silent": "502 the upstream's answer is not valid\n",
		"/crlf":   "502 the upstream's answer is not valid\n",
	} {
		c, br := dialFront(t, f)
		// Whatever follows is a request to us, not bytes for the upstream.
		io.WriteString(c, strings.Replace(websocketRequest, "/chat", path, 1)+"GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
		for _, want := range []string{want, "200 ok"} {
			res, err := http.ReadResponse(br, nil)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			b, _ := io.ReadAll(res.Body)
			if got := fmt.Sprintf("%d %s", res.StatusCode, b); got != want {
				t.Errorf("%s: got %q, want %q", path, got, want)
			}
		}
	}
}

// Not only WebSocket, and not over a writer that cannot.
func TestUpgradeOther(t *testing.T) {
	up := wire(t, func(_ int, c net.Conn, br *bufio.Reader) {
		h, _, err := readRequest(br)
		if err != nil {
			return
		}
		if !strings.Contains(h, "Upgrade: chat/2\r\n") {
			io.WriteString(c, ok)
			return
		}
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat/2\r\n\r\n")
		io.Copy(c, br)
	})
	f := newFront(t, Config{}, to(t, up))
	c, br := dialFront(t, f)
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat/2\r\nContent-Length: 0\r\n\r\n")
	if res, err := http.ReadResponse(br, nil); err != nil || res.StatusCode != 101 {
		t.Fatal(res, err)
	}
	io.WriteString(c, "hi")
	_ = c.(*net.TCPConn).CloseWrite()
	if b, err := io.ReadAll(br); string(b) != "hi" || err != nil {
		t.Errorf("%q %v", b, err)
	}

	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "chat/2")
	w := httptest.NewRecorder()
	if err := f.p.Serve(w, r, to(t, up)(r)); err != nil || w.Body.String() != "ok" {
		t.Errorf("%v %q", err, w.Body)
	}
}

// A frame of any claimed length is bytes like others: nothing is kept of it,
// nothing inflated.
func TestUpgradeLarge(t *testing.T) {
	const size = 32 << 20
	up := backend(t, echoUpgrade)
	f := newFront(t, Config{}, to(t, up.URL))
	c, br := dialFront(t, f)
	io.WriteString(c, websocketRequest)
	if res, err := http.ReadResponse(br, nil); err != nil || res.StatusCode != 101 {
		t.Fatal(res, err)
	}
	go func() {
		// A frame of 2⁶³-1 bytes.
		_, _ = c.Write([]byte{0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
		_, _ = io.Copy(c, pattern(size))
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	n, err := io.Copy(io.Discard, br)
	if n != 14+size+4 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// Limits and Close hold for upgraded connections too.
func TestUpgradeEnds(t *testing.T) {
	hosts := map[string]func(net.Conn){"up:80": func(c net.Conn) {
		br := bufio.NewReader(c)
		if _, _, err := readRequest(br); err != nil {
			return
		}
		io.WriteString(c, websocketAnswer+"\r\n")
		for range 3 {
			time.Sleep(40 * time.Second) // of the test's clock
			if _, err := io.WriteString(c, "tick"); err != nil {
				return
			}
		}
		_, _ = io.Copy(io.Discard, br)
	}}
	for _, c := range []struct {
		limits Limits
		close  time.Duration
		took   time.Duration
	}{
		{Limits{IdleTimeout: time.Minute}, 0, 3 * time.Minute},
		{Limits{IdleTimeout: 30 * time.Second}, 0, 30 * time.Second},
		{Limits{IdleTimeout: -1, TotalTimeout: 24 * time.Hour}, 0, 24 * time.Hour},
		{Limits{}, time.Second, time.Second},
	} {
		conf := Config{Upstreams: map[string]Options{"http://up": {MaxConcurrent: 1}}}
		inMemory(t, conf, hosts, func(t *testing.T, _ *network, p *Proxy) {
			client, server := net.Pipe()
			target := to(t, "http://up")
			s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				out := target(r)
				out.Limits = c.limits
				if err := p.Serve(w, r, out); err != nil {
					t.Error(err)
				}
			})}
			l := &oneConn{c: make(chan net.Conn, 1), closed: make(chan struct{})}
			l.c <- server
			go s.Serve(l)
			start := time.Now()
			io.WriteString(client, websocketRequest)
			br := bufio.NewReader(client)
			if res, err := http.ReadResponse(br, nil); err != nil || res.StatusCode != 101 {
				t.Fatal(res, err)
			}
			if got, _ := do(t, p, "GET", "http://up", nil, Limits{}); !strings.HasPrefix(got, "503") {
				t.Errorf("it is not counted as under way: %s", got)
			}
			if c.close > 0 {
				go func() { time.Sleep(c.close); p.Close() }()
			}
			_, _ = io.Copy(io.Discard, br)
			synctest.Wait()
			if took := time.Since(start); took != c.took {
				t.Errorf("%+v: ended after %v, want %v", c.limits, took, c.took)
			}
			_ = s.Close()
		})
	}
}
