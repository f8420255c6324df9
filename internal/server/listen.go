package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// ListenError says why an address cannot be listened on.
type ListenError struct {
	Addr string
	Text string
	Hint string
	Err  error
}

func (e *ListenError) Error() string {
	s := e.Addr + ": " + e.Text
	if e.Hint != "" {
		s += "\nhint: " + e.Hint
	}
	return s
}

// Unwrap returns the system's error.
func (e *ListenError) Unwrap() error { return e.Err }

// Listen opens one socket: host:port, or unix:/path; see ListenAll. Its errors
// are *ListenError.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	all, err := ListenAll(ctx, addr)
	if err != nil {
		return nil, err
	}
	if len(all) > 1 {
		for _, l := range all {
			_ = l.Close()
		}
		return nil, &ListenError{Addr: addr, Text: "there are several sockets, and one is wanted"}
	}
	return all[0], nil
}

// ListenAll opens sockets, all or none:
//
//	host:port                 TCP; an empty host is all interfaces
//	unix:/run/app.sock        a unix socket that its owner alone may use
//	unix:/run/app.sock?mode=660
//	systemd                   all sockets that systemd passes (Linux)
//	systemd:web               those with FileDescriptorName=web
//
// A unix socket that a dead process left is replaced; at the end the file is
// removed. Errors are *ListenError.
func ListenAll(ctx context.Context, addrs ...string) (all []net.Listener, err error) {
	defer func() {
		if err != nil {
			for _, l := range all {
				_ = l.Close()
			}
			all = nil
		}
	}()
	for _, addr := range addrs {
		var l net.Listener
		switch kind, rest, _ := strings.Cut(addr, ":"); kind {
		case "unix":
			l, err = listenUnix(ctx, addr, rest)
		case "systemd":
			var passed []net.Listener
			passed, err = activated(addr, rest, os.LookupEnv, 3)
			all = append(all, passed...)
		default:
			var lc net.ListenConfig
			if l, err = lc.Listen(ctx, "tcp", addr); err != nil {
				err = explain(addr, err)
			}
		}
		if err != nil {
			return all, err
		}
		if l != nil {
			all = append(all, l)
		}
	}
	return all, nil
}

// Windows' numbers for errors that have names of their own elsewhere.
const (
	wsaAccess       syscall.Errno = 10013
	wsaAddrInUse    syscall.Errno = 10048
	wsaAddrNotAvail syscall.Errno = 10049
)

// unprivileged is the first port that any user may listen on.
const unprivileged = 1024

// explain says what a person can do about an address that is refused.
func explain(addr string, err error) error {
	le := &ListenError{Addr: addr, Text: err.Error(), Err: err}
	host, port, _ := net.SplitHostPort(addr)
	number, _ := strconv.Atoi(port)
	var errno syscall.Errno
	errors.As(err, &errno)
	var dns *net.DNSError
	var malformed *net.AddrError
	switch {
	case errno == syscall.EADDRINUSE, errno == wsaAddrInUse:
		le.Text = "the port is taken by another program"
		le.Hint = "stop that program, or choose another port with --port"
		if number > 0 && number < 65535 {
			le.Hint += " " + strconv.Itoa(number+1)
		}
	case errno == syscall.EACCES, errno == wsaAccess:
		le.Text = "this user may not listen on that port"
		le.Hint = "choose another port with --port"
		if number < unprivileged {
			le.Hint = "ports below 1024 need a privilege; choose another with --port"
		}
	case errno == syscall.EADDRNOTAVAIL, errno == wsaAddrNotAvail:
		le.Text = "this machine has no such address"
		le.Hint = "--hostname is an address of this machine: 127.0.0.1 for itself alone, 0.0.0.0 for all interfaces"
	case errors.As(err, &malformed):
		le.Text = "this is no address"
		le.Hint = "write host:port, such as 127.0.0.1:3000, or :3000 for all interfaces; an IPv6 address is in brackets; or unix:/path, or systemd"
	case errors.As(err, &dns):
		le.Text = "there is no host named " + host
		le.Hint = "--hostname is an address of this machine: 127.0.0.1 for itself alone, 0.0.0.0 for all interfaces"
	}
	return le
}

