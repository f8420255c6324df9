package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/coder/websocket"
	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// WebSocket is the client of the WebSockets Standard. The connection is kept
// by two goroutines: one reads, and is the only one that tells of the end; the
// other writes, in order. They end with the connection, the isolate or the site.

// The values of readyState.
const (
	socketConnecting = iota
	socketOpen
	socketClosing
	socketClosed
)

// maxSocketMessage is the largest message that is received, in bytes; a larger
// one closes the connection with 1009.
const maxSocketMessage = 100 << 20

type webSocket struct {
	eventTarget
	e      *Env
	object *goja.Object
	frame  *js.Frame
	cancel context.CancelCauseFunc

	url, protocol, extensions string
	origin                    goja.Value
	state                     int
	blobs                     bool // binaryType is "blob"

	buffered atomic.Int64 // bytes that were given to send and are not sent
	mu       sync.Mutex
	queue    []outgoing
	more     chan struct{} // has one item when queue grew
	closing  atomic.Bool   // our close frame is sent
}

// outgoing is a message to send, or the end.
type outgoing struct {
	typ    websocket.MessageType
	data   []byte
	blob   *Blob
	size   int64
	end    bool
	code   websocket.StatusCode
	reason string
}

func (e *Env) webSocketClass() *js.Class {
	return class(&e.sockets.sockets, func() *js.Class {
		c := e.iso.Class("WebSocket", 1, e.eventTargetClass(), func(call goja.ConstructorCall) any {
			e.need(call.Arguments, 1, "", "WebSocket")
			return e.newSocket(call.Argument(0), call.Argument(1))
		})
		self := func(v goja.Value) *webSocket {
			s, ok := js.Host[webSocket](e.iso, v)
			if !ok {
				panic(e.illegal())
			}
			return s
		}
		get := func(name string, of func(*webSocket) any) {
			c.Getter(name, func(call goja.FunctionCall) goja.Value { return e.rt.ToValue(of(self(call.This))) })
		}
		for i, name := range []string{"CONNECTING", "OPEN", "CLOSING", "CLOSED"} {
			c.Const(name, e.rt.ToValue(i))
		}
		get("url", func(s *webSocket) any { return s.url })
		get("readyState", func(s *webSocket) any { return s.state })
		get("bufferedAmount", func(s *webSocket) any { return s.buffered.Load() })
		for _, name := range []string{"open", "error", "close", "message"} {
			e.eventHandler(c, name)
		}
		get("extensions", func(s *webSocket) any { return s.extensions })
		get("protocol", func(s *webSocket) any { return s.protocol })
		c.Accessor("binaryType", func(call goja.FunctionCall) goja.Value {
			if self(call.This).blobs {
				return e.rt.ToValue("blob")
			}
			return e.rt.ToValue("arraybuffer")
		}, func(call goja.FunctionCall) goja.Value {
			s := self(call.This)
			switch call.Argument(0).String() { // any other value is ignored, as Web IDL has it of enumerations
			case "blob":
				s.blobs = true
			case "arraybuffer":
				s.blobs = false
			}
			return goja.Undefined()
		})
		c.Method("send", 1, func(call goja.FunctionCall) goja.Value {
			s := self(call.This)
			e.need(call.Arguments, 1, "send", "WebSocket")
			s.send(call.Argument(0))
			return goja.Undefined()
		})
		c.Method("close", 0, func(call goja.FunctionCall) goja.Value {
			self(call.This).close(call.Argument(0), call.Argument(1))
			return goja.Undefined()
		})
		return c
	})
}

