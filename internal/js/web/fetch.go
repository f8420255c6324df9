package web

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/dop251/goja"
	"github.com/klauspost/compress/zstd"
	"github.com/portico-dev/portico/internal/js"
)

// Client performs the fetches of all isolates of a site; it is safe for
// concurrent use.
type Client struct {
	transport *http.Transport
	// The values of the headers that each request has unless it sets its own,
	// shared by all requests and never changed.
	any, agent, codings, mode []string

	broadcasts broadcastHub // what the isolates of the site say to each other

	upgradeOnce sync.Once
	upgrade     *http.Transport // of WebSockets, see upgrader
}

// NewClient returns a client with connections of its own. agent is the
// User-Agent of requests that do not set one.
func NewClient(agent string) *Client {
	d := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &Client{any: []string{"*/*", "*"}, agent: []string{agent}, codings: []string{"gzip, deflate, br, zstd"}, mode: []string{"cors"}, transport: &http.Transport{
		DialContext:           d.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          1024,
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       60 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 300 * time.Second,
		ExpectContinueTimeout: time.Second,
		DisableCompression:    true, // decoded here, with all codings that we ask for
		WriteBufferSize:       32 << 10,
		ReadBufferSize:        32 << 10,
		// Go's own bound is 10 MB a request; Node's is 16 KiB.
		MaxResponseHeaderBytes: 256 << 10,
	}}
}

// NoKeepAlive has each connection used once. It comes before the first fetch.
func (c *Client) NoKeepAlive() { c.transport.DisableKeepAlives = true }

// upgrader is the transport of WebSocket handshakes: HTTP/1.1 alone, since
// nothing else can be upgraded.
func (c *Client) upgrader() *http.Transport {
	c.upgradeOnce.Do(func() {
		c.upgrade = &http.Transport{}
		if c.transport != nil {
			c.upgrade = c.transport.Clone()
		}
		c.upgrade.ForceAttemptHTTP2 = false
		c.upgrade.Protocols = new(http.Protocols)
		c.upgrade.Protocols.SetHTTP1(true)
		if t := c.upgrade.TLSClientConfig; t != nil {
			t.NextProtos = nil
		}
	})
	return c.upgrade
}

// Close drops the idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

const maxRedirects = 20

// fetch is the global function (Fetch §5.6).
func (e *Env) fetch(c goja.FunctionCall) goja.Value {
	return e.iso.Attempt(func() (goja.Value, error) {
		if len(c.Arguments) == 0 {
			return nil, js.Throw(e.iso.TypeError("fetch: 1 argument required, but 0 found."))
		}
		return e.fetchRequest(e.MakeRequest(c.Arguments[0], c.Argument(1)), c.Arguments[0], c.Argument(1))
	})
}

// blockedPorts are ports that no HTTP server is on and that a URL could abuse
// (Fetch §2.9).
var blockedPorts = func() map[string]bool {
	m := map[string]bool{}
	for p := range strings.FieldsSeq(`0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117
		119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 1719 1720
		1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080`) {
		m[p] = true
	}
	return m
}()

// exchange is one fetch under way.
type exchange struct {
	e       *Env
	out     Outgoing
	promise *js.Promise
	ctx     context.Context
	cancel  context.CancelCauseFunc
	unhook  func()
	hooked  bool // there was something to unhook
}

// errScript is a script value that ended a fetch: an abort reason. The value is
// used on its isolate only.
type errScript struct{ v goja.Value }

func (e *errScript) Error() string                      { return "aborted" }
func (e *errScript) ScriptValue(*js.Isolate) goja.Value { return e.v }

