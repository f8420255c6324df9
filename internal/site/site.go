// Package site turns an app directory, its configuration and what Go has
// registered into one immutable Site that answers requests.
package site

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portico-dev/portico/internal/bundle"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
	"github.com/portico-dev/portico/internal/next"
	"github.com/portico-dev/portico/internal/pipeline"
	"github.com/portico-dev/portico/internal/route"
)

// Options are what a Site is made from.
type Options struct {
	// Dir is the project's directory. Empty: there are Go routes only.
	Dir string
	// FS holds the project in place of Dir; it is copied to a temporary
	// directory while the site loads.
	FS fs.FS
	// Dev is true in development.
	Dev bool
	// Environ is the process's environment, as os.Environ gives it.
	Environ []string
	// PublicOrigin, HandlerTimeout, JobLimit and Isolates as portico.Config has them.
	PublicOrigin   string
	HandlerTimeout time.Duration
	JobLimit       time.Duration
	Isolates       int
	// Routes are Go's.
	Routes []GoRoute
	// Middleware wraps the routes; nil is none.
	Middleware func(http.Handler) http.Handler
	// Expose are the modules that Go hands to scripts, by name without "go:".
	Expose map[string]map[string]Function
	Logger *slog.Logger
}

// GoRoute is a route registered in Go.
type GoRoute struct {
	Pattern  string
	Source   string // file:line of the registration
	Handlers map[string]http.Handler
	Any      http.Handler
}

// Function is a Go function that scripts call: JSON in, JSON out. It runs off
// the isolate; ctx ends with the site.
type Function func(ctx context.Context, in []byte) (out []byte, err error)

// Site is a loaded project. It is immutable.
type Site struct {
	// Routes are listed in the order in which they are tried.
	Routes []RouteInfo
	// Warnings explain what is there and does nothing.
	Warnings []string
	// Inputs are the files and folders that the site was made from, for a watcher.
	Inputs []string
	// EnvFiles are the .env files that were read.
	EnvFiles []string

	handler http.Handler
	app     *next.App
}

// RouteInfo is a row of the route listing.
type RouteInfo struct {
	Pattern string   `json:"pattern"`
	Source  string   `json:"source"`
	Methods []string `json:"methods"` // empty: any
}

// ServeHTTP answers a request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close waits for requests under way and what they left behind until ctx ends,
// then stops the site's scripts.
func (s *Site) Close(ctx context.Context) error {
	if s.app == nil {
		return nil
	}
	return s.app.Close(ctx)
}

// Loader loads one project again and again.
type Loader struct {
	o       Options
	builder *bundle.Builder
}

// NewLoader prepares a loader; nothing is read yet.
func NewLoader(o Options) *Loader { return &Loader{o: o} }

// Close frees what the loader keeps between loads.
func (l *Loader) Close() {
	if l.builder != nil {
		l.builder.Close()
		l.builder = nil
	}
}

// Load reads the project and makes a Site of it. On failure nothing is left
// behind, and the error has all problems that were found; inputs then are the
// files whose change is worth another try.
func (l *Loader) Load(ctx context.Context) (s *Site, inputs []string, err error) {
	o := l.o
	s = &Site{}
	if o.Dir == "" && o.FS == nil {
		return s, nil, l.finish(s, nil, nil)
	}
	dir := o.Dir
	if o.FS != nil {
		tmp, err := os.MkdirTemp("", "portico-app-*")
		if err != nil {
			return nil, nil, fmt.Errorf("the embedded project needs a temporary directory while it loads: %w", err)
		}
		defer os.RemoveAll(tmp)
		if err := os.CopyFS(tmp, o.FS); err != nil {
			return nil, nil, fmt.Errorf("the embedded project cannot be unpacked: %w", err)
		}
		dir = tmp
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, nil, err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, nil, &route.Error{File: o.Dir, Text: "there is no such folder", Hint: "name the folder that has your app/ directory: portico start path/to/project"}
	}
	fsys := os.DirFS(dir)

	mode := "production"
	if o.Dev {
		mode = "development"
	}
	env, err := LoadEnv(fsys, mode, o.Environ)
	if err != nil {
		return nil, []string{dir}, err
	}
	s.EnvFiles = env.Files

	tree, err := route.Scan(fsys, nil)
	inputs = []string{dir, filepath.Join(dir, "app"), filepath.Join(dir, "src")}
	if err != nil {
		return nil, inputs, err
	}
	for _, i := range tree.Ignored {
		s.Warnings = append(s.Warnings, i.Path+": "+i.Reason)
	}
	inputs = append(inputs, filepath.Join(dir, filepath.FromSlash(tree.App)))

	app, built, err := l.scripts(ctx, dir, tree, env)
	if built != nil {
		inputs = append(inputs, built.Inputs...)
	}
	if err != nil {
		return nil, inputs, err
	}
	s.app = app
	for _, w := range built.Warnings {
		s.Warnings = append(s.Warnings, w.Error())
	}
	for _, f := range env.Files {
		inputs = append(inputs, filepath.Join(dir, f))
	}
	s.Inputs = inputs
	if err := l.finish(s, tree, app); err != nil {
		app.Close(ctx)
		return nil, inputs, err
	}
	return s, inputs, nil
}

