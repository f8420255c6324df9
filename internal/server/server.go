// Package server is where bytes become requests: sockets, TLS, limits on the
// wire, framing with one reading only, and the end of serving.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options are a server's settings. Of limits, 0 is the default, and a negative
// time is none.
type Options struct {
	Handler http.Handler
	Logger  *slog.Logger
	// Context lends its values to the contexts of all requests, and its end to
	// none of them. Nil has no values.
	Context context.Context

	// HeaderTimeout is how long a TLS handshake, and a request's header from its
	// first byte on, may take. 0 is 10 seconds.
	HeaderTimeout time.Duration
	// BodyTimeout is how long a client may send nothing while its body is waited
	// for; then the body's Read gives os.ErrDeadlineExceeded. 0 is 30 seconds.
	BodyTimeout time.Duration
	// WriteTimeout is how long a client may take for 256 KiB of an answer; then
	// its connection is closed. A stream that pauses is not bound by it. 0 is
	// one minute.
	WriteTimeout time.Duration
	// IdleTimeout is how long a connection may wait for its next request. 0 is
	// 75 seconds.
	IdleTimeout time.Duration
	// MaxHeaderBytes is the size of a request's header fields; more is 431. 0 is
	// 16 KiB, as with Node.
	MaxHeaderBytes int
	// MaxURLBytes is the size of a request's target; more is 414. 0 is 16 KiB.
	MaxURLBytes int

	// TLS is spoken on all listeners but unix sockets. Nil is none.
	TLS *TLS
	// Redirect are listeners for plain HTTP that send clients to https; HTTP-01
	// of ACME is answered there. RedirectOrigin is where to, such as
	// https://example.com; empty is the host that is asked for, on port 443.
	Redirect       []net.Listener
	RedirectOrigin string

	// Draining is called when serving is about to end, before anything else
	// happens: what tells a load balancer that this server is ready says no from
	// here on.
	Draining func()
	// DrainDelay is how long requests are still taken after that, for the load
	// balancer to notice. 0 is none.
	DrainDelay time.Duration
}

const defaultSize = 16 << 10

func orTime(d, standard time.Duration) time.Duration {
	if d == 0 {
		return standard
	}
	return max(d, 0)
}

func (o *Options) withDefaults() Options {
	d := *o
	d.HeaderTimeout = orTime(o.HeaderTimeout, 10*time.Second)
	d.BodyTimeout = orTime(o.BodyTimeout, 30*time.Second)
	d.WriteTimeout = orTime(o.WriteTimeout, time.Minute)
	d.IdleTimeout = orTime(o.IdleTimeout, 75*time.Second)
	if d.MaxHeaderBytes <= 0 {
		d.MaxHeaderBytes = defaultSize
	}
	if d.MaxURLBytes <= 0 {
		d.MaxURLBytes = defaultSize
	}
	if d.Context == nil {
		d.Context = context.Background()
	}
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	return d
}

// ErrDrain is Serve's error when requests had to be ended.
var ErrDrain = errors.New("requests were still under way and were ended")

// Times of a drain. A request that was sent before it began may be in a socket
// that nobody has read yet: nothing is closed that young. Connections in memory,
// those of tests, hide nothing.
const (
	drainGrace    = 100 * time.Millisecond
	drainPoll     = 10 * time.Millisecond
	hijackedGrace = 2 * time.Second // to say goodbye on connections that were taken over
)

// Serve is ServeAll on one listener.
func Serve(ctx, end context.Context, l net.Listener, o Options) error {
	return ServeAll(ctx, end, []net.Listener{l}, o)
}

