package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

// deadline is for what would hang if it did not work.
const deadline = 30 * time.Second

// Bytes go both ways at once: each piece is answered before the next is sent.
func TestFullDuplex(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		if err := rc.EnableFullDuplex(); err != nil && r.ProtoMajor == 1 {
			t.Error(err)
		}
		w.WriteHeader(200)
		_ = rc.Flush()
		buf := make([]byte, 1024)
		for {
			n, err := r.Body.Read(buf)
			if n > 0 {
				_, _ = w.Write(bytes.ToUpper(buf[:n]))
				_ = rc.Flush()
			}
			if err != nil {
				return
			}
		}
	})
	h2 := func(s *httptest.Server) *httptest.Server { s.EnableHTTP2 = true; s.StartTLS(); return s }
	up1 := httptest.NewServer(echo)
	defer up1.Close()
	up2 := h2(httptest.NewUnstartedServer(echo))
	defer up2.Close()
	roots := up2.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	for _, upstream := range []string{up1.URL, up2.URL} {
		for _, front2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2 client %v", upstream[:5], front2), func(t *testing.T) {
				f := newFrontUnstarted(t, Config{Upstreams: map[string]Options{up2.URL: {TLS: &tls.Config{RootCAs: roots}}}}, to(t, upstream))
				if front2 {
					h2(f.Server)
				} else {
					f.Start()
				}
				ctx, cancel := context.WithTimeout(t.Context(), deadline)
				defer cancel()
				pr, pw := io.Pipe()
				r, _ := http.NewRequestWithContext(ctx, "POST", f.URL, pr)
				res, err := f.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer closeOf(res.Body)
				buf := make([]byte, 64)
				for i := range 50 {
					piece := fmt.Sprintf("piece %d", i)
					if _, err := io.WriteString(pw, piece); err != nil {
						t.Fatal(err)
					}
					if _, err := io.ReadFull(res.Body, buf[:len(piece)]); err != nil {
						t.Fatal(err)
					}
					if got := string(buf[:len(piece)]); got != strings.ToUpper(piece) {
						t.Fatalf("got %q", got)
					}
				}
				closeOf(pw)
				if b, err := io.ReadAll(res.Body); len(b) > 0 || err != nil {
					t.Errorf("at the end: %q %v", b, err)
				}
			})
		}
	}
}

// Each event comes as soon as it is there: the upstream waits for the client
// to have read it.
func TestFlush(t *testing.T) {
	for _, c := range []struct {
		name, header string
		pieces       []string
	}{
		{"events", "Content-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked", []string{"9\r\ndata: 1\n\n\r\n", "9\r\ndata: 2\n\n\r\n"}},
		{"events of known length", "Content-Type: Text/Event-Stream\r\nContent-Length: 18", []string{"data: 1\n\n", "data: 2\n\n"}},
		{"chunks", "Transfer-Encoding: chunked", []string{"1\r\na\r\n", "1\r\nb\r\n", "1\r\nc\r\n"}},
		{"until the end", "Connection: close", []string{"a", "b", "c"}},
		{"known length", "Content-Length: 3", []string{"a", "b", "c"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			read := make(chan struct{})
			up := wire(t, func(_ int, conn net.Conn, br *bufio.Reader) {
				if _, _, err := readRequest(br); err != nil {
					return
				}
				io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+c.header+"\r\n\r\n")
				<-read // the header alone is there
				for _, p := range c.pieces {
					io.WriteString(conn, p)
					<-read
				}
				if strings.Contains(c.header, "chunked") {
					io.WriteString(conn, "0\r\n\r\n")
				}
			})
			f := newFront(t, Config{}, to(t, up))
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			r, _ := http.NewRequestWithContext(ctx, "GET", f.URL, nil)
			res, err := f.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer closeOf(res.Body)
			read <- struct{}{}
			buf := make([]byte, 64)
			for _, p := range c.pieces {
				want := p
				if strings.Contains(c.header, "chunked") {
					want = strings.TrimSuffix(p[3:], "\r\n")
				}
				if _, err := io.ReadFull(res.Body, buf[:len(want)]); err != nil || string(buf[:len(want)]) != want {
					t.Fatalf("%q %v", buf[:len(want)], err)
				}
				read <- struct{}{}
			}
			if b, err := io.ReadAll(res.Body); len(b) > 0 || err != nil {
				t.Errorf("at the end: %q %v", b, err)
			}
		})
	}
}