// newSocket is the constructor steps (WebSockets §3.1). Beside the standard's
// protocols it takes Node's options: protocols and headers.
func (e *Env) newSocket(address, protocols goja.Value) *webSocket {
	u, err := ParseURL(e.text(address), nil)
	if err != nil {
		panic(e.domException("SyntaxError", "Invalid URL: "+e.text(address)))
	}
	switch u.Protocol() {
	case "http:":
		u.SetProtocol("ws:")
	case "https:":
		u.SetProtocol("wss:")
	case "ws:", "wss:":
	default:
		panic(e.domException("SyntaxError", "Expected a ws: or wss: protocol, got "+u.Protocol()))
	}
	if strings.Contains(u.Href(), "#") {
		panic(e.domException("SyntaxError", "Got fragment"))
	}
	header := http.Header{}
	if o, ok := protocols.(*goja.Object); ok {
		if it := o.GetSymbol(goja.SymIterator); absent(it) || goja.IsNull(it) {
			protocols = goja.Undefined()
			if v, ok := member(o, "protocols"); ok {
				protocols = v
			}
			if v, ok := member(o, "headers"); ok {
				h := &Headers{}
				e.fillHeaders(h, v)
				h.Combined(func(name, value string) { header.Add(name, value) })
			}
		}
	}
	var list []string
	if o, ok := protocols.(*goja.Object); ok {
		e.rt.ForOf(o, func(v goja.Value) bool { list = append(list, e.domString(v).String()); return true })
	} else if !absent(protocols) {
		list = []string{e.domString(protocols).String()}
	}
	for i, p := range list {
		if !isToken(p) || slices.ContainsFunc(list[:i], func(q string) bool { return strings.EqualFold(p, q) }) {
			panic(e.domException("SyntaxError", "Invalid Sec-WebSocket-Protocol value"))
		}
	}
	s := &webSocket{e: e, url: u.Href(), blobs: true, frame: e.iso.Current(), more: make(chan struct{}, 1)}
	s.origin = e.rt.ToValue(u.Origin())
	ctx, cancel := context.WithCancelCause(e.opts.Context)
	s.cancel = cancel
	bad := blockedPorts[u.Port()] && u.Port() != ""
	// The connection is begun when the constructor has returned.
	e.iso.Microtask(func() {
		if bad {
			s.finish(errors.New("bad port"))
			return
		}
		go s.run(ctx, header, list)
	})
	return s
}

// Constructed remembers the object that events are dispatched at.
func (s *webSocket) Constructed(o *goja.Object) { s.object = o }

// run connects, and reads until the end.
func (s *webSocket) run(ctx context.Context, header http.Header, protocols []string) {
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-s.e.iso.Done():
			s.cancel(context.Canceled)
		case <-stop:
		}
	}()
	c := s.e.opts.Client
	if header.Get("User-Agent") == "" && len(c.agent) > 0 {
		header.Set("User-Agent", c.agent[0])
	}
	conn, res, err := websocket.Dial(ctx, s.url, &websocket.DialOptions{
		HTTPClient: &http.Client{
			Transport: c.upgrader(),
			// The standard's redirect mode is "error".
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		HTTPHeader: header, Subprotocols: protocols, CompressionMode: websocket.CompressionNoContextTakeover,
	})
	if err == nil && conn.Subprotocol() == "" && res.Header.Get("Sec-WebSocket-Protocol") != "" {
		_ = conn.CloseNow() // the handshake has failed
		err = errors.New("the server chose a protocol that was not asked for")
	}
	if err != nil {
		s.post(func() { s.finish(err) })
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxSocketMessage)
	s.post(func() {
		if s.state != socketConnecting {
			return
		}
		s.state = socketOpen
		s.protocol, s.extensions = conn.Subprotocol(), res.Header.Get("Sec-WebSocket-Extensions")
		s.e.dispatch(s.object, s.e.newEvent(s.e.eventClass(), "open", new(event)))
	})
	written := make(chan error, 1) // what came of our own close
	go func() { written <- s.write(ctx, conn, stop) }()
	for {
		typ, data, err := conn.Read(ctx)
		if err != nil {
			if websocket.CloseStatus(err) < 0 && s.closing.Load() {
				// The library's Close reads, too, and may have got the answer.
				if e := <-written; websocket.CloseStatus(e) >= 0 {
					err = e
				}
			}
			s.post(func() { s.finish(err) })
			return
		}
		s.post(func() { s.message(typ, data) })
	}
}

// write sends what is queued, and returns how the connection was closed, if it
// was by us.
func (s *webSocket) write(ctx context.Context, conn *websocket.Conn, stop chan struct{}) error {
	for {
		select {
		case <-s.more:
		case <-stop:
			return nil
		}
		for {
			s.mu.Lock()
			if len(s.queue) == 0 {
				s.mu.Unlock()
				break
			}
			m := s.queue[0]
			s.queue[0] = outgoing{}
			s.queue = s.queue[1:]
			s.mu.Unlock()
			if m.end {
				s.closing.Store(true)
				if err := conn.Close(m.code, m.reason); err != nil {
					return err
				}
				return websocket.CloseError{Code: m.code, Reason: m.reason} // which was answered alike
			}
			data := m.data
			if m.blob != nil {
				var err error
				if data, err = io.ReadAll(m.blob.Open()); err != nil {
					s.cancel(err)
					return err
				}
			}
			if err := conn.Write(ctx, m.typ, data); err != nil {
				return err // the reader has it, too
			}
			s.buffered.Add(-m.size)
		}
	}
}

