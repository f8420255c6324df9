package security

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portico-dev/portico/internal/binary"
)

// portico is the binary under test, built once.
var portico string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "portico-security-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if portico, err = binary.Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// patience bounds every wait for something that must happen.
const patience = 10 * time.Second

// files is a project: texts by path.
type files map[string]string

// with adds files, or puts them in the place of others.
func (f files) with(more files) files {
	all := files{}
	for name, text := range f {
		all[name] = text
	}
	for name, text := range more {
		all[name] = text
	}
	return all
}

func (f files) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range f {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// server is a running portico.
type server struct {
	addr   string // 127.0.0.1 and the port
	pid    int
	output *output
}

// settings are how a server is started.
type settings struct {
	mode string   // "start" or "dev"; "" is start
	env  []string // beside ours
	// links are symbolic links in the project: what they lead to, by name.
	links map[string]string
}

var readyLine = regexp.MustCompile(`ready in .* on https?://[^:\s]+:(\d+)`)

// serve starts portico on a project and waits until it is ready. It is killed
// when the test is over.
func serve(t *testing.T, f files, o ...settings) *server {
	t.Helper()
	s, exited := run(t, f, o...)
	select {
	case <-s.output.ready:
	case <-exited:
		t.Fatalf("portico has ended:\n%s", s.output)
	case <-time.After(patience):
		t.Fatalf("portico is not ready:\n%s", s.output)
	}
	s.addr = "127.0.0.1:" + readyLine.FindStringSubmatch(s.output.String())[1]
	return s
}

// refused starts portico on a project that must not load, and returns what it
// says.
func refused(t *testing.T, f files, o ...settings) string {
	t.Helper()
	s, exited := run(t, f, o...)
	select {
	case <-s.output.ready:
		t.Errorf("the project loads, and must not:\n%s", s.output)
	case err := <-exited:
		var failed *exec.ExitError
		if !errors.As(err, &failed) || failed.ExitCode() != 1 {
			t.Errorf("portico ended with %v", err)
		}
	case <-time.After(patience):
		t.Errorf("portico neither serves nor ends:\n%s", s.output)
	}
	return s.output.String()
}

func run(t *testing.T, f files, o ...settings) (*server, <-chan error) {
	t.Helper()
	set := settings{mode: "start"}
	for _, more := range o {
		if more.mode != "" {
			set.mode = more.mode
		}
		set.env = append(set.env, more.env...)
		if more.links != nil {
			set.links = more.links
		}
	}
	dir := f.write(t)
	for name, to := range set.links {
		if err := os.Symlink(to, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
	s := &server{output: &output{ready: make(chan struct{})}}
	cmd := exec.Command(portico, set.mode, dir, "-p", "0", "-H", "127.0.0.1")
	for _, v := range os.Environ() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "PORT", "HOSTNAME", "NODE_ENV":
		default:
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, set.env...)
	cmd.Stdout, cmd.Stderr = s.output, s.output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.pid = cmd.Process.Pid
	exited := make(chan error, 1)
	over := make(chan struct{})
	go func() { exited <- cmd.Wait(); close(over) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-over
		if t.Failed() {
			t.Logf("portico said:\n%s", s.output)
		}
	})
	return s, exited
}

// output is what a process prints.
type output struct {
	ready chan struct{} // closed once the process says that it serves

	mu   sync.Mutex
	b    bytes.Buffer
	told bool
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.b.Write(p)
	if !o.told && readyLine.Match(o.b.Bytes()) {
		o.told = true
		close(o.ready)
	}
	return n, err
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// answer is an HTTP answer, read whole.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) String() string { return fmt.Sprintf("%d %v %.300q", a.status, a.header, a.body) }

// raw writes bytes on a connection of their own and reads answers until the
// server closes it, which it has to.
func (s *server) raw(t *testing.T, text string) []answer {
	t.Helper()
	c := s.dial(t)
	defer c.Close()
	// Written beside the reading: a server may answer, and close, before all has
	// been said.
	go func() { _, _ = io.WriteString(c, text) }()
	return answers(t, c, text)
}

// dial opens a connection that does not wait for ever.
func (s *server) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// answers reads until the connection ends.
func answers(t *testing.T, c net.Conn, sent string) (list []answer) {
	t.Helper()
	r := bufio.NewReader(c)
	method, _, _ := strings.Cut(sent, " ")
	for {
		if _, err := r.Peek(1); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("%.200q: the connection stays open after %v", sent, list)
			}
			return list
		}
		res, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			t.Errorf("%.200q: the answer cannot be read: %v", sent, err)
			return list
		}
		body, err := io.ReadAll(res.Body)
		a := answer{res.StatusCode, res.Header, string(body)}
		list = append(list, a)
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%.200q: the answer does not end: %v", sent, a)
			}
			return list
		}
		if res.StatusCode == http.StatusSwitchingProtocols {
			return list
		}
	}
}

