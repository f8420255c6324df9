package proxy

import (
	"bufio"
	"context"
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
	"testing/synctest"
	"time"
)

// network is connections in memory, so that tests have a clock of their own.
// Hosts answer by functions; what has none does not exist.
type network struct {
	hosts map[string]func(c net.Conn)
	all   sync.WaitGroup

	mu     sync.Mutex
	dialed []string
}

func (n *network) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	n.dialed = append(n.dialed, addr)
	n.mu.Unlock()
	serve, ok := n.hosts[addr]
	switch {
	case !ok:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	case serve == nil: // packets get lost
		<-ctx.Done()
		return nil, ctx.Err()
	}
	here, there := net.Pipe()
	n.all.Go(func() {
		defer closeOf(there)
		serve(there)
	})
	return here, nil
}

func (n *network) count(addr string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := 0
	for _, d := range n.dialed {
		if d == addr {
			c++
		}
	}
	return c
}

// answers is a host that answers each request with what f says.
func answers(f func(header string) string) func(net.Conn) {
	return func(c net.Conn) {
		br := bufio.NewReader(c)
		for {
			h, _, err := readRequest(br)
			if err != nil {
				return
			}
			a := f(h)
			if a == "" {
				return
			}
			if _, err := io.WriteString(c, a); err != nil {
				return
			}
		}
	}
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// inMemory runs a test with a proxy whose upstreams are hosts, on a clock of its
// own.
func inMemory(t *testing.T, c Config, hosts map[string]func(net.Conn), f func(t *testing.T, n *network, p *Proxy)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := &network{hosts: hosts}
		c.DialContext = n.dial
		p, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		f(t, n, p)
		p.Close()
		n.all.Wait()
	})
}

// do sends a request and says what came of it, and how long it took.
func do(t *testing.T, p *Proxy, method, rawURL string, body io.Reader, l Limits) (string, time.Duration) {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, "/", body)
	start := time.Now()
	w := httptest.NewRecorder()
	err = serve(p, w, r, Target{URL: u, Limits: l})
	took := time.Since(start)
	var e *Error
	switch {
	case errors.As(err, &e):
		s := fmt.Sprintf("%d %s", e.Status, e.Reason)
		if e.RetryAfter > 0 {
			s += fmt.Sprintf(" (%v)", e.RetryAfter)
		}
		return s, took
	case err != nil:
		return err.Error(), took
	}
	return fmt.Sprintf("%d %s", w.Code, w.Body), took
}

var errAborted = errors.New("aborted")

func serve(p *Proxy, w http.ResponseWriter, r *http.Request, t Target) (err error) {
	defer func() {
		if v := recover(); v == http.ErrAbortHandler {
			err = errAborted
		} else if v != nil {
			panic(v)
		}
	}()
	return p.Serve(w, r, t)
}

