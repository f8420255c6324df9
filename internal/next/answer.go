package next

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/portico-dev/portico/internal/edge"
	"github.com/portico-dev/portico/internal/js/web"
)

// write sends the answer.
func (x *Exchange) write(w http.ResponseWriter) error {
	res := &x.result
	h := w.Header()
	var before http.Header // what Go middleware has set
	var replaced []string  // of these: the handler's take their place, as in net/http
	if len(h) > 0 {
		before = maps.Clone(h)
	}
	values := make([]string, 0, 8) // one array for the lines of all headers
	res.header.Each(func(name, value string) {
		if ownBusiness(name) {
			return
		}
		k := http.CanonicalHeaderKey(name)
		if old := h[k]; old != nil {
			if before[k] != nil && !edge.Additive(k) && !slices.Contains(replaced, k) {
				replaced = append(replaced, k)
			} else {
				if k != "Set-Cookie" || !slices.Contains(old, value) { // the same line twice is one
					h[k] = append(old, value)
				}
				return
			}
		}
		values = append(values, value)
		h[k] = values[len(values)-1 : len(values) : len(values)]
	})
	if _, ok := h["Content-Type"]; !ok {
		h["Content-Type"] = nil // none, where net/http would guess one
	}
	if res.body == nil {
		if x.req.Method == http.MethodHead {
			if v, ok := res.header.Get("content-length"); ok && res.length == 0 {
				h["Content-Length"] = []string{v}
			} else if res.length > 0 {
				h["Content-Length"] = []string{strconv.FormatInt(res.length, 10)}
			}
		} else if !bodyless(res.status) {
			values = append(values, strconv.Itoa(len(res.data)))
			h["Content-Length"] = values[len(values)-1:]
			checkEncoding(h, res.data)
		}
		w.WriteHeader(res.status)
		if len(res.data) > 0 {
			_, _ = w.Write(res.data) // the client has gone: nobody to tell
		}
		return nil
	}
	defer res.body.Close()
	if res.length >= 0 {
		h["Content-Length"] = []string{strconv.FormatInt(res.length, 10)}
	}
	err := x.stream(w)
	if err != nil { // nothing has been sent: none of it counts
		clear(h)
		maps.Copy(h, before)
	}
	return err
}

// ownBusiness are headers of a script's answer that are the server's to write,
// or that mean something within it.
func ownBusiness(name string) bool {
	switch name {
	case "content-length", "transfer-encoding", "keep-alive", "upgrade", "proxy-connection", "x-middleware-set-cookie":
		return true
	}
	return false
}

// checkEncoding drops a Content-Encoding that the first bytes of the body do
// not bear out: fetch decodes a body and leaves the header, and handlers pass
// both on.
func checkEncoding(h http.Header, start []byte) {
	if h["Content-Encoding"] != nil && !web.Encoded(h.Get("Content-Encoding"), start) {
		delete(h, "Content-Encoding")
	}
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// stream copies a body to the client, chunk by chunk: a chunk is read when the
// one before it has been written, so a slow client holds its producer back.
func (x *Exchange) stream(w http.ResponseWriter) error {
	res := &x.result
	if a, ok := res.body.(interface{ Abort(error) }); ok {
		stop := context.AfterFunc(x.req.Context(), func() { a.Abort(ErrClientGone) })
		defer stop()
	}
	bp := buffers.Get().(*[]byte)
	defer buffers.Put(bp)
	buf := *bp
	flush := http.NewResponseController(w)
	if x.req.Body != nil && x.req.Body != http.NoBody {
		// The answer may be made of a request's body that is still coming, which
		// net/http would close. A writer that cannot is HTTP/2's, which always does.
		_ = flush.EnableFullDuplex()
	}
	started := false
	for {
		n, err := res.body.Read(buf)
		if n > 0 || err != nil && !started {
			if !started {
				if err != nil && !errors.Is(err, io.EOF) && n == 0 {
					return err
				}
				checkEncoding(w.Header(), buf[:n])
				w.WriteHeader(res.status)
				started = true
			}
			if _, werr := w.Write(buf[:n]); werr != nil {
				return nil // the client has gone; closing the body tells the producer
			}
			if err == nil && res.length < 0 {
				if ferr := flush.Flush(); ferr != nil {
					return nil
				}
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return nil
		default:
			if !errors.Is(err, ErrClientGone) {
				x.app.report(x, "failed to pipe response", err)
			}
			_ = flush.Flush() // what there is arrives before the end of the connection
			panic(http.ErrAbortHandler)
		}
	}
}
