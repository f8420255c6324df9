// Package site turns an app directory, its configuration and what Go has
// registered into one immutable Site that answers requests.
package site

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portico-dev/portico/internal/bundle"
	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/edge"
	"github.com/portico-dev/portico/internal/files"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
	"github.com/portico-dev/portico/internal/next"
	"github.com/portico-dev/portico/internal/pipeline"
	"github.com/portico-dev/portico/internal/proxy"
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
	// Settings changes what the project's configuration says by what the program
	// does; nil changes nothing.
	Settings func(*config.Settings)
	// Hostname is where the server listens; in development it is an allowed host.
	Hostname string
	// Ready tells whether the server takes requests; nil is always.
	Ready func() bool
	// Routes are Go's.
	Routes []GoRoute
	// Middleware wraps the routes; nil is none.
	Middleware func(http.Handler) http.Handler
	// Context has the values of contexts in which Go handlers run for nobody's
	// request; nil is none.
	Context context.Context
	// Progress is told how many of the static answers that are made ahead are
	// done; one call at a time. Nil is nobody.
	Progress func(done, all int)
	// Export loads the project to write its answers as files: what cannot be is
	// an error. Nothing is made ahead.
	Export bool
	// Expose are the modules that Go hands to scripts, by name without "go:".
	Expose map[string]map[string]Function
	Logger *slog.Logger
	// Now is the clock of what is kept for a while; nil is time.Now.
	Now func() time.Time
	// Stores outlive the Loader, which then does not close them. Nil has the
	// Loader make its own.
	Stores *Stores
}

// GoRoute is a route registered in Go.
type GoRoute struct {
	Pattern   string
	Source    string // file:line of the registration
	Handlers  map[string]http.Handler
	Any       http.Handler
	BodyLimit int64 // bytes; 0 is none of its own
	NoCSRF    bool
	// Revalidate is how long the answers of GET are kept: 0 is not at all,
	// negative for ever. Tags drop them.
	Revalidate time.Duration
	Tags       []string
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
	// EnvFiles are the .env files that were read.
	EnvFiles []string
	// Rules are what is asked before, between and after the routes, in the order
	// of asking.
	Rules []RuleInfo
	// Settings are the configuration's.
	Settings *config.Settings

	handler http.Handler
	build   string // see buildID
	ahead   []static
	draft   *next.Draft
	app     *next.App
	proxy   *proxy.Proxy
	shared  *Shared
	clients *edge.Clients
	folders []*files.Folder
}

// RouteInfo is a row of the route listing.
type RouteInfo struct {
	Pattern string   `json:"pattern"`
	Source  string   `json:"source"`
	Methods []string `json:"methods"` // empty: any
	Dynamic bool     `json:"dynamic,omitempty"`
	// Kept is how long the answers of GET are kept: "60s", "forever"; "" where
	// each request runs the handler.
	Kept string `json:"kept,omitempty"`
}

// ServeHTTP answers a request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close waits for requests under way and what they left behind until ctx ends,
// then stops the site's scripts. The last site that has a store closes it.
func (s *Site) Close(ctx context.Context) error {
	if s.proxy != nil {
		defer s.proxy.Close()
	}
	var err error
	if s.app != nil {
		err = s.app.Close(ctx)
	}
	return errors.Join(err, s.shared.release(), s.closeFolders())
}

// Shared is what the site has in common with those before and after it. It is
// open until the site is closed.
func (s *Site) Shared() *Shared { return s.shared }

// Loader loads one project again and again.
type Loader struct {
	o       Options
	stores  *Stores
	builder *bundle.Builder
	define  map[string]string // what builder was made with
	config  *configured       // the last one that was sound

	configText string // of the configuration that was read last, for places
}

// NewLoader prepares a loader; nothing is read yet.
func NewLoader(o Options) *Loader {
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Loader{o: o, stores: o.Stores}
	if l.stores == nil {
		l.stores = NewStores(o.Now, o.Logger)
	}
	return l
}

// Close frees what the loader keeps between loads. Sites keep what they share
// until they are closed.
func (l *Loader) Close() {
	l.unbuild()
	if l.o.Stores == nil {
		l.stores.Close()
	}
}

