package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
)

// conn is a connection for HTTP/1. It follows the answers that are read from
// it, for what http.Transport does not tell or hold to:
//
//   - an answer with both lengths is refused: the transport would take the
//     chunks and drop the other (RFC 9112 §6.3 calls that an error);
//   - bytes that follow an answer are never the answer to the next request;
//   - an upstream that answers and hangs up before it has read all of a request
//     is heard: the transport's write would fail and hide the answer;
//   - the Connection field is known even when it says close, which makes
//     net/http delete it, and what else it names;
//   - the reading of a request's body ends when the connection does.
type conn struct {
	net.Conn
	flight atomic.Pointer[flight]

	due      atomic.Uint32 // a request has the connection, and nothing of it is written
	expected atomic.Uint32 // its bytes go out, so that an answer may come in
	spoiled  atomic.Bool   // what is read next belongs to no request

	answer answer // of the goroutine that reads

	once sync.Once
	over chan struct{} // no more will be read
}

const (
	dueAny uint32 = 1 + iota
	dueHead
)

var (
	errUnasked = fmt.Errorf("%w: bytes that nobody asked for", errMalformed)
	errLengths = fmt.Errorf("%w: both Content-Length and Transfer-Encoding", errMalformed)
	errOldTE   = fmt.Errorf("%w: Transfer-Encoding in HTTP/1.0", errMalformed)
)

func newConn(c net.Conn) *conn { return &conn{Conn: c, over: make(chan struct{})} }

// begin gives the connection to a request.
func (c *conn) begin(f *flight) {
	c.flight.Store(f)
	f.conn.Store(c)
	due := dueAny
	if f.r.Method == http.MethodHead {
		due = dueHead
	}
	c.due.Store(due)
}

func (c *conn) Read(p []byte) (int, error) {
	if c.spoiled.Load() {
		c.end()
		return 0, errUnasked
	}
	n, err := c.Conn.Read(p)
	if err != nil {
		c.end()
	}
	if n == 0 || c.answer.state == free {
		return n, err
	}
	if c.answer.state == none {
		due := c.expected.Swap(0)
		if due == 0 {
			c.spoiled.Store(true)
			c.end()
			return 0, errUnasked
		}
		c.answer.begin(due == dueHead)
	}
	used, bad := c.answer.follow(p[:n])
	if bad != nil {
		c.spoiled.Store(true)
		c.end()
		return 0, bad
	}
	if a := &c.answer; a.connection != nil && a.state != first && a.state != fields {
		// Told now: the connection may be another request's when it is asked for.
		if f := c.flight.Load(); f != nil {
			values := a.connection
			f.connection.Store(&values)
		}
		a.connection = nil
	}
	if c.answer.state == none {
		// Told now, as above. Nothing that is read of the answer waits any more.
		if f := c.flight.Load(); f != nil {
			f.arrived.Store(true)
		}
	}
	if used < n {
		c.spoiled.Store(true)
		return used, nil
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	if due := c.due.Swap(0); due != 0 {
		c.expected.Store(due)
	}
	if c.spoiled.Load() {
		return 0, errUnasked // nothing is written: the request may go elsewhere
	}
	n, err := c.Conn.Write(p)
	if err != nil {
		// The answer that explains it may be still to be read.
		<-c.over
	}
	return n, err
}

func (c *conn) end() { c.once.Do(func() { close(c.over) }) }

// Close also ends the reading of the request's body: the transport waits for
// that before it says that an upstream is gone, and a client may wait for us.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.end()
	if f := c.flight.Load(); f != nil {
		f.disconnected()
	}
	return err
}

// CloseWrite ends one direction of an upgraded connection.
func (c *conn) CloseWrite() error {
	if h, ok := c.Conn.(halfCloser); ok {
		return h.CloseWrite()
	}
	return errors.ErrUnsupported
}

// state is where in an answer the next byte is.
type state uint8

const (
	none     state = iota // after one, before the next
	free                  // whatever comes: until the connection's end, or another protocol
	first                 // the status line
	fields                // the header
	fixed                 // a body of known length
	size                  // the line of a chunk's size
	data                  // a chunk
	dataEnd               // the end of line after it
	trailers              // the lines after the last chunk
)

