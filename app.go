package portico

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/server"
	"github.com/portico-dev/portico/internal/site"
)

// App is a server: a project's route handlers and Go's on one table. It is an
// http.Handler once Load has succeeded, and Run serves it on a port. Two Apps
// may live in one process.
type App struct {
	c Config

	values context.Context // has the App, for what runs for no request
	ending context.Context // is over when Close does not wait any longer
	end    context.CancelFunc

	mu         sync.Mutex // guards what follows, and loads one at a time
	routes     []site.GoRoute
	middleware []func(http.Handler) http.Handler
	exposed    map[string]map[string]site.Function
	stores     *site.Stores // what outlives loads
	loader     *site.Loader // nil when a registration has changed
	inputs     *site.Inputs // what the last load read; nil when there are no files
	closed     bool

	current  atomic.Pointer[generation]
	settings atomic.Pointer[config.Settings] // of the last load that succeeded
	ready    atomic.Bool                     // requests are welcome: not any more when the server is told to stop
	closing  sync.WaitGroup                  // retired sites that still have requests
}

// ErrClosed is the error of Load, Run and Serve on an App that was closed.
var ErrClosed = errors.New("portico: the app is closed")

// generation is a loaded site with the number of its users: requests, and the
// App itself as long as it is the current one.
type generation struct {
	site   *site.Site
	users  *atomic.Int64
	err    error // development: what is wrong since; it is shown in place of the site
	loader *site.Loader
}

// enter counts a request in. It fails on a generation that has no users left:
// that one is closing, and there is a newer one.
func (g *generation) enter() bool {
	for n := g.users.Load(); n > 0; n = g.users.Load() {
		if g.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
	return false
}

// New makes an App. Nothing is read or started until Load or Run.
func New(c Config) *App {
	if c.Environ == nil {
		c.Environ = os.Environ()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	a := &App{c: c, exposed: map[string]map[string]site.Function{}, stores: site.NewStores(c.Now, c.Logger)}
	a.values = context.WithValue(context.Background(), appKey{}, a)
	a.ready.Store(true)
	a.ending, a.end = context.WithCancel(context.Background())
	return a
}

// options are what a site of the App is made from. The caller has a.mu.
func (a *App) options() site.Options {
	return site.Options{
		Dir: a.c.Dir, FS: a.c.FS, Dev: a.c.Dev, Environ: a.c.Environ, Settings: a.c.apply, Hostname: a.c.Hostname, Ready: a.ready.Load,
		Routes: a.routes, Middleware: chain(a.middleware), Expose: a.exposed, Logger: a.c.Logger, Now: a.c.Now, Stores: a.stores,
		Context: a.values, Progress: a.c.OnPrerender,
	}
}

// Load reads the project, compiles it and puts it in the place of what was
// loaded before; requests under way end on the old one. On an error nothing
// changes. The error joins all problems that were found, each with its place
// and, on a second line, a hint.
func (a *App) Load(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return ErrClosed
	}
	start := time.Now()
	if a.loader == nil {
		a.loader = site.NewLoader(a.options())
	}
	s, inputs, err := a.loader.Load(ctx)
	if inputs != nil {
		a.inputs = inputs
	}
	if err != nil && ctx.Err() != nil {
		return err // nobody waits for the outcome
	}
	report := Loaded{Err: err}
	if err == nil {
		a.settings.Store(s.Settings)
		a.swap(s)
		for _, r := range s.Routes {
			report.Routes = append(report.Routes, RouteInfo(r))
		}
		report.TLS = s.Settings.Server.TLS != nil
		report.Admin = a.adminSocket(s.Settings.Server.Admin)
		for _, r := range s.Rules {
			report.Rules = append(report.Rules, RuleInfo(r))
		}
		report.Warnings, report.EnvFiles = s.Warnings, s.EnvFiles
	} else if a.c.Dev {
		g := &generation{err: err, loader: a.loader}
		if old := a.current.Load(); old != nil {
			g.site, g.users = old.site, old.users
		}
		a.current.Store(g)
	}
	report.Took = time.Since(start)
	if a.c.OnLoad != nil {
		a.c.OnLoad(report)
	}
	return err
}

// swap makes s the current site; the old one closes when its last request ends.
func (a *App) swap(s *site.Site) {
	var old *generation
	if s == nil {
		old = a.current.Swap(nil)
	} else {
		users := new(atomic.Int64)
		users.Store(1)
		a.closing.Add(1)
		old = a.current.Swap(&generation{site: s, users: users})
	}
	if old != nil && old.site != nil {
		a.leave(old)
	}
}

// enter counts a request in on the current site; it is nil before Load.
func (a *App) enter() *generation {
	for {
		g := a.current.Load()
		if g == nil || g.err != nil || g.enter() {
			return g
		}
	}
}

func (a *App) leave(g *generation) {
	if g.users.Add(-1) != 0 {
		return
	}
	go func() {
		defer a.closing.Done()
		ctx, cancel := context.WithTimeout(a.ending, a.serverSettings().DrainTimeout)
		defer cancel()
		if err := g.site.Close(ctx); err != nil {
			a.c.Logger.Warn("work that requests left behind, with after() or a timer, was not done in time and was ended")
		}
	}()
}

// ServeHTTP answers a request from the current site; before Load with 503.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := a.enter()
	switch {
	case g == nil:
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
	case g.err != nil:
		g.loader.ErrorAnswer(w, r, g.err)
	default:
		defer a.leave(g)
		g.site.ServeHTTP(w, a.within(r))
	}
}