// fetchRequest performs a fetch that was asked for with input and init.
func (e *Env) fetchRequest(r *Request, input, init goja.Value) (goja.Value, error) {
	var signal *Signal
	if r.watched() {
		signal = e.requestSignal(r)
		if signal.Aborted() {
			e.cancelBody(r.Body, signal.Reason())
			return nil, js.Throw(signal.Reason())
		}
	}
	scheme, _, _ := strings.Cut(r.url, ":")
	switch scheme {
	case "http", "https":
		u := r.parsed
		if u == nil {
			u, _ = ParseURL(r.url, nil) // it has been parsed before: there is no error
		}
		if port := u.Port(); port != "" && blockedPorts[port] {
			return nil, js.Throw(e.fetchFailed(errors.New("bad port")))
		}
	case "data":
		return e.fetchData(r)
	case "blob":
		return e.fetchBlob(r)
	default:
		return nil, js.Throw(e.fetchFailed(errors.New("unknown scheme")))
	}
	var src Source
	if e.source != nil {
		src = e.source(r, input, init)
	}
	data, body, err := e.take(r.Body)
	if err != nil {
		return nil, js.Throw(e.iso.TypeError("Body is unusable: Body has already been read"))
	}
	h := make(http.Header, 8)
	r.headers.Combined(func(name, value string) {
		k := http.CanonicalHeaderKey(name)
		h[k] = append(h[k], value)
	})
	x := &exchange{e: e, out: Outgoing{Request: r, Header: h, client: e.opts.Client, data: data, stream: body, length: r.Body.Length()}}
	if src != nil && body == nil {
		if reply := src.Ready(&x.out); reply != nil {
			return e.responseClass().New(x.replied(reply)), nil
		}
	}
	x.promise = e.iso.NewPromise()
	x.ctx, x.cancel = context.WithCancelCause(e.opts.Context)
	if signal != nil {
		x.unhook, x.hooked = signal.OnAbort(func() { x.cancel(&errScript{signal.Reason()}) }), true
	}
	promise := x.promise.Value()
	if src != nil {
		go x.from(src)
	} else {
		go x.run()
	}
	return promise, nil
}