func TestLimits(t *testing.T) {
	silent := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	hosts := map[string]func(net.Conn){
		"lost:80":   nil,
		"lost:443":  nil,
		"silent:80": silent,
		// A handshake without an answer.
		"silent:443": silent,
		"deaf:80":    func(c net.Conn) { <-deafness(c) },
		"header:80":  answers(func(string) string { return "HTTP/1.1 200 OK\r\nContent-Len" }),
		"slow:80": func(c net.Conn) {
			if _, _, err := readRequest(bufio.NewReader(c)); err != nil {
				return
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
			for range 5 {
				time.Sleep(50 * time.Second) // of the test's clock
				if _, err := io.WriteString(c, "a"); err != nil {
					return
				}
			}
			_, _ = io.Copy(io.Discard, c)
		},
		"hints:80": func(c net.Conn) {
			if _, _, err := readRequest(bufio.NewReader(c)); err != nil {
				return
			}
			for {
				time.Sleep(20 * time.Second)
				if _, err := io.WriteString(c, "HTTP/1.1 102 Processing\r\n\r\n"); err != nil {
					return
				}
			}
		},
	}
	for _, c := range []struct {
		name, method, url string
		body              io.Reader
		limits            Limits
		want              string
		took              time.Duration
	}{
		{"no connection", "GET", "http://lost", nil, Limits{}, "504 no connection to the upstream in time", 10 * time.Second},
		{"no connection, limit of the rule", "GET", "http://lost", nil, Limits{ConnectTimeout: time.Second}, "504 no connection to the upstream in time", time.Second},
		{"no connection, over TLS", "GET", "https://lost", nil, Limits{}, "504 no connection to the upstream in time", 10 * time.Second},
		{"no handshake", "GET", "https://silent", nil, Limits{}, "504 no connection to the upstream in time", 10 * time.Second},
		{"nobody there", "GET", "http://nobody", nil, Limits{}, "502 the upstream cannot be reached", 0},
		{"no answer", "GET", "http://silent", nil, Limits{}, "504 the upstream did not answer in time", 30 * time.Second},
		{"no answer, limit of the rule", "GET", "http://silent", nil, Limits{ResponseTimeout: time.Minute}, "504 the upstream did not answer in time", time.Minute},
		{"no answer to a body", "POST", "http://silent", strings.NewReader("hello"), Limits{}, "504 the upstream did not answer in time", 30 * time.Second},
		{"half a header", "GET", "http://header", nil, Limits{}, "504 the upstream did not answer in time", 30 * time.Second},
		{"no answer but hints", "GET", "http://hints", nil, Limits{}, "504 the upstream did not answer in time", 30 * time.Second},
		{"a request that is not read", "PUT", "http://deaf", strings.NewReader(strings.Repeat("a", 1<<20)), Limits{}, "504 the upstream did not take the request in time", 5 * time.Minute},
		{"total", "GET", "http://silent", nil, Limits{TotalTimeout: 7 * time.Second}, "504 the request to the upstream took too long", 7 * time.Second},
		{"total, while connecting", "GET", "http://lost", nil, Limits{TotalTimeout: 7 * time.Second}, "504 the request to the upstream took too long", 7 * time.Second},
		{"total, in the middle of an answer", "GET", "http://slow", nil, Limits{TotalTimeout: 120 * time.Second}, "aborted", 120 * time.Second},
		{"bytes keep it alive, and then none come", "GET", "http://slow", nil, Limits{IdleTimeout: time.Minute}, "aborted", 250*time.Second + time.Minute},
		{"idle between bytes", "GET", "http://slow", nil, Limits{IdleTimeout: 20 * time.Second}, "aborted", 20 * time.Second},
		{"no limit", "GET", "http://silent", nil, Limits{ResponseTimeout: -1, TotalTimeout: 100 * time.Hour}, "504 the request to the upstream took too long", 100 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			inMemory(t, Config{}, hosts, func(t *testing.T, n *network, p *Proxy) {
				got, took := do(t, p, c.method, c.url, c.body, c.limits)
				if got != c.want || took != c.took {
					t.Errorf("got %q after %v, want %q after %v", got, took, c.want, c.took)
				}
			})
		})
	}
}

// deafness waits for the other end to hang up, without reading what was sent.
func deafness(c net.Conn) chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		one := make([]byte, 1)
		for { // a byte an hour is no end of the pipe
			time.Sleep(time.Hour)
			if _, err := c.Read(one); err != nil {
				return
			}
		}
	}()
	return done
}

// Settings go from the most special to the most general.
func TestOptionsOver(t *testing.T) {
	c := Config{
		Default: Options{Limits: Limits{ResponseTimeout: 3 * time.Second, ConnectTimeout: 4 * time.Second}, MaxConcurrent: 9},
		Upstreams: map[string]Options{
			"http://silent": {Limits: Limits{ResponseTimeout: 2 * time.Second}},
		},
	}
	silent := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	hosts := map[string]func(net.Conn){"silent:80": silent, "other:80": silent, "lost:80": nil}
	for _, x := range []struct {
		url    string
		limits Limits
		want   time.Duration
	}{
		{"http://silent", Limits{}, 2 * time.Second},
		{"http://silent", Limits{ResponseTimeout: time.Second}, time.Second},
		{"http://other", Limits{}, 3 * time.Second},
		{"http://lost", Limits{}, 4 * time.Second},
	} {
		inMemory(t, c, hosts, func(t *testing.T, _ *network, p *Proxy) {
			if got, took := do(t, p, "GET", x.url, nil, x.limits); took != x.want {
				t.Errorf("%s %+v: %s after %v, want %v", x.url, x.limits, got, took, x.want)
			}
		})
	}
}

// A client whose body stops is told so: the upstream is not at fault.
func TestBodyStalls(t *testing.T) {
	hosts := map[string]func(net.Conn){"up:80": func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }}
	inMemory(t, Config{}, hosts, func(t *testing.T, _ *network, p *Proxy) {
		client, server := net.Pipe()
		w := &deadlineWriter{ResponseRecorder: httptest.NewRecorder(), conn: server}
		r := httptest.NewRequest("POST", "/", struct{ io.Reader }{server})
		go io.WriteString(client, "hello")
		u, _ := url.Parse("http://up")
		start := time.Now()
		err := serve(p, w, r, Target{URL: u})
		var e *Error
		if !errors.As(err, &e) || e.Status != 408 || time.Since(start) != 5*time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if w.Header().Get("Connection") != "close" {
			t.Error("the connection may be used again")
		}
		closeOf(client)
	})
}

