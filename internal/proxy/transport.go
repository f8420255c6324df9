package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"slices"
	"time"
)

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// transport has the connections to one upstream, or to all that have no
// settings of their own.
type transport struct {
	dial   dialFunc
	tls    *tls.Config
	limits Limits
	any    *http.Transport // HTTP/1 or HTTP/2
	one    *http.Transport // HTTP/1 alone, for upgrades: HTTP/2 has none
}

const (
	// maxIdle is how many connections wait for the next request at one server: as
	// many as a busy host uses at once, or each burst would connect anew.
	maxIdle = 256
	// idleTime is how long they wait. Servers end them earlier (Node after 5
	// seconds), which the transport notices.
	idleTime = 60 * time.Second
)

// newTransport makes one for a server of that name; "" is the name of whatever
// host is connected to.
func newTransport(o Options, name string, dial dialFunc) *transport {
	t := &transport{dial: dial, limits: o.Limits}
	if o.TLS != nil {
		t.tls = o.TLS.Clone()
	} else {
		t.tls = &tls.Config{}
	}
	if t.tls.ServerName == "" {
		t.tls.ServerName = name
	}
	if t.tls.ClientSessionCache == nil {
		t.tls.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	}
	protos := t.tls.NextProtos
	if protos == nil {
		protos = []string{"h2", "http/1.1"}
	}
	t.any = t.http(o, protos)
	t.one = t.http(o, []string{"http/1.1"})
	return t
}

func (t *transport) http(o Options, protos []string) *http.Transport {
	h := &http.Transport{
		DialContext: t.dialPlain,
		DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return t.dialTLS(ctx, network, addr, protos)
		},
		Protocols:              new(http.Protocols),
		DisableCompression:     true, // what is compressed goes through as it is
		MaxIdleConnsPerHost:    maxIdle,
		IdleConnTimeout:        idleTime,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: o.MaxResponseHeaderBytes,
		WriteBufferSize:        32 << 10,
		HTTP2: &http.HTTP2Config{
			// One dead connection holds many requests up: it is found by asking.
			SendPingTimeout: 15 * time.Second,
			PingTimeout:     10 * time.Second,
		},
	}
	h.Protocols.SetHTTP1(true)
	h.Protocols.SetHTTP2(slices.Contains(protos, "h2"))
	return h
}

// RoundTrip sends a request.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header["Upgrade"] != nil {
		return t.one.RoundTrip(r)
	}
	return t.any.RoundTrip(r)
}

func (t *transport) close() {
	t.any.CloseIdleConnections()
	t.one.CloseIdleConnections()
}

// dialError says that there is no connection, so that nothing was sent.
type dialError struct {
	err     error
	timeout bool
	tls     bool
}

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// connectLimit ends a dial in time. The transport runs it without the end of
// the request, for whoever needs the connection next.
func (t *transport) connectLimit(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := t.limits.ConnectTimeout
	if f, ok := ctx.Value(flightKey{}).(*flight); ok {
		limit = f.limits.ConnectTimeout
	}
	if limit <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, limit, errConnectTimeout)
}

func notConnected(ctx context.Context, err error) *dialError {
	timeout := errors.Is(err, os.ErrDeadlineExceeded) || context.Cause(ctx) == errConnectTimeout
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		timeout = true
	}
	return &dialError{err: err, timeout: timeout}
}

func (t *transport) dialPlain(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := t.connectLimit(ctx)
	defer cancel()
	c, err := t.dial(ctx, network, addr)
	if err != nil {
		return nil, notConnected(ctx, err)
	}
	return newConn(c), nil
}

// dialTLS makes the handshake itself: HTTP/1 goes over a conn of ours, HTTP/2
// over the *tls.Conn that the transport wants to see.
func (t *transport) dialTLS(ctx context.Context, network, addr string, protos []string) (net.Conn, error) {
	ctx, cancel := t.connectLimit(ctx)
	defer cancel()
	c, err := t.dial(ctx, network, addr)
	if err != nil {
		return nil, notConnected(ctx, err)
	}
	config := t.tls.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(addr)
	}
	config.NextProtos = protos
	tc := tls.Client(c, config)
	if err := tc.HandshakeContext(ctx); err != nil {
		closeOf(c)
		e := notConnected(ctx, err)
		e.tls = true
		return nil, e
	}
	if tc.ConnectionState().NegotiatedProtocol == "h2" {
		return tc, nil
	}
	return newConn(tc), nil
}
