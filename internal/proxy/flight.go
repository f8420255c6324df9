package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// phase is how far an exchange has come, as far as limits of time go.
type phase int

const (
	connecting phase = iota // the dialer has the limit
	sending                 // the request is being written
	waiting                 // it is written, and no answer is there
	answering               // bytes of the answer flow, maybe both ways
)

// flight is one exchange, from Serve's begin to its end.
type flight struct {
	p      *Proxy
	w      http.ResponseWriter
	rc     http.ResponseController
	r      *http.Request
	o      *origin
	t      Target
	limits Limits
	ctx    context.Context
	cancel context.CancelCauseFunc
	trace  httptrace.ClientTrace
	body   *requestBody  // nil is none
	duplex bool          // over HTTP/1: what is not read of the body stays on the connection
	start  time.Duration // as all times here since the proxy's epoch
	last   atomic.Int64  // when bytes last went either way

	// The fields below belong to the attempt under way; the transport's
	// goroutines set them.
	got      atomic.Bool // there is a connection
	reused   atomic.Bool
	answered atomic.Bool // a byte of the answer has come
	arrived  atomic.Bool // all of it has come, over HTTP/1
	conn     atomic.Pointer[conn]
	// The values of the answer's Connection field, over HTTP/1.
	connection atomic.Pointer[[]string]

	mu    sync.Mutex // guards what follows, and the use of rc by timers
	phase phase
	since time.Duration // when the phase began
	over  bool

	flusher flusher

	headerMu   sync.Mutex // guards w's header against informational answers
	headerDone bool
	hints      int // informational answers so far
	hintBytes  int
}

func newFlight(p *Proxy, w http.ResponseWriter, r *http.Request, o *origin, t Target) *flight {
	f := &flight{p: p, w: w, rc: *http.NewResponseController(w), r: r, o: o, t: t, limits: t.Limits.over(o.options.Limits)}
	f.start = f.now()
	ctx, cancel := context.WithCancelCause(r.Context())
	f.cancel = cancel
	f.trace = httptrace.ClientTrace{
		GetConn:              func(string) { f.got.Store(false); f.enter(connecting) },
		GotConn:              f.gotConn,
		WroteRequest:         f.wroteRequest,
		GotFirstResponseByte: func() { f.answered.Store(true) },
		Got1xxResponse:       f.informational,
	}
	f.ctx = httptrace.WithClientTrace(flightContext{ctx, f}, &f.trace)
	if r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0 {
		f.body = newRequestBody(f)
	}
	return f
}

// flightContext carries the flight to the dialer, which the transport runs
// without the request's end but with its values.
type flightContext struct {
	context.Context
	f *flight
}

type flightKey struct{}

func (c flightContext) Value(key any) any {
	if key == (flightKey{}) {
		return c.f
	}
	return c.Context.Value(key)
}

func (f *flight) gotConn(info httptrace.GotConnInfo) {
	f.got.Store(true)
	f.reused.Store(info.Reused)
	if c, ok := info.Conn.(*conn); ok {
		c.begin(f)
	}
	f.touch()
	f.enter(sending)
}

func (f *flight) wroteRequest(info httptrace.WroteRequestInfo) {
	if info.Err == nil {
		f.enter(waiting)
	}
}

// touch takes note that bytes went one way or the other.
func (f *flight) touch() { f.last.Store(int64(f.now())) }

func (f *flight) now() time.Duration { return time.Since(f.p.epoch) }

// enter begins a phase. The answer may come before the request is all written:
// what is over does not come back.
func (f *flight) enter(ph phase) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over || ph == waiting && f.phase == answering {
		return
	}
	f.phase = ph
	f.since = f.now()
	at, _ := f.deadline()
	f.p.wakeAt(at)
}

// deadline is when the exchange ends if nothing happens. A limit that has moved
// on since the alarm was set costs nothing: it is found out when that rings.
func (f *flight) deadline() (time.Duration, error) {
	at, cause := never, error(nil)
	earlier := func(t time.Duration, limit time.Duration, err error) {
		if limit > 0 && t+limit < at {
			at, cause = t+limit, err
		}
	}
	earlier(f.start, f.limits.TotalTimeout, errTotalTimeout)
	switch f.phase {
	case sending, answering:
		earlier(time.Duration(f.last.Load()), f.limits.IdleTimeout, errIdleTimeout)
	case waiting:
		earlier(f.since, f.limits.ResponseTimeout, errResponseTimeout)
	}
	return at, cause
}