// answer follows the framing of answers as http.ReadResponse reads them. What
// is wrong in other ways is the transport's to refuse.
type answer struct {
	state   state
	head    bool   // of a HEAD request: no body
	partial []byte // the beginning of a line
	left    int64  // of the body or chunk

	status   int
	old      bool // HTTP/1.0
	length   int64
	lengths  bool
	chunked  bool
	encoding bool

	connection []string // the fields' values
}

func (a *answer) begin(head bool) {
	*a = answer{state: first, head: head, partial: a.partial[:0], length: -1}
}

// follow takes bytes as they are read and returns how many belong to the
// answer.
func (a *answer) follow(p []byte) (used int, err error) {
	all := len(p)
	for len(p) > 0 {
		switch a.state {
		case none:
			return all - len(p), nil
		case free:
			return all, nil
		case fixed, data:
			n := int64(len(p))
			if n < a.left {
				a.left -= n
				return all, nil
			}
			p = p[a.left:]
			a.left = 0
			if a.state == fixed {
				a.state = none
			} else {
				a.state = dataEnd
			}
		default:
			i := bytes.IndexByte(p, '\n')
			if i < 0 {
				a.partial = append(a.partial, p...)
				if len(a.partial) > maxLine {
					a.state, a.partial = free, nil // the transport's limits are for it
				}
				return all, nil
			}
			line := p[:i]
			if len(a.partial) > 0 {
				a.partial = append(a.partial, line...)
				line = a.partial
			}
			p = p[i+1:]
			if err := a.line(bytes.TrimSuffix(line, []byte{'\r'})); err != nil {
				return 0, err
			}
			a.partial = a.partial[:0]
		}
	}
	return all, nil
}

// maxLine is far more than a header of any setting that makes sense.
const maxLine = 1 << 20

func (a *answer) line(l []byte) error {
	switch a.state {
	case first:
		a.status, a.old = statusLine(l)
		a.state = fields
	case fields:
		if len(l) == 0 {
			return a.headerEnd()
		}
		a.field(l)
	case size:
		text, _, _ := bytes.Cut(l, []byte{';'})
		n, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 16, 63)
		switch {
		case err != nil:
			a.state = free // the transport says so
		case n == 0:
			a.state = trailers
		default:
			a.state, a.left = data, int64(n)
		}
	case dataEnd:
		a.state = size
	case trailers:
		if len(l) == 0 {
			a.state = none
		}
	}
	return nil
}

// statusLine reads "HTTP/1.1 200 OK"; a status of 0 is for what is none.
func statusLine(l []byte) (status int, old bool) {
	proto, rest, _ := bytes.Cut(l, []byte{' '})
	code, _, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte{' '})
	status, err := strconv.Atoi(string(code))
	if err != nil {
		status = 0
	}
	return status, string(proto) == "HTTP/1.0"
}

func (a *answer) field(l []byte) {
	name, value, ok := bytes.Cut(l, []byte{':'})
	if !ok {
		return
	}
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		a.lengths = true
		// Several that differ are refused by the transport.
		if n, err := strconv.ParseUint(string(value), 10, 63); err == nil {
			a.length = int64(n)
		}
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		a.encoding = true
		a.chunked = bytes.EqualFold(value, []byte("chunked"))
	case bytes.EqualFold(name, []byte("Connection")):
		a.connection = append(a.connection, string(value))
	}
}

// headerEnd finds out what follows the header (RFC 9112 §6.3).
func (a *answer) headerEnd() error {
	switch {
	case a.status >= 100 && a.status < 200 && a.status != http.StatusSwitchingProtocols:
		a.begin(a.head)
		return nil
	case a.status == http.StatusSwitchingProtocols:
		a.state = free
		return nil
	case a.encoding && a.lengths:
		return errLengths
	case a.encoding && a.old:
		return errOldTE
	}
	switch {
	case a.head || a.status == http.StatusNoContent || a.status == http.StatusNotModified:
		a.state = none
	case a.chunked:
		a.state = size
	case a.encoding:
		a.state = free
	case a.length == 0:
		a.state = none
	case a.length > 0:
		a.state, a.left = fixed, a.length
	default:
		a.state = free
	}
	return nil
}