// deadlineWriter is a writer whose request's body comes from conn.
type deadlineWriter struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (w *deadlineWriter) SetReadDeadline(t time.Time) error {
	if t.Before(time.Now()) {
		return w.conn.SetReadDeadline(t)
	}
	return nil
}

// A client that reads nothing does not hold the upstream forever.
func TestClientReadsNothing(t *testing.T) {
	hosts := map[string]func(net.Conn){"up:80": answers(func(string) string {
		return "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("a", 1000000)
	})}
	inMemory(t, Config{}, hosts, func(t *testing.T, n *network, p *Proxy) {
		client, server := net.Pipe()
		s := &http.Server{ErrorLog: quiet()}
		done := make(chan error, 1)
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			u, _ := url.Parse("http://up")
			start := time.Now()
			err := serve(p, w, r, Target{URL: u, Limits: Limits{IdleTimeout: time.Minute}})
			if took := time.Since(start); took != time.Minute {
				t.Errorf("took %v", took)
			}
			done <- err
			panic(http.ErrAbortHandler)
		})
		l := &oneConn{c: make(chan net.Conn, 1), closed: make(chan struct{})}
		l.c <- server
		go s.Serve(l)
		io.WriteString(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if err := <-done; err != errAborted {
			t.Error(err)
		}
		_ = s.Close()
		closeOf(client)
	})
}

// oneConn is a listener for connections that are there already.
type oneConn struct {
	c      chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.c:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l *oneConn) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }

