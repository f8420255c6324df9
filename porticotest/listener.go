package porticotest

import (
	"context"
	"net"
	"sync"
)

// listener is a net.Listener whose connections are pipes.
type listener struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once

	mu    sync.Mutex
	conns map[*conn]struct{} // the clients' ends
	next  int                // the next client's port
	over  bool
}

func newListener() *listener {
	return &listener{accept: make(chan net.Conn), closed: make(chan struct{}), conns: map[*conn]struct{}{}, next: 49152}
}

// Accept waits for a client.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accept:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close refuses further clients.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is a made-up address. 192.0.2.0/24 is for documentation (RFC 5737), and
// nobody's.
func (l *listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 80), Port: 80} }

// dial makes a connection and waits until the server takes it.
func (l *listener) dial(ctx context.Context, addr string) (net.Conn, error) {
	client, server := net.Pipe()
	l.mu.Lock()
	if l.over {
		l.mu.Unlock()
		return nil, &net.OpError{Op: "dial", Net: "memory", Addr: l.Addr(), Err: net.ErrClosed}
	}
	from := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: l.next}
	l.next++
	c := &conn{Conn: client, local: from, remote: l.Addr(), l: l}
	l.conns[c] = struct{}{}
	l.mu.Unlock()
	select {
	case l.accept <- &conn{Conn: server, local: l.Addr(), remote: from}:
		return c, nil
	case <-l.closed:
		c.Close()
		return nil, &net.OpError{Op: "dial", Net: "memory", Addr: l.Addr(), Err: net.ErrClosed}
	case <-ctx.Done():
		c.Close()
		return nil, ctx.Err()
	}
}

// hangUp closes what clients have open: the server sees them leave.
func (l *listener) hangUp() {
	l.mu.Lock()
	l.over = true
	var open []*conn
	for c := range l.conns {
		open = append(open, c)
	}
	l.mu.Unlock()
	for _, c := range open {
		c.Close()
	}
}

// conn is one end of a pipe with addresses such as a socket has.
type conn struct {
	net.Conn
	local, remote net.Addr
	l             *listener // nil at the server's end
}

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// Close closes both directions.
func (c *conn) Close() error {
	if c.l != nil {
		c.l.mu.Lock()
		delete(c.l.conns, c)
		c.l.mu.Unlock()
	}
	return c.Conn.Close()
}