func (l *Loader) unbuild() {
	if l.builder != nil {
		l.builder.Close()
		l.builder = nil
	}
}

// Load reads the project and makes a Site of it. On failure nothing is left
// behind, and the error has all problems that were found. Inputs are nil when
// there are no files to watch.
func (l *Loader) Load(ctx context.Context) (*Site, *Inputs, error) {
	s, in, err := l.loadSite(ctx)
	if err != nil {
		s.shared.drop() // what other sites use goes on
		return nil, in, errors.Join(err, s.closeFolders())
	}
	l.stores.keep(s.shared)
	return s, in, nil
}

// loadSite is Load. On failure the Site is there with what it shares.
func (l *Loader) loadSite(ctx context.Context) (*Site, *Inputs, error) {
	s := &Site{Settings: &config.Settings{}}
	switch {
	case l.o.FS != nil:
		dir, err := os.MkdirTemp("", "portico-app-*")
		if err != nil {
			return s, nil, fmt.Errorf("the embedded project needs a temporary directory while it loads: %w", err)
		}
		defer os.RemoveAll(dir)
		if err := os.CopyFS(dir, l.o.FS); err != nil {
			return s, nil, fmt.Errorf("the embedded project cannot be unpacked: %w", err)
		}
		return s, nil, l.load(ctx, s, &Inputs{Root: dir})
	case l.o.Dir != "":
		dir, err := folder(l.o.Dir)
		if err != nil {
			return s, nil, err
		}
		in := &Inputs{Root: dir, Started: time.Now()}
		err = l.load(ctx, s, in)
		in.Failed = err != nil
		return s, in, err
	}
	l.override(s)
	if err := l.share(s, "", nil); err != nil {
		return s, nil, err
	}
	return s, nil, l.finish(s, nil)
}

// jobLimit is the program's limit for a job, for what runs before there are
// settings; 0 is the default.
func (l *Loader) jobLimit() time.Duration {
	var s config.Settings
	if l.o.Settings != nil {
		l.o.Settings(&s)
	}
	return s.Server.JobLimit
}

// override applies what the program says about the settings.
func (l *Loader) override(s *Site) {
	if l.o.Settings != nil {
		own := *s.Settings
		l.o.Settings(&own)
		s.Settings = &own
	}
}

// load fills s from the project at in.Root, and in with what it reads.
func (l *Loader) load(ctx context.Context, s *Site, in *Inputs) error {
	fsys := os.DirFS(in.Root)
	mode := "production"
	if l.o.Dev {
		mode = "development"
	}
	env, err := LoadEnv(fsys, mode, l.o.Environ)
	if err != nil {
		return err
	}
	s.EnvFiles = env.Files
	env.Vars["NODE_ENV"] = mode // as next dev and next start set it, whatever the process has

	settings, files, warnings, err := l.settings(ctx, in.Root, env, mode)
	in.Files = files
	s.Warnings = append(s.Warnings, warnings...)
	if err != nil {
		return err
	}
	s.Settings = settings
	if settings.CacheHandler != "" && settings.Cache.Store != "" {
		s.Warnings = append(s.Warnings, l.place(settings.File, "cacheHandler", "")+": cacheHandler is not used, as cache says where answers are kept: leave one of the two out")
	}
	l.override(s)

	tree, err := route.Scan(fsys, s.Settings.PageExtensions)
	if errors.Is(err, route.ErrNoApp) {
		return noApp(fsys, cmp.Or(l.o.Dir, "the embedded project"), filepath.Base(in.Root))
	}
	if tree != nil {
		in.App = filepath.Join(in.Root, filepath.FromSlash(tree.App))
	}
	if err != nil {
		return err
	}
	for _, f := range tree.Metadata {
		if !f.Generated {
			in.Files = append(in.Files, filepath.Join(in.Root, filepath.FromSlash(f.Path)))
		}
	}
	for _, i := range tree.Ignored {
		s.Warnings = append(s.Warnings, i.Path+": "+i.Reason)
	}
	guard, err := l.middlewareOf(fsys, s)
	if err != nil {
		return err
	}

	root := in.Root
	if l.o.FS != nil {
		root = "" // it is gone when the site runs
	}
	script, err := l.cacheScriptOf(ctx, s, in, env)
	if err != nil {
		return err
	}
	if err := l.share(s, root, script); err != nil {
		return err
	}
	if err := l.openDraft(s, root, env); err != nil {
		return err
	}
	app, built, err := l.scripts(ctx, in.Root, s, tree, guard, env)
	var failed *bundle.Error
	switch {
	case errors.As(err, &failed):
		in.Files = append(in.Files, failed.Inputs...)
	case built != nil:
		in.Files = append(in.Files, built.Inputs...)
	}
	if err != nil {
		return err
	}
	for _, w := range built.Warnings {
		s.Warnings = append(s.Warnings, w.Error())
	}
	guard.app = app
	if err := l.finish(s, &scripts{tree, app, guard}); err != nil {
		app.Close(ctx)
		return err
	}
	s.app = app
	return nil
}

