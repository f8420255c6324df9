package pipeline

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// requestBody is the body of a request as it comes in. It remembers what went
// wrong with it, so that a handler that fails for this reason is answered with
// the status that tells the client.
type requestBody struct {
	io.ReadCloser
	// whole bounds the body where all of it is to be held at once; negative is
	// no bound. What streams has none.
	whole   int64
	problem atomic.Pointer[StatusError]
	reading sync.Mutex // held while a read is under way
}

// trouble is what went wrong with the body, nil for nothing. A connection whose
// framing breaks ends the request's context before the read that found it
// returns; so a read that is under way is waited for.
func (b *requestBody) trouble() *StatusError {
	if b.ReadCloser == nil {
		return nil
	}
	b.reading.Lock()
	defer b.reading.Unlock()
	return b.problem.Load()
}

func (b *requestBody) Read(p []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // a reader's end is this value
		b.note(err)
	}
	return n, err
}

// malformed is an error of a body whose framing cannot be read.
type malformed interface{ Malformed() bool }

// slow is an error of a body that did not come in time.
type slow interface{ Timeout() bool }

func (b *requestBody) note(err error) {
	var large *http.MaxBytesError
	var bad malformed
	var late slow
	switch {
	case errors.As(err, &large):
		b.problem.CompareAndSwap(nil, &StatusError{Status: http.StatusRequestEntityTooLarge, Err: largeError{large}})
	case errors.As(err, &bad) && bad.Malformed():
		b.problem.CompareAndSwap(nil, &StatusError{Status: http.StatusBadRequest, Err: err})
	case errors.As(err, &late) && late.Timeout():
		b.problem.CompareAndSwap(nil, &StatusError{Status: http.StatusRequestTimeout, Err: err})
	}
}

// Whole reports whether a body of n bytes may be held at once.
func (b *requestBody) Whole(n int64) bool { return b.whole < 0 || n <= b.whole }

// Buffered is the body for a reader that holds all of it; see web.Limited.
func (b *requestBody) Buffered(length int64) io.ReadCloser { return b.Limit(b, length) }

// Limit bounds r, which delivers this body.
func (b *requestBody) Limit(r io.ReadCloser, length int64) io.ReadCloser {
	if b.whole < 0 {
		return r
	}
	c := &capped{ReadCloser: r, limit: b.whole, body: b}
	if length > b.whole {
		c.n = length
	}
	return c
}

// capped is a body with a limit: reading on past it is an error.
type capped struct {
	io.ReadCloser
	limit, n int64
	body     *requestBody
}

func (c *capped) Read(p []byte) (int, error) {
	if c.n > c.limit {
		return 0, c.tooLarge()
	}
	if room := c.limit - c.n + 1; int64(len(p)) > room { // one more tells whether there is more
		p = p[:room]
	}
	n, err := c.ReadCloser.Read(p)
	if c.n += int64(n); c.n > c.limit {
		return n - int(c.n-c.limit), c.tooLarge()
	}
	return n, err
}

func (c *capped) tooLarge() error {
	err := &http.MaxBytesError{Limit: c.limit}
	c.body.note(err)
	return err
}

// largeError says in the log which limit a body is over, and where it is set.
type largeError struct{ *http.MaxBytesError }

func (e largeError) Error() string {
	return fmt.Sprintf("the body has more than %d bytes\nhint: the limit is bodyLimit, in the configuration or as an export of the route; BodyLimit in Go", e.Limit)
}

func (e largeError) Unwrap() error { return e.MaxBytesError }

// Whole reports whether a body of n bytes may be held at once.
func (c *capped) Whole(n int64) bool { return n <= c.limit }

// Buffered is the body itself: it has its limit already.
func (c *capped) Buffered(int64) io.ReadCloser { return c }
