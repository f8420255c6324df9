// Package server is the edge: sockets, limits and the end of serving.
package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Options are a server's settings.
type Options struct {
	Handler http.Handler
	Logger  *slog.Logger
}

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

// Listen opens a TCP socket. Its errors are *ListenError.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, explain(addr, err)
	}
	return l, nil
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
	case errors.As(err, &dns):
		le.Text = "there is no host named " + host
		le.Hint = "--hostname is an address of this machine: 127.0.0.1 for itself alone, 0.0.0.0 for all interfaces"
	}
	return le
}

// maxHeader bounds a request's header: about 16 KB, as Node's HTTP server has it.
const maxHeader = 16<<10 - 4096 // net/http adds 4096 for its own reading

// ErrDrain is Serve's error when requests had to be ended.
var ErrDrain = errors.New("requests were still under way and were ended")

// Serve serves on l until ctx ends, then stops accepting and waits until end is
// over for the requests under way. It returns nil when all of them ended by
// themselves.
func Serve(ctx, end context.Context, l net.Listener, o Options) error {
	s := &http.Server{
		Handler:           o.Handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       75 * time.Second,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(quiet{o.Logger.Handler()}, slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	if err := s.Shutdown(end); err != nil {
		s.Close()
		if end.Err() != nil {
			return ErrDrain
		}
		return err
	}
	return nil
}

// quiet drops what net/http logs about clients' own doings.
type quiet struct{ slog.Handler }

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "TLS handshake error") || strings.Contains(r.Message, "URL query contains semicolon") {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}