// listenUnix opens a unix socket.
func listenUnix(ctx context.Context, addr, rest string) (net.Listener, error) {
	fail := func(text, hint string, err error) (net.Listener, error) {
		return nil, &ListenError{Addr: addr, Text: text, Hint: hint, Err: err}
	}
	path, query, _ := strings.Cut(rest, "?")
	mode := fs.FileMode(0o600)
	if query != "" {
		values, err := url.ParseQuery(query)
		n, err2 := strconv.ParseUint(values.Get("mode"), 8, 9)
		if err != nil || err2 != nil || len(values) != 1 {
			return fail("what follows the ? is not mode= and permissions", "write unix:/run/app.sock?mode=660", nil)
		}
		mode = fs.FileMode(n)
	}
	if path == "" || path[0] == '@' {
		return fail("there is no path", "write unix:/run/app.sock; an abstract socket would have no permissions", nil)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaAddrInUse) {
		if err2 := removeStale(ctx, path); err2 != nil {
			return fail(err2.Error(), "", err)
		}
		l, err = lc.Listen(ctx, "unix", path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail("its folder does not exist", "", err)
	case errors.Is(err, syscall.EINVAL):
		return fail("the path is longer than the system allows", "it has some hundred characters at most", err)
	case err != nil:
		return fail(err.Error(), "", err)
	}
	if err := os.Chmod(path, mode); err != nil {
		_ = l.Close()
		return fail("its permissions cannot be set", "", err)
	}
	return l, nil
}

// removeStale removes a socket that nobody listens on, and no other file.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return errors.New("there is a file of that name that is no socket")
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", path)
	if err == nil {
		_ = c.Close()
		return errors.New("another program listens there")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("it cannot be told whether another program listens there: %w", err)
	}
	return os.Remove(path)
}

// activated takes the sockets that systemd passes (sd_listen_fds(3)): LISTEN_FDS
// of them from descriptor 3 on, for the process LISTEN_PID.
func activated(addr, name string, getenv func(string) (string, bool), first uintptr) ([]net.Listener, error) {
	fail := func(text string, err error) ([]net.Listener, error) {
		return nil, &ListenError{Addr: addr, Text: text, Err: err,
			Hint: "start the program by a .socket unit beside its .service, and let that unit listen"}
	}
	if runtime.GOOS != "linux" {
		return nil, &ListenError{Addr: addr, Text: "there is no systemd on this system", Hint: "listen on host:port or unix:/path"}
	}
	count, _ := getenv("LISTEN_FDS")
	n, err := strconv.Atoi(count)
	if pid, _ := getenv("LISTEN_PID"); err != nil || n < 1 || pid != strconv.Itoa(os.Getpid()) {
		return fail("systemd passes no sockets to this process", nil)
	}
	var names []string
	if s, ok := getenv("LISTEN_FDNAMES"); ok {
		names = strings.Split(s, ":")
	}
	var all []net.Listener
	for i := range n {
		if name != "" && (i >= len(names) || names[i] != name) {
			continue
		}
		f := os.NewFile(first+uintptr(i), "systemd")
		if f == nil {
			err = os.ErrInvalid
		} else {
			var l net.Listener
			if l, err = net.FileListener(f); err == nil { // on a duplicate that children do not inherit
				all = append(all, l)
			}
			_ = f.Close()
		}
		if err != nil {
			for _, l := range all {
				_ = l.Close()
			}
			return fail("descriptor "+strconv.Itoa(int(first)+i)+" is no socket that listens", err)
		}
	}
	if len(all) == 0 {
		return fail("systemd passes no socket named "+name, nil)
	}
	return all, nil
}