// flushes is a writer that notes when bytes are written out.
type flushes struct {
	*httptest.ResponseRecorder
	start time.Time
	at    []time.Duration
	seen  int
}

func (f *flushes) FlushError() error {
	if n := f.Body.Len(); n > f.seen { // not the header alone
		f.seen = n
		f.at = append(f.at, time.Since(f.start))
	}
	return nil
}

// How long bytes wait: not at all when more may not come for long, else until
// there are more, up to FlushInterval.
func TestFlushTimes(t *testing.T) {
	const length, chunks = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, c := range []struct {
		name     string
		header   string
		interval time.Duration
		want     string
	}{
		{"chunks", chunks, 0, "[1s 1.02s 2.02s 2.04s]"},
		{"known length", length, 0, "[1.05s]"},
		{"known length, longer", length, 100 * time.Millisecond, "[1.1s]"},
		{"known length, at once", length, -1, "[1s 1.02s 2.02s 2.04s]"},
		{"events", strings.Replace(length, "\r\n\r\n", "\r\nContent-Type: text/event-stream\r\n\r\n", 1), 0, "[1s 1.02s 2.02s 2.04s]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			hosts := map[string]func(net.Conn){"up:80": func(conn net.Conn) {
				if _, _, err := readRequest(bufio.NewReader(conn)); err != nil {
					return
				}
				io.WriteString(conn, c.header)
				for _, wait := range []time.Duration{time.Second, 20 * time.Millisecond, time.Second, 20 * time.Millisecond} {
					time.Sleep(wait) // of the test's clock
					if c.header == chunks {
						io.WriteString(conn, "1\r\na\r\n")
					} else {
						io.WriteString(conn, "a")
					}
				}
				time.Sleep(time.Second)
				if c.header == chunks {
					io.WriteString(conn, "0\r\n\r\n")
				}
			}}
			inMemory(t, Config{Default: Options{FlushInterval: c.interval}}, hosts, func(t *testing.T, _ *network, p *Proxy) {
				w := &flushes{ResponseRecorder: httptest.NewRecorder(), start: time.Now()}
				if err := serve(p, w, mustRequest(), to(t, "http://up")(mustRequest())); err != nil {
					t.Error(err)
				}
				// The last bytes of a known length are the server's to write out.
				if got := fmt.Sprint(w.at); got != c.want || w.Body.String() != "aaaa" {
					t.Errorf("got %s %q, want %s", got, w.Body, c.want)
				}
			})
		})
	}
}

// pattern is a body of n bytes that are not all the same.
func pattern(n int64) io.Reader { return io.LimitReader(&counter{}, n) }

type counter struct{ at uint64 }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c.at * 2654435761 >> 16)
		c.at++
	}
	return len(p), nil
}