// ring ends what has come to its deadline.
func (f *flight) ring() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return
	}
	at, cause := f.deadline()
	if at <= f.now() {
		if cause == errIdleTimeout && f.body != nil && f.body.waits() {
			cause = errBodyTimeout
		}
		f.killLocked(cause)
		return
	}
	f.p.wakeAt(at)
}

// kill ends the exchange, wherever it hangs.
func (f *flight) kill(cause error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.over {
		f.killLocked(cause)
	}
}

func (f *flight) killLocked(cause error) {
	f.over = true
	f.cancel(cause)
	if f.body != nil {
		f.body.interrupt()
	}
	if f.phase == answering {
		// A client that reads nothing holds the writer up. Errors: a writer without
		// deadlines has no connection either.
		_ = f.rc.SetWriteDeadline(past)
	}
}

// past is a deadline that is over, as net/http itself has it.
var past = time.Unix(1, 0)

// disconnected is told by the connection that it is closed.
func (f *flight) disconnected() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.over && f.body != nil {
		f.body.interrupt()
	}
}

// finish ends what still runs for the exchange.
func (f *flight) finish() {
	f.mu.Lock()
	f.over = true
	f.mu.Unlock()
	if c := f.conn.Load(); c != nil {
		c.flight.CompareAndSwap(f, nil)
	}
	f.cancel(nil)
	if f.body != nil {
		f.body.release()
	}
}

// serve sends the request and writes the answer.
func (f *flight) serve(target *url.URL) *Error {
	f.enter(connecting)
	var tried []*address
	for {
		l, e := f.o.take(time.Now(), tried)
		if e != nil {
			return f.give(e)
		}
		res, e, again := f.try(&l, f.request(target))
		if e == nil {
			defer l.end()
			return f.answer(&l, res)
		}
		l.end()
		tried = append(tried, l.address)
		if !again || len(tried) >= len(f.o.addresses) {
			return f.give(e)
		}
	}
}

// try sends the request to one server. again says that another may be tried.
//
// http.Transport repeats a request on its own when a connection that was kept
// alive turns out to be dead, and only then, if it is idempotent (see request)
// and has no body or GetBody, or if not a byte of it was written. What it does
// not do is to ask another server.
func (f *flight) try(l *lease, out *http.Request) (res *http.Response, e *Error, again bool) {
	out.URL.Host = l.address.host
	f.got.Store(false)
	f.reused.Store(false)
	f.answered.Store(false)
	f.arrived.Store(false)
	f.connection.Store(nil)
	res, err := f.o.transport.RoundTrip(out)
	if err == nil {
		if err = checkResponse(out, res); err != nil {
			// The connection goes with its answer: what follows is not known.
			f.cancel(err)
			_ = res.Body.Close()
		}
	}
	if err == nil {
		f.report(l, well)
		return res, nil, false
	}
	e, was := f.explain(err)
	f.report(l, was)
	switch {
	case was != failed || f.ctx.Err() != nil || f.body != nil && !f.body.reopen():
		return nil, e, false
	case !f.got.Load():
		return nil, e, true // nothing was sent
	}
	return nil, e, idempotent(f.r.Method) && f.body == nil && !f.answered.Load() && e.Status == http.StatusBadGateway
}

func (f *flight) report(l *lease, was outcome) {
	opened, closed := l.report(was, time.Now())
	switch {
	case opened:
		f.p.log.Warn("proxy: the circuit of an upstream is open", "upstream", f.o.site, "address", l.address.host)
	case closed:
		f.p.log.Info("proxy: an upstream answers again", "upstream", f.o.site, "address", l.address.host)
	}
}

