package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// EventSource is the client of server-sent events (HTML §9.2). One goroutine
// receives, and connects again, until it is closed or fails for good, or the
// isolate or the site ends.

// The values of readyState.
const (
	sourceConnecting = iota
	sourceOpen
	sourceClosed
)

const (
	// reconnection is how long to wait before connecting again, until a retry
	// field says otherwise.
	reconnection = 3 * time.Second
	// maxEventData is the size of the data of one event, and of a line, in bytes.
	maxEventData = 64 << 20
)

type eventSource struct {
	eventTarget
	e           *Env
	object      *goja.Object
	frame       *js.Frame
	cancel      context.CancelCauseFunc
	url         string
	credentials bool
	state       int
}

func (s *eventSource) Constructed(o *goja.Object) { s.object = o }

func (e *Env) eventSourceClass() *js.Class {
	return class(&e.sockets.sources, func() *js.Class {
		c := e.iso.Class("EventSource", 1, e.eventTargetClass(), func(call goja.ConstructorCall) any {
			e.need(call.Arguments, 1, "", "EventSource")
			text := e.text(call.Argument(0))
			init := e.dictionary(call.Argument(1), "EventSourceInit")
			u, err := ParseURL(text, nil)
			if err != nil {
				panic(e.domException("SyntaxError", "Invalid URL: "+text))
			}
			s := &eventSource{e: e, url: u.Href(), credentials: flag(init, "withCredentials"), frame: e.iso.Current()}
			ctx, cancel := context.WithCancelCause(e.opts.Context)
			s.cancel = cancel
			e.iso.Microtask(func() { go s.run(ctx) }) // when the constructor has returned
			return s
		})
		self := func(v goja.Value) *eventSource {
			s, ok := js.Host[eventSource](e.iso, v)
			if !ok {
				panic(e.illegal())
			}
			return s
		}
		get := func(name string, of func(*eventSource) any) {
			c.Getter(name, func(call goja.FunctionCall) goja.Value { return e.rt.ToValue(of(self(call.This))) })
		}
		get("url", func(s *eventSource) any { return s.url })
		get("withCredentials", func(s *eventSource) any { return s.credentials })
		for i, name := range []string{"CONNECTING", "OPEN", "CLOSED"} {
			c.Const(name, e.rt.ToValue(i))
		}
		get("readyState", func(s *eventSource) any { return s.state })
		for _, name := range []string{"open", "message", "error"} {
			e.eventHandler(c, name)
		}
		c.Method("close", 0, func(call goja.FunctionCall) goja.Value {
			s := self(call.This)
			s.state = sourceClosed
			s.cancel(nil)
			return goja.Undefined()
		})
		return c
	})
}

// errSource is a failure after which nobody connects again.
type errSource struct{ text string }

func (e *errSource) Error() string { return e.text }

// run connects until there is no reason to any more.
func (s *eventSource) run(ctx context.Context) {
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-s.e.iso.Done():
			s.cancel(context.Canceled)
		case <-stop:
		}
	}()
	p := &eventParser{retry: reconnection}
	for {
		err := s.receive(ctx, p)
		if ctx.Err() != nil {
			return
		}
		var final *errSource
		if errors.As(err, &final) {
			s.post(func() {
				s.state = sourceClosed
				s.e.fireError(s.object, err)
			})
			s.cancel(nil)
			return
		}
		s.post(func() {
			s.state = sourceConnecting
			s.e.fireError(s.object, err)
		})
		wait := time.NewTimer(p.retry)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
	}
}

// post runs fn on the isolate unless the source was closed meanwhile.
func (s *eventSource) post(fn func()) {
	s.e.iso.Post(s.frame, func() {
		if s.state != sourceClosed {
			fn()
		}
	})
}

