package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A body may take as long as it likes, if only something of it comes.
func TestBodyTimeout(t *testing.T) {
	const head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
	for name, c := range map[string]struct {
		head   string
		pieces []string
		pause  time.Duration
		want   int
	}{
		"progress":            {head + "Content-Length: 5\r\n\r\n", []string{"a", "b", "c", "d", "e"}, 20 * time.Second, 200},
		"no progress":         {head + "Content-Length: 5\r\n\r\n", []string{"a", "b"}, 31 * time.Second, 408},
		"nothing at all":      {head + "Content-Length: 5\r\n\r\n", nil, time.Hour, 408},
		"chunks":              {head + "Transfer-Encoding: chunked\r\n\r\n", []string{"1\r\na\r\n", "1\r\nb\r", "\n0\r\n", "\r\n"}, 20 * time.Second, 200},
		"no progress, chunks": {head + "Transfer-Encoding: chunked\r\n\r\n", []string{"1\r\na\r\n", "1"}, 31 * time.Second, 408},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, reads)
				defer r.end()
				conn := r.l.dial()
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					_, _ = io.WriteString(conn, c.head)
					for _, p := range c.pieces {
						time.Sleep(c.pause)
						if _, err := io.WriteString(conn, p); err != nil {
							return // the time is over
						}
					}
				}()
				if got := status(t, conn); got != c.want {
					t.Errorf("got %d, want %d", got, c.want)
				}
				conn.Close()
				r.stop()
				<-r.ended
				<-sent
			})
		})
	}
}

// A handler that takes long before, in or after its body is not bound by the
// client's time; and its own deadline holds.
func TestBodyTimeoutIsTheClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Minute)
			b := make([]byte, 1)
			if _, err := io.ReadFull(r.Body, b); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
			if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
				t.Error(err)
			}
			reads(w, r)
			time.Sleep(time.Minute)
		})
		defer r.end()
		c := r.l.dial()
		go func() {
			_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na")
			time.Sleep(40 * time.Minute)
			_, _ = io.WriteString(c, "b")
		}()
		if got := status(t, c); got != 200 {
			t.Errorf("got %d", got)
		}
		c.Close()
		r.stop()
		<-r.ended
	})
}

// A client that takes nothing of its answer loses it.
func TestWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := make(chan error, 1)
		var took time.Duration
		r := serve(t, func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			_, err := w.Write(make([]byte, 10<<20))
			took = time.Since(start)
			failed <- err
		})
		defer r.end()
		c := r.l.dial()
		send(t, c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) || took > 2*time.Minute {
			t.Errorf("after %v: %v", took, err)
		}
		c.Close()
		r.stop()
		<-r.ended
	})
}

// One that takes it slowly, and a stream that pauses, do not.
func TestSlowReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, func(w http.ResponseWriter, r *http.Request) {
			for range 3 {
				_, _ = w.Write(make([]byte, 512<<10))
				_ = http.NewResponseController(w).Flush()
				time.Sleep(10 * time.Minute)
			}
		})
		defer r.end()
		c := r.l.dial()
		send(t, c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for b := make([]byte, 64<<10); ; {
			k, err := io.ReadFull(res.Body, b)
			n += k
			if err != nil {
				break
			}
			time.Sleep(10 * time.Second)
		}
		if n != 3*512<<10 {
			t.Errorf("got %d bytes", n)
		}
		r.stop()
		<-r.ended
	})
}

// readerFrom is a connection as TCP's is: it reads from what it is given.
type readerFrom struct{ net.Conn }

func (c readerFrom) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{c.Conn}, r)
}

// A source that pauses is no client that is slow, also where its length is
// known and net/http hands it to the connection.
func TestSlowSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, func(w http.ResponseWriter, r *http.Request) {
			from, to := io.Pipe()
			go func() {
				for range 4 {
					_, _ = to.Write(make([]byte, 1000))
					time.Sleep(10 * time.Minute)
				}
				to.Close()
			}()
			w.Header().Set("Content-Length", "4000")
			if n, err := io.Copy(w, from); n != 4000 || err != nil {
				t.Errorf("copied %d, %v", n, err)
			}
		})
		defer r.end()
		client, server := net.Pipe()
		r.l.conns <- readerFrom{server}
		send(t, client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if got := status(t, client); got != 200 {
			t.Errorf("got %d", got)
		}
		r.stop()
		<-r.ended
	})
}

// tcp serves on a real socket until the test ends.
func tcp(t *testing.T, o Options) (addr string, stop func() error) {
	t.Helper()
	l, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l.Addr().String(), start(t, []net.Listener{l}, o)
}

// start serves; what it gives ends that, and gives what ServeAll gave.
func start(t *testing.T, l []net.Listener, o Options) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	end, over := context.WithTimeout(context.Background(), time.Minute)
	ended := make(chan error, 1)
	go func() { ended <- ServeAll(ctx, end, l, o) }()
	stop = sync.OnceValue(func() error {
		cancel()
		defer over()
		return <-ended
	})
	t.Cleanup(func() { _ = stop() })
	return stop
}