// give readies w for the caller's own answer to a request that failed.
func (f *flight) give(e *Error) *Error {
	f.headerMu.Lock()
	f.headerDone = true
	f.headerMu.Unlock()
	if f.duplex && !f.body.whole() {
		// What is left of the body on the connection must not be read as a request.
		f.w.Header().Set("Connection", "close")
	}
	return e
}

// idempotent are the methods that may be sent twice (RFC 9110 §9.2.2).
func idempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// errMalformed marks answers that are not HTTP as it must be.
var errMalformed = errors.New("malformed answer")

// explain makes an error of a round trip one for the client, and says what it
// tells about the server.
func (f *flight) explain(err error) (*Error, outcome) {
	bad := func(status int, reason string) *Error { return &Error{Status: status, Reason: reason, Err: err} }
	if f.body != nil {
		if cause := f.body.failure(); cause != nil {
			return bodyError(cause), unknown
		}
	}
	switch cause := context.Cause(f.ctx); {
	case cause == nil:
	case errors.Is(cause, errClosed):
		return &Error{Status: http.StatusServiceUnavailable, Reason: "the server is stopping", Err: cause}, unknown
	case errors.Is(cause, errBodyTimeout):
		return &Error{Status: http.StatusRequestTimeout, Reason: "the request's body did not arrive in time", Err: cause}, unknown
	case errors.Is(cause, errResponseTimeout):
		return &Error{Status: http.StatusGatewayTimeout, Reason: "the upstream did not answer in time", Err: cause}, failed
	case errors.Is(cause, errIdleTimeout):
		return &Error{Status: http.StatusGatewayTimeout, Reason: "the upstream did not take the request in time", Err: cause}, failed
	case errors.Is(cause, errTotalTimeout):
		return &Error{Status: http.StatusGatewayTimeout, Reason: "the request to the upstream took too long", Err: cause}, failed
	case errors.Is(cause, errMalformed):
	case f.body != nil && f.body.bereft.Load():
		// The upstream's end has ended the reading of the body, and that the
		// request's context.
	case errors.Is(cause, context.DeadlineExceeded):
		return &Error{Status: http.StatusGatewayTimeout, Reason: "the request took too long", Err: cause}, unknown
	case errors.Is(cause, context.Canceled):
		return &Error{Status: StatusClientGone, Reason: "the client is gone", Err: cause}, unknown
	default:
		return &Error{Status: http.StatusServiceUnavailable, Reason: "the request was ended", Err: cause}, unknown
	}
	var dial *dialError
	switch {
	case errors.As(err, &dial) && dial.timeout:
		return bad(http.StatusGatewayTimeout, "no connection to the upstream in time"), failed
	case errors.As(err, &dial) && dial.tls:
		return bad(http.StatusBadGateway, "no secure connection to the upstream"), failed
	case errors.As(err, &dial):
		return bad(http.StatusBadGateway, "the upstream cannot be reached"), failed
	case !f.got.Load():
		return bad(http.StatusBadGateway, "the request cannot be passed on"), unknown
	case f.answered.Load() || errors.Is(err, errMalformed):
		return bad(http.StatusBadGateway, "the upstream's answer is not valid"), failed
	}
	return bad(http.StatusBadGateway, "the upstream broke the connection off"), failed
}

// bodyError is for a client's body that cannot be read.
func bodyError(cause error) *Error {
	var size *http.MaxBytesError
	var malformed interface{ Malformed() bool }
	switch {
	case errors.As(cause, &size):
		return &Error{Status: http.StatusRequestEntityTooLarge, Reason: "the request's body is too large", Err: cause}
	case errors.As(cause, &malformed) && malformed.Malformed():
		return &Error{Status: http.StatusBadRequest, Reason: "the request's body is malformed", Err: cause}
	case errors.Is(cause, os.ErrDeadlineExceeded):
		return &Error{Status: http.StatusRequestTimeout, Reason: "the request's body did not arrive in time", Err: cause}
	}
	return &Error{Status: StatusClientGone, Reason: "the client broke its request off", Err: cause}
}

// maxHints and maxHintBytes bound the informational answers to one request. What
// is passed on has to fit the client's socket: no limit of time holds for it.
const (
	maxHints     = 16
	maxHintBytes = 16 << 10
)