// hopByHop are the headers of one connection, which a relayed request or
// response must not carry on (RFC 9110 §7.6.1).
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// dropHopByHop removes them, and those that Connection names.
func dropHopByHop(h http.Header) {
	for _, v := range h["Connection"] {
		for name := range strings.SplitSeq(v, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, n := range hopByHop {
		delete(h, n)
	}
}

// run performs the fetch off the isolate.
func (x *exchange) run() {
	res, final, redirected, err := x.out.follow(x.ctx, x.out.Header)
	if err != nil {
		x.refuse(err)
		return
	}
	if n := res.ContentLength; n > 0 && n <= maxEarly && x.out.hasBody(res.StatusCode) && res.Header["Content-Encoding"] == nil {
		x.early(res, final, redirected)
		return
	}
	x.settle(func() *Response {
		if !x.out.hasBody(res.StatusCode) {
			res.Body.Close()
			x.finished()
			return x.response(res, final, redirected, nil)
		}
		return x.streamed(res, final, redirected, res.Body)
	})
}

// refuse rejects the promise: with the reason of an abort, if there was one.
func (x *exchange) refuse(err error) {
	x.cancel(nil)
	x.promise.Settle(func() (goja.Value, error) {
		x.done()
		var own *errScript
		if errors.As(context.Cause(x.ctx), &own) {
			return nil, js.Throw(own.v)
		}
		return nil, js.Throw(x.e.fetchFailed(err))
	})
}

// from answers from a source, off the isolate.
func (x *exchange) from(src Source) {
	reply, err := src.Answer(x.ctx, &x.out)
	switch {
	case err != nil:
		x.refuse(err)
	case reply == nil:
		x.run()
	default:
		if reply.Body != nil {
			context.AfterFunc(x.ctx, reply.cancel)
		}
		x.settle(func() *Response {
			if reply.Body == nil {
				x.finished()
			}
			return x.replied(reply)
		})
	}
}

// replied makes the script's response of a reply.
func (x *exchange) replied(r *Reply) *Response {
	res := &Response{Status: r.Status, StatusText: r.StatusText, typ: "basic", url: r.URL, redirected: r.Redirected, headers: FromHTTP(r.Header)}
	switch {
	case r.Body != nil:
		res.Body = ReaderBody(newFetchBody(&reception{x: x, raw: r.Body}), r.Length)
	case x.out.hasBody(r.Status):
		res.Body = BytesBody(r.Data)
	}
	return res
}

// settle fulfils the promise. The exchange lets go of it: the promise holds the
// response, and whatever waits for a response to be dropped must not hold it.
func (x *exchange) settle(make func() *Response) {
	p := x.promise
	x.promise = nil
	p.Settle(func() (goja.Value, error) { return x.e.responseClass().New(make()), nil })
}

// finished ends a fetch that has nothing more to receive. It runs on the isolate.
func (x *exchange) finished() {
	x.cancel(nil)
	x.done()
}

// maxEarly is the largest body that is received before its response is handed
// to the script. A small body arrives together with its header: taken at once it
// saves a trip off the isolate for json() and its like, and there is no
// connection to give back when the response is dropped.
const maxEarly = 64 << 10

// patience is how long a small body may take until its response is handed over
// without it: whoever sends a byte now and then is heard as it speaks.
const patience = time.Millisecond

// early receives a small body.
func (x *exchange) early(res *http.Response, final string, redirected bool) {
	b := &earlyBody{raw: res.Body, data: make([]byte, res.ContentLength)}
	b.arrived.L = &b.mu
	timer := time.AfterFunc(patience, func() {
		b.mu.Lock()
		late := !b.ended
		b.late = late
		b.mu.Unlock()
		if late {
			x.settle(func() *Response { return x.streamed(res, final, redirected, b) })
		}
	})
	late := b.receive()
	timer.Stop()
	if late {
		return
	}
	res.Body.Close()
	x.settle(func() *Response {
		defer x.finished()
		if b.n == len(b.data) {
			return x.response(res, final, redirected, BytesBody(b.data))
		}
		return x.response(res, final, redirected, ReaderBody(FailingReader(b.data[:b.n], x.fail(b.err)), res.ContentLength))
	})
}

// earlyBody is a small body that is received as it arrives. When it is late it
// is read while that goes on.
type earlyBody struct {
	raw  io.ReadCloser
	data []byte

	mu      sync.Mutex
	arrived sync.Cond
	n, read int // bytes of data that were received, and that were read
	err     error
	ended   bool // nothing more is received
	late    bool // somebody reads
}

// receive receives the body to its end, and tells whether it was late.
func (b *earlyBody) receive() (late bool) {
	for at := 0; ; {
		n, err := b.raw.Read(b.data[at:])
		at += n
		b.mu.Lock()
		b.n, b.err = at, err
		b.ended = err != nil || at == len(b.data)
		ended, late := b.ended, b.late
		b.mu.Unlock()
		b.arrived.Signal()
		if ended {
			return late
		}
	}
}

func (b *earlyBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.read == b.n && !b.ended {
		b.arrived.Wait()
	}
	if b.read < b.n {
		n := copy(p, b.data[b.read:b.n])
		b.read += n
		return n, nil
	}
	if b.n == len(b.data) {
		return 0, io.EOF
	}
	return 0, b.err
}

func (b *earlyBody) Close() error { return b.raw.Close() }

func (x *exchange) done() {
	if x.unhook != nil {
		x.unhook()
		x.unhook = nil
	}
}

// drain reads a little of a body that nobody wants, so that its connection can
// be used again, and closes it.
func drain(res *http.Response) {
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10) // an error only costs the connection
	res.Body.Close()
}

// response makes the script's response of an upstream's.
func (x *exchange) response(res *http.Response, final string, redirected bool, body *Body) *Response {
	r := &Response{Status: res.StatusCode, StatusText: phrase(res), typ: "basic", url: withoutFragment(final), redirected: redirected, Body: body}
	// Not immutable, as the standard has it: Next.js hands out a copy, and code
	// that changes a fetched response before returning it is common.
	r.headers = FromHTTP(res.Header)
	return r
}

// streamed is a response whose body is still to be received from raw.
func (x *exchange) streamed(res *http.Response, final string, redirected bool, raw io.ReadCloser) *Response {
	in := &reception{x: x, raw: raw}
	var length int64
	in.codings, length = codingsOf(res)
	return x.response(res, final, redirected, ReaderBody(newFetchBody(in), length))
}

// codingsOf are the codings of a response's body that are undone here, and the
// length of what comes out; -1 when it is unknown.
func codingsOf(res *http.Response) (codings []string, length int64) {
	if ce := res.Header.Get("Content-Encoding"); ce != "" {
		if codings := splitCodings(ce); codings != nil {
			return codings, -1
		}
	}
	return nil, res.ContentLength
}

// phrase is what stands behind a response's status.
func phrase(res *http.Response) string {
	_, phrase, _ := strings.Cut(res.Status, " ")
	return phrase
}

func withoutFragment(u string) string {
	u, _, _ = strings.Cut(u, "#")
	return u
}

// maxCodings bounds the chain of Content-Encoding that is undone.
const maxCodings = 5

// splitCodings returns the codings of a Content-Encoding in the order in which
// they were applied, or nil when one is unknown: then the body stays as it is,
// as in Node.
func splitCodings(v string) []string {
	var out []string
	for c := range strings.SplitSeq(v, ",") {
		c = strings.ToLower(strings.TrimSpace(c))
		switch c {
		case "gzip", "x-gzip", "deflate", "br", "zstd":
			out = append(out, c)
		case "identity", "":
		default:
			return nil
		}
	}
	return out
}

// fetchBody is a response body. When nobody can read it any more, because the
// response or the stream that had it was dropped, its connection is given back.
type fetchBody struct {
	in      *reception
	cleanup runtime.Cleanup
}

func newFetchBody(in *reception) *fetchBody {
	b := &fetchBody{in: in}
	// The collector holds in until then, so nothing that in refers to may lead
	// back to b: no response, and no promise of one.
	b.cleanup = runtime.AddCleanup(b, func(in *reception) { in.close() }, in)
	return b
}

func (b *fetchBody) Read(p []byte) (int, error) {
	n, err := b.in.read(p)
	runtime.KeepAlive(b)
	return n, err
}

func (b *fetchBody) Close() error {
	b.cleanup.Stop()
	return b.in.close()
}

// reception is what a fetchBody reads, decoded; it ends its fetch when it is
// closed.
type reception struct {
	x       *exchange
	raw     io.ReadCloser
	codings []string

	mu     sync.Mutex
	r      io.Reader
	closed bool
}

func (b *reception) read(p []byte) (int, error) {
	if b.r == nil {
		r, err := decode(b.raw, b.codings)
		if err != nil {
			return 0, b.x.fail(err)
		}
		b.r = r
	}
	n, err := b.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.x.fail(err)
	}
	return n, err
}