// ServeAll serves on listeners, which it closes, until ctx ends. Then it calls
// Draining and goes on for DrainDelay; stops accepting; closes connections that
// wait for a request; and waits for requests under way until end is
// over. No request that has reached the server fails. Connections that handlers
// have taken over are told by Draining(ctx) and closed two seconds later, or
// when the last request has ended. It returns nil when all ended by themselves,
// and ErrDrain when time was up.
func ServeAll(ctx, end context.Context, listeners []net.Listener, o Options) error {
	o = o.withDefaults()
	s := &serving{
		o: o, open: registry{conns: map[*conn]struct{}{}}, drain: make(chan struct{}),
		limits: limits{target: o.MaxURLBytes, fields: o.MaxHeaderBytes, body: o.BodyTimeout, write: o.WriteTimeout},
	}
	all := append(append([]net.Listener(nil), listeners...), o.Redirect...)
	closeAll := func() {
		for _, l := range all {
			_ = l.Close()
		}
	}
	defer closeAll()

	var certs *certificates
	if o.TLS != nil {
		var err error
		if certs, err = newCertificates(context.WithoutCancel(ctx), o.TLS, o.Logger, tcpPort(listeners), len(o.Redirect) > 0); err != nil {
			return err
		}
		defer certs.stop()
	}
	main := s.server(s)
	servers := []*http.Server{main}
	failed := make(chan error, len(all))
	for i, l := range listeners {
		if kind := l.Addr().Network(); kind == "tcp" || kind == "unix" {
			s.grace = drainGrace
		}
		if certs != nil && l.Addr().Network() != "unix" {
			l = newTLSListener(l, certs.config, o.HeaderTimeout, s.wrap)
		} else {
			l = s.plain(l)
		}
		all[i] = l
		go func() { failed <- main.Serve(l) }()
	}
	if len(o.Redirect) > 0 {
		h := redirectHandler(o.RedirectOrigin)
		if certs != nil && certs.challenge != nil {
			h = certs.challenge(h)
		}
		plain := s.server(h)
		servers = append(servers, plain)
		for i, l := range o.Redirect {
			l = s.plain(l)
			all[len(listeners)+i] = l
			go func() { failed <- plain.Serve(l) }()
		}
	}
	select {
	case err := <-failed:
		s.open.end()
		for _, h := range servers {
			_ = h.Close()
		}
		return err
	case <-ctx.Done():
	}
	return s.stop(end, servers, closeAll)
}

// tcpPort is the port of the first listener that has one.
func tcpPort(listeners []net.Listener) int {
	for _, l := range listeners {
		if a, ok := l.Addr().(*net.TCPAddr); ok {
			return a.Port
		}
	}
	return 0
}

// serving is one ServeAll.
type serving struct {
	o        Options
	limits   limits
	grace    time.Duration
	open     registry
	draining atomic.Bool
	drain    chan struct{}
}

type (
	drainKey struct{}
	connKey  struct{}
)

// Draining gives a channel that is closed when the server of a request begins
// to stop; nil when the request came from none. A handler that has taken over
// its connection says goodbye on it then.
func Draining(ctx context.Context) <-chan struct{} {
	c, _ := ctx.Value(drainKey{}).(chan struct{})
	return c
}

func (s *serving) server(h http.Handler) *http.Server {
	base := context.WithValue(context.WithoutCancel(s.o.Context), drainKey{}, s.drain)
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: s.o.HeaderTimeout,
		IdleTimeout:       s.o.IdleTimeout,
		// The scanner has its own limits for HTTP/1; this one is for HTTP/2, and
		// must not come before those.
		MaxHeaderBytes: s.o.MaxHeaderBytes + s.o.MaxURLBytes,
		HTTP2:          &http.HTTP2Config{WriteByteTimeout: s.o.WriteTimeout},
		ErrorLog:       slog.NewLogLogger(quiet{s.o.Logger.Handler()}, slog.LevelWarn),
		BaseContext:    func(net.Listener) context.Context { return base },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if b, ok := c.(interface{ base() *conn }); ok {
				return context.WithValue(ctx, connKey{}, b.base())
			}
			return ctx
		},
		ConnState: func(c net.Conn, state http.ConnState) {
			if b, ok := c.(interface{ base() *conn }); ok {
				b.base().entered(state)
			}
		},
	}
}