// informational passes a 1xx answer on (RFC 9110 §15.2), such as 103 with
// preloads. 100 is left out: the server sends it when the body is read.
func (f *flight) informational(code int, header textproto.MIMEHeader) error {
	f.touch()
	if f.hints++; f.hints > maxHints {
		return errors.Join(errMalformed, errors.New("too many informational answers"))
	}
	for k, vs := range header {
		for _, v := range vs {
			f.hintBytes += len(k) + len(v)
		}
	}
	if code == http.StatusContinue || !f.r.ProtoAtLeast(1, 1) || f.hintBytes > maxHintBytes {
		return nil
	}
	f.headerMu.Lock()
	defer f.headerMu.Unlock()
	if f.headerDone {
		return nil
	}
	// What the caller has set is for the final answer.
	h := f.w.Header()
	kept := make(http.Header, len(h))
	for k, v := range h {
		kept[k] = v
	}
	clear(h)
	copyResponseHeader(h, http.Header(header))
	f.w.WriteHeader(code)
	clear(h)
	for k, v := range kept {
		h[k] = v
	}
	return nil
}

// answer writes an answer.
func (f *flight) answer(l *lease, res *http.Response) *Error {
	f.headerMu.Lock()
	f.headerDone = true
	f.headerMu.Unlock()
	if res.StatusCode == http.StatusSwitchingProtocols {
		return f.tunnel(l, res)
	}
	h := f.w.Header()
	if values := f.connection.Load(); values != nil {
		res.Header["Connection"] = *values
	}
	copyResponseHeader(h, res.Header)
	if _, ok := h["Content-Type"]; !ok {
		h["Content-Type"] = nil // net/http would guess one
	}
	announced := announceTrailers(h, res.Trailer)
	if h["Trailer"] != nil && f.r.ProtoMajor == 1 && f.r.ProtoAtLeast(1, 1) {
		delete(h, "Content-Length") // HTTP/2 has both, HTTP/1 has trailers with chunks alone
		res.ContentLength = -1
	}
	if f.duplex && !f.body.whole() {
		// The answer came before the request was over. In full duplex net/http
		// would read the next request from wherever the body breaks off.
		h.Set("Connection", "close")
	}
	f.touch()
	f.enter(answering)
	f.w.WriteHeader(res.StatusCode)
	if err := f.copyBody(res); err != nil {
		f.abort(err)
	}
	if err := res.Body.Close(); err != nil { // fills in the trailer
		f.abort(err)
	}
	if len(res.Trailer) > 0 {
		// A header that is out has chunked framing, which has room for them.
		if err := f.rc.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
			f.abort(&clientError{err})
		}
		copyTrailers(h, res.Trailer, announced)
	}
	return nil
}

// clientError is an error of writing to the client.
type clientError struct{ err error }

func (e *clientError) Error() string { return e.err.Error() }
func (e *clientError) Unwrap() error { return e.err }

// abort cuts the connection to the client, after the header was written. It
// does not return.
func (f *flight) abort(err error) {
	cause := context.Cause(f.ctx)
	f.cancel(err) // the upstream need not go on
	var client *clientError
	switch {
	case errors.As(err, &client) && (cause == nil || errors.Is(cause, context.Canceled)):
	case errors.Is(cause, context.Canceled) && (f.body == nil || !f.body.bereft.Load()):
		// The client left: nobody's fault.
	case f.body != nil && f.body.failure() != nil:
		if e := bodyError(f.body.failure()); e.Status != StatusClientGone {
			f.p.log.Info("proxy: an answer was cut off by its request", "id", f.t.ID, "upstream", f.o.site, "error", e)
		}
	default:
		if cause != nil && !errors.Is(cause, context.Canceled) {
			err = cause
		}
		if cause == nil {
			// The upstream broke off: what came of the answer is the client's. After
			// a time limit it might be the client that takes nothing.
			_ = f.rc.Flush()
		}
		f.p.log.Warn("proxy: an answer was cut off", "id", f.t.ID, "upstream", f.o.site, "error", err)
	}
	panic(http.ErrAbortHandler)
}