// Close ends the App: it waits until ctx ends for requests under way and for
// what they left behind (after() and the like), then stops all scripts. The
// error is the context's. A closed App answers with 503 and does not load again.
func (a *App) Close(ctx context.Context) error {
	a.mu.Lock()
	a.closed = true
	a.swap(nil)
	a.forget()
	a.stores.Close()
	a.mu.Unlock()
	done := make(chan struct{})
	go func() { a.closing.Wait(); close(done) }()
	select {
	case <-done:
		a.end()
		return nil
	case <-ctx.Done():
		a.end()
		return ctx.Err()
	}
}

// forget drops the loader, with what it keeps of a registration that changed.
func (a *App) forget() {
	if a.loader != nil {
		a.loader.Close()
		a.loader = nil
	}
}

// serverSettings are those of the sockets and limits, with their defaults where
// the package server has none.
func (a *App) serverSettings() config.Server {
	var s config.Server
	if loaded := a.settings.Load(); loaded != nil {
		s = loaded.Server
	} else {
		var own config.Settings
		a.c.apply(&own)
		s = own.Server
	}
	if s.DrainTimeout == 0 {
		s.DrainTimeout = 30 * time.Second
	}
	if s.DrainTimeout < 0 {
		s.DrainTimeout = math.MaxInt64
	}
	if len(s.Listen) == 0 {
		s.Listen = []string{":3000"}
	}
	return s
}

// Run loads the project unless that has happened, listens where Config and the
// project's configuration say, and serves until ctx ends; then it stops
// accepting, lets what runs finish within Config.DrainTimeout, closes the App
// and returns nil. In development it watches the project, and a project that
// does not load is no error but a page. Settings of the server, such as its
// address and its limits on the wire, are those of the first load.
func (a *App) Run(ctx context.Context) error {
	if a.c.Addr == "" {
		return a.run(ctx, func(s config.Server) ([]net.Listener, error) { return server.ListenAll(ctx, s.Listen...) })
	}
	// Whether the address is free is known sooner than what the project says.
	all, err := server.ListenAll(ctx, a.c.Addr)
	if err != nil {
		return err
	}
	defer closeAll(all)
	return a.run(ctx, func(config.Server) ([]net.Listener, error) { return all, nil })
}

func closeAll(all []net.Listener) {
	for _, l := range all {
		_ = l.Close() // serving has closed it already, unless it never began
	}
}

