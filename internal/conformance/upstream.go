package conformance

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Upstream is the server that fixture apps fetch from. Its endpoints are listed
// in FORMAT.md; its twin for the recorder is record/upstream.mjs, and the two
// must answer alike.
type Upstream struct {
	listener net.Listener
	server   *http.Server
	served   chan error

	mu       sync.Mutex
	bell     chan struct{} // closed and replaced at every change
	events   map[string][]string
	gates    map[string]bool
	counters map[string]int
}

// maxWait bounds how long the upstream waits for a gate or an event.
const maxWait = 10 * time.Second

// StartUpstream listens on a free loopback port. Close it when done.
func StartUpstream() (*Upstream, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	u := &Upstream{listener: l, served: make(chan error, 1), bell: make(chan struct{})}
	u.Reset()
	u.server = &http.Server{Handler: u, ReadHeaderTimeout: 10 * time.Second}
	go func() { u.served <- u.server.Serve(l) }()
	return u, nil
}

// Addr is the host:port that the upstream listens on.
func (u *Upstream) Addr() string { return u.listener.Addr().String() }

// Close drops all connections and waits until serving has ended.
func (u *Upstream) Close() error {
	err := u.server.Close()
	if serr := <-u.served; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	return err
}

// Reset forgets events, counters and open gates.
func (u *Upstream) Reset() {
	u.change(func() {
		u.events, u.gates, u.counters = map[string][]string{}, map[string]bool{}, map[string]int{}
	})
}

// Counted waits until /counter/KEY was asked n times, and reports whether it was
// within ten seconds.
func (u *Upstream) Counted(ctx context.Context, key string, n int) bool {
	u.wait(ctx, func() bool { return u.counters[key] >= n })
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.counters[key] >= n
}

// Open opens a gate; whoever waits at it goes on.
func (u *Upstream) Open(gate string) { u.change(func() { u.gates[gate] = true }) }

func (u *Upstream) change(f func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f()
	close(u.bell)
	u.bell = make(chan struct{})
}

func (u *Upstream) note(key, text string) {
	u.change(func() { u.events[key] = append(u.events[key], text) })
}

// wait returns when ready, called with the lock held, holds; or after maxWait.
func (u *Upstream) wait(ctx context.Context, ready func() bool) {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	for {
		u.mu.Lock()
		ok, bell := ready(), u.bell
		u.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-bell:
		case <-ctx.Done():
			return
		}
	}
}

// unsaid are headers that HTTP clients add by themselves.
var unsaid = map[string]bool{
	"accept-encoding": true, "accept-language": true, "connection": true, "content-length": true, "host": true,
	"keep-alive": true, "sec-fetch-mode": true, "transfer-encoding": true, "user-agent": true,
}

// forwarded is what a proxy says about the client; /asked leaves it out.
var forwarded = regexp.MustCompile(`^(forwarded|via|x-forwarded-.*|x-real-ip|x-request-id|x-middleware-.*)$`)

// feed is what /rss answers.
const feed = `{"title":"Notes","description":"What we learnt","link":"https://notes.test/","copyright":"2026 Notes","items":[` +
	`{"title":"One","description":"The first","link":"https://notes.test/1","publishDate":"Mon, 05 Jan 2026 10:00:00 GMT","guid":"n1"},` +
	`{"title":"Two","description":"The second","link":"https://notes.test/2","publishDate":"Tue, 06 Jan 2026 10:00:00 GMT","guid":"n2"}]}`

