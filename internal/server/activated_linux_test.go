package server

import (
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// passed is a listener's descriptor as systemd would pass it.
func passed(t *testing.T) (fd int, addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fd, err = syscall.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return fd, l.Addr().String()
}

func TestActivated(t *testing.T) {
	env := func(m map[string]string) func(string) (string, bool) {
		return func(k string) (string, bool) { v, ok := m[k]; return v, ok }
	}
	us := strconv.Itoa(os.Getpid())
	fd, addr := passed(t)
	all, err := activated("systemd:web", "web", env(map[string]string{"LISTEN_PID": us, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "web"}), uintptr(fd))
	if err != nil || len(all) != 1 {
		t.Fatalf("got %v, %v", all, err)
	}
	stop := start(t, all, Options{Handler: http.HandlerFunc(reads)})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	send(t, c, "GET / HTTP/1.0\r\n\r\n")
	if got := status(t, c); got != 200 {
		t.Errorf("got %d", got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}

	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	notASocket, err := syscall.Dup(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	for want, m := range map[string]map[string]string{
		"systemd passes no sockets to this process": {},
		"passes no sockets to this process":         {"LISTEN_PID": "1", "LISTEN_FDS": "1"},
		"no sockets to this process":                {"LISTEN_PID": us, "LISTEN_FDS": "0"},
		"systemd passes no socket named web":        {"LISTEN_PID": us, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "other"},
		"is no socket that listens":                 {"LISTEN_PID": us, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "web"},
	} {
		if _, err := activated("systemd:web", "web", env(m), uintptr(notASocket)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %s", err, want)
		}
	}
}