// scripts bundles the route files and starts their isolates.
func (l *Loader) scripts(ctx context.Context, dir string, tree *route.Tree, env *Env) (*next.App, *bundle.Bundle, error) {
	o := l.o
	entries := make([]string, len(tree.Routes))
	for i, f := range tree.Routes {
		entries[i] = f.Path
	}
	if l.builder == nil || o.FS != nil {
		define := map[string]string{}
		for k, v := range env.Public {
			define["process.env."+k] = strconv.Quote(v)
		}
		b, err := bundle.NewBuilder(bundle.Options{Dir: dir, Define: define, Dev: o.Dev, Host: l.hosted}, js.Check)
		if err != nil {
			return nil, nil, err
		}
		l.builder = b
		if o.FS != nil {
			defer l.Close()
		}
	}
	built, err := l.builder.Rebuild(ctx, entries)
	if err != nil {
		return nil, built, err
	}
	program, err := js.Compile(bundle.ScriptName, built.Code, built.SourceMap)
	if err != nil {
		return nil, built, err
	}
	app, err := next.New(program, next.Options{
		HandlerTimeout: o.HandlerTimeout,
		Isolates:       o.Isolates,
		Pool:           js.Options{JobLimit: o.JobLimit},
		Web:            web.Options{Vars: env.Vars, Logger: o.Logger, Dev: o.Dev, Client: web.NewClient("Portico")},
		Modules:        l.expose,
	})
	return app, built, err
}

// hosted tells which imports the host serves.
func (l *Loader) hosted(specifier string) bool {
	if name, ok := strings.CutPrefix(specifier, "go:"); ok {
		_, ok = l.o.Expose[name]
		return ok
	}
	return next.Serves(specifier)
}

// expose registers Go's modules on an isolate.
func (l *Loader) expose(iso *js.Isolate) {
	for name, funcs := range l.o.Expose {
		iso.ModuleOf("go:"+name, func() map[string]any {
			exports := map[string]any{}
			for fn, f := range funcs {
				exports[fn] = next.GoFunction(iso, fn, f)
			}
			return exports
		})
	}
}

// loadLimit bounds the evaluation of route modules at load.
const loadLimit = 30 * time.Second

