package conformance

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestDrain: a server that is told to stop with 200 requests in flight, some in
// handlers, some on their way to another server, some streaming, fails none of
// them; it finishes what after() and waitUntil were given, and ends well.
func TestDrain(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs SIGTERM")
	}
	const inFlight = 200
	var arrived, after, later atomic.Int64
	all, open := make(chan struct{}), make(chan struct{})
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/after":
			after.Add(1)
		case "/later":
			later.Add(1)
		default:
			w.Header().Set("Content-Length", "7")
			if strings.HasSuffix(r.URL.Path, "/stream") {
				_, _ = io.WriteString(w, "be")
				w.(http.Flusher).Flush()
			} else {
				w.Header().Set("X-Whole", "1")
			}
			if arrived.Add(1) == inFlight {
				close(all)
			}
			select {
			case <-open:
			case <-r.Context().Done():
				t.Errorf("%s was given up", r.URL)
			}
			if strings.HasSuffix(r.URL.Path, "/stream") {
				_, _ = io.WriteString(w, "gun_x")
			} else {
				_, _ = io.WriteString(w, "begun_x")
			}
		}
	}))
	defer up.Close()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"app/handler/[how]/route.ts": `
			import { after } from 'next/server'
			export async function GET(request: Request, { params }) {
				after(() => fetch(process.env.UPSTREAM + '/after'))
				return fetch(process.env.UPSTREAM + '/' + (await params).how)
			}`,
		"middleware.ts": `
			export function middleware(request, event) {
				if (request.nextUrl.pathname.startsWith('/handler')) event.waitUntil(new Promise((done) => setTimeout(done, 1)).then(() => fetch(process.env.UPSTREAM + '/later')))
			}`,
		"next.config.mjs": `export default { rewrites: async () => [{ source: '/up/:path*', destination: process.env.UPSTREAM + '/x/:path*' }] }`,
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, dir, []string{"UPSTREAM=" + up.URL})
	if !s.loaded {
		t.Fatalf("the app does not load:\n%s", s.output.String())
	}
	outcomes := make(chan error, inFlight)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: inFlight}}
	paths := []string{"/handler/plain", "/handler/stream", "/up/plain", "/up/stream"}
	for i := range inFlight {
		go func() {
			res, err := client.Get("http://" + s.addr + paths[i%len(paths)])
			if err != nil {
				outcomes <- err
				return
			}
			defer res.Body.Close()
			b, err := io.ReadAll(res.Body)
			if err == nil && (res.StatusCode != 200 || string(b) != "begun_x") {
				err = fmt.Errorf("got %d %q", res.StatusCode, b)
			}
			outcomes <- err
		}()
	}
	limit := time.After(startTimeout)
	select {
	case <-all:
	case <-limit:
		t.Fatalf("only %d requests arrived:\n%s", arrived.Load(), s.output.String())
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// The server has stopped to accept when a connection is refused.
	for {
		res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get("http://" + s.addr + "/healthz")
		if err != nil {
			break
		}
		res.Body.Close()
		select {
		case <-limit:
			t.Fatal("the server goes on to accept")
		default:
		}
	}
	close(open)
	for range inFlight {
		if err := <-outcomes; err != nil {
			t.Errorf("a request failed: %v", err)
		}
	}
	select {
	case err := <-s.exited:
		if err != nil {
			t.Errorf("the server ended with %v:\n%s", err, s.output.String())
		}
	case <-limit:
		t.Fatalf("the server does not end:\n%s", s.output.String())
	}
	if after.Load() != inFlight/2 || later.Load() != inFlight/2 {
		t.Errorf("of %d, after() ran %d times and waitUntil %d times", inFlight/2, after.Load(), later.Load())
	}
}