// A large upload and a large answer go through byte for byte, with their
// lengths, and without being kept.
func TestLarge(t *testing.T) {
	size := int64(256 << 20)
	if testing.Short() {
		size = 16 << 20
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, pattern(size)); err != nil {
		t.Fatal(err)
	}
	want := hex.EncodeToString(sum.Sum(nil))
	up := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "GET" {
			if r.URL.Path == "/length" {
				w.Header().Set("Content-Length", fmt.Sprint(size))
			}
			_, _ = io.Copy(w, pattern(size))
			return
		}
		h := sha256.New()
		n, err := io.Copy(h, r.Body)
		fmt.Fprintf(w, "%d %d %s %v", r.ContentLength, n, hex.EncodeToString(h.Sum(nil)), err)
	})
	f := newFront(t, Config{}, to(t, up.URL))
	var most uint64
	heap := func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
	}
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for _, known := range []bool{true, false} {
		var n int64
		body := readerFunc(func(p []byte) (int, error) { // measures as it goes
			if n&(1<<25-1) == 0 {
				heap()
			}
			n++
			return 0, nil
		})
		r, _ := http.NewRequestWithContext(t.Context(), "PUT", f.URL, &measured{pattern(size), body})
		length := int64(-1)
		if known {
			r.ContentLength, length = size, size
		}
		res, err := f.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		closeOf(res.Body)
		if got := fmt.Sprintf("%d %d %s <nil>", length, size, want); err != nil || string(b) != got {
			t.Errorf("got %q %v, want %q", b, err, got)
		}
	}
	for _, path := range []string{"/length", "/chunked"} {
		res, err := f.Client().Get(f.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		n, err := io.Copy(h, res.Body)
		closeOf(res.Body)
		if got := hex.EncodeToString(h.Sum(nil)); n != size || err != nil || got != want || (res.ContentLength == size) != (path == "/length") {
			t.Errorf("%s: %d %d %s %v", path, res.ContentLength, n, got, err)
		}
		heap()
	}
	if grown := int64(most) - int64(before.HeapAlloc); grown > 32<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// measured calls a function with each Read.
type measured struct {
	io.Reader
	each io.Reader
}

func (m *measured) Read(p []byte) (int, error) {
	_, _ = m.each.Read(nil)
	return m.Reader.Read(p)
}

// malformed is the error that the server's framing guard has.
type malformed struct{}

func (malformed) Error() string   { return "a bad chunk" }
func (malformed) Malformed() bool { return true }

// Errors of the request's body are the client's, whatever the upstream makes of
// them, and never 502.
func TestBodyErrors(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
	}{
		{&http.MaxBytesError{Limit: 10}, 413},
		{fmt.Errorf("body: %w", malformed{}), 400},
		{context.DeadlineExceeded, StatusClientGone},
		{fmt.Errorf("read: %w", &net.OpError{Op: "read", Err: timeoutError{}}), 408},
		{io.ErrUnexpectedEOF, StatusClientGone},
	} {
		for _, length := range []int64{-1, 100} {
			up := backend(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
			f := newFront(t, Config{}, to(t, up.URL))
			f.before = func(_ http.ResponseWriter, r *http.Request) {
				r.ContentLength = length
				r.Body = io.NopCloser(io.MultiReader(strings.NewReader("hello"), iotest.ErrReader(c.err)))
			}
			res, _, err := ask(t, f.addr(), "POST", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
			e := f.failure(t)
			if e.Status != c.status || !errors.Is(e, c.err) && e.Err == nil {
				t.Errorf("%v: %d %v", c.err, e.Status, e)
			}
			if err == nil && c.status != StatusClientGone && (res.StatusCode != c.status || !res.Close) {
				t.Errorf("%v: answered %s, close %v", c.err, res.Status, res.Close)
			}
			if o := f.p.origins.get(must(siteOf(to(t, up.URL)(mustRequest()).URL)), f.p); o.addresses[0].failures != 0 {
				t.Errorf("%v: the upstream is held to have failed", c.err)
			}
		}
	}
}

type timeoutError struct{}

func (timeoutError) Error() string        { return "i/o timeout" }
func (timeoutError) Timeout() bool        { return true }
func (timeoutError) Temporary() bool      { return true }
func (timeoutError) Is(target error) bool { return target.Error() == "i/o timeout" }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func mustRequest() *http.Request { return httptest.NewRequest("GET", "/", nil) }

// A limit of the server's own holds over the wire: 413, and the connection is
// not used again.
func TestMaxBytes(t *testing.T) {
	up := backend(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	f := newFront(t, Config{}, to(t, up.URL))
	f.before = func(w http.ResponseWriter, r *http.Request) { r.Body = http.MaxBytesReader(w, r.Body, 1000) }
	for _, request := range []string{
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + strings.Repeat("a", 5000),
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" + strings.Repeat("a", 5000) + "\r\n0\r\n\r\n",
	} {
		res, _, err := ask(t, f.addr(), "POST", request)
		if err != nil || res.StatusCode != 413 || !res.Close {
			t.Errorf("%v %v", res, err)
		}
	}
}

// The upstream answers before it has read the request, and hangs up: the
// client has the answer, not a 502.
func TestEarlyAnswer(t *testing.T) {
	const answer = "HTTP/1.1 413 Too Much\r\nContent-Length: 4\r\nConnection: close\r\n\r\nstop"
	up := wire(t, func(_ int, c net.Conn, br *bufio.Reader) {
		if _, err := br.ReadString('\n'); err == nil {
			io.WriteString(c, answer)
			// Closed with bytes unread: the kernel answers further ones with a reset.
		}
	})
	f := newFront(t, Config{}, to(t, up))
	for range 20 {
		c, err := net.Dial("tcp", f.addr())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetDeadline(time.Now().Add(deadline)); err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
		var writing sync.WaitGroup
		writing.Go(func() { _, _ = io.Copy(c, pattern(100_000_000)) })
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if res.StatusCode != 413 || string(b) != "stop" || err != nil || !res.Close {
			t.Errorf("%s %q %v, close %v", res.Status, b, err, res.Close)
		}
		closeOf(c)
		writing.Wait()
	}
}

// The upstream answers and the client neither sends the rest nor leaves: it
// has the answer, and nothing hangs.
func TestEarlyAnswerToSilence(t *testing.T) {
	up := wire(t, func(_ int, c net.Conn, br *bufio.Reader) {
		for {
			line, err := br.ReadString('\n')
			if err != nil {
				return
			}
			if line == "\r\n" {
				io.WriteString(c, "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
			}
		}
	})
	f := newFront(t, Config{}, to(t, up))
	for _, framing := range []string{"Content-Length: 10", "Transfer-Encoding: chunked"} {
		res, body, err := ask(t, f.addr(), "POST", "POST / HTTP/1.1\r\nHost: a\r\n"+framing+"\r\n\r\n")
		if err != nil || res.StatusCode != 403 || body != "no" || !res.Close {
			t.Errorf("%v %q %v", res, body, err)
		}
	}
}

// The upstream goes away while the client is silent in the middle of its body:
// the answer is 502 now, not when the client goes on.
func TestUpstreamGoneDuringBody(t *testing.T) {
	up := wire(t, func(_ int, c net.Conn, br *bufio.Reader) {
		for {
			line, err := br.ReadString('\n')
			if err != nil || line == "\r\n" {
				_, _ = br.ReadByte()
				return
			}
		}
	})
	f := newFront(t, Config{}, to(t, up))
	for _, framing := range []string{"Content-Length: 10\r\n\r\na", "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"} {
		res, body, err := ask(t, f.addr(), "POST", "POST / HTTP/1.1\r\nHost: a\r\n"+framing)
		if err != nil || res.StatusCode != 502 || !res.Close {
			t.Errorf("%v %q %v", res, body, err)
		}
		if e := f.failure(t); e.Status != 502 || e.Reason != "the upstream broke the connection off" {
			t.Errorf("%d %s", e.Status, e)
		}
	}
}

// A client that leaves ends the upstream's request at once, and nobody is
// blamed in the log.
func TestClientGone(t *testing.T) {
	type kind struct {
		name, request string
		header        bool // the answer has begun
	}
	for _, c := range []kind{
		{"waiting", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", false},
		{"reading", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
		{"sending", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab", false},
		{"both", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			came, ended := make(chan struct{}), make(chan struct{})
			up := backend(t, func(w http.ResponseWriter, r *http.Request) {
				rc := http.NewResponseController(w)
				_ = rc.EnableFullDuplex()
				if c.header {
					w.WriteHeader(200)
					_ = rc.Flush()
				}
				close(came)
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
				close(ended)
			})
			f := newFront(t, Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}, to(t, up.URL))
			conn, err := net.Dial("tcp", f.addr())
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(conn, c.request)
			<-came
			if c.header {
				if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
					t.Fatal(err)
				}
			}
			closeOf(conn)
			<-ended
			if !c.header {
				e := <-f.seen
				if e.Status != StatusClientGone {
					t.Errorf("%d %v", e.Status, e)
				}
			}
			f.p.Close() // all have written their logs
			if log.Len() > 0 {
				t.Errorf("logged: %s", log.String())
			}
		})
	}
}

// An answer that breaks off is cut off for the client too, never ended in good
// order.
func TestCutAnswer(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nnot a trailer",
	} {
		var log bytes.Buffer
		up := wire(t, func(_ int, c net.Conn, br *bufio.Reader) {
			if _, _, err := readRequest(br); err == nil {
				io.WriteString(c, answer)
			}
		})
		f := newFront(t, Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}, to(t, up))
		res, body, err := ask(t, f.addr(), "GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if err == nil {
			t.Errorf("%q: whole: %s %q", answer, res.Status, body)
		}
		f.p.Close()
		if !strings.Contains(log.String(), "cut off") || !strings.Contains(log.String(), "id=id1") {
			t.Errorf("%q: logged %q", answer, log.String())
		}
	}
}

// The same over HTTP/2, to either side.
func TestCutAnswerHTTP2(t *testing.T) {
	up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/length" {
			w.Header().Set("Content-Length", "10")
		}
		io.WriteString(w, "hello")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	up.EnableHTTP2 = true
	up.StartTLS()
	defer up.Close()
	roots := up.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	for _, front2 := range []bool{false, true} {
		f := newFrontUnstarted(t, Config{Upstreams: map[string]Options{up.URL: {TLS: &tls.Config{RootCAs: roots}}}}, to(t, up.URL))
		if front2 {
			f.EnableHTTP2 = true
			f.StartTLS()
		} else {
			f.Start()
		}
		for _, path := range []string{"/", "/length"} {
			res, err := f.Client().Get(f.URL + path)
			if err != nil {
				continue // cut before the header was out
			}
			b, err := io.ReadAll(res.Body)
			closeOf(res.Body)
			if err == nil {
				t.Errorf("%s: whole: %s %q", path, res.Proto, b)
			}
		}
	}
}

// Close ends requests wherever they are, and waits for them.
func TestClose(t *testing.T) {
	var under atomic.Int32
	came := make(chan struct{}, 8)
	up := backend(t, func(w http.ResponseWriter, r *http.Request) {
		under.Add(1)
		defer under.Add(-1)
		if r.URL.Path == "/answered" {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
		}
		came <- struct{}{}
		<-r.Context().Done()
	})
	f := newFront(t, Config{}, to(t, up.URL))
	var clients sync.WaitGroup
	for _, path := range []string{"/", "/answered", "/", "/answered"} {
		clients.Go(func() {
			res, err := f.Client().Get(f.URL + path)
			if err != nil {
				return
			}
			_, err = io.ReadAll(res.Body)
			closeOf(res.Body)
			switch {
			case res.StatusCode == 200 && err == nil:
				t.Error("an answer that was cut off seems whole")
			case res.StatusCode != 200 && res.StatusCode != 503:
				t.Errorf("status %d", res.StatusCode)
			}
		})
		<-came
	}
	f.p.Close()
	if n := len(f.p.flights); n != 0 {
		t.Errorf("%d requests are under way after Close", n)
	}
	clients.Wait()
	res, _ := get(t, f.Client(), f.URL)
	if res.StatusCode != 503 {
		t.Errorf("status %d after Close", res.StatusCode)
	}
	f.p.Close() // again does no harm
}