// ServeHTTP answers the endpoints of FORMAT.md.
func (u *Upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind, key, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		query = url.Values{}
	}
	if kind != "socket" && r.Header.Get("Upgrade") != "" {
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(404) // only /socket changes the protocol
		return
	}
	switch kind {
	case "rss":
		text(w, 200, "application/json", feed)
	case "weather":
		lat, lng := query.Get("lat"), query.Get("lng")
		if !isNumber(lat) || !isNumber(lng) {
			text(w, 400, "text/plain", "error: no such place")
			return
		}
		text(w, 200, "text/plain", fmt.Sprintf("place: %s,%s\ntemperature: 21.5\nwind: 3\nsky: clear\n", lat, lng))
	case "mail":
		var mail struct{ To, Text string }
		if err := json.NewDecoder(r.Body).Decode(&mail); err != nil {
			text(w, 400, "text/plain", err.Error())
			return
		}
		if strings.HasPrefix(mail.To, "bounce@") {
			text(w, 422, "application/json", `{"error":"mailbox unavailable"}`)
			return
		}
		id := fmt.Sprintf("<%d.%d@mail.test>", utf8.RuneCountInString(mail.To), utf8.RuneCountInString(mail.Text))
		text(w, 202, "application/json", `{"id":"`+id+`"}`)
	case "counter":
		u.serveCounter(w, key, query)
	case "echo":
		echo(w, r, func(string) bool { return true })
	case "asked":
		echo(w, r, func(name string) bool { return !forwarded.MatchString(name) })
	case "socket":
		socket(w, r)
	case "framing":
		framing(w, r)
	case "mirror":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		kind := r.Header.Get("Content-Type")
		if kind == "" {
			kind = "application/octet-stream"
		}
		text(w, 200, kind, string(body))
	case "status":
		status(w, key, query)
	case "headers":
		h := w.Header()
		h.Set("Content-Type", "text/plain")
		h["Set-Cookie"] = []string{"a=1; Path=/", "b=2; HttpOnly"}
		h["X-Multi"] = []string{"one", "two"}
		h.Set("Link", "</a>; rel=preload")
		h.Set("Etag", `"v1"`)
		text(w, 200, "text/plain", "headers")
	case "gzip":
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, err := io.WriteString(z, `{"packed":true,"filler":"`+strings.Repeat("x", 1000)+`"}`)
		if err := errors.Join(err, z.Close()); err != nil {
			text(w, 500, "text/plain", err.Error())
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		text(w, 200, "application/json", packed.String())
	case "bytes":
		n, err := strconv.Atoi(key)
		if err != nil {
			text(w, 400, "text/plain", err.Error())
			return
		}
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i * 7)
		}
		text(w, 200, "application/octet-stream", string(b))
	case "stream":
		n, err := strconv.Atoi(key)
		if err != nil {
			text(w, 400, "text/plain", err.Error())
			return
		}
		for i := range n {
			send(w, "text/plain", fmt.Sprintf("chunk %d\n", i))
		}
	case "gated":
		send(w, "text/plain", "first\n")
		u.wait(r.Context(), func() bool { return u.gates[key] })
		send(w, "text/plain", "second\n")
	case "sse":
		w.Header().Set("Cache-Control", "no-cache")
		send(w, "text/event-stream", "data: one\n\n")
		u.wait(r.Context(), func() bool { return u.gates[key] })
		send(w, "text/event-stream", "data: two\n\n")
	case "range":
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Etag", `"r1"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("0123456789"))
	case "cut":
		w.Header().Set("Content-Length", "100")
		send(w, "text/plain", "ten bytes!")
		panic(http.ErrAbortHandler)
	case "drop":
		panic(http.ErrAbortHandler)
	case "hang":
		u.note(key, "came")
		<-r.Context().Done()
		u.note(key, "left")
	case "events":
		u.serveEvents(w, r, key, query)
	case "gate":
		u.wait(r.Context(), func() bool { return u.gates[key] })
		u.mu.Lock()
		open := u.gates[key]
		u.mu.Unlock()
		if open {
			text(w, 200, "text/plain", "open")
		} else {
			text(w, 200, "text/plain", "shut")
		}
	case "open":
		u.Open(key)
		w.WriteHeader(204)
	default:
		text(w, 404, "text/plain", "no such endpoint")
	}
}

// serveCounter counts, and answers with the number. The query says how: status,
// header (name:value), and fill, the length of a filler.
func (u *Upstream) serveCounter(w http.ResponseWriter, key string, query url.Values) {
	n := 0
	u.change(func() { u.counters[key]++; n = u.counters[key] })
	status, fill := 200, 0
	for name, to := range map[string]*int{"status": &status, "fill": &fill} {
		if s := query.Get(name); s != "" {
			v, err := strconv.Atoi(s)
			if err != nil || v < 0 || v > 8<<20 || name == "status" && (v < 200 || v > 599) {
				text(w, 400, "text/plain", "no such "+name)
				return
			}
			*to = v
		}
	}
	for _, line := range query["header"] {
		name, value, _ := strings.Cut(line, ":")
		w.Header().Set(name, value)
	}
	body := fmt.Sprintf(`{"count":%d}`, n)
	if fill > 0 {
		body = fmt.Sprintf(`{"count":%d,"fill":"%s"}`, n, strings.Repeat("x", fill))
	}
	text(w, status, "application/json", body)
}