// wrap makes an HTTP/1 connection one of ours.
func (s *serving) wrap(inner net.Conn, state *tls.ConnectionState) net.Conn {
	if state != nil {
		c := &secureConn{tls: *state}
		c.init(inner, &s.limits, &s.open)
		return c
	}
	c := &plainConn{}
	c.init(inner, &s.limits, &s.open)
	return c
}

// plainListener is a listener without TLS.
type plainListener struct {
	net.Listener
	s      *serving
	closed func() error
}

func (s *serving) plain(l net.Listener) *plainListener {
	return &plainListener{l, s, sync.OnceValue(l.Close)}
}

// Close is no error a second time: a drain closes, and net/http does.
func (l *plainListener) Close() error { return l.closed() }

func (l *plainListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.s.wrap(c, nil), nil
}

// ServeHTTP has what the scanner does not do: errors of bodies, HTTP/2, and the
// last answer on a connection.
func (s *serving) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		w.Header().Set("Connection", "close") // HTTP/2's server says GOAWAY for it
	}
	if r.ProtoMajor == 1 && r.ContentLength < 0 {
		c, _ := r.Context().Value(connKey{}).(*conn)
		body := r.Body
		// A copy: net/http knows by the body of its own whether a client still
		// waits for 100 Continue.
		r = r.WithContext(r.Context())
		r.Body = &chunkedBody{body, c}
	}
	if r.ProtoMajor == 2 {
		if len(r.RequestURI) > s.o.MaxURLBytes {
			http.Error(w, errURLTooLong.text, errURLTooLong.status)
			return
		}
		if r.Body != nil && r.ContentLength != 0 && s.o.BodyTimeout > 0 {
			r.Body = &timedBody{ReadCloser: r.Body, c: http.NewResponseController(w), limit: s.o.BodyTimeout}
		}
	}
	s.o.Handler.ServeHTTP(w, r)
}

// timedBody is the body of an HTTP/2 request, whose connection is shared.
type timedBody struct {
	io.ReadCloser
	c     *http.ResponseController
	limit time.Duration
	set   time.Time
}

func (b *timedBody) Read(p []byte) (int, error) {
	if now := time.Now(); now.Sub(b.set) > b.limit/8 {
		b.set = now
		_ = b.c.SetReadDeadline(now.Add(b.limit))
	}
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.c.SetReadDeadline(time.Time{})
	}
	return n, err
}

// stop is the drain.
func (s *serving) stop(end context.Context, servers []*http.Server, closeListeners func()) error {
	began := time.Now()
	s.draining.Store(true)
	close(s.drain)
	if s.o.Draining != nil {
		s.o.Draining()
	}
	wait(end, s.o.DrainDelay+s.grace)
	closeListeners()

	tick := time.NewTicker(drainPoll)
	defer tick.Stop()
	working, taken := 1, 0
	for {
		now := time.Now()
		working, taken = s.open.sweep(now.Add(-s.grace))
		if working == 0 && (taken == 0 || now.Sub(began) > hijackedGrace) {
			break
		}
		select {
		case <-tick.C:
			continue
		case <-end.Done():
		}
		break
	}
	// What is left to Shutdown is HTTP/2: it tells clients, and waits for their
	// streams. Before HTTP/1 was quiet it would have thrown away heads that are
	// being read.
	var err error
	if working == 0 {
		for _, h := range servers {
			if e := h.Shutdown(end); e != nil && err == nil {
				err = e
			}
		}
	}
	s.open.end()
	if working > 0 || err != nil {
		for _, h := range servers {
			_ = h.Close()
		}
		if working > 0 || end.Err() != nil {
			return ErrDrain
		}
	}
	return err
}

// wait is over after d, or with ctx.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// quiet drops what net/http logs about clients' own doings.
type quiet struct{ slog.Handler }

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "TLS handshake error") || strings.Contains(r.Message, "URL query contains semicolon") {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}
