package conformance

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Vars are the values of the placeholders of one run.
type Vars struct {
	// Addr is the server's host:port as it is dialled.
	Addr string
	// Upstream is the upstream's host:port; empty if the app has none.
	Upstream string
	// Captured are the values of placeholders that answers have given.
	Captured map[string]string
}

// table lists names with their values. Requests name the server "localhost", as
// Next.js calls itself whatever loopback address it listens on.
func (v Vars) table() []string {
	_, port, _ := strings.Cut(v.Addr, ":")
	table := []string{
		"{{origin}}", "http://localhost:" + port,
		"{{host}}", "localhost:" + port,
		"{{addr}}", v.Addr,
		"{{port}}", port,
		"{{upstream}}", "http://" + v.Upstream,
		"{{upstream_host}}", v.Upstream,
	}
	for name, value := range v.Captured {
		table = append(table, "{{"+name+"}}", value)
	}
	return table
}

// many is `{{12000 x}}`, a character many times.
var many = regexp.MustCompile(`\{\{(\d{1,6}) ([^{}])\}\}`)

func (v Vars) fill(s string) string {
	s = strings.NewReplacer(v.table()...).Replace(s)
	return many.ReplaceAllStringFunc(s, func(m string) string {
		parts := many.FindStringSubmatch(m)
		n, err := strconv.Atoi(parts[1])
		if err != nil {
			return m // six digits are a number, so this cannot be
		}
		return strings.Repeat(parts[2], n)
	})
}

var (
	repeatBody  = regexp.MustCompile(`^@repeat (\d+) (.*)$`)
	httpVersion = regexp.MustCompile(` HTTP/\d\.\d$`)
)

// bytes is the request as it goes on the wire.
func (e *Entry) bytes(vars Vars) (method string, out []byte, err error) {
	var head [][]byte
	var bodyLines []string
	hasBody := false
	for i, line := range e.request {
		if line == "" {
			hasBody, bodyLines = true, e.request[i+1:]
			break
		}
		b, err := unescape(vars.fill(line))
		if err != nil {
			return "", nil, err
		}
		head = append(head, b)
	}
	var body []byte
	if m := repeatBody.FindStringSubmatch(strings.Join(bodyLines, "\n")); m != nil {
		n, err := strconv.ParseInt(m[1], 10, 32)
		if err != nil {
			return "", nil, err
		}
		unit, err := unescape(m[2])
		if err != nil {
			return "", nil, err
		}
		if n*int64(len(unit)) > maxBody {
			return "", nil, fmt.Errorf("a body of more than %d bytes", maxBody)
		}
		body = bytes.Repeat(unit, int(n))
	} else if body, err = unescape(vars.fill(strings.Join(bodyLines, "\n"))); err != nil {
		return "", nil, err
	}
	method, _, _ = strings.Cut(string(head[0]), " ")
	if !e.raw {
		if !httpVersion.Match(head[0]) {
			head[0] = append(head[0], " HTTP/1.1"...)
		}
		has := func(name string) bool {
			for _, h := range head[1:] {
				if n, _, _ := bytes.Cut(h, []byte(":")); strings.EqualFold(string(n), name) {
					return true
				}
			}
			return false
		}
		if !has("host") {
			host := "Host: {{host}}"
			if e.toUpstream {
				host = "Host: {{upstream_host}}"
			}
			head = append(head[:1], append([][]byte{[]byte(vars.fill(host))}, head[1:]...)...)
		}
		if hasBody && !has("content-length") && !has("transfer-encoding") {
			head = append(head, fmt.Appendf(nil, "Content-Length: %d", len(body)))
		}
		if !has("connection") {
			head = append(head, []byte("Connection: close"))
		}
	}
	head = append(head, nil, body)
	return method, bytes.Join(head, []byte("\r\n")), nil
}

// received is an answer as it came.
type received struct {
	closed, cut bool
	status      int
	reason      string
	header      http.Header
	// Go's parser takes these out of the header.
	length  int64
	chunked bool
	body    []byte
}

// maxBody bounds what is read of an answer, in bytes.
const maxBody = 64 << 20

// exchange sends bytes on a connection of their own and reads one answer.
// onBody sees the body so far, with its content coding, after every read; when it
// says stop the rest is left unread.
func exchange(ctx context.Context, addr, method string, out []byte, onBody func(coding string, body []byte) (stop bool)) (*received, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	wrote := make(chan error, 1)
	go func() {
		_, err := conn.Write(out)
		wrote <- err
	}()
	// A server may answer and close before it has taken the whole request, so an
	// error of the writer matters only when nothing could be read.
	got, err := readAnswer(bufio.NewReader(conn), method, onBody)
	conn.Close()
	writeErr := <-wrote
	if err != nil {
		return nil, errors.Join(err, writeErr)
	}
	return got, nil
}

func readAnswer(r *bufio.Reader, method string, onBody func(string, []byte) bool) (*received, error) {
	var res *http.Response
	for {
		if _, err := r.Peek(1); err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				return nil, fmt.Errorf("no answer: %w", err)
			}
			return &received{closed: true}, nil
		}
		var err error
		if res, err = http.ReadResponse(r, &http.Request{Method: method}); err != nil {
			return nil, fmt.Errorf("not an HTTP answer: %w", err)
		}
		if res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			break
		}
	}
	// The body is not closed: Close would read what is left of it, and the
	// connection is closed in any case.
	got := &received{
		status:  res.StatusCode,
		reason:  strings.TrimSpace(strings.TrimPrefix(res.Status, strconv.Itoa(res.StatusCode))),
		header:  res.Header,
		length:  res.ContentLength,
		chunked: len(res.TransferEncoding) > 0,
	}
	var body io.Reader = res.Body
	if res.StatusCode == http.StatusSwitchingProtocols {
		// What the new protocol says is the body, to the end of the connection.
		body = r
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := body.Read(buf)
		got.body = append(got.body, buf[:n]...)
		if n > 0 && onBody != nil && onBody(got.header.Get("Content-Encoding"), got.body) {
			got.cut = true
			return got, nil
		}
		if len(got.body) > maxBody {
			return nil, fmt.Errorf("a body of more than %d bytes", maxBody)
		}
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				return nil, fmt.Errorf("the body did not end; so far %q: %w", clip(got.body), err)
			}
			got.cut = true
			return got, nil
		}
	}
}

func clip(b []byte) string {
	const most = 300
	if len(b) > most {
		return string(b[:most]) + "…"
	}
	return string(b)
}

// answerTimeout is how long an entry may take.
const answerTimeout = 20 * time.Second