func TestBreaker(t *testing.T) {
	var mu sync.Mutex
	state := "broken"
	var hold chan struct{}
	hosts := map[string]func(net.Conn){"up:80": answers(func(string) string {
		mu.Lock()
		s := state
		mu.Unlock()
		switch s {
		case "broken":
			return ""
		case "held":
			<-hold
		}
		return ok
	})}
	set := func(s string) { mu.Lock(); state = s; mu.Unlock() }
	var log strings.Builder
	c := Config{Default: Options{BreakerFailures: 3, BreakerTime: 20 * time.Second}, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	inMemory(t, c, hosts, func(t *testing.T, n *network, p *Proxy) {
		hold = make(chan struct{}) // of this clock's goroutines
		expect := func(want string) {
			t.Helper()
			if got, _ := do(t, p, "POST", "http://up", nil, Limits{}); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
		const broken = "502 the upstream broke the connection off"
		const open = "503 the upstream has failed too often and is left alone for a while"
		// Failures in a row count: an answer in between begins anew.
		expect(broken)
		expect(broken)
		set("well")
		expect("200 ok")
		set("broken")
		for range 3 {
			expect(broken)
		}
		dials := n.count("up:80")
		expect(open + " (20s)")
		time.Sleep(15 * time.Second)
		expect(open + " (5s)")
		time.Sleep(4500 * time.Millisecond)
		expect(open + " (1s)") // never zero
		if n.count("up:80") != dials {
			t.Error("it was dialled with the circuit open")
		}
		// One request tries, and fails.
		time.Sleep(time.Second)
		expect(broken)
		expect(open + " (20s)")
		// One request tries, and meanwhile no other does.
		time.Sleep(20 * time.Second)
		set("held")
		probe := make(chan string)
		go func() { got, _ := do(t, p, "GET", "http://up", nil, Limits{}); probe <- got }()
		synctest.Wait()
		expect(open + " (1s)")
		close(hold)
		if got := <-probe; got != "200 ok" {
			t.Errorf("probe: %s", got)
		}
		set("well")
		expect("200 ok")
	})
	if got := log.String(); strings.Count(got, "is open") != 1 || strings.Count(got, "answers again") != 1 || !strings.Contains(got, "upstream=http://up:80") {
		t.Errorf("logged:\n%s", got)
	}
}

// A probe whose client leaves says nothing, and the next one tries.
func TestBreakerProbeAbandoned(t *testing.T) {
	first := true
	var hang chan struct{}
	hosts := map[string]func(net.Conn){}
	hosts["up:80"] = func(c net.Conn) {
		br := bufio.NewReader(c)
		for {
			h, _, err := readRequest(br)
			if err != nil {
				return
			}
			switch {
			case strings.Contains(h, "/hang"):
				<-hang
				return
			case first:
				first = false
				return
			}
			io.WriteString(c, ok)
		}
	}
	inMemory(t, Config{Default: Options{BreakerFailures: 1}}, hosts, func(t *testing.T, _ *network, p *Proxy) {
		hang = make(chan struct{})
		if got, _ := do(t, p, "POST", "http://up", nil, Limits{}); !strings.HasPrefix(got, "502") {
			t.Fatal(got)
		}
		time.Sleep(10 * time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		u, _ := url.Parse("http://up/hang")
		done := make(chan error)
		go func() {
			done <- serve(p, httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx), Target{URL: u})
		}()
		synctest.Wait()
		cancel()
		var e *Error
		if err := <-done; !errors.As(err, &e) || e.Status != StatusClientGone {
			t.Error(err)
		}
		if got, _ := do(t, p, "GET", "http://up", nil, Limits{}); got != "200 ok" {
			t.Error(got)
		}
		close(hang)
	})
}

func TestMaxConcurrent(t *testing.T) {
	var release chan struct{}
	held := func(c net.Conn) {
		if _, _, err := readRequest(bufio.NewReader(c)); err == nil {
			<-release
			io.WriteString(c, ok)
		}
	}
	hosts := map[string]func(net.Conn){"a:80": held, "b:80": answers(func(string) string { return ok })}
	c := Config{Upstreams: map[string]Options{"http://a": {MaxConcurrent: 3}}}
	inMemory(t, c, hosts, func(t *testing.T, _ *network, p *Proxy) {
		release = make(chan struct{})
		results := make(chan string)
		for range 3 {
			go func() { got, _ := do(t, p, "GET", "http://a", nil, Limits{}); results <- got }()
		}
		synctest.Wait()
		if got, took := do(t, p, "GET", "http://a", nil, Limits{}); got != "503 too many requests to the upstream are under way (1s)" || took != 0 {
			t.Errorf("the fourth: %s after %v", got, took)
		}
		if got, _ := do(t, p, "GET", "http://b", nil, Limits{}); got != "200 ok" {
			t.Errorf("another upstream: %s", got)
		}
		close(release)
		for range 3 {
			if got := <-results; got != "200 ok" {
				t.Error(got)
			}
		}
		if got, _ := do(t, p, "GET", "http://a", nil, Limits{}); got != "200 ok" {
			t.Errorf("afterwards: %s", got)
		}
	})
}

func addresses(t *testing.T, p *Proxy, origin site) map[string]*address {
	t.Helper()
	o := p.origins.known[origin]
	if o == nil {
		t.Fatal(origin)
	}
	all := map[string]*address{}
	for _, a := range o.addresses {
		all[a.host] = a
	}
	return all
}

func TestLeastConnections(t *testing.T) {
	var hold chan struct{}
	var mu sync.Mutex
	count := map[string]int{}
	host := func(name string) func(net.Conn) {
		return answers(func(h string) string {
			mu.Lock()
			count[name]++
			mu.Unlock()
			if strings.Contains(h, "/hold") {
				<-hold
			}
			if !strings.Contains(h, "Host: up\r\n") {
				return "HTTP/1.1 400 Wrong Host\r\nContent-Length: 0\r\n\r\n"
			}
			return ok
		})
	}
	hosts := map[string]func(net.Conn){"a:80": host("a"), "b:81": host("b"), "c:80": host("c")}
	c := Config{Upstreams: map[string]Options{"http://up": {Addresses: []string{"a", "b:81", "c"}}}}
	inMemory(t, c, hosts, func(t *testing.T, _ *network, p *Proxy) {
		hold = make(chan struct{})
		var all sync.WaitGroup
		for range 9 {
			all.Go(func() {
				if got, _ := do(t, p, "GET", "http://up/hold", nil, Limits{}); got != "200 ok" {
					t.Error(got)
				}
			})
			synctest.Wait()
		}
		if got := fmt.Sprint(count); got != "map[a:3 b:3 c:3]" {
			t.Errorf("held requests: %s", got)
		}
		close(hold)
		all.Wait()
		clear(count)
		for range 9 { // one after the other: in turn
			if got, _ := do(t, p, "GET", "http://up/", nil, Limits{}); got != "200 ok" {
				t.Error(got)
			}
		}
		if got := fmt.Sprint(count); got != "map[a:3 b:3 c:3]" {
			t.Errorf("in turn: %s", got)
		}
		for h, a := range addresses(t, p, site{"http", "up", "80"}) {
			if a.active != 0 {
				t.Errorf("%s: %d are under way", h, a.active)
			}
		}
	})
}

// A server that cannot be reached costs no request: another has it. One that
// has failed is left out for a while.
func TestFailover(t *testing.T) {
	var mu sync.Mutex
	count := map[string]int{}
	host := func(name string, answer string) func(net.Conn) {
		return answers(func(string) string {
			mu.Lock()
			defer mu.Unlock()
			count[name]++
			return answer
		})
	}
	for _, c := range []struct {
		name, method string
		body         string
		bad          string
		retried      bool
	}{
		{"nobody, GET", "GET", "", "nobody", true},
		{"nobody, POST", "POST", "", "nobody", true},
		{"nobody, POST with a body", "POST", "body", "nobody", true},
		{"lost, POST with a body", "POST", "body", "lost", true},
		{"broken, GET", "GET", "", "broken", true},
		{"broken, DELETE", "DELETE", "", "broken", true},
		{"broken, PUT", "PUT", "", "broken", true},
		{"broken, PUT with a body", "PUT", "body", "broken", false},
		{"broken, POST", "POST", "", "broken", false},
		{"broken, PATCH", "PATCH", "", "broken", false},
		{"silent, GET", "GET", "", "silent", false}, // the time is up
		{"malformed, GET", "GET", "", "malformed", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			hosts := map[string]func(net.Conn){
				"well:80":      host("well", ok),
				"broken:80":    host("broken", ""),
				"malformed:80": host("malformed", "SMTP ready\r\n"),
				"lost:80":      nil,
				"silent:80":    func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
			}
			conf := Config{Upstreams: map[string]Options{"http://up": {Addresses: []string{"well", c.bad}}}}
			inMemory(t, conf, hosts, func(t *testing.T, n *network, p *Proxy) {
				body := func() io.Reader {
					if c.body == "" {
						return nil
					}
					return strings.NewReader(c.body)
				}
				clear(count)
				failed := 0
				for range 6 {
					if got, _ := do(t, p, c.method, "http://up", body(), Limits{}); got != "200 ok" {
						failed++
					}
				}
				want := 1 // then it is left out
				if c.retried {
					want = 0
				}
				if failed != want {
					t.Errorf("%d of 6 failed, want %d", failed, want)
				}
				if n := n.count(c.bad + ":80"); n != 1 {
					t.Errorf("the bad one was dialled %d times", n)
				}
				// When the time is over it is asked again.
				time.Sleep(10 * time.Second)
				for range 2 {
					do(t, p, c.method, "http://up", body(), Limits{})
				}
				if n := n.count(c.bad + ":80"); n != 2 {
					t.Errorf("the bad one was dialled %d times after a while", n)
				}
			})
		})
	}
}

// When all have failed, the one that failed least is asked; when all circuits
// are open, none is.
func TestAllFailing(t *testing.T) {
	c := Config{Upstreams: map[string]Options{"http://up": {Addresses: []string{"a", "b"}, BreakerFailures: 3}}}
	inMemory(t, c, nil, func(t *testing.T, n *network, p *Proxy) {
		for i := range 3 {
			if got, _ := do(t, p, "GET", "http://up", nil, Limits{}); got != "502 the upstream cannot be reached" {
				t.Fatalf("%d: %s", i, got)
			}
		}
		if a, b := n.count("a:80"), n.count("b:80"); a != 3 || b != 3 {
			t.Errorf("dialled %d and %d times", a, b)
		}
		if got, _ := do(t, p, "GET", "http://up", nil, Limits{}); !strings.HasPrefix(got, "503") || !strings.HasSuffix(got, "(10s)") {
			t.Error(got)
		}
		// One comes back.
		n.hosts = map[string]func(net.Conn){"b:80": answers(func(string) string { return ok })}
		time.Sleep(10 * time.Second)
		for range 4 {
			if got, _ := do(t, p, "GET", "http://up", nil, Limits{}); got != "200 ok" {
				t.Error(got)
			}
		}
	})
}

// What is remembered of origins that nobody configured is bounded.
func TestOriginsAreForgotten(t *testing.T) {
	p, err := New(Config{Upstreams: map[string]Options{"http://kept": {}}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	bad := p.origins.get(site{"http", "failed", "80"}, p)
	l, _ := bad.take(time.Now(), nil)
	l.report(failed, time.Now())
	l.end()
	for i := range 3 * maxOrigins {
		p.origins.get(site{"http", fmt.Sprint("host", i), "80"}, p)
	}
	if n := len(p.origins.known); n > maxOrigins+1 {
		t.Errorf("%d origins", n)
	}
	if p.origins.known[site{"http", "kept", "80"}] == nil || p.origins.known[site{"http", "failed", "80"}] != bad {
		t.Error("one that matters is forgotten")
	}
}
