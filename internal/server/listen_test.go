package server

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

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

func TestUnixSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions are others there")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	for addr, mode := range map[string]fs.FileMode{"unix:" + path: 0o600, "unix:" + path + "?mode=660": 0o660} {
		l, err := Listen(t.Context(), addr)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode().Perm() != mode || info.Mode().Type() != fs.ModeSocket {
			t.Errorf("%s: the file is %v, %v", addr, info, err)
		}
		if _, err := Listen(t.Context(), addr); err == nil || !strings.Contains(err.Error(), "another program listens there") {
			t.Errorf("a second time: %v", err)
		}
		stop := start(t, []net.Listener{l}, Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.Context().Value(http.LocalAddrContextKey))
		})})
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		if got := exchange(t, c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 100); len(got) != 1 || got[0] != "200 "+path {
			t.Errorf("got %q", got)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file is left: %v", err)
		}
	}
}

// What a dead process left is replaced, and nothing else is.
func TestUnixSocketStale(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files are others there")
	}
	path := filepath.Join(t.TempDir(), "s")
	dead, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	dead.Close()
	l, err := Listen(t.Context(), "unix:"+path)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), "unix:"+path); err == nil || !strings.Contains(err.Error(), "a file of that name that is no socket") {
		t.Errorf("a file: %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "precious" {
		t.Errorf("the file is %q, %v", b, err)
	}
}

func TestListenAllErrors(t *testing.T) {
	dir := t.TempDir()
	for addr, want := range map[string]string{
		"unix:":                             "there is no path",
		"unix:@abstract":                    "there is no path",
		"unix:/x?mode=999":                  "what follows the ? is not mode=",
		"unix:/x?user=me":                   "what follows the ? is not mode=",
		"unix:" + dir + "/none/s":           "its folder does not exist",
		"systemd":                           "systemd",
		"unix:/" + strings.Repeat("a", 200): "the path is longer than the system allows",
	} {
		if runtime.GOOS == "windows" && strings.Contains(want, "path is longer") {
			continue
		}
		_, err := ListenAll(t.Context(), "127.0.0.1:0", addr)
		var le *ListenError
		if !errors.As(err, &le) || le.Addr != addr || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", addr, err, want)
		}
	}
	all, err := ListenAll(t.Context(), "127.0.0.1:0", "127.0.0.1:0")
	if err != nil || len(all) != 2 {
		t.Fatalf("got %v, %v", all, err)
	}
	addrs := []string{all[0].Addr().String(), all[1].Addr().String()}
	stop := start(t, all, Options{Handler: http.HandlerFunc(reads)})
	for _, a := range addrs {
		c, err := net.Dial("tcp", a)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
		if got := status(t, c); got != 200 {
			t.Errorf("got %d", got)
		}
		c.Close()
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
