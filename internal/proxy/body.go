package proxy

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

var (
	errBodyTimeout = errors.New("no byte of the body for too long")
	errBodyOver    = errors.New("the request is over")
)

// requestBody is the client's body on its way to the upstream. The transport's
// goroutine may hang in a Read long after the answer is there, or the upstream
// is gone; the client's connection belongs to the server again when Serve
// returns. So a Read can be interrupted, and none begins afterwards.
type requestBody struct {
	f           *flight
	src         io.Reader
	reading     chan struct{} // holds one token while a Read is under way
	touched     atomic.Bool   // some Read has begun
	closed      atomic.Bool
	done        atomic.Bool // all of it has been read
	interrupted atomic.Bool // the error of the Read under way is of our making
	bereft      atomic.Bool // it was the upstream's end that interrupted it
	left        int64       // of the declared length; negative is unknown

	mu       sync.Mutex
	err      error
	trailers http.Header // what is announced, filled in at the end
}

func newRequestBody(f *flight) *requestBody {
	return &requestBody{f: f, src: f.r.Body, reading: make(chan struct{}, 1), left: f.r.ContentLength}
}

func (b *requestBody) Read(p []byte) (int, error) {
	b.reading <- struct{}{}
	defer func() { <-b.reading }()
	b.touched.Store(true)
	if b.closed.Load() {
		return 0, errBodyOver
	}
	n, err := b.src.Read(p)
	if n > 0 {
		b.f.touch()
	}
	if b.left > 0 {
		b.left = max(b.left-int64(n), 0)
	}
	switch {
	case err == io.EOF:
		b.fillTrailers()
		b.done.Store(true)
	case err != nil:
		b.mu.Lock()
		if b.err == nil && !b.interrupted.Load() {
			b.err = err
		}
		b.mu.Unlock()
	case b.left == 0:
		b.done.Store(true)
	}
	return n, err
}

// Close is the transport's. The body itself is the server's to close.
func (b *requestBody) Close() error {
	b.closed.Store(true)
	b.interrupt()
	return nil
}

// reopen readies the body for another attempt, if it is untouched.
func (b *requestBody) reopen() bool {
	if b.touched.Load() {
		return false
	}
	b.closed.Store(false)
	return true
}

// waits says that the client is waited for.
func (b *requestBody) waits() bool { return len(b.reading) > 0 }

// whole says that all of the body has been read.
func (b *requestBody) whole() bool { return b.done.Load() }

// failure is the error of reading it.
func (b *requestBody) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// interrupt ends a Read under way, if there is one, and lets none begin. To
// net/http's server a read that fails is the client's end, and it cancels the
// request's context: bereft tells the one from the other.
func (b *requestBody) interrupt() {
	b.closed.Store(true)
	if !b.waits() || b.done.Load() {
		return
	}
	if b.f.ctx.Err() == nil {
		b.bereft.Store(true)
	}
	b.interrupted.Store(true)
	// Error: without deadlines there is no connection that a Read could hang on.
	_ = b.f.rc.SetReadDeadline(past)
}

// linger is how long the server may read on for the rest of a body that nobody
// wants, so that the client, still sending, sees the answer before the
// connection's end.
const linger = time.Second

// release waits until the transport no longer reads, and leaves the connection
// as the server wants it.
func (b *requestBody) release() {
	b.closed.Store(true)
	if b.whole() && !b.waits() {
		return
	}
	for {
		select {
		case b.reading <- struct{}{}:
			<-b.reading
			if b.touched.Load() && !b.whole() {
				// Error: as above.
				_ = b.f.rc.SetReadDeadline(time.Now().Add(linger))
			}
			return
		default:
		}
		b.interrupted.Store(true)
		if err := b.f.rc.SetReadDeadline(past); err != nil {
			return // no connection that it could hang on
		}
		// A reader below may have just set a deadline of its own: again, then.
		wait := time.NewTimer(10 * time.Millisecond)
		select {
		case b.reading <- struct{}{}:
			<-b.reading
		case <-wait.C:
		}
		wait.Stop()
	}
}

// announce returns the trailer to send: the fields that the client announced
// and that may be passed on, whose values come with the end of the body.
func (b *requestBody) announce(trailer http.Header) http.Header {
	for k := range trailer {
		if !trailerAllowed(k) {
			continue
		}
		if b.trailers == nil {
			b.trailers = http.Header{}
		}
		b.trailers[k] = nil
	}
	return b.trailers
}

// fillTrailers runs in the Read that finds the end, before the transport
// writes them.
func (b *requestBody) fillTrailers() {
	for k := range b.trailers {
		if v := b.f.r.Trailer[k]; len(v) > 0 {
			b.trailers[k] = v
		}
	}
}