// finish evaluates the route modules, builds the table and the pipeline.
func (l *Loader) finish(s *Site, tree *route.Tree, app *next.App) error {
	var entries []route.Entry[*pipeline.Route]
	var problems []error
	ctx, cancel := context.WithTimeout(context.Background(), loadLimit)
	defer cancel()
	if tree != nil {
		for _, f := range tree.Routes {
			m, err := app.Describe(ctx, f.Path)
			if err != nil {
				problems = append(problems, l.explain(f.Path, err))
				continue
			}
			s.Warnings = append(s.Warnings, m.Warnings...)
			handlers := map[string]pipeline.Handler{}
			for _, method := range m.Methods {
				handlers[method] = scriptHandler{app, f.Path, !f.Pattern.Static()}
			}
			entries = append(entries, route.Entry[*pipeline.Route]{Pattern: f.Pattern, Source: f.Path, Value: pipeline.NewRoute(f.Pattern.String(), f.Path, handlers, nil)})
		}
	}
	for _, g := range l.o.Routes {
		p, err := route.Parse(g.Pattern)
		if err != nil {
			problems = append(problems, &route.Error{File: g.Source, Text: err.Error(), Hint: "patterns are written as folders are named: /api/users/[id]"})
			continue
		}
		handlers := map[string]pipeline.Handler{}
		for method, h := range g.Handlers {
			handlers[method] = goHandler{h}
		}
		var any pipeline.Handler
		if g.Any != nil {
			any = goHandler{g.Any}
		}
		entries = append(entries, route.Entry[*pipeline.Route]{Pattern: p, Source: g.Source, Value: pipeline.NewRoute(p.String(), g.Source, handlers, any)})
	}
	table, err := route.NewTable(entries)
	if err != nil {
		problems = append(problems, err)
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	for _, e := range table.All() {
		s.Routes = append(s.Routes, RouteInfo{Pattern: e.Pattern.String(), Source: e.Source, Methods: slices.Clone(e.Value.Methods)})
	}
	s.handler = pipeline.New(pipeline.Config{Table: table, PublicOrigin: l.o.PublicOrigin, Middleware: l.o.Middleware, Logger: l.o.Logger, Dev: l.o.Dev})
	return nil
}

// explain makes one clear error of what a route module did at load.
func (l *Loader) explain(file string, err error) error {
	var bad *next.ExportError
	if errors.As(err, &bad) {
		return &route.Error{File: l.locate(bad.Entry, bad.Name), Text: bad.Text, Hint: bad.Hint}
	}
	var se *js.ScriptError
	if errors.As(err, &se) {
		place := se.Place()
		if place == "" {
			place = file
		}
		text := "the module threw while it was loaded: " + se.Error()
		if se.Stack != "" {
			text += "\n" + se.Stack
		}
		return &route.Error{File: place, Text: text, Hint: "code outside the handlers runs once when the server starts"}
	}
	return &route.Error{File: file, Text: err.Error()}
}

// locate finds the line of an export in a source file, for the error's place.
func (l *Loader) locate(file, name string) string {
	if l.o.Dir == "" {
		return file
	}
	src, err := os.ReadFile(filepath.Join(l.o.Dir, filepath.FromSlash(file)))
	if err != nil {
		return file
	}
	for i, line := range strings.Split(string(src), "\n") {
		if strings.Contains(line, "export") {
			if at := strings.Index(line, name); at >= 0 {
				return file + ":" + strconv.Itoa(i+1) + ":" + strconv.Itoa(at+1)
			}
		}
	}
	return file
}

// scriptHandler runs a route file's export.
type scriptHandler struct {
	app     *next.App
	entry   string
	dynamic bool
}

func (h scriptHandler) Handle(x *pipeline.Exchange) error {
	err := h.app.Serve(x.W, x.R, &next.Call{
		Entry: h.entry, Export: x.Export, Pattern: x.Route.Pattern, ID: x.ID,
		URL: x.URL(web.NormaliseQuery), Host: x.Host, Proto: x.Proto, Params: x.Params, Dynamic: h.dynamic,
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, next.ErrClientGone):
		return &pipeline.StatusError{Quiet: true, Err: err}
	case errors.Is(err, js.ErrCompute), errors.Is(err, js.ErrClosed):
		return &pipeline.StatusError{Status: http.StatusServiceUnavailable, Err: err}
	case errors.Is(err, next.ErrTimeout):
		return &pipeline.StatusError{Status: http.StatusGatewayTimeout, Err: err}
	}
	return err
}

// goHandler is an http.Handler on the table: parameters are path values.
type goHandler struct{ h http.Handler }

func (g goHandler) Handle(x *pipeline.Exchange) error {
	r := x.R
	r.Pattern = x.Route.Pattern
	for _, p := range x.Params {
		r.SetPathValue(p.Name, p.Value)
	}
	g.h.ServeHTTP(x.W, r) // for HEAD, net/http drops the body
	return nil
}