func (u *Upstream) serveEvents(w http.ResponseWriter, r *http.Request, key string, query url.Values) {
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		u.note(key, string(body))
		w.WriteHeader(204)
		return
	}
	n := 0
	if s := query.Get("n"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			text(w, 400, "text/plain", err.Error())
			return
		}
	}
	u.wait(r.Context(), func() bool { return len(u.events[key]) >= n })
	u.mu.Lock()
	list := slices.Clone(u.events[key])
	u.mu.Unlock()
	if list == nil {
		list = []string{}
	}
	writeJSON(w, list)
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// text sends a whole body. The error of a client that has left is not ours.
func text(w http.ResponseWriter, status int, kind, body string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// send writes a part of a body and flushes it.
func send(w http.ResponseWriter, kind, part string) {
	w.Header().Set("Content-Type", kind)
	if _, err := io.WriteString(w, part); err == nil {
		_ = http.NewResponseController(w).Flush()
	}
}

// writeJSON sends a value as JSON.stringify would write it.
func writeJSON(w http.ResponseWriter, value any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		text(w, 500, "text/plain", err.Error())
		return
	}
	text(w, 200, "application/json", strings.TrimSuffix(b.String(), "\n"))
}

// latin1 is bytes as a string of characters, one each.
func latin1(b []byte) string {
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return string(out)
}

func echo(w http.ResponseWriter, r *http.Request, said func(name string) bool) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	headers := [][2]string{}
	for name, lines := range r.Header {
		name = strings.ToLower(name)
		if unsaid[name] || !said(name) {
			continue
		}
		headers = append(headers, [2]string{name, latin1([]byte(strings.Join(lines, ", ")))})
	}
	slices.SortFunc(headers, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	writeJSON(w, struct {
		Method  string      `json:"method"`
		URL     string      `json:"url"`
		Headers [][2]string `json:"headers"`
		Body    string      `json:"body"`
	}{r.Method, r.RequestURI, headers, latin1(body)})
}

// socket upgrades to a WebSocket, says hello, sends back the first frame that comes,
// and says goodbye. Frames have less than 126 bytes.
func socket(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		text(w, 426, "text/plain", "not a WebSocket")
		return
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		text(w, 500, "text/plain", err.Error())
		return
	}
	defer conn.Close()
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	head := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n"
	if p := r.Header.Get("Sec-WebSocket-Protocol"); p != "" {
		p, _, _ = strings.Cut(p, ",")
		head += "Sec-WebSocket-Protocol: " + p + "\r\n"
	}
	frame := func(opcode byte, b []byte) error {
		if _, err := rw.Write(append([]byte{0x80 | opcode, byte(len(b))}, b...)); err != nil {
			return err
		}
		return rw.Flush()
	}
	if _, err := rw.WriteString(head + "\r\n"); err != nil {
		return
	}
	if err := frame(1, []byte("hello "+r.RequestURI)); err != nil {
		return
	}
	var start [6]byte // opcode, masked length, mask
	if _, err := io.ReadFull(rw, start[:]); err != nil {
		return
	}
	got := make([]byte, start[1]&127)
	if _, err := io.ReadFull(rw, got); err != nil {
		return
	}
	for i := range got {
		got[i] ^= start[2+i&3]
	}
	if err := frame(1, got); err == nil {
		_ = frame(8, nil)
	}
}

func framing(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	// net/http gives a request without any framing the length 0.
	var length *string
	if s := r.Header.Get("Content-Length"); s != "" {
		length = &s
	} else if r.ContentLength > 0 {
		s := strconv.FormatInt(r.ContentLength, 10)
		length = &s
	}
	writeJSON(w, struct {
		Length   *string `json:"length"`
		Chunked  bool    `json:"chunked"`
		Received int     `json:"received"`
		Host     string  `json:"host"`
		Agent    bool    `json:"agent"`
	}{length, len(r.TransferEncoding) > 0, len(body), r.Host, r.Header.Get("User-Agent") != ""})
}

func status(w http.ResponseWriter, key string, query url.Values) {
	code, err := strconv.Atoi(key)
	if err != nil || code < 200 || code > 599 {
		text(w, 400, "text/plain", "no such status")
		return
	}
	if query.Has("to") {
		w.Header().Set("Location", query.Get("to"))
	}
	if code == 204 || code == 304 {
		w.WriteHeader(code)
		return
	}
	text(w, code, "text/plain", fmt.Sprintf("status %d", code))
}