// fail is the error of a body that broke off: preferably the reason with which
// the fetch was aborted.
func (x *exchange) fail(err error) error {
	var own *errScript
	if errors.As(context.Cause(x.ctx), &own) {
		return own
	}
	return &responseError{x.e, err}
}

// responseError is what went wrong while a response's body was read.
type responseError struct {
	e   *Env
	err error
}

func (r *responseError) Error() string { return "reading a response: " + r.err.Error() }
func (r *responseError) Unwrap() error { return r.err }

// ScriptValue is Node's error for it.
func (r *responseError) ScriptValue(*js.Isolate) goja.Value {
	o := r.e.iso.TypeError("terminated")
	set(o, "cause", r.e.networkError(r.err))
	return o
}

func (b *reception) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	err := b.raw.Close()
	b.x.cancel(nil)
	if b.x.hooked {
		b.x.e.iso.Post(nil, b.x.done)
	}
	return err
}

// decode undoes content codings, the last applied first.
func decode(r io.Reader, codings []string) (io.Reader, error) {
	if len(codings) > maxCodings {
		return nil, fmt.Errorf("more than %d content codings", maxCodings)
	}
	for _, c := range slices.Backward(codings) {
		switch c {
		case "gzip", "x-gzip":
			z, err := gzip.NewReader(r)
			if errors.Is(err, io.EOF) { // an empty body is no gzip file, and yet it is sent
				return bytes.NewReader(nil), nil
			}
			if err != nil {
				return nil, err
			}
			r = z
		case "deflate":
			d, err := newDeflate(r)
			if err != nil {
				return nil, err
			}
			r = d
		case "br":
			r = brotli.NewReader(r)
		case "zstd":
			z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
			if err != nil {
				return nil, err
			}
			r = z.IOReadCloser()
		}
	}
	return r, nil
}

