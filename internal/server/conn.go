package server

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// BodyError is what reading a request's body gives when its framing is broken.
// The request's context has ended then. The client is answered with 400, and
// its connection closed.
type BodyError struct{ text string }

func (e *BodyError) Error() string { return "the request's body is malformed: " + e.text }

// Malformed tells this error from those of the network for packages that do not
// import this one.
func (e *BodyError) Malformed() bool { return true }

// conn is an HTTP/1 connection. It stands between net/http and the socket for
// three things that net/http has no setting for: framing without a second
// reading, time limits that go by progress, and knowing at a drain whether a
// request has begun.
type conn struct {
	net.Conn
	limits *limits
	open   *registry

	// The reading side; net/http has one reader at a time.
	scan    scanner
	pending []byte // read, and not scanned yet
	err     error  // of every read from now on

	late    *violation   // of a head that net/http has not come to
	inBody  atomic.Bool  // the next byte belongs to a body
	linger  atomic.Bool  // a message was refused
	refused atomic.Bool  // it was a head, and the answer is written
	serving bool         // a handler runs
	started int          // requests that net/http has begun
	state   atomic.Int32 // one of those below
	since   atomic.Int64 // when it became idle, in Unix nanoseconds

	deadline            readDeadline
	readSet, writeSet   atomic.Int64 // when we last set a deadline
	readUser, writeUser atomic.Bool  // the handler has set one itself
}

// States of a conn.
const (
	idle int32 = iota
	busy       // a byte of a request was read, and its answer is not complete
	hijacked
	closed
)

// limits are what a server's connections have in common.
type limits struct {
	target, fields int
	body, write    time.Duration // 0 is none
	buffers        sync.Pool     // *[]byte, for what is copied
}

// plainConn is a conn without TLS: net/http sends files through it.
type plainConn struct{ conn }

// secureConn is a conn with TLS. net/http takes Request.TLS from it.
type secureConn struct {
	conn
	tls tls.ConnectionState
}

func (c *secureConn) ConnectionState() tls.ConnectionState { return c.tls }

// base is how the hook of the states finds a conn.
func (c *conn) base() *conn { return c }

func (c *conn) init(inner net.Conn, l *limits, open *registry) {
	c.Conn, c.limits, c.open = inner, l, open
	c.scan = scanner{maxTarget: l.target, maxFields: l.fields}
	c.since.Store(time.Now().UnixNano())
	open.add(c)
}

// NetConn is the connection below.
func (c *conn) NetConn() net.Conn { return c.Conn }

func (c *conn) Read(p []byte) (int, error) {
	if c.state.Load() == hijacked {
		if len(c.pending) > 0 {
			return c.takePending(p), nil
		}
		return c.Conn.Read(p)
	}
	if c.late != nil {
		c.refuse(c.late)
	}
	if c.err != nil {
		return 0, c.err
	}
	var n int
	var err error
	if len(c.pending) > 0 {
		n = c.takePending(p)
	} else {
		c.extendRead()
		for {
			n, err = c.Conn.Read(p)
			if n > 0 || err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || !c.deadline.again(c.Conn) {
				break
			}
		}
	}
	if n == 0 {
		return 0, err
	}
	if !c.state.CompareAndSwap(idle, busy) && c.state.Load() == closed {
		return 0, net.ErrClosed // a drain was quicker
	}
	watching := c.serving && !c.inBody.Load() // net/http looks whether the client is still there
	k, m, v := c.scan.scan(p[:n])
	if b := c.scan.inMessageBody(); b != c.inBody.Load() {
		c.inBody.Store(b)
	}
	switch {
	case v == nil && k == n:
		return n, err
	case v == nil: // an upgrade: what follows is looked at when net/http wants it
		c.pending = append([]byte(nil), p[k:n]...)
		return k, nil
	case m.start > 0:
		// Requests before this one are whole. net/http must have answered them
		// when it hears of this one, so it is looked at again then.
		c.pending = append([]byte(nil), p[m.start:n]...)
		c.scan.heads = m.heads
		c.scan.restart()
		c.inBody.Store(false)
		return m.start, nil
	case v.body:
		// To net/http this is a client that has left, and it ends the request's
		// context: what was begun for a request of which nobody knows where it
		// ends is given up.
		c.err = &BodyError{v.text}
		c.linger.Store(true)
		if v.start > 0 {
			return v.start, nil
		}
		return 0, c.err
	case watching: // an answer is being written; ours has to wait
		c.late = v
		return n, nil
	}
	c.refuse(v)
	return 0, c.err
}

