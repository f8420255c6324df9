package portico

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/portico-dev/portico/internal/server"
	"github.com/portico-dev/portico/internal/site"
)

// App is a server: a project's route handlers and Go's on one table. It is an
// http.Handler once Load has succeeded, and Run serves it on a port. Two Apps
// may live in one process.
type App struct {
	c Config

	mu         sync.Mutex // guards what follows, and loads one at a time
	routes     []site.GoRoute
	middleware []func(http.Handler) http.Handler
	exposed    map[string]map[string]site.Function
	loader     *site.Loader // nil when a registration has changed
	inputs     []string     // what the watcher looks at

	current atomic.Pointer[generation]
	closing sync.WaitGroup // retired sites that still have requests
}

// generation is a loaded site with the number of its users: requests, and the
// App itself as long as it is the current one.
type generation struct {
	site  *site.Site
	err   error // development: what is wrong since; it is shown in place of the site
	users *atomic.Int64
}

// New makes an App. Nothing is read or started until Load or Run.
func New(c Config) *App {
	if c.Environ == nil {
		c.Environ = os.Environ()
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Addr == "" {
		c.Addr = ":3000"
	}
	if c.DrainTimeout <= 0 {
		c.DrainTimeout = 30 * time.Second
	}
	return &App{c: c, exposed: map[string]map[string]site.Function{}}
}

// Load reads the project, compiles it and puts it in the place of what was
// loaded before; requests under way end on the old one. On an error nothing
// changes. The error joins all problems that were found, each with its place
// and, on a second line, a hint.
func (a *App) Load(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	start := time.Now()
	if a.loader == nil {
		a.loader = site.NewLoader(site.Options{
			Dir: a.c.Dir, FS: a.c.FS, Dev: a.c.Dev, Environ: a.c.Environ, PublicOrigin: a.c.PublicOrigin,
			HandlerTimeout: a.c.HandlerTimeout, JobLimit: a.c.JobLimit, Isolates: a.c.Isolates,
			Routes: a.routes, Middleware: chain(a.middleware), Expose: a.exposed, Logger: a.c.Logger,
		})
	}
	s, inputs, err := a.loader.Load(ctx)
	if inputs != nil {
		a.inputs = inputs
	}
	report := Loaded{Err: err}
	if err == nil {
		a.swap(s)
		for _, r := range s.Routes {
			report.Routes = append(report.Routes, RouteInfo(r))
		}
		report.Warnings, report.EnvFiles = s.Warnings, s.EnvFiles
	} else if a.c.Dev {
		g := &generation{err: err}
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
		if g == nil || g.site == nil || g.err != nil {
			return g
		}
		if g.users.Add(1) > 1 {
			return g
		}
		g.users.Add(-1) // it was closed between the two lines: there is a newer one
	}
}

func (a *App) leave(g *generation) {
	if g.users.Add(-1) != 0 {
		return
	}
	go func() {
		defer a.closing.Done()
		ctx, cancel := context.WithTimeout(context.Background(), a.c.DrainTimeout)
		defer cancel()
		if err := g.site.Close(ctx); err != nil {
			a.c.Logger.Warn("work left by requests was ended", "error", err)
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
		site.ErrorAnswer(w, r, http.StatusInternalServerError, g.err)
	default:
		defer a.leave(g)
		g.site.ServeHTTP(w, r)
	}
}

// Close ends the App: it waits until ctx ends for requests under way and for
// what they left behind (after() and the like), then stops all scripts.
func (a *App) Close(ctx context.Context) error {
	a.mu.Lock()
	a.swap(nil)
	if a.loader != nil {
		a.loader.Close()
		a.loader = nil
	}
	a.mu.Unlock()
	done := make(chan struct{})
	go func() { a.closing.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run loads the project unless that has happened, listens on Config.Addr and
// serves until ctx ends; then it stops accepting, lets what runs finish within
// Config.DrainTimeout, and returns nil. In development it watches the project,
// and a project that does not load is no error but a page.
func (a *App) Run(ctx context.Context) error {
	l, err := server.Listen(ctx, a.c.Addr)
	if err != nil {
		return err
	}
	return a.Serve(ctx, l)
}

// Serve is Run on a listener of the caller's, which it closes.
func (a *App) Serve(ctx context.Context, l net.Listener) error {
	defer l.Close()
	if a.current.Load() == nil {
		if err := a.Load(ctx); err != nil && !a.c.Dev {
			return err
		}
	}
	if a.c.Dev {
		w, err := site.Watch(ctx, a.watched, func() { _ = a.Load(ctx) }) // OnLoad has the error
		if err != nil {
			return errors.Join(errors.New("the project cannot be watched"), err)
		}
		defer w.Close()
	}
	if a.c.OnListen != nil {
		a.c.OnListen(l.Addr())
	}
	err := server.Serve(ctx, l, server.Options{Handler: a, Drain: a.c.DrainTimeout, Logger: a.c.Logger})
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.c.DrainTimeout)
	defer cancel()
	return errors.Join(err, a.Close(end))
}

func (a *App) watched() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.inputs
}
