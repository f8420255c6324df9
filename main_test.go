package portico_test

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

// TestMain fails when a goroutine outlives the tests: an isolate, a watcher, a
// request, a connection.
func TestMain(m *testing.M) {
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	if left := leaked(10 * time.Second); left != "" {
		fmt.Fprintln(os.Stderr, "leaked goroutines:\n"+left)
		code = max(code, 1)
	}
	os.Exit(code)
}

// leaked gives the goroutines besides this one and the runtime's own, once
// those that are on their way out have had time to go.
func leaked(patience time.Duration) string {
	for deadline := time.Now().Add(patience); ; runtime.Gosched() {
		stacks := make([]byte, 4<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		all := strings.Split(string(stacks), "\n\n")[1:]
		var left []string
		for _, g := range all {
			if !strings.Contains(g, "os/signal.") && !strings.Contains(g, "runtime.ensureSigM") {
				left = append(left, g)
			}
		}
		if len(left) == 0 {
			return ""
		}
		if time.Now().After(deadline) {
			return strings.Join(left, "\n\n")
		}
	}
}

// files is a project in memory: names and texts in turn.
func files(nameAndText ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(nameAndText); i += 2 {
		m[nameAndText[i]] = &fstest.MapFile{Data: []byte(nameAndText[i+1])}
	}
	return m
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body string
}

// ask sends a request and reads the answer.
func ask(t testing.TB, s *porticotest.Server, method, path, body string, header ...string) answer {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, r)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res, string(b)}
}

// lineNumber finds Go's places in errors; a test does not know its own lines.
var lineNumber = regexp.MustCompile(`main_test\.go:\d+`)

// say is a Go handler that answers with a text.
func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, text) }
}

// goRoutes are Go's side of a test's table, by pattern; each handler says what
// it was given.
func goRoutes(patterns ...string) func(*portico.App) {
	return func(app *portico.App) {
		for _, p := range patterns {
			app.Route(p, portico.Handlers{GET: func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, "go %s id=%q path=%q", r.Pattern, r.PathValue("id"), r.PathValue("path"))
			}})
		}
	}
}

// script is a route file that says what it was given.
const script = `export async function GET(request: Request, ctx: any) {
	const p = await ctx.params ?? {}
	return new Response('ts ' + new URL(request.url).pathname + ' ' + JSON.stringify(p))
}`

// lockedText collects a log.
type lockedText struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lockedText) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// pipeListener takes the connections that a test hands it.
type pipeListener struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accept:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }
