package proxy

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// upgrade is the protocol that the client asks for and may have; "" is none.
//
// Other versions of HTTP are not for it: over h2c it could ask the upstream
// anything, past every rule.
func (f *flight) upgrade() string {
	h := f.r.Header
	if !f.r.ProtoAtLeast(1, 1) || f.r.ProtoMajor != 1 || !httpguts.HeaderValuesContainsToken(h["Connection"], "upgrade") || !canHijack(f.w) {
		return ""
	}
	values := h["Upgrade"]
	if len(values) != 1 {
		return ""
	}
	name, _, _ := strings.Cut(values[0], "/")
	if !httpguts.ValidHeaderFieldName(name) || strings.EqualFold(name, "h2c") || strings.EqualFold(name, "h2") || strings.EqualFold(name, "http") || strings.EqualFold(name, "tls") {
		return ""
	}
	return values[0]
}

// canHijack looks through the wrappers of a writer as http.ResponseController
// does, without doing it.
func canHijack(w http.ResponseWriter) bool {
	for {
		switch v := w.(type) {
		case http.Hijacker:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return false
		}
	}
}

// websocketGUID is RFC 6455 §1.3's.
const websocketGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// checkUpgrade refuses a 101 that does not answer what was asked. A server that
// did not mean it goes on speaking HTTP, and the client could then ask it
// anything; so a WebSocket's accept value is checked, as the client would.
func checkUpgrade(out *http.Request, res *http.Response) error {
	asked, got := out.Header.Get("Upgrade"), res.Header.Get("Upgrade")
	if asked == "" || !strings.EqualFold(asked, got) || !httpguts.HeaderValuesContainsToken(res.Header["Connection"], "upgrade") {
		return fmt.Errorf("%w: it switches to %q, which was not asked for", errMalformed, got)
	}
	if strings.EqualFold(asked, "websocket") {
		sum := sha1.Sum([]byte(out.Header.Get("Sec-Websocket-Key") + websocketGUID))
		if res.Header.Get("Sec-Websocket-Accept") != base64.StdEncoding.EncodeToString(sum[:]) {
			return fmt.Errorf("%w: Sec-WebSocket-Accept does not fit the key", errMalformed)
		}
	}
	if _, ok := res.Body.(io.ReadWriteCloser); !ok {
		return fmt.Errorf("%w: 101 over %s", errMalformed, res.Proto)
	}
	return nil
}

// halfCloser is a connection of which one direction can end.
type halfCloser interface{ CloseWrite() error }

// tunnel passes bytes both ways until both ends have ended.
func (f *flight) tunnel(l *lease, res *http.Response) *Error {
	up := res.Body.(io.ReadWriteCloser)
	defer closeOf(up)
	h := f.w.Header()
	copyResponseHeader(h, res.Header)
	h["Connection"] = []string{"Upgrade"}
	h["Upgrade"] = res.Header["Upgrade"]
	f.touch()
	f.enter(answering)
	// Written by the writer itself, which knows what else belongs to the header.
	f.w.WriteHeader(http.StatusSwitchingProtocols)
	client, buffered, err := f.rc.Hijack()
	if err != nil {
		f.abort(err)
	}
	defer closeOf(client)
	stop := context.AfterFunc(f.ctx, func() {
		closeOf(client)
		closeOf(up)
	})
	defer stop()
	if err := buffered.Flush(); err != nil {
		return nil // the client is gone
	}
	var early io.Reader
	if n := buffered.Reader.Buffered(); n > 0 {
		early = io.LimitReader(buffered.Reader, int64(n))
	}
	ends := make(chan error, 2)
	go func() { ends <- f.pass(up, client, early) }()
	go func() { ends <- f.pass(client, up, nil) }()
	if err = <-ends; err == nil {
		err = <-ends
		return nil
	}
	// One direction is broken: so is the other.
	closeOf(client)
	closeOf(up)
	<-ends
	if cause := context.Cause(f.ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		f.p.log.Info("proxy: an upgraded connection was ended", "id", f.t.ID, "upstream", f.o.site, "error", cause)
	}
	return nil
}

// pass copies one direction, and at its end ends it on the other side too.
func (f *flight) pass(dst io.Writer, src, early io.Reader) error {
	buf := f.p.buffers.Get().(*[]byte)
	defer f.p.buffers.Put(buf)
	for _, r := range [...]io.Reader{early, src} {
		for r != nil {
			n, err := r.Read(*buf)
			if n > 0 {
				f.touch()
				if _, err := dst.Write((*buf)[:n]); err != nil {
					return err
				}
				f.touch()
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
		}
	}
	if h, ok := dst.(halfCloser); ok {
		return h.CloseWrite()
	}
	return errors.ErrUnsupported // the whole has to end
}