// Encoded reports whether bytes that begin with start can be in the content
// coding enc: whether the coding's own marks are there.
func Encoded(enc string, start []byte) bool {
	codings := splitCodings(enc)
	if len(codings) == 0 || len(start) == 0 {
		return true // nothing to check, or a coding that we do not know
	}
	switch codings[len(codings)-1] {
	case "gzip", "x-gzip":
		return bytes.HasPrefix(start, []byte{0x1f, 0x8b})
	case "zstd":
		return bytes.HasPrefix(start, []byte{0x28, 0xb5, 0x2f, 0xfd})
	case "deflate":
		return len(start) > 1 && start[0]&0x0f == 8 && (uint(start[0])<<8|uint(start[1]))%31 == 0
	case "br": // no mark: the beginning either decodes or it does not
		_, err := io.CopyN(io.Discard, brotli.NewReader(bytes.NewReader(start)), 4<<10)
		return err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	}
	return true
}

// newDeflate reads "deflate" as servers send it: zlib by the book, raw deflate
// by habit.
func newDeflate(r io.Reader) (io.Reader, error) {
	var head [2]byte
	n, err := io.ReadFull(r, head[:])
	if errors.Is(err, io.EOF) {
		return bytes.NewReader(nil), nil
	}
	rest := io.MultiReader(bytes.NewReader(head[:n]), r)
	if err == nil && head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
		return flate.NewReader(r), nil // the checksum behind the data is not checked, as in browsers
	}
	return flate.NewReader(rest), nil
}

// fetchFailed is the TypeError of a network error, with Node's cause.
func (e *Env) fetchFailed(err error) goja.Value {
	o := e.iso.TypeError("fetch failed")
	set(o, "cause", e.networkError(err))
	return o
}

// networkError describes what went wrong on the network in Node's terms.
func (e *Env) networkError(err error) goja.Value {
	var (
		op   *net.OpError
		dns  *net.DNSError
		cert *tls.CertificateVerificationError
		errn syscall.Errno
	)
	code, msg := "UND_ERR_SOCKET", err.Error()
	extra := map[string]any{}
	switch {
	case errors.As(err, &dns):
		code = "ENOTFOUND"
		if dns.IsTimeout || dns.IsTemporary {
			code = "EAI_AGAIN"
		}
		msg = "getaddrinfo " + code + " " + dns.Name
		extra["syscall"], extra["hostname"] = "getaddrinfo", dns.Name
	case errors.As(err, &cert):
		code, msg = certError(cert)
	case errors.As(err, &errn) && errors.As(err, &op):
		code = errnoName(errn)
		call := op.Op
		if call == "dial" {
			call = "connect"
		}
		msg = call + " " + code
		extra["syscall"] = call
		if a, ok := op.Addr.(*net.TCPAddr); ok && call == "connect" {
			msg += " " + a.String()
			extra["address"], extra["port"] = a.IP.String(), a.Port
		}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &op) && op.Timeout():
		code = "UND_ERR_CONNECT_TIMEOUT"
		msg = "Connect Timeout Error"
		if op == nil || op.Op != "dial" {
			code, msg = "UND_ERR_HEADERS_TIMEOUT", "Headers Timeout Error"
		}
	case strings.Contains(msg, "timeout awaiting response headers"):
		code, msg = "UND_ERR_HEADERS_TIMEOUT", "Headers Timeout Error"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(msg, "server closed"):
		msg = "other side closed"
	case errors.Is(err, errRedirect):
		return e.iso.NewError("Error", msg)
	default:
		return e.iso.NewError("Error", msg)
	}
	o := e.iso.NewError("Error", msg)
	set(o, "code", e.rt.ToValue(code))
	for k, v := range extra {
		set(o, k, e.rt.ToValue(v))
	}
	return o
}