// copyBody writes the body of an answer as it comes.
func (f *flight) copyBody(res *http.Response) error {
	if res.Body == http.NoBody || f.r.Method == http.MethodHead {
		return nil
	}
	buf := f.p.buffers.Get().(*[]byte)
	defer f.p.buffers.Put(buf)
	w := &f.flusher
	w.begin(f, res)
	defer w.stop()
	left := res.ContentLength
	for {
		n, err := res.Body.Read(*buf)
		if n > 0 {
			f.touch()
			left -= int64(n)
			if werr := w.write((*buf)[:n], left == 0); werr != nil {
				return &clientError{werr}
			}
			f.touch()
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// flusher writes to the client what has to go, when it has to.
type flusher struct {
	f *flight
	// whole: no byte has to be waited for, and the end of the handler writes
	// them out.
	whole bool
	// at once: each piece of an answer whose length is unknown may be all that
	// there is for a long time, such as an event.
	atOnce  bool
	latency time.Duration

	mu      sync.Mutex // of the writer, between the copy and the timer
	pending bool
	stopped bool
	timer   *time.Timer // nil if whole
}

// headerLatency is what the header of a stream waits for its first bytes, which
// mostly come in the same packet.
const headerLatency = time.Millisecond

func (w *flusher) begin(f *flight, res *http.Response) {
	w.f = f
	if w.whole = f.arrived.Load(); w.whole {
		return
	}
	w.latency = f.o.options.FlushInterval
	w.atOnce = res.ContentLength < 0 || w.latency < 0 || isEventStream(res.Header.Get("Content-Type"))
	if w.atOnce {
		w.latency = headerLatency
	}
	w.pending = true // the header
	w.mu.Lock()      // the timer is set before it rings
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(w.latency, w.ring)
}

func (w *flusher) ring() {
	if !w.mu.TryLock() { // bytes are being written, which may take as long as the client likes
		time.AfterFunc(w.latency, w.ring)
		return
	}
	defer w.mu.Unlock()
	if w.stopped || !w.pending {
		return
	}
	w.pending = false
	// An error is the next write's.
	_ = w.f.rc.Flush()
}

// write writes b; last says that nothing follows, so that the end of the
// handler writes it out.
func (w *flusher) write(b []byte, last bool) error {
	if w.whole {
		_, err := w.f.w.Write(b)
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.f.w.Write(b); err != nil {
		return err
	}
	if w.atOnce {
		w.pending = false
		if err := w.f.rc.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
		return nil
	}
	if !last && !w.pending {
		w.pending = true
		w.timer.Reset(w.latency)
	}
	return nil
}

func (w *flusher) stop() {
	if w.whole {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}

// request is the request to send, all but the address.
func (f *flight) request(target *url.URL) *http.Request {
	out := new(http.Request).WithContext(f.ctx)
	out.Method, out.Proto, out.ProtoMajor, out.ProtoMinor = f.r.Method, "HTTP/1.1", 1, 1
	out.Header = f.header()
	out.Host = f.o.host
	out.URL = new(url.URL)
	*out.URL = *target
	if f.body != nil {
		out.Body = f.body
		out.ContentLength = f.r.ContentLength
		out.GetBody = f.r.GetBody
		if out.ContentLength < 0 {
			// Said here, or the transport looks for a first byte when the method
			// seldom has a body, and may leave the framing out.
			out.TransferEncoding = []string{"chunked"}
			out.Trailer = f.body.announce(f.r.Trailer)
		}
		if f.r.ProtoMajor == 1 {
			// Error: a writer without it has no connection to wait for.
			_ = f.rc.EnableFullDuplex()
			f.duplex = true
		}
	}
	if _, ok := out.Header["User-Agent"]; !ok {
		out.Header["User-Agent"] = nil // not Go's own
	}
	if idempotent(f.r.Method) {
		// Nothing is sent of it: it tells the transport that PUT and DELETE may be
		// repeated too.
		if _, ok := out.Header["X-Idempotency-Key"]; !ok {
			out.Header["X-Idempotency-Key"] = nil
		}
	}
	return out
}

// closeOf closes c whose error says nothing more: it is being given up.
func closeOf(c io.Closer) { _ = c.Close() }
