package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l *pipes) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// dial gives a client's end, or nil when the server takes no more.
func (l *pipes) dial() net.Conn {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client
	case <-l.closed:
		return nil
	}
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// status reads an answer and gives its status.
func status(t *testing.T, c net.Conn) int {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}

// running is a server in a bubble.
type running struct {
	l     *pipes
	stop  context.CancelFunc
	end   context.CancelFunc
	ended chan error
	log   *strings.Builder
}

func serve(t *testing.T, h http.HandlerFunc) *running { return serveWith(t, Options{Handler: h}) }

func serveWith(t *testing.T, o Options) *running {
	r := &running{l: newPipes(), ended: make(chan error, 1), log: &strings.Builder{}}
	ctx, stop := context.WithCancel(t.Context())
	end, over := context.WithCancel(context.Background())
	r.stop, r.end = stop, over
	go func() {
		o.Logger = slog.New(slog.NewTextHandler(r.log, nil))
		r.ended <- Serve(ctx, end, r.l, o)
	}()
	return r
}

// When serving ends, requests under way finish, and no more are taken.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		r := serve(t, func(w http.ResponseWriter, r *http.Request) { <-gate })
		defer r.end()
		busy, idle := r.l.dial(), r.l.dial()
		send(t, busy, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		synctest.Wait()
		r.stop()
		synctest.Wait()
		select {
		case err := <-r.ended:
			t.Fatalf("Serve ended with %v while a request was under way", err)
		default:
		}
		if c := r.l.dial(); c == nil {
			t.Error("a connection that was on its way is not taken")
		} else {
			c.Close()
		}
		time.Sleep(2 * drainGrace)
		if r.l.dial() != nil {
			t.Error("a connection is taken")
		}
		close(gate)
		if got := status(t, busy); got != 200 {
			t.Errorf("the request got %d", got)
		}
		if err := <-r.ended; err != nil {
			t.Errorf("Serve gives %v", err)
		}
		if _, err := idle.Read(make([]byte, 1)); err == nil {
			t.Error("the idle connection is open")
		}
	})
}

// When the time for that is over, they are ended.
func TestDrainEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := make(chan struct{})
		r := serve(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done(); close(left) })
		c := r.l.dial()
		send(t, c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		synctest.Wait()
		r.stop()
		synctest.Wait()
		r.end()
		if err := <-r.ended; !errors.Is(err, ErrDrain) {
			t.Errorf("Serve gives %v, want ErrDrain", err)
		}
		<-left // the handler was told
	})
}

// A client that sends its header slowly, or nothing, holds no connection for
// long.
func TestSlowClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, func(w http.ResponseWriter, r *http.Request) {})
		defer r.end()
		defer r.stop()
		closed := func(c net.Conn) time.Duration {
			start := time.Now()
			if _, err := io.Copy(io.Discard, c); err != nil {
				t.Fatal(err)
			}
			return time.Since(start)
		}
		silent := r.l.dial()
		if d := closed(silent); d > 15*time.Second {
			t.Errorf("a silent client holds its connection for %v", d)
		}
		slow := r.l.dial()
		send(t, slow, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
		if d := closed(slow); d > 15*time.Second {
			t.Errorf("a slow client holds its connection for %v", d)
		}
		idle := r.l.dial()
		send(t, idle, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if got := status(t, idle); got != 200 {
			t.Fatalf("got %d", got)
		}
		if d := closed(idle); d > 2*time.Minute {
			t.Errorf("an idle client holds its connection for %v", d)
		}
	})
}

// A panic of a handler ends its connection and is logged; the server goes on.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/panic" {
				panic("oh no")
			}
		})
		c := r.l.dial()
		send(t, c, "GET /panic HTTP/1.1\r\nHost: a\r\n\r\n")
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("there is an answer")
		}
		c = r.l.dial()
		send(t, c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if got := status(t, c); got != 200 {
			t.Errorf("the next request gets %d", got)
		}
		r.stop()
		if err := <-r.ended; err != nil {
			t.Error(err)
		}
		r.end()
		if !strings.Contains(r.log.String(), "oh no") {
			t.Errorf("the log has no panic: %s", r.log)
		}
	})
}

func TestListen(t *testing.T) {
	taken, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	_, err = Listen(t.Context(), addr)
	var le *ListenError
	if !errors.As(err, &le) || le.Addr != addr || le.Text != "the port is taken by another program" || !strings.HasPrefix(le.Hint, "stop that program, or choose another port with --port") {
		t.Errorf("a port that is taken: %v", err)
	}
	var oe *net.OpError
	if !errors.As(err, &oe) {
		t.Errorf("the error is a %T and does not wrap the system's", err)
	}
}

func TestExplain(t *testing.T) {
	system := func(n syscall.Errno) error { return &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", n)} }
	const address = "hint: --hostname is an address of this machine: 127.0.0.1 for itself alone, 0.0.0.0 for all interfaces"
	for _, c := range []struct {
		addr string
		err  error
		want string
	}{
		{"1.2.3.4:3000", system(syscall.EADDRINUSE), "1.2.3.4:3000: the port is taken by another program\nhint: stop that program, or choose another port with --port 3001"},
		{":65535", system(wsaAddrInUse), ":65535: the port is taken by another program\nhint: stop that program, or choose another port with --port"},
		{":80", system(syscall.EACCES), ":80: this user may not listen on that port\nhint: ports below 1024 need a privilege; choose another with --port"},
		{":5000", system(wsaAccess), ":5000: this user may not listen on that port\nhint: choose another port with --port"},
		{"1.2.3.4:80", system(syscall.EADDRNOTAVAIL), "1.2.3.4:80: this machine has no such address\n" + address},
		{"1.2.3.4:80", system(wsaAddrNotAvail), "1.2.3.4:80: this machine has no such address\n" + address},
		{"my.host:80", &net.OpError{Op: "listen", Err: &net.DNSError{Name: "my.host"}}, "my.host:80: there is no host named my.host\n" + address},
		{"8080", &net.OpError{Op: "listen", Err: &net.AddrError{Err: "missing port in address", Addr: "8080"}}, "8080: this is no address\nhint: write host:port, such as 127.0.0.1:3000, or :3000 for all interfaces; an IPv6 address is in brackets; or unix:/path, or systemd"},
		{":80", errors.New("something else"), ":80: something else"},
	} {
		if err := explain(c.addr, c.err); err.Error() != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s, %v: the error is\n%v\nwant\n%s", c.addr, c.err, err, c.want)
		}
	}
}