func (c *conn) takePending(p []byte) int {
	n := copy(p, c.pending)
	if c.pending = c.pending[n:]; len(c.pending) == 0 {
		c.pending = nil
	}
	return n
}

// Time that a client has to take the last answer that it gets.
const (
	refuseTimeout = 5 * time.Second
	lingerTimeout = 500 * time.Millisecond
)

// errRefused is an error of reading as net/http knows them from sockets: it
// leaves without a word of its own, unless the line that broke off looks wrong
// to it; Write keeps that back.
func errRefused() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: errors.New("the request was refused")}
}

// refuse answers in place of net/http, while that waits for the rest of a head
// and nothing else is written.
func (c *conn) refuse(v *violation) {
	c.late, c.err = nil, errRefused()
	c.linger.Store(true)
	status := strconv.Itoa(v.status) + " " + http.StatusText(v.status)
	body := status + ": " + v.text + "\n"
	_ = c.Conn.SetWriteDeadline(time.Now().Add(refuseTimeout))
	_, _ = io.WriteString(c.Conn, "HTTP/1.1 "+status+"\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\nConnection: close\r\n\r\n"+body)
	c.refused.Store(true)
}

// extendRead gives a body that much time from now for its next bytes. Deadlines
// are set anew only when an eighth of the time has passed.
func (c *conn) extendRead() {
	limit := c.limits.body
	if limit <= 0 || !c.inBody.Load() || c.readUser.Load() {
		return
	}
	now := time.Now()
	if t := c.readSet.Load(); t == 0 || now.UnixNano()-t > int64(limit/8) {
		c.readSet.Store(now.UnixNano())
		_ = c.deadline.set(c.Conn, now.Add(limit))
	}
}

// SetReadDeadline is called by net/http between messages, and for handlers that
// set a deadline of their own for the body; that then holds.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.readSet.Store(0)
	c.readUser.Store(!t.IsZero() && c.inBody.Load())
	if c.state.Load() == hijacked {
		return c.Conn.SetReadDeadline(t)
	}
	return c.deadline.set(c.Conn, t)
}

// SetWriteDeadline is as SetReadDeadline.
func (c *conn) SetWriteDeadline(t time.Time) error {
	if t.IsZero() && !c.writeUser.Swap(false) && c.writeSet.Load() != 0 {
		return nil // net/http's, after each answer: ours is set anew before each write
	}
	c.writeUser.Store(!t.IsZero())
	c.writeSet.Store(0)
	return c.Conn.SetWriteDeadline(t)
}

func (c *conn) extendWrite() {
	limit := c.limits.write
	if limit <= 0 || c.writeUser.Load() || c.state.Load() == hijacked {
		return
	}
	now := time.Now()
	if t := c.writeSet.Load(); t == 0 || now.UnixNano()-t > int64(limit/8) {
		c.writeSet.Store(now.UnixNano())
		_ = c.Conn.SetWriteDeadline(now.Add(limit))
	}
}

// writePiece is what a client must take within the time limit.
const writePiece = 256 << 10

func (c *conn) Write(b []byte) (n int, err error) {
	if c.refused.Load() {
		return len(b), nil
	}
	for {
		piece := b[:min(len(b), writePiece)]
		c.extendWrite()
		k, err := c.Conn.Write(piece)
		n += k
		if b = b[k:]; err != nil || len(b) == 0 {
			return n, err
		}
	}
}