// scripts are the script side of a site.
type scripts struct {
	tree  *route.Tree
	app   *next.App
	guard *middleware
}

// scripts bundles the route files and starts their isolates.
func (l *Loader) scripts(ctx context.Context, dir string, s *Site, tree *route.Tree, guard *middleware, env *Env) (*next.App, *bundle.Bundle, error) {
	o := l.o
	entries := make([]string, 0, len(tree.Routes)+1)
	for _, f := range tree.Routes {
		entries = append(entries, f.Path)
	}
	generated := map[string]route.MetadataKind{}
	for _, f := range tree.Metadata {
		if f.Generated {
			entries = append(entries, f.Path)
			generated[f.Path] = f.Kind
		}
	}
	if guard.file != "" {
		entries = append(entries, guard.file)
	}
	define, err := defines(env, s.Settings)
	if err != nil {
		return nil, nil, err
	}
	if l.builder == nil || o.FS != nil || !maps.Equal(define, l.define) {
		l.unbuild() // it would go on with the old values
		b, err := bundle.NewBuilder(bundle.Options{Dir: dir, Define: define, Dev: o.Dev, Host: l.hosted, Outline: js.ReadOutline}, js.Check)
		if err != nil {
			return nil, nil, err
		}
		l.builder, l.define = b, define
		if o.FS != nil {
			defer l.unbuild()
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
	if program.Names, err = built.Renamed(); err != nil {
		return nil, built, err
	}
	if s.build, err = buildID(os.DirFS(dir), built, env); err != nil {
		return nil, built, err
	}
	cwd := dir
	if o.FS != nil {
		cwd = "" // the folder is gone when the site runs
	}
	profiles := make(map[string]next.CacheLife, len(s.Settings.CacheLife))
	for name, p := range s.Settings.CacheLife {
		profiles[name] = next.CacheLife(p)
	}
	app, err := next.New(program, next.Options{
		HandlerTimeout: bounded(s.Settings.Server.HandlerTimeout),
		Isolates:       s.Settings.Server.Isolates,
		Pool:           js.Options{JobLimit: bounded(s.Settings.Server.JobLimit), MemoryLimit: s.Settings.Server.MemoryLimit},
		Middleware:     guard.file,
		Metadata:       generated,
		Cache:          s.shared.Cache,
		Build:          s.build,
		Context:        o.Context,
		Draft:          s.draft,
		Limiter:        s.shared.Limiter,
		SessionCookies: s.Settings.RateLimit.SessionCookies,
		CacheLife:      profiles,
		Web:            web.Options{Dir: cwd, Vars: env.Vars, Logger: o.Logger, Dev: o.Dev, Client: client(s.Settings)},
		Modules:        l.expose,
	})
	return app, built, err
}

// bounded is a time limit of the settings for those who know no limit that is
// none: a negative one is three centuries.
func bounded(d time.Duration) time.Duration {
	if d < 0 {
		return math.MaxInt64
	}
	return d
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

// folder gives the path of a project without symbolic links: the names of
// changed files are compared with those that were read.
func folder(given string) (string, error) {
	dir, err := filepath.Abs(given)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", &route.Error{File: given, Text: "there is no such folder", Hint: "name the folder that holds app/ or src/app/"}
	case err != nil:
		return "", &route.Error{File: given, Text: "the folder cannot be read: " + err.Error()}
	case !info.IsDir():
		return "", &route.Error{File: given, Text: "this is a file, not a folder", Hint: "name the folder that holds app/ or src/app/"}
	}
	return filepath.EvalSymlinks(dir)
}

// noApp explains that a folder is no project, and looks for the one that was meant.
func noApp(fsys fs.FS, given, base string) error {
	e := &route.Error{File: given, Text: "there is no app folder here, nor src/app", Hint: "name the folder that holds app/, or begin with app/api/hello/route.ts"}
	if base == "app" {
		e.Hint = "this is the app folder itself; name the one above it"
		return e
	}
	var near []string
	for _, pattern := range []string{"*/app", "*/src/app", "*/*/app", "*/*/src/app"} {
		found, err := fs.Glob(fsys, pattern)
		if err != nil {
			continue // the patterns are right, so a folder cannot be read: not ours to look at
		}
		for _, f := range found {
			dir := strings.TrimSuffix(path.Dir(f), "/src")
			if info, err := fs.Stat(fsys, f); err == nil && info.IsDir() && !strings.Contains(f, "node_modules") && !slices.Contains(near, dir) {
				near = append(near, dir)
			}
		}
		if len(near) > 0 {
			e.Hint = "name the folder that holds app/; there is one in " + strings.Join(near[:min(3, len(near))], ", ")
			break
		}
	}
	return e
}

// loadLimit bounds the evaluation of route modules at load.
const loadLimit = 30 * time.Second

// finish evaluates the route modules, builds the table and the pipeline.
func (l *Loader) finish(s *Site, scripts *scripts) error {
	var entries []route.Entry[*pipeline.Route]
	var problems []error
	var ahead []static
	ctx, cancel := context.WithTimeout(context.Background(), loadLimit)
	defer cancel()
	guard := &middleware{}
	if scripts != nil {
		guard = scripts.guard
		if guard.file != "" {
			m, err := scripts.app.Describe(ctx, guard.file)
			if err != nil {
				problems = append(problems, l.explain(guard.file, err))
			} else {
				guard.export = m.Methods[0]
			}
		}
		for _, f := range scripts.tree.Routes {
			m, err := scripts.app.Describe(ctx, f.Path)
			if err != nil {
				problems = append(problems, l.explain(f.Path, err))
				continue
			}
			s.Warnings = append(s.Warnings, m.Warnings...)
			handlers := map[string]pipeline.Handler{}
			for _, method := range m.Methods {
				handlers[method] = scriptHandler{scripts.app, f.Path, "", !f.Pattern.Static(), &m.Segment}
			}
			rt := pipeline.NewRoute(f.Pattern.String(), f.Path, handlers, nil)
			rt.NoCSRF = m.NoCSRF
			if m.BodyLimit != nil {
				if rt.BodyLimit, err = config.ParseSize(m.BodyLimit); err != nil {
					problems = append(problems, &route.Error{File: l.locate(f.Path, "bodyLimit"), Text: "export bodyLimit: " + err.Error(), Hint: "export const bodyLimit = '4mb'"})
				}
			}
			first, err := l.scriptStatic(ctx, s, scripts, f, "", m, rt)
			if err != nil {
				problems = append(problems, err)
			}
			if l.o.Export && err == nil {
				if err := l.exportable(s, f, m, first); err != nil && s.exportsAll() {
					problems = append(problems, err)
				} else if err != nil {
					s.Warnings, first = append(s.Warnings, leftOut(err)), nil
				}
			}
			ahead = append(ahead, first...)
			entries = append(entries, route.Entry[*pipeline.Route]{Pattern: f.Pattern, Source: f.Path, Value: rt})
		}
	}
	if scripts != nil {
		first, wrong := l.metadata(ctx, s, scripts, &entries)
		ahead, problems = append(ahead, first...), append(problems, wrong...)
	}
	for _, g := range l.o.Routes {
		p, err := route.Parse(g.Pattern)
		if err != nil {
			var e *route.Error
			if errors.As(err, &e) {
				err = &route.Error{File: g.Source, Text: e.Text, Hint: e.Hint}
			}
			problems = append(problems, err)
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
		rt := pipeline.NewRoute(p.String(), g.Source, handlers, any)
		rt.BodyLimit, rt.NoCSRF = g.BodyLimit, g.NoCSRF
		if g.Revalidate != 0 && handlers[http.MethodGet] != nil {
			if err := l.goStatic(s, g, p, rt); err != nil {
				problems = append(problems, err)
			}
		}
		if g.NoCSRF {
			s.Warnings = append(s.Warnings, g.Source+": CSRF is off for "+p.String()+": any web page may send requests there with its visitors' cookies")
		}
		entries = append(entries, route.Entry[*pipeline.Route]{Pattern: p, Source: g.Source, Value: rt})
	}
	table, err := route.NewTable(entries)
	if err != nil {
		problems = append(problems, err)
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	for _, e := range table.All() {
		s.Routes = append(s.Routes, RouteInfo{Pattern: e.Pattern.String(), Source: e.Source, Methods: slices.Clone(e.Value.Methods), Dynamic: !e.Pattern.Static(), Kept: e.Value.Kept()})
	}
	c, err := l.pipeline(s, guard)
	if err != nil {
		return err
	}
	c.Table = table
	s.Rules = rules(c, s.Settings, guard)
	if err := l.files(s, &c); err != nil {
		return err
	}
	line := pipeline.New(c)
	s.handler, s.ahead = line, ahead
	if l.o.Export {
		s.exportWarnings(guard.file)
		return nil
	}
	if c.Cache == nil {
		return nil
	}
	return l.prerender(context.Background(), line, ahead)
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
	src, err := fs.ReadFile(l.project(), file)
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

// project is the project's files; nil when there are none.
func (l *Loader) project() fs.FS {
	switch {
	case l.o.FS != nil:
		return l.o.FS
	case l.o.Dir != "":
		return os.DirFS(l.o.Dir)
	}
	return nil
}

// ErrorAnswer answers a request, in development, with the error of a load.
func (l *Loader) ErrorAnswer(w http.ResponseWriter, r *http.Request, err error) {
	pipeline.ErrorAnswer(w, r, l.project(), err)
}

// scriptHandler runs a route file's export.
type scriptHandler struct {
	app     *next.App
	entry   string
	place   string // see next.Call
	dynamic bool
	segment *next.Segment
}

func (h scriptHandler) Handle(x *pipeline.Exchange) error {
	c := call(x)
	c.Entry, c.Place, c.Export, c.Pattern = h.entry, h.place, x.Export, x.Route.Pattern
	c.URL, c.Params, c.Dynamic = x.URL(web.NormaliseQuery), x.Params, h.dynamic
	c.Cookies, c.Overridden = x.Cookies, x.Overridden
	c.Segment, c.Draft = h.segment, x.Draft
	return scriptError(h.app.Serve(x.W, x.R, c))
}

// call is what every script is told of a request.
func call(x *pipeline.Exchange) next.Call {
	c := next.Call{ID: x.ID, Host: x.Peer.Host, Proto: x.Peer.Proto}
	if x.Peer.Addr.IsValid() {
		c.Client = x.Peer.Addr.String()
	}
	return c
}

// scriptError gives a script's failure the status that answers it.
func scriptError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, next.ErrClientGone):
		return &pipeline.StatusError{Quiet: true, Err: err}
	case errors.Is(err, js.ErrCompute), errors.Is(err, js.ErrMemory), errors.Is(err, js.ErrClosed):
		return &pipeline.StatusError{Status: http.StatusServiceUnavailable, Err: err}
	case errors.Is(err, next.ErrTimeout):
		return &pipeline.StatusError{Status: http.StatusGatewayTimeout, Err: err}
	}
	return err
}

// goHandler is an http.Handler on the table: parameters are path values.
type goHandler struct{ h http.Handler }

func (g goHandler) Handle(x *pipeline.Exchange) error {
	r := x.Told()
	r.Pattern = x.Route.Pattern
	for _, p := range x.Params {
		r.SetPathValue(p.Name, p.Value)
	}
	g.h.ServeHTTP(x.W, r) // for HEAD, net/http drops the body
	return nil
}

// client performs the fetches of a site.
func client(set *config.Settings) *web.Client {
	c := web.NewClient("Portico")
	if set.NoKeepAlive {
		c.NoKeepAlive()
	}
	return c
}