// ask sends one request, its target and its header lines as they are given, and
// returns the answer. A Host line replaces ours. A body has its length.
func (s *server) ask(t *testing.T, method, target, body string, lines ...string) answer {
	t.Helper()
	list := s.raw(t, s.text(method, target, body, lines...))
	if len(list) != 1 {
		t.Fatalf("%s %.100s: %d answers, want one: %v", method, target, len(list), list)
	}
	return list[0]
}

// text is a request that closes its connection.
func (s *server) text(method, target, body string, lines ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, target)
	if !has(lines, "Host:") {
		fmt.Fprintf(&b, "Host: %s\r\n", s.addr)
	}
	for _, line := range lines {
		b.WriteString(line + "\r\n")
	}
	if body != "" && !has(lines, "Content-Length:") && !has(lines, "Transfer-Encoding:") {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("Connection: close\r\n\r\n" + body)
	return b.String()
}

func has(lines []string, prefix string) bool {
	for _, line := range lines {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

func (s *server) get(t *testing.T, target string, lines ...string) answer {
	t.Helper()
	return s.ask(t, "GET", target, "", lines...)
}

// chunked frames a body in chunks.
func chunked(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(p), p)
	}
	return b.String() + "0\r\n\r\n"
}

// want compares an answer's status, and its body when one is given.
func (a answer) want(t *testing.T, what string, status int, body ...string) {
	t.Helper()
	if a.status != status || len(body) > 0 && a.body != body[0] {
		t.Errorf("%.200s: got %v, want %d %q", what, a, status, body)
	}
}

// trap is a listener that nobody may connect to.
type trap struct{ l net.Listener }

// newTrap opens a trap. Make it before the server that must not fall into it:
// it is looked at when that has ended.
func newTrap(t *testing.T) *trap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &trap{l}
	t.Cleanup(func() { p.check(t); _ = l.Close() })
	return p
}

func (p *trap) addr() string { return p.l.Addr().String() }

// check connects itself: connections are accepted in the order in which they
// were made, so the first one that is accepted has to be this one.
func (p *trap) check(t *testing.T) {
	t.Helper()
	own, err := net.Dial("tcp", p.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	for {
		c, err := p.l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if c.RemoteAddr().String() == own.LocalAddr().String() {
			_ = c.Close()
			return
		}
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		b := make([]byte, 2000)
		n, _ := c.Read(b) // nothing is also an answer
		t.Errorf("there was a connection to %s, and none may be; it said %q", p.addr(), b[:n])
		_ = c.Close()
	}
}

// seen is a request that an upstream got.
type seen struct {
	method, target, host, body string
	header                     http.Header
	framing                    []string // Transfer-Encoding
	length                     int64
	from                       string // the connection
}

// upstream is an HTTP server that remembers what it was sent.
type upstream struct {
	addr string
	url  string

	mu   sync.Mutex
	list []seen
	wire bytes.Buffer // all bytes of all connections
}

// newUpstream starts one. Nil answers 200 with "upstream".
func newUpstream(t *testing.T, h http.HandlerFunc) *upstream {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{addr: l.Addr().String(), url: "http://" + l.Addr().String()}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			body = []byte(err.Error())
		}
		u.mu.Lock()
		u.list = append(u.list, seen{r.Method, r.RequestURI, r.Host, string(body), r.Header.Clone(), r.TransferEncoding, r.ContentLength, r.RemoteAddr})
		u.mu.Unlock()
		if h != nil {
			h(w, r)
			return
		}
		_, _ = io.WriteString(w, "upstream")
	})}
	go func() { _ = s.Serve(tap{l, u}) }() // ends with Close
	t.Cleanup(func() { _ = s.Close() })
	return u
}

