package proxy

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What is not an answer is 502, and its connection is not used again.
func TestOddAnswers(t *testing.T) {
	long := strings.Repeat("a", 70<<10)
	for _, c := range []struct {
		name, answer string
		reason       string
	}{
		{"nothing", "", "the upstream broke the connection off"},
		{"no HTTP", "SSH-2.0-OpenSSH\r\n", "the upstream's answer is not valid"},
		{"half a header", "HTTP/1.1 200 OK\r\nContent-Le", "the upstream's answer is not valid"},
		{"a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", "the upstream's answer is not valid"},
		{"a status below 100", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", "the upstream's answer is not valid"},
		{"lengths that differ", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "the upstream's answer is not valid"},
		{"a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", "the upstream's answer is not valid"},
		{"a signed length", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello", "the upstream's answer is not valid"},
		{"a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "the upstream's answer is not valid"},
		{"chunks and a length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\ncontent-length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "the upstream's answer is not valid"},
		{"chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "the upstream's answer is not valid"},
		{"another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "the upstream's answer is not valid"},
		{"chunked twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "the upstream's answer is not valid"},
		{"a field without a colon", "HTTP/1.1 200 OK\r\nwhat is this\r\n\r\n", "the upstream's answer is not valid"},
		{"a control character", "HTTP/1.1 200 OK\r\nX-A: a\x00b\r\nContent-Length: 0\r\n\r\n", "the upstream's answer is not valid"},
		{"a bare CR", "HTTP/1.1 200 OK\r\nX-A: a\rb: c\r\nContent-Length: 0\r\n\r\n", "the upstream's answer is not valid"},
		{"a header too large", "HTTP/1.1 200 OK\r\nX-A: " + long + "\r\nContent-Length: 0\r\n\r\n", "the upstream's answer is not valid"},
		{"a header too large in pieces", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-A: aaaaaaaaaaaaaaaaaaaa\r\n", 4000) + "\r\n", "the upstream's answer is not valid"},
		{"a switch that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "the upstream's answer is not valid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var conns atomic.Int32
			up := wire(t, func(_ int, conn net.Conn, br *bufio.Reader) {
				conns.Add(1)
				if _, _, err := readRequest(br); err == nil {
					io.WriteString(conn, c.answer)
				}
			})
			f := newFront(t, Config{}, to(t, up))
			for i := range int32(2) {
				res, body := get(t, f.Client(), f.URL)
				if res.StatusCode != 502 || body != c.reason+"\n" {
					t.Errorf("%d %q", res.StatusCode, body)
				}
				e := f.failure(t)
				if e.Err == nil {
					t.Error("no cause")
				}
				if n := conns.Load(); n != i+1 {
					t.Errorf("%d connections for %d requests", n, i+1)
				}
			}
		})
	}
}

// Bytes behind an answer are not the answer to whoever uses the connection
// next.
func TestUnaskedBytes(t *testing.T) {
	const extra = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned"
	for _, c := range []struct{ name, method, answer string }{
		{"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
		{"none", "GET", "HTTP/1.1 204 No Content\r\n\r\n"},
		{"chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n"},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"},
		{"HEAD with a body", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
		{"not modified", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			up := wire(t, func(_ int, conn net.Conn, br *bufio.Reader) {
				for {
					if _, _, err := readRequest(br); err != nil {
						return
					}
					if _, err := io.WriteString(conn, c.answer+extra); err != nil {
						return
					}
				}
			})
			f := newFront(t, Config{}, to(t, up))
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 25 {
						r, _ := http.NewRequest(c.method, f.URL, nil)
						res, err := f.Client().Do(r)
						if err != nil {
							t.Error(err)
							return
						}
						b, _ := io.ReadAll(res.Body)
						closeOf(res.Body)
						if res.StatusCode == 502 {
							continue // the connection went away under it
						}
						if strings.Contains(string(b), "poison") || res.ContentLength == 8 {
							t.Errorf("%s %q", res.Status, b)
						}
					}
				})
			}
			all.Wait()
		})
	}
}

// The connection itself says no to what comes unasked, before the transport can
// hand it to another request.
func TestConn(t *testing.T) {
	there, here := net.Pipe()
	defer closeOf(there)
	c := newConn(here)
	defer closeOf(c)
	f := &flight{r: httptest.NewRequest("GET", "/", nil)}
	c.begin(f)
	go func() {
		buf := make([]byte, 64)
		_, _ = there.Read(buf)
		_, _ = io.WriteString(there, ok+"more")
	}()
	if _, err := io.WriteString(c, "a request"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1024)
	if n, err := c.Read(buf); string(buf[:n]) != ok || err != nil {
		t.Errorf("%q %v", buf[:n], err)
	}
	c.begin(f)
	if n, err := io.WriteString(c, "another"); n != 0 || !errors.Is(err, errUnasked) {
		t.Errorf("Write: %d %v", n, err)
	}
	if n, err := c.Read(buf); n != 0 || !errors.Is(err, errUnasked) {
		t.Errorf("Read: %d %v", n, err)
	}

	there2, here2 := net.Pipe()
	defer closeOf(there2)
	c = newConn(here2)
	defer closeOf(c)
	go io.WriteString(there2, ok)
	if n, err := c.Read(buf); n != 0 || !errors.Is(err, errUnasked) {
		t.Errorf("Read before any request: %d %v", n, err)
	}
}

// Unasked bytes on a connection that waits, such as the 408 of some servers,
// end it and say nothing to anybody.
func TestUnaskedBytesWhileIdle(t *testing.T) {
	for _, extra := range []string{"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned"} {
		send := make(chan struct{})
		gone := make(chan error)
		up := wire(t, func(n int, conn net.Conn, br *bufio.Reader) {
			if _, _, err := readRequest(br); err != nil {
				return
			}
			io.WriteString(conn, ok)
			if n == 0 {
				<-send
				io.WriteString(conn, extra)
				_, err := br.ReadByte()
				gone <- err
			}
		})
		f := newFront(t, Config{}, to(t, up))
		for i := range 2 {
			if res, body := get(t, f.Client(), f.URL); res.StatusCode != 200 || body != "ok" {
				t.Errorf("%d %q", res.StatusCode, body)
			}
			if i == 0 {
				send <- struct{}{}
				if err := <-gone; err == nil {
					t.Error("the connection was used again")
				}
			}
		}
	}
}

// A connection that was kept alive and is dead: the request goes over another
// one if nobody can have acted on it, and never otherwise.
func TestRetry(t *testing.T) {
	for _, c := range []struct {
		method, body string
		header       string
		retried      bool
	}{
		{"GET", "", "", true},
		{"HEAD", "", "", true},
		{"OPTIONS", "", "", true},
		{"PUT", "", "", true},
		{"DELETE", "", "", true},
		{"POST", "", "", false},
		{"PATCH", "", "", false},
		{"PUT", "hello", "", false},
		{"POST", "hello", "", false},
	} {
		t.Run(c.method+" "+c.body, func(t *testing.T) {
			var asked atomic.Int32
			up := wire(t, func(n int, conn net.Conn, br *bufio.Reader) {
				for i := 0; ; i++ {
					h, _, err := readRequest(br)
					if err != nil {
						return
					}
					if strings.HasPrefix(h, c.method+" /second") {
						asked.Add(1)
					}
					if n == 0 && i == 1 {
						return // the end comes when the request is written
					}
					io.WriteString(conn, strings.TrimSuffix(ok, "ok"))
					if !strings.HasPrefix(h, "HEAD") {
						io.WriteString(conn, "ok")
					}
				}
			})
			f := newFront(t, Config{}, to(t, up))
			get(t, f.Client(), f.URL+"/first")
			r, _ := http.NewRequest(c.method, f.URL+"/second", strings.NewReader(c.body))
			res, err := f.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			closeOf(res.Body)
			if c.retried && (res.StatusCode != 200 || asked.Load() != 2) || !c.retried && (res.StatusCode != 502 || asked.Load() != 1) {
				t.Errorf("status %d, the upstream was asked %d times", res.StatusCode, asked.Load())
			}
		})
	}
}

// A connection on which something failed is never used again, whatever failed.
func TestNoReuseAfterFailure(t *testing.T) {
	var conns atomic.Int32
	up := wire(t, func(_ int, conn net.Conn, br *bufio.Reader) {
		n := conns.Add(1)
		for {
			h, _, err := readRequest(br)
			if err != nil {
				return
			}
			switch {
			case strings.Contains(h, "/slow"):
				// The answer comes when the time is up and another asks.
				_, _ = br.ReadByte()
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
				return
			default:
				body := fmt.Sprint("connection ", n)
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			}
		}
	})
	target := to(t, up)
	f := newFront(t, Config{}, func(r *http.Request) Target {
		out := target(r)
		out.Limits.ResponseTimeout = 20 * time.Millisecond
		if r.URL.Path == "/fine" {
			out.Limits.ResponseTimeout = 0
		}
		return out
	})
	for i := range 3 {
		if _, body := get(t, f.Client(), f.URL+"/fine"); body != fmt.Sprint("connection ", i+1) {
			t.Errorf("round %d: %s", i, body)
		}
		if res, _ := get(t, f.Client(), f.URL+"/slow"); res.StatusCode != 504 {
			t.Errorf("round %d: %s", i, res.Status)
		}
	}
}

// Connections are kept, on both sides: many requests in turn need one.
func TestKeepAlive(t *testing.T) {
	var conns, clients atomic.Int32
	up := wire(t, func(_ int, conn net.Conn, br *bufio.Reader) {
		conns.Add(1)
		answers(func(h string) string {
			if strings.HasPrefix(h, "PUT") {
				return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
			}
			return ok
		})(conn)
	})
	f := newFrontUnstarted(t, Config{}, to(t, up))
	f.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			clients.Add(1)
		}
	}
	f.Start()
	for i := range 30 {
		method := []string{"GET", "POST", "PUT"}[i%3]
		var body io.Reader
		if method != "GET" {
			body = io.MultiReader(strings.NewReader("hello")) // chunked
		}
		r, _ := http.NewRequest(method, f.URL, body)
		res, err := f.Client().Do(r)
		if err != nil || res.StatusCode != 200 {
			t.Fatal(res, err)
		}
		_, _ = io.ReadAll(res.Body)
		closeOf(res.Body)
	}
	if conns.Load() != 1 || clients.Load() != 1 {
		t.Errorf("%d connections to the upstream, %d of the client", conns.Load(), clients.Load())
	}
}

// follow finds the end of an answer where http.ReadResponse finds it, however
// it comes in pieces.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		ok,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nX-T: 1\r\n\r\nmore",
		"HTTP/1.1 103 Hints\r\nContent-Length: 5\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.0 200 OK\n\nhello",
		"HTTP/1.1 200\r\nContent-Length: 3\r\ncontent-length: 3\r\n\r\nabcd",
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding:\tChunked \r\n\r\n 0\r\n\r\nx",
	} {
		f.Add([]byte(s), false, uint8(1))
		f.Add([]byte(s), true, uint8(255))
	}
	f.Fuzz(func(t *testing.T, in []byte, head bool, step uint8) {
		method := "GET"
		if head {
			method = "HEAD"
		}
		var a answer
		a.begin(head)
		end, bad := 0, error(nil)
		for rest := in; len(rest) > 0 && bad == nil; {
			n := min(len(rest), int(step)+1)
			var used int
			used, bad = a.follow(rest[:n])
			end += used
			if used < n {
				break
			}
			rest = rest[n:]
		}
		src := bytes.NewReader(in)
		br := bufio.NewReader(src)
		var res *http.Response
		var err error
		for {
			if res, err = http.ReadResponse(br, &http.Request{Method: method}); err != nil {
				return // the transport refuses it
			}
			if res.StatusCode < 100 || res.StatusCode > 199 || res.StatusCode == 101 {
				break
			}
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil || bad != nil || a.state != none {
			return // refused by either, or not at an end
		}
		if theirs := len(in) - src.Len() - br.Buffered(); theirs != end {
			t.Errorf("%q: follow ends at %d, ReadResponse at %d", in, end, theirs)
		}
	})
}