// Files go through the connection's own ReadFrom, whole and in ranges.
func TestFiles(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	addr, _ := tcp(t, Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) })})
	for _, c := range []struct {
		ranges string
		want   []byte
	}{{"", content}, {"bytes=3-700000", content[3:700001]}, {"bytes=-5", content[len(content)-5:]}} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+addr+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.ranges != "" {
			req.Header.Set("Range", c.ranges)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || !bytes.Equal(b, c.want) {
			t.Errorf("%q: %d bytes, %v, want %d", c.ranges, len(b), err, len(c.want))
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// A client that goes on sending hears why it is refused.
func TestRefusalIsHeard(t *testing.T) {
	addr, _ := tcp(t, Options{Handler: http.HandlerFunc(reads)})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() {
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("x", 512<<10)+"\r\n\r\n")
	}()
	if got := status(t, c); got != 431 {
		t.Errorf("got %d", got)
	}
}

// Requests under way, on their way, and behind each other on one connection
// all get their answer when serving ends.
func TestDrainLosesNothing(t *testing.T) {
	const n = 50
	var entered sync.WaitGroup
	entered.Add(n)
	gate, draining, served := make(chan struct{}), make(chan struct{}), make(chan struct{})
	addr, stop := tcp(t, Options{Draining: func() { close(draining); <-served }, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			entered.Done()
			<-gate
		}
		_, _ = io.WriteString(w, "whole")
	})})
	results := make(chan error, n)
	for i := range n {
		go func() {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				results <- err
				return
			}
			defer c.Close()
			text := "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"
			if i%2 == 0 {
				text += "GET /next HTTP/1.1\r\nHost: a\r\n\r\n" // sent ahead
			}
			_, _ = io.WriteString(c, text)
			b, err := io.ReadAll(c)
			if got, want := strings.Count(string(b), "whole"), 2-i%2; err != nil || got != want {
				err = fmt.Errorf("%d answers, %v: %s", got, err, b)
			}
			results <- err
		}()
	}
	entered.Wait()
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	<-draining
	// A client may still come and be served; it is told to leave.
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	send(t, c, "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
	if res, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || res.StatusCode != 200 || !res.Close {
		t.Errorf("got %v, %v", res, err)
	}
	close(served)
	select {
	case err := <-ended:
		t.Fatalf("it ended with %v before the requests", err)
	default:
	}
	close(gate)
	for range n {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A client that waits for 100 Continue and is not asked for its body gets its
// answer at once.
func TestExpect(t *testing.T) {
	for _, framing := range []string{"Content-Length: 5", "Transfer-Encoding: chunked"} {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) })
			defer r.end()
			c := r.l.dial()
			began := time.Now()
			send(t, c, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"+framing+"\r\n\r\n")
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil || res.StatusCode != 403 || !res.Close || time.Since(began) > time.Second {
				t.Errorf("%s: got %v, %v after %v", framing, res, err, time.Since(began))
			}
			c.Close()
			r.stop()
			<-r.ended
		})
	}
}

// Before it stops, the server says that it is not ready, and goes on for a while.
func TestDrainDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said := make(chan struct{})
		r := serveWith(t, Options{Handler: http.HandlerFunc(reads), DrainDelay: 10 * time.Second, Draining: func() { close(said) }})
		defer r.end()
		r.stop()
		<-said
		time.Sleep(9 * time.Second)
		c := r.l.dial()
		if c == nil {
			t.Fatal("no connection is taken")
		}
		send(t, c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || res.StatusCode != 200 || !res.Close {
			t.Errorf("got %v, %v", res, err)
		}
		if err := <-r.ended; err != nil {
			t.Error(err)
		}
	})
}

// Handlers that have taken over their connection are told, and have some time.
func TestDrainTellsHijacked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		polite := make(chan struct{})
		r := serve(t, func(w http.ResponseWriter, r *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			if r.URL.Path == "/polite" {
				<-Draining(r.Context())
				_, _ = io.WriteString(c, "bye")
				c.Close()
				close(polite)
				return
			}
			_, _ = io.Copy(io.Discard, c) // until it is closed
		})
		defer r.end()
		for _, path := range []string{"/polite", "/deaf"} {
			c := r.l.dial()
			send(t, c, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n")
			go func() { _, _ = io.Copy(io.Discard, c) }()
		}
		synctest.Wait()
		began := time.Now()
		r.stop()
		<-polite
		if err := <-r.ended; err != nil {
			t.Error(err)
		}
		if d := time.Since(began); d < hijackedGrace || d > hijackedGrace+time.Second {
			t.Errorf("it took %v", d)
		}
	})
	if Draining(context.Background()) != nil {
		t.Error("no server drains")
	}
}

func BenchmarkServe(b *testing.B) {
	l, err := Listen(b.Context(), "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "hello") })
	run := func(b *testing.B, addr string) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		br := bufio.NewReader(c)
		b.ReportAllocs()
		for b.Loop() {
			_, _ = io.WriteString(c, "GET /api/items/12 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\n\r\n")
			res, err := http.ReadResponse(br, nil)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, ctx, l, Options{Handler: h}) }()
	b.Run("ours", func(b *testing.B) { run(b, l.Addr().String()) })
	cancel()
	<-ended
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Second, IdleTimeout: time.Minute}
	go func() { _ = s.Serve(plain) }()
	b.Run("net/http", func(b *testing.B) { run(b, plain.Addr().String()) })
	_ = s.Close()
}
