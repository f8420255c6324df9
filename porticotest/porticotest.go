// Package porticotest runs an App inside a test: no port, no sleeping, no
// process. Requests travel through memory to the same net/http server that Run
// uses, so that streams, HEAD, aborted requests and limits are the real ones.
//
//	func TestHello(t *testing.T) {
//		s := porticotest.New(t, portico.Config{Dir: "../web"})
//		res, err := s.Client().Get(s.URL + "/api/hello")
//		…
//	}
//
// A project that does not load fails the test with what is wrong and where. The
// server ends with the test; requests that are still under way then are
// aborted.
//
// The cache is in memory and empty, whatever the project's configuration says,
// unless Config.Cache or Config.CacheDir name another.
//
// What the server logs, scripts' console included, is part of the test's
// output unless Config.Logger says otherwise.
//
// # Time
//
// Advance makes what is cached older, and rate limits forget.
//
// Nothing here waits for the network, so tests can run in a bubble of
// testing/synctest: call New inside it. There a script's setTimeout and Go's
// timers are those of the bubble, and an hour passes in no time.
package porticotest

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portico-dev/portico"
)

// Server is an App that serves a test.
type Server struct {
	// URL is where the App is, without a slash at the end: "http://app.test".
	// Any other host name leads to the App too.
	URL string
	// App is the App, for Load and the like.
	App *portico.App

	ahead  atomic.Int64 // how far the clock of what is kept is ahead, in nanoseconds
	client *http.Client
	listen *listener
	stop   context.CancelFunc
	served chan error
}

// DrainTimeout takes the place of a Config.DrainTimeout that is not set: a test
// whose requests do not end should fail soon.
const DrainTimeout = 5 * time.Second

// New loads an App and serves it until the test ends. setup, if any, registers
// routes, middleware and functions before the App is loaded. Config.Addr is
// not used. Errors of loading and of closing fail the test.
func New(t testing.TB, c portico.Config, setup ...func(app *portico.App)) *Server {
	t.Helper()
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	if c.DrainTimeout <= 0 {
		c.DrainTimeout = DrainTimeout
	}
	if c.Cache == "" && c.CacheDir == "" {
		c.Cache = "memory" // no test finds what another has left, nor a server of others
	}
	if c.Hostname == "" {
		c.Hostname = "app.test" // in development only known hosts are answered
	}
	s := &Server{URL: "http://app.test", listen: newListener(), served: make(chan error, 1)}
	now := c.Now
	if now == nil {
		now = time.Now
	}
	c.Now = func() time.Time { return now().Add(time.Duration(s.ahead.Load())) }
	app := portico.New(c)
	for _, f := range setup {
		f(app)
	}
	if err := app.Load(t.Context()); err != nil {
		t.Fatalf("the app does not load:\n%v", err)
	}
	s.App = app
	s.client = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) { return s.listen.dial(ctx, addr) },
		DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("porticotest serves http only; for an https origin set Config.PublicOrigin")
		},
		DisableCompression: true, // what the App sends is what the test sees
	}}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go func() { s.served <- app.Serve(ctx, s.listen) }()
	t.Cleanup(func() {
		s.stop()
		s.listen.hangUp()
		if err := <-s.served; err != nil {
			t.Errorf("the app did not end well: %v", err)
		}
		s.client.CloseIdleConnections()
	})
	return s
}

// Advance puts the clock of what is kept on: cached entries grow older by d, and
// the allowances of rate limits come back. Timers, timeouts and scripts' own Date
// do not move; a bubble of testing/synctest has them move too.
func (s *Server) Advance(d time.Duration) { s.ahead.Add(int64(d)) }

// Client sends requests to the App, whatever host they name. It is the same
// client each time: give it a Jar, or a CheckRedirect, as a test needs it.
func (s *Server) Client() *http.Client { return s.client }