// Serve is Run on a listener of the caller's, which it closes.
func (a *App) Serve(ctx context.Context, l net.Listener) error {
	defer l.Close()
	return a.run(ctx, func(config.Server) ([]net.Listener, error) { return []net.Listener{l}, nil })
}

func (a *App) run(ctx context.Context, listen func(config.Server) ([]net.Listener, error)) error {
	// One span of time for all that has to end.
	end, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		s := a.serverSettings()
		t := time.NewTimer(s.DrainTimeout + min(max(s.DrainDelay, 0), math.MaxInt64-s.DrainTimeout))
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-end.Done():
		}
	})
	defer stop()
	if err := a.serve(ctx, end, listen); err != nil {
		cancel()
		_ = a.Close(end) // the error is that of end, and that is known
		return err
	}
	return a.Close(end)
}

func (a *App) serve(ctx, end context.Context, listen func(config.Server) ([]net.Listener, error)) error {
	if err := a.checkAdmin(); err != nil {
		return err
	}
	if a.current.Load() == nil {
		switch err := a.Load(ctx); {
		case ctx.Err() != nil:
			return nil // told to stop before it was up
		case err != nil && (!a.c.Dev || a.watched() == nil):
			return err // in development, unless a change of a file can mend it
		}
	}
	set := a.serverSettings()
	var secure *server.TLS
	if t := set.TLS; t != nil {
		secure = &server.TLS{CertFile: a.inProject(t.Cert), KeyFile: a.inProject(t.Key)}
		if t.ACME != nil {
			secure.ACME = &server.ACME{Domains: t.ACME.Domains, Email: t.ACME.Email, CA: t.ACME.CA, Storage: a.inProject(t.ACME.Storage)}
		}
		if err := secure.Check(); err != nil { // before it is said that the server is ready
			return err
		}
	}
	listeners, err := listen(set)
	if err != nil {
		return err
	}
	o := server.Options{
		Handler: a, Logger: a.c.Logger, Context: context.WithValue(context.Background(), appKey{}, a),
		HeaderTimeout: set.HeaderTimeout, BodyTimeout: set.BodyTimeout, WriteTimeout: set.WriteTimeout, IdleTimeout: set.IdleTimeout,
		MaxHeaderBytes: int(set.MaxHeaderSize), MaxURLBytes: int(set.MaxURLSize),
		Draining: func() { a.ready.Store(false) }, DrainDelay: max(set.DrainDelay, 0),
	}
	if t := set.TLS; t != nil {
		o.TLS = secure
		if loaded := a.settings.Load(); loaded != nil {
			o.RedirectOrigin = loaded.PublicOrigin
		}
		if o.Redirect, err = server.ListenAll(ctx, t.Redirect...); err != nil {
			closeAll(listeners)
			return err
		}
	}
	if a.c.Dev && a.watched() != nil {
		w, err := site.Watch(ctx, a.watched, func() { _ = a.Load(ctx) }) // OnLoad has the error
		if err != nil {
			closeAll(listeners)
			return fmt.Errorf("the project cannot be watched: %w", err)
		}
		defer w.Close()
	}
	if set.Admin != "" {
		stop, err := a.serveAdmin(ctx, set.Admin)
		if err != nil {
			closeAll(listeners)
			return err
		}
		defer stop()
	}
	if a.c.OnListen != nil {
		for _, l := range listeners {
			a.c.OnListen(l.Addr())
		}
	}
	if a.c.Wrap != nil {
		o.Handler = a.c.Wrap(a)
	}
	err = server.ServeAll(ctx, end, listeners, o)
	if errors.Is(err, server.ErrDrain) {
		return fmt.Errorf("requests were still under way after %v and were ended", set.DrainTimeout)
	}
	return err
}

// inProject is a file of the configuration, which is named from the project's
// folder.
func (a *App) inProject(file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(a.c.Dir, file)
}

func (a *App) watched() *site.Inputs {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.inputs
}