// receive is one connection.
func (s *eventSource) receive(ctx context.Context, p *eventParser) error {
	u, err := url.Parse(s.url)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return &errSource{"unknown scheme"}
	}
	if blockedPorts[u.Port()] && u.Port() != "" {
		return &errSource{"bad port"}
	}
	req := (&http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{
		"Accept": {"text/event-stream"}, "Cache-Control": {"no-store"}, "Accept-Language": {"*"}, "Sec-Fetch-Mode": {"cors"},
	}}).WithContext(ctx)
	c := s.e.opts.Client
	if len(c.agent) > 0 {
		req.Header["User-Agent"] = c.agent
	}
	if p.lastID != "" {
		req.Header.Set("Last-Event-ID", p.lastID)
	}
	client := http.Client{CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return &errSource{"redirect count exceeded"}
		}
		return nil
	}}
	if c.transport != nil {
		client.Transport = c.transport
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	typ, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case res.StatusCode != http.StatusOK:
		return &errSource{fmt.Sprintf("the server answered with status %d", res.StatusCode)}
	case typ != "text/event-stream":
		return &errSource{fmt.Sprintf("the answer is %q, not text/event-stream", res.Header.Get("Content-Type"))}
	}
	body := io.Reader(res.Body)
	if ce := res.Header.Get("Content-Encoding"); ce != "" {
		if codings := splitCodings(ce); codings != nil {
			if body, err = decode(res.Body, codings); err != nil {
				return err
			}
		}
	}
	origin := u.Scheme + "://" + u.Host
	if final := res.Request.URL; final != nil {
		origin = final.Scheme + "://" + final.Host
	}
	s.post(func() {
		s.state = sourceOpen
		s.e.dispatch(s.object, s.e.newEvent(s.e.eventClass(), "open", new(event)))
	})
	err = p.parse(body, func(typ, data, id string) {
		s.post(func() {
			if !s.listens(typ) {
				return
			}
			e := s.e
			ev := &messageEvent{data: e.rt.ToValue(data), origin: e.rt.ToValue(origin), lastEventID: e.rt.ToValue(id)}
			e.dispatch(s.object, e.newEvent(e.messageEventClass(), typ, ev))
		})
	})
	if err == nil {
		err = errors.New("the stream ended")
	}
	return err
}

// eventParser interprets an event stream (HTML §9.2.6). What it keeps outlives
// a connection.
type eventParser struct {
	lastID string
	retry  time.Duration
}

// parse calls emit for each event until the stream ends; an event that is not
// complete by then is dropped.
func (p *eventParser) parse(r io.Reader, emit func(typ, data, id string)) error {
	in := bufio.NewReader(r)
	if b, err := in.Peek(3); err == nil && string(b) == "\uFEFF" {
		if _, err := in.Discard(3); err != nil {
			return err
		}
	}
	lines := eventLines{in: in}
	var data strings.Builder
	typ, id := "", p.lastID
	for {
		line, err := lines.next()
		if err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		if line == "" {
			p.lastID = id
			if data.Len() > 0 {
				if typ == "" {
					typ = "message"
				}
				emit(typ, strings.TrimSuffix(data.String(), "\n"), id)
			}
			data.Reset()
			typ = ""
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			typ = value
		case "data":
			if data.Len()+len(value) >= maxEventData {
				return &errSource{"an event is too large"}
			}
			data.WriteString(value)
			data.WriteByte('\n')
		case "id":
			if !strings.Contains(value, "\x00") {
				id = value
			}
		case "retry":
			if strings.Trim(value, "0123456789") == "" && value != "" {
				if n, err := strconv.ParseInt(value, 10, 40); err == nil {
					p.retry = time.Duration(n) * time.Millisecond
				}
			}
		}
	}
}

// eventLines reads lines that end with CR, LF or both, as UTF-8. The end of the
// stream ends no line.
type eventLines struct {
	in *bufio.Reader
	cr bool // the last line ended with a CR, to which an LF may belong
}

func (l *eventLines) next() (string, error) {
	var line []byte
	for {
		c, err := l.in.ReadByte()
		if err != nil {
			return "", err
		}
		after := l.cr
		l.cr = c == '\r'
		switch {
		case c == '\n' && after: // which the CR had ended
		case c == '\n', c == '\r':
			return decodeUTF8String(string(line)), nil
		case len(line) >= maxEventData:
			return "", &errSource{"a line is too long"}
		default:
			line = append(line, c)
		}
	}
}

func (s *eventSource) inspectFields(e *Env) []inspectField {
	return []inspectField{
		{name: "readyState", value: e.rt.ToValue(s.state)},
		{name: "url", value: e.rt.ToValue(s.url)},
		{name: "withCredentials", value: e.rt.ToValue(s.credentials)},
	}
}