// ReadFrom is how net/http sends files without copying them.
func (c *plainConn) ReadFrom(r io.Reader) (total int64, err error) {
	to, ok := c.Conn.(io.ReaderFrom)
	if ok && c.state.Load() == hijacked {
		return to.ReadFrom(r)
	}
	whole, limited := r.(*io.LimitedReader)
	var file *os.File
	if limited {
		file, _ = whole.R.(*os.File)
	} else {
		file, _ = r.(*os.File)
	}
	if ok && file != nil {
		info, err := file.Stat()
		ok = err == nil && info.Mode().IsRegular()
	}
	if !ok || file == nil {
		// What may pause must not hold the connection's time while it does.
		buf, _ := c.limits.buffers.Get().(*[]byte)
		if buf == nil {
			b := make([]byte, 32<<10)
			buf = &b
		}
		defer c.limits.buffers.Put(buf)
		return io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{r}, *buf)
	}
	// In pieces, for the time limit. The system's call sees through one
	// LimitedReader only, so one that is there already is cut up itself.
	for {
		piece := &io.LimitedReader{R: file, N: writePiece}
		if limited {
			if whole.N <= 0 {
				return total, nil
			}
			piece.N = min(whole.N, writePiece)
		}
		asked := piece.N
		c.extendWrite()
		n, err := to.ReadFrom(piece)
		total += n
		if limited {
			whole.N -= n
		}
		if err != nil || n < asked {
			return total, err
		}
	}
}

// CloseWrite is what net/http does before it waits for a client to hear its
// last answer.
func (c *conn) CloseWrite() error {
	if cw, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return nil
}

// Close closes the connection. A client whose message was refused may still be
// sending; it would lose the answer if its bytes met a closed socket.
func (c *conn) Close() error {
	if c.state.Swap(closed) == closed {
		return c.Conn.Close()
	}
	c.open.remove(c)
	if c.linger.Load() && !c.open.ended.Load() && c.CloseWrite() == nil {
		_ = c.Conn.SetReadDeadline(time.Now().Add(lingerTimeout))
		_, _ = io.CopyN(io.Discard, c.Conn, 1<<20)
	}
	return c.Conn.Close()
}

// entered follows net/http's states of a connection.
func (c *conn) entered(s http.ConnState) {
	switch s {
	case http.StateActive:
		c.serving = true
		c.started++
	case http.StateIdle:
		c.serving = false
		// A client that sends requests ahead has perhaps sent the next one.
		if c.started >= c.scan.heads && c.scan.state == betweenMessages && len(c.pending) == 0 {
			c.since.Store(time.Now().UnixNano())
			c.state.CompareAndSwap(busy, idle)
		}
	case http.StateHijacked:
		c.state.Store(hijacked)
	}
}

// chunkedBody is a body whose framing the scanner reads as well. When that has
// stopped it, what net/http makes of the missing rest is not the reason.
type chunkedBody struct {
	io.ReadCloser
	c *conn // nil behind a listener that is not ours
}

func (b *chunkedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var ne net.Error
	var known *BodyError
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.As(err, &known), errors.As(err, &ne), errors.Is(err, http.ErrBodyReadAfterClose):
		return n, err
	case b.c != nil && errors.As(b.c.err, &known):
		return n, known
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, err // the client has left
	}
	return n, &BodyError{err.Error()}
}

// registry has the open connections of HTTP/1.
type registry struct {
	mu    sync.Mutex
	conns map[*conn]struct{}
	ended atomic.Bool
}

func (r *registry) add(c *conn) {
	r.mu.Lock()
	r.conns[c] = struct{}{}
	r.mu.Unlock()
}

func (r *registry) remove(c *conn) {
	r.mu.Lock()
	delete(r.conns, c)
	r.mu.Unlock()
}

// sweep closes connections that have been idle since before, and counts those
// with a request under way and those that were taken over.
func (r *registry) sweep(before time.Time) (working, taken int) {
	var leave []*conn
	r.mu.Lock()
	for c := range r.conns {
		switch c.state.Load() {
		case idle:
			if c.since.Load() > before.UnixNano() {
				working++ // it is young: its request may be on the way
			} else {
				leave = append(leave, c)
			}
		case busy:
			working++
		case hijacked:
			taken++
		}
	}
	r.mu.Unlock()
	for _, c := range leave {
		if c.state.CompareAndSwap(idle, closed) {
			r.remove(c)
			_ = c.Conn.Close()
		} else {
			working++
		}
	}
	return working, taken
}

// end closes all that are left.
func (r *registry) end() {
	r.ended.Store(true)
	r.mu.Lock()
	left := make([]*conn, 0, len(r.conns))
	for c := range r.conns {
		left = append(left, c)
	}
	r.mu.Unlock()
	for _, c := range left {
		_ = c.Close()
	}
}
