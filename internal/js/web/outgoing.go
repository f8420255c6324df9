package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/dop251/goja"
)

// Source answers a fetch from elsewhere than the network.
type Source interface {
	// Ready is the answer that is at hand, nil where there is none. It runs on
	// the isolate, and only for a request whose body is at hand.
	Ready(*Outgoing) *Reply
	// Answer is the answer, nil for a fetch that goes on as ever. It runs off
	// the isolate; ctx ends when the script aborts the fetch.
	Answer(context.Context, *Outgoing) (*Reply, error)
}

// SetSource sets who is asked, on the isolate, whether a fetch over HTTP has a
// source of its own; nil is none. Input and init are what the script gave. What
// it throws rejects the fetch.
func (e *Env) SetSource(of func(r *Request, input, init goja.Value) Source) { e.source = of }

// Outgoing is a request that has left its isolate. It can be sent from any
// goroutine, again and again once it is whole.
type Outgoing struct {
	// Request is what the script made, except for its body, which is used.
	Request *Request
	// Header is the request's, without those that are added when it is sent.
	Header http.Header

	client *Client
	data   []byte
	stream io.ReadCloser // the body where it is not data
	length int64         // of stream; -1 is unknown
}

// Hold reads a body that streams so that it can be sent again. It is false for
// one of more than limit bytes, which goes on as a stream, whole.
func (o *Outgoing) Hold(ctx context.Context, limit int) (whole bool, err error) {
	if o.stream == nil {
		return len(o.data) <= limit, nil
	}
	if o.length > int64(limit) {
		return false, nil
	}
	stream := o.stream
	stop := context.AfterFunc(ctx, func() { stream.Close() })
	defer stop()
	data, err := io.ReadAll(io.LimitReader(stream, int64(limit)+1))
	if err != nil {
		stream.Close()
		return false, err
	}
	if len(data) > limit {
		o.stream = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(data), stream), stream}
		return false, nil
	}
	o.data, o.stream = data, nil
	return true, stream.Close()
}

// Body is the body of a whole request.
func (o *Outgoing) Body() []byte { return o.data }

// hasBody reports whether an answer of a status has a body.
func (o *Outgoing) hasBody(status int) bool {
	return !nullBodyStatus(status) && o.Request.Method != http.MethodHead
}

// Reply is an answer to an Outgoing.
type Reply struct {
	Status     int
	StatusText string
	Header     http.Header // nobody changes it
	URL        string      // after redirects, without a fragment
	Redirected bool
	// Data is the body where Body is nil. Nobody changes it.
	Data []byte
	// Body is a body that is still to come, decoded. It must be closed.
	Body   io.ReadCloser
	Length int64 // of Body; -1 is unknown

	cancel context.CancelFunc
	stop   func() bool
}

// Unread puts back what was read of the body.
func (r *Reply) Unread(data []byte) {
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(data), r.Body), r.Body}
}

// Detach has the reply go on when the context ends that it was asked for with.
func (r *Reply) Detach() { r.stop() }

// Send sends a whole request and returns when the header of the answer is
// there. The error is that of the network, or the context's.
func (o *Outgoing) Send(ctx context.Context) (*Reply, error) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	res, final, redirected, err := o.follow(own, o.Header.Clone())
	if err != nil {
		stop()
		cancel()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	r := &Reply{Status: res.StatusCode, StatusText: phrase(res), Header: res.Header, URL: withoutFragment(final), Redirected: redirected, cancel: cancel, stop: stop}
	if !o.hasBody(res.StatusCode) {
		res.Body.Close()
		stop()
		cancel()
		return r, nil
	}
	b := &replyBody{raw: res.Body, cancel: cancel, stop: stop}
	b.codings, r.Length = codingsOf(res)
	r.Body = b
	return r, nil
}

// replyBody is a body that is received, decoded; closing it ends its exchange.
type replyBody struct {
	raw     io.ReadCloser
	codings []string
	r       io.Reader
	cancel  context.CancelFunc
	stop    func() bool
	once    sync.Once
	err     error // of closing
}

func (b *replyBody) Read(p []byte) (int, error) {
	if b.r == nil {
		r, err := decode(b.raw, b.codings)
		if err != nil {
			return 0, err
		}
		b.r = r
	}
	return b.r.Read(p)
}

func (b *replyBody) Close() error {
	b.once.Do(func() {
		b.err = b.raw.Close()
		b.stop()
		b.cancel()
	})
	return b.err
}

var errRedirect = errors.New("unexpected redirect")

// follow sends the request and follows redirects (Fetch §4.4). It completes h,
// and reads the body.
func (o *Outgoing) follow(ctx context.Context, h http.Header) (res *http.Response, final string, redirected bool, err error) {
	method, data, body, length := o.Request.Method, o.data, o.stream, o.length
	u, err := url.Parse(o.Request.url)
	if err != nil {
		return nil, "", false, err
	}
	dropHopByHop(h)
	def := func(name string, value []string) {
		if _, ok := h[name]; !ok {
			h[name] = value
		}
	}
	c := o.client
	def("Accept", c.any[:1:1])
	def("Accept-Language", c.any[1:])
	def("Accept-Encoding", c.codings)
	if o.Request.mode == c.mode[0] {
		def("Sec-Fetch-Mode", c.mode)
	} else {
		def("Sec-Fetch-Mode", []string{o.Request.mode})
	}
	def("User-Agent", c.agent)
	delete(h, "Content-Length") // what is sent is what the body has
	delete(h, "Host")           // the URL's own, as in Node: a relayed request must not name another
	for hops := 0; ; hops++ {
		req := &http.Request{Method: method, URL: u, Header: h, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
		switch {
		case body != nil:
			req.Body, req.ContentLength = body, length
		case len(data) > 0:
			req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
			req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		case method == "POST" || method == "PUT" || method == "PATCH":
			req.Body = http.NoBody
		}
		res, err := c.transport.RoundTrip(req.WithContext(ctx))
		if err != nil {
			return nil, "", false, err
		}
		loc := res.Header.Get("Location")
		if !slices.Contains(redirectStatus, res.StatusCode) || loc == "" || o.Request.redirect == "manual" {
			return res, u.String(), redirected, nil
		}
		drain(res)
		if o.Request.redirect == "error" {
			return nil, "", false, errRedirect
		}
		if hops == maxRedirects {
			return nil, "", false, errors.New("redirect count exceeded")
		}
		next, err := u.Parse(loc)
		if err != nil {
			return nil, "", false, fmt.Errorf("redirect to an invalid URL: %w", err)
		}
		if next.Scheme != "http" && next.Scheme != "https" {
			return nil, "", false, errors.New("URL scheme must be a HTTP(S) scheme")
		}
		if next.Fragment == "" {
			next.Fragment = u.Fragment
		}
		if res.StatusCode != 303 && body != nil {
			return nil, "", false, errors.New("a streamed body cannot be sent again after a redirect")
		}
		if (res.StatusCode == 301 || res.StatusCode == 302) && method == "POST" || res.StatusCode == 303 && method != "GET" && method != "HEAD" {
			method, data, body = "GET", nil, nil
			for _, n := range []string{"Content-Encoding", "Content-Language", "Content-Location", "Content-Type", "Content-Length"} {
				delete(h, n)
			}
		}
		if next.Scheme != u.Scheme || next.Host != u.Host {
			for _, n := range []string{"Authorization", "Proxy-Authorization", "Cookie", "Host"} {
				delete(h, n)
			}
		}
		u, redirected = next, true
	}
}