func certError(c *tls.CertificateVerificationError) (code, msg string) {
	var (
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(c.Err, &host):
		return "ERR_TLS_CERT_ALTNAME_INVALID", "Hostname/IP does not match certificate's altnames: " + host.Error()
	case errors.As(c.Err, &invalid) && invalid.Reason == x509.Expired:
		return "CERT_HAS_EXPIRED", "certificate has expired"
	case len(c.UnverifiedCertificates) == 1:
		return "DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate"
	}
	return "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify the first certificate"
}

func errnoName(n syscall.Errno) string {
	switch n {
	case syscall.ECONNREFUSED:
		return "ECONNREFUSED"
	case syscall.ECONNRESET:
		return "ECONNRESET"
	case syscall.EPIPE:
		return "EPIPE"
	case syscall.ETIMEDOUT:
		return "ETIMEDOUT"
	case syscall.EHOSTUNREACH:
		return "EHOSTUNREACH"
	case syscall.ENETUNREACH:
		return "ENETUNREACH"
	case syscall.EADDRNOTAVAIL:
		return "EADDRNOTAVAIL"
	}
	return "E" + strconv.Itoa(int(n))
}

// fetchData answers a data: URL (Fetch §6).
func (e *Env) fetchData(r *Request) (goja.Value, error) {
	text := strings.TrimPrefix(r.url, "data:")
	if i := strings.IndexByte(text, '#'); i >= 0 {
		text = text[:i]
	}
	typ, data, ok := strings.Cut(text, ",")
	if !ok {
		return nil, js.Throw(e.fetchFailed(errors.New("invalid data: URL")))
	}
	body := []byte(percentDecode(data))
	typ = strings.TrimSpace(typ)
	if t := strings.TrimRight(typ, " "); len(t) >= 6 && strings.EqualFold(t[len(t)-6:], "base64") {
		if rest := strings.TrimRight(t[:len(t)-6], " "); strings.HasSuffix(rest, ";") {
			typ = rest[:len(rest)-1]
			clean := strings.NewReplacer("\t", "", "\n", "", "\f", "", "\r", "", " ", "").Replace(string(body))
			b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(clean, "="))
			if err != nil {
				return nil, js.Throw(e.fetchFailed(errors.New("invalid data: URL")))
			}
			body = b
		}
	}
	if strings.HasPrefix(typ, ";") {
		typ = "text/plain" + typ
	}
	if m, ok := parseMIMEType(typ); ok {
		typ = m.String()
	} else {
		typ = "text/plain;charset=US-ASCII"
	}
	if r.Method == http.MethodHead {
		body = nil
	}
	out := &Response{Status: 200, StatusText: "OK", typ: "basic", url: r.url, headers: &Headers{guard: guardImmutable}, Body: BytesBody(body)}
	out.headers.list = []field{{"content-type", typ}}
	return e.responseClass().New(out), nil
}

// percentDecode decodes %XX and leaves everything else as it is.
func percentDecode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

// fetchBlob answers a blob: URL, from URL.createObjectURL on this isolate.
func (e *Env) fetchBlob(r *Request) (goja.Value, error) {
	b := r.object
	if b == nil || r.Method != http.MethodGet {
		return nil, js.Throw(e.fetchFailed(errors.New("invalid blob: URL")))
	}
	out := &Response{Status: 200, StatusText: "OK", typ: "basic", url: r.url, headers: &Headers{guard: guardImmutable}, Body: ReaderBody(io.NopCloser(b.Open()), b.Size())}
	out.headers.list = []field{{"content-length", strconv.FormatInt(b.Size(), 10)}, {"content-type", b.Type()}}
	return e.responseClass().New(out), nil
}