// requests are those so far.
func (u *upstream) requests() []seen {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]seen(nil), u.list...)
}

// last is the latest request, or nothing.
func (u *upstream) last() seen {
	all := u.requests()
	if len(all) == 0 {
		return seen{header: http.Header{}}
	}
	return all[len(all)-1]
}

// bytes is all that was sent.
func (u *upstream) bytes() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.wire.String()
}

// forget drops what was seen.
func (u *upstream) forget() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.list = nil
	u.wire.Reset()
}

// tap copies what is read.
type tap struct {
	net.Listener
	u *upstream
}

func (l tap) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return tapped{c, l.u}, nil
}

type tapped struct {
	net.Conn
	u *upstream
}

func (c tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.u.mu.Lock()
	c.u.wire.Write(p[:n])
	c.u.mu.Unlock()
	return n, err
}

// script is a raw upstream: it answers what the function says to each request's
// head on each connection, byte for byte.
func script(t *testing.T, answer func(c net.Conn, n int, head string)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for {
					var head strings.Builder
					for {
						line, err := r.ReadString('\n')
						if err != nil {
							return
						}
						if head.WriteString(line); line == "\r\n" {
							break
						}
					}
					answer(c, n, head.String())
				}
			}()
		}
	}()
	return l.Addr().String()
}

// echo answers with the request's headers as JSON: what a handler sees.
const echo = `
import { headers } from 'next/headers'
export async function GET(request: Request) {
  return Response.json({ request: Object.fromEntries(request.headers), headers: Object.fromEntries(await headers()), url: request.url })
}
`

// guarded has a middleware that lets nobody below /admin and /api/admin without
// a token.
var guarded = files{
	"middleware.ts": `
export function middleware(request: Request) {
  if (request.headers.get('authorization') !== 'Bearer ok') return new Response('denied', { status: 401 })
}
export const config = { matcher: ['/admin/:path*', '/api/admin/:path*'] }
`,
	"app/admin/route.ts":            "export const GET = () => new Response('SECRET admin')",
	"app/admin/[...path]/route.ts":  "export const GET = () => new Response('SECRET below')",
	"app/admin/panel/route.ts":      "export const GET = () => new Response('SECRET panel')",
	"app/api/admin/users/route.ts":  "export const GET = () => new Response('SECRET users')",
	"app/public/route.ts":           "export const GET = () => new Response('public')",
	"app/public/[...path]/route.ts": "export const GET = () => new Response('public below')",
	"app/app/[[...path]]/route.ts":  "export const GET = () => new Response('app')",
}

// hidden sends a request without a token, follows redirects to the server
// itself, and fails when it gets to see a secret. It returns the last answer.
func (s *server) hidden(t *testing.T, method, target string, lines ...string) answer {
	t.Helper()
	to := target
	var a answer
	for range 5 {
		list := s.raw(t, s.text(method, to, "", lines...))
		if len(list) == 0 {
			t.Errorf("%s %q %v: no answer", method, to, lines)
			return a
		}
		for _, a = range list {
			if strings.Contains(a.body, "SECRET") || a.header.Get("X-Secret") != "" {
				t.Errorf("%s %q %v: got past the middleware: %v", method, target, lines, a)
			}
		}
		if a.status != http.StatusPermanentRedirect {
			return a
		}
		to = a.header.Get("Location")
	}
	t.Errorf("%s %q: redirects do not end", method, target)
	return a
}