func (s *webSocket) post(fn func()) { s.e.iso.Post(s.frame, fn) }

func (s *webSocket) enqueue(m outgoing) {
	s.mu.Lock()
	s.queue = append(s.queue, m)
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// message is the standard's "when a WebSocket message has been received".
func (s *webSocket) message(typ websocket.MessageType, data []byte) {
	e := s.e
	if s.state != socketOpen || !s.listens("message") {
		return
	}
	ev := &messageEvent{origin: s.origin}
	switch {
	case typ == websocket.MessageText:
		ev.data = e.rt.ToValue(string(data))
	case s.blobs:
		ev.data = e.NewBlob(NewBlob(data, ""))
	default:
		ev.data = e.arrayBuffer(data)
	}
	e.dispatch(s.object, e.newEvent(e.messageEventClass(), "message", ev))
}

// finish is the standard's "when the WebSocket connection is closed".
func (s *webSocket) finish(err error) {
	if s.state == socketClosed {
		return
	}
	s.state = socketClosed
	s.cancel(nil)
	e := s.e
	ev := &closeEvent{code: 1006}
	var ce websocket.CloseError
	if errors.As(err, &ce) {
		ev.clean, ev.code, ev.reason = true, int(ce.Code), ce.Reason
	} else {
		e.fireError(s.object, err)
	}
	e.dispatch(s.object, e.newEvent(e.closeEventClass(), "close", ev))
}

// send is the method of that name (WebSockets §3.1).
func (s *webSocket) send(v goja.Value) {
	e := s.e
	if s.state == socketConnecting {
		panic(e.domException("InvalidStateError", "Sent before connected."))
	}
	m := outgoing{typ: websocket.MessageBinary}
	if b, ok := js.Host[Blob](e.iso, v); ok {
		m.blob, m.size = b, b.Size()
	} else if b, ok := e.bytesCopy(v); ok {
		m.data = b
	} else {
		m.typ, m.data = websocket.MessageText, []byte(e.text(v))
	}
	if m.blob == nil {
		m.size = int64(len(m.data))
	}
	s.buffered.Add(m.size)
	if s.state == socketOpen {
		s.enqueue(m)
	}
}

// close is the method of that name (WebSockets §3.1).
func (s *webSocket) close(codeArg, reasonArg goja.Value) {
	e := s.e
	m := outgoing{end: true, code: websocket.StatusNoStatusRcvd}
	if !absent(codeArg) {
		f := toNumber(codeArg) // [Clamp] unsigned short
		if f != f {
			f = 0
		}
		n := int(min(max(f, 0), 65535))
		if n != 1000 && (n < 3000 || n > 4999) {
			panic(e.domException("InvalidAccessError", "invalid code"))
		}
		m.code = websocket.StatusCode(n)
	}
	if !absent(reasonArg) {
		if m.reason = e.text(reasonArg); len(m.reason) > 123 {
			panic(e.domException("SyntaxError", "Reason must be less than 123 bytes; received "+e.rt.ToValue(len(m.reason)).String()))
		}
		if m.code == websocket.StatusNoStatusRcvd && m.reason != "" {
			m.code = websocket.StatusNormalClosure
		}
	}
	switch s.state {
	case socketConnecting:
		s.state = socketClosing
		s.cancel(nil)
		s.e.iso.Post(s.frame, func() { s.finish(errors.New("WebSocket was closed before the connection was established")) })
	case socketOpen:
		s.state = socketClosing
		s.enqueue(m)
	}
}

func (s *webSocket) inspectFields(e *Env) []inspectField {
	return []inspectField{
		{name: "url", value: e.rt.ToValue(s.url)},
		{name: "readyState", value: e.rt.ToValue(s.state)},
		{name: "protocol", value: e.rt.ToValue(s.protocol)},
	}
}
