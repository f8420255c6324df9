package portico_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/portico-dev/portico"
)

// shortDir is a folder whose name leaves room for that of a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "p")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// ran is an App under Run, and how to stop it.
func ran(t *testing.T, c portico.Config) (addr string, stop func() error) {
	t.Helper()
	listening := make(chan net.Addr, 1)
	c.Addr, c.Logger = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	c.OnListen = func(a net.Addr) { listening <- a }
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- portico.New(c).Run(ctx) }()
	select {
	case a := <-listening:
		stopped := false
		stop = func() error {
			if stopped {
				return nil
			}
			stopped = true
			cancel()
			return <-over
		}
		t.Cleanup(func() { _ = stop() }) // a test that wants to know has stopped it
		return a.String(), stop
	case err := <-over:
		cancel()
		t.Fatal(err)
		return "", nil
	}
}

// The admin socket is a unix socket for its user alone, and what it answers is
// nowhere else.
func TestAdminSocket(t *testing.T) {
	dir := shortDir(t)
	for _, mode := range []fs.FileMode{0o700, 0o755} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		addr, stop := ran(t, portico.Config{Admin: "unix:" + filepath.Join(dir, "a.sock")})
		info, err := os.Stat(filepath.Join(dir, "a.sock"))
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode() != fs.ModeSocket|0o600 {
			t.Errorf("the socket's mode is %v", info.Mode())
		}
		overUnix := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, "a.sock"))
		}}}
		overTCP := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		for _, c := range []struct {
			client *http.Client
			status int
		}{{overUnix, 200}, {overTCP, 404}} {
			res, err := c.client.Get("http://" + addr + "/cache")
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || res.StatusCode != c.status {
				t.Errorf("got %d %s, %v; want %d", res.StatusCode, b, err, c.status)
			}
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "a.sock")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the socket is left behind: %v", err)
		}
	}
}

// Wrong addresses are errors of Run, and nothing is served.
func TestAdminSocketErrors(t *testing.T) {
	dir := shortDir(t)
	live, err := net.Listen("unix", filepath.Join(dir, "live.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	dead, err := net.Listen("unix", filepath.Join(dir, "dead.sock"))
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	dead.Close()
	if err := os.Mkdir(filepath.Join(dir, "open"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "open"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]string{
		"127.0.0.1:0":                      "the admin socket is a unix socket and nothing else",
		":0":                               "the admin socket is a unix socket and nothing else",
		"http://127.0.0.1:9000":            "the admin socket is a unix socket and nothing else",
		"systemd":                          "the admin socket is a unix socket and nothing else",
		"unix:":                            "there is no path",
		"unix:@abstract":                   "there is no path",
		"unix:a.sock?mode=666":             "it has no options",
		"unix:none/a.sock":                 "its folder does not exist",
		"unix:open/a.sock":                 "others may write to its folder",
		"unix:live.sock":                   "another program listens there",
		"unix:file":                        "there is a file of that name that is no socket",
		"unix:" + strings.Repeat("a", 200): "the path is longer than the system allows",
	} {
		if runtime.GOOS == "windows" && strings.Contains(addr, "open") {
			continue
		}
		err := portico.New(portico.Config{FS: files("app/a/route.ts", "export const GET = () => new Response('x')"), Dir: dir, Addr: "127.0.0.1:0", Admin: addr, Logger: slog.New(slog.DiscardHandler),
			OnListen: func(net.Addr) { t.Errorf("%s: the server listens", addr) }}).Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", addr, err, want)
		}
	}
	_, stop := ran(t, portico.Config{Dir: dir, FS: files("app/a/route.ts", "export const GET = () => new Response('x')"), Admin: "unix:dead.sock"})
	if err := stop(); err != nil {
		t.Errorf("a socket that a dead process left: %v", err)
	}
}
