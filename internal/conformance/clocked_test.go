package conformance

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	portico "github.com/portico-dev/portico"
)

// clocked is a server whose clock a transcript moves. The binary has no such
// thing, so this one is made with the Go API.
type clocked struct {
	server
	offset atomic.Int64 // of the clock, in nanoseconds
}

func (c *clocked) advance(d time.Duration) { c.offset.Add(int64(d)) }

// startClocked serves a copy of an app: what it keeps on disk is next to the app,
// and must not outlive the test.
func startClocked(t *testing.T, app string, env []string) *clocked {
	t.Helper()
	dir := filepath.Join(t.TempDir(), filepath.Base(app))
	if err := os.CopyFS(dir, os.DirFS(app)); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &clocked{server: server{addr: l.Addr().String(), output: &lockedBuffer{seen: make(chan struct{})}}}
	loaded := make(chan error, 1)
	served := portico.New(portico.Config{
		Dir:      dir,
		Environ:  environment(env),
		Hostname: "127.0.0.1",
		Logger:   slog.New(slog.NewTextHandler(c.output, nil)),
		Now:      func() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) },
		OnLoad:   func(l portico.Loaded) { loaded <- l.Err },
	})
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	ended := make(chan error, 1)
	go func() { ended <- served.Serve(ctx, l) }()
	select {
	case err = <-loaded:
	case err = <-ended:
		ended <- err
	}
	c.loaded = err == nil
	if err != nil {
		fmt.Fprintln(c.output, err)
	}
	c.stop = func() error {
		cancel()
		return <-ended
	}
	return c
}
