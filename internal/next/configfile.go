package next

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/js"
)

// ConfigError is what went wrong while a configuration file ran.
type ConfigError struct {
	// During is the function of the configuration that was called, such as
	// "redirects()"; "" is the file's own code.
	During string
	Err    error
}

func (e *ConfigError) Error() string {
	if e.During == "" {
		return e.Err.Error()
	}
	return e.During + ": " + e.Err.Error()
}

func (e *ConfigError) Unwrap() error { return e.Err }

// Errors of a configuration file that ran to its end.
var (
	ErrNoConfig       = errors.New("there is no default export")
	ErrConfigUnusable = errors.New("the configuration has too many values")
	// ErrConfigPending: ctx ended first.
	ErrConfigPending = errors.New("a promise did not settle in time")
)

// Config runs a configuration file of the bundle and gives its data: the
// default export, or what it returns when it is a function, with the results
// of redirects(), rewrites() and headers() in their places. phase is what such
// a function is told, "phase-production-server" or "phase-development-server".
// The error is a *[ConfigError].
//
// Next.js evaluates the rules once, while it builds, and so does Portico: when
// a site is loaded.
func (a *App) Config(ctx context.Context, entry, phase string) (any, error) {
	r := &configRun{entry: entry, phase: phase, done: make(chan configResult, 1)}
	r.during.Store(new(string))
	s := &js.Scope{OnKill: func(err error) { r.end(nil, err) }}
	r.iso = a.pool.Isolates()[0]
	if !r.iso.Post(js.NewFrame(s), r.start) {
		return nil, &ConfigError{Err: js.ErrClosed}
	}
	select {
	case out := <-r.done:
		return out.data, out.err
	case <-ctx.Done():
		err := ctx.Err()
		if errors.Is(err, context.DeadlineExceeded) {
			err = ErrConfigPending
		}
		return nil, &ConfigError{During: *r.during.Load(), Err: err}
	}
}

// configRun is one run of a configuration. Its methods run on the isolate.
type configRun struct {
	iso    *js.Isolate
	entry  string
	phase  string
	during atomic.Pointer[string]
	once   sync.Once
	done   chan configResult
}

type configResult struct {
	data any
	err  error
}

// end reports the outcome; only the first one counts.
func (r *configRun) end(data any, err error) {
	r.once.Do(func() {
		if err != nil {
			data, err = nil, &ConfigError{During: *r.during.Load(), Err: r.iso.ErrorOf(err)}
		}
		r.done <- configResult{data, err}
	})
}

// guard ends the run with what fn throws.
func (r *configRun) guard(fn func()) {
	if err := r.iso.Runtime().Try(fn); err != nil {
		r.end(nil, err)
	}
}

func (r *configRun) await(v goja.Value, then func(goja.Value)) {
	r.iso.Await(v, func(v goja.Value, err error) {
		if err != nil {
			r.end(nil, err)
			return
		}
		r.guard(func() { then(v) })
	})
}

func (r *configRun) start() {
	r.iso.Load(r.entry, func(ns *goja.Object, err error) {
		if err != nil {
			r.end(nil, err)
			return
		}
		r.guard(func() { r.exported(ns) })
	})
}

// exported takes the default export. A CommonJS file's is module.exports, which
// a compiler may have given a default of its own.
func (r *configRun) exported(ns *goja.Object) {
	v := orUndefined(ns.Get("default"))
	if o, ok := v.(*goja.Object); ok && truthy(o.Get("__esModule")) {
		v = orUndefined(o.Get("default"))
	}
	if goja.IsUndefined(v) || goja.IsNull(v) {
		r.end(nil, ErrNoConfig)
		return
	}
	if f, ok := goja.AssertFunction(v); ok {
		r.name("the exported function")
		rt := r.iso.Runtime()
		defaults, err := r.iso.ParseJSON([]byte(defaultConfig))
		if err != nil {
			r.end(nil, err)
			return
		}
		arg := rt.NewObject()
		put(arg, "defaultConfig", defaults)
		if v, err = r.iso.Call(f, goja.Undefined(), rt.ToValue(r.phase), arg); err != nil {
			r.end(nil, err)
			return
		}
	}
	r.await(v, func(v goja.Value) {
		r.name("")
		r.settings(v)
	})
}

func truthy(v goja.Value) bool { return v != nil && v.ToBoolean() }

func (r *configRun) name(during string) { r.during.Store(&during) }

// settings reads the configuration itself.
func (r *configRun) settings(v goja.Value) {
	c := converter{left: 200_000, above: map[*goja.Object]bool{}}
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Object" {
		r.end(c.value(v), nil) // for the validator to complain of
		return
	}
	data := &config.Object{}
	var calls []string
	for _, key := range o.Keys() {
		v := orUndefined(o.Get(key))
		_, isFunction := goja.AssertFunction(v)
		switch {
		case goja.IsUndefined(v):
		case isFunction && (key == "redirects" || key == "rewrites" || key == "headers"):
			calls = append(calls, key)
			data.Set(key, nil) // in its order
		case config.Ignores(key):
			if !goja.IsNull(v) { // a plugin's object may be of any size and shape
				data.Set(key, config.Opaque("a value that is not looked at"))
			}
		default:
			data.Set(key, c.value(v))
		}
	}
	r.call(o, data, &c, calls)
}

// call calls the functions that return rules, one after the other.
func (r *configRun) call(o *goja.Object, data *config.Object, c *converter, names []string) {
	if len(names) == 0 {
		r.name("")
		if c.left <= 0 {
			r.end(nil, ErrConfigUnusable)
			return
		}
		r.end(data, nil)
		return
	}
	name := names[0]
	r.name(name + "()")
	f, ok := goja.AssertFunction(o.Get(name))
	if !ok { // a getter that changed its mind
		r.call(o, data, c, names[1:])
		return
	}
	v, err := r.iso.Call(f, o)
	if err != nil {
		r.end(nil, err)
		return
	}
	r.await(v, func(v goja.Value) {
		if goja.IsUndefined(v) || goja.IsNull(v) {
			r.end(nil, fmt.Errorf("it returned %s, want a list", v))
			return
		}
		data.Set(name, c.value(v))
		r.call(o, data, c, names[1:])
	})
}

// converter makes plain data of script values.
type converter struct {
	left  int // values that may still come: plugins put whole programs into a configuration
	above map[*goja.Object]bool
}

// value converts a value; what is no data becomes a config.Opaque, and so does
// undefined, which the members of objects leave out.
func (c *converter) value(v goja.Value) any {
	if c.left--; c.left < 0 {
		return config.Opaque("one value too many")
	}
	switch x := v.(type) {
	case *goja.Object:
		return c.object(x)
	case *goja.Symbol:
		return config.Opaque("a symbol")
	case goja.String:
		return x.String()
	}
	if goja.IsUndefined(v) {
		return config.Opaque("undefined")
	}
	switch x := v.Export().(type) {
	case nil:
		return nil
	case bool:
		return x
	case int64:
		return float64(x)
	case float64:
		return x
	case *big.Int:
		return config.Opaque("a bigint")
	}
	return config.Opaque("a value of an unknown kind")
}

func (c *converter) object(o *goja.Object) any {
	if _, ok := goja.AssertFunction(o); ok {
		return config.Opaque("a function")
	}
	if c.above[o] || len(c.above) > 50 {
		return config.Opaque("an object that is part of itself")
	}
	c.above[o] = true
	defer delete(c.above, o)
	switch class := o.ClassName(); class {
	case "Object":
		data := &config.Object{}
		for _, key := range o.Keys() {
			if v := orUndefined(o.Get(key)); !goja.IsUndefined(v) && c.left > 0 {
				data.Set(key, c.value(v))
			}
		}
		return data
	case "Array":
		n := o.Get("length").ToInteger()
		list := make([]any, 0, min(n, 1000))
		for i := int64(0); i < n && c.left > 0; i++ {
			list = append(list, c.value(orUndefined(o.Get(fmt.Sprint(i)))))
		}
		return list
	default:
		return config.Opaque(article(class))
	}
}

// defaultConfig is what a configuration function gets to spread: those of
// Next.js's defaults that Portico has as well.
const defaultConfig = `{"env":{},"distDir":".next","cacheMaxMemorySize":52428800,"generateEtags":true,"pageExtensions":["tsx","ts","jsx","js"],
"poweredByHeader":true,"compress":true,"basePath":"","trailingSlash":false,"i18n":null,"httpAgentOptions":{"keepAlive":true},
"expireTime":31536000,"experimental":{}}`

// constants fills next/constants: the phases, for configurations that ask for
// them. The rest of that module names files of Next.js's build.
func (m *Modules) constants(o *goja.Object) {
	for name, value := range map[string]string{
		"PHASE_ANALYZE":            "phase-analyze",
		"PHASE_DEVELOPMENT_SERVER": PhaseDevelopment,
		"PHASE_EXPORT":             "phase-export",
		"PHASE_INFO":               "phase-info",
		"PHASE_PRODUCTION_BUILD":   "phase-production-build",
		"PHASE_PRODUCTION_SERVER":  PhaseProduction,
		"PHASE_TEST":               "phase-test",
	} {
		put(o, name, m.rt.ToValue(value))
	}
}

// The phases that App.Config is called with.
const (
	PhaseDevelopment = "phase-development-server"
	PhaseProduction  = "phase-production-server"
)

// ConfigSpecifiers are the modules that InstallConfig serves. next itself is
// there for its types, which an import without "type" asks for.
var ConfigSpecifiers = []string{"next", "fs", "node:fs", "fs/promises", "node:fs/promises"}

// InstallConfig registers what only configuration files may import: reading
// files, such as a list of redirects, while the site is loaded. Relative names
// are below dir. read is told of each file, found or not, for the watcher.
func InstallConfig(iso *js.Isolate, dir string, read func(file string)) {
	f := configFS{iso: iso, dir: dir, read: read}
	iso.Module("next", func() *goja.Object { return f.module(func(*goja.Object) {}) })
	for _, prefix := range []string{"", "node:"} {
		iso.Module(prefix+"fs", func() *goja.Object { return f.module(f.sync) })
		iso.Module(prefix+"fs/promises", func() *goja.Object { return f.module(f.promises) })
	}
}

// configFS is the part of node:fs that reads.
type configFS struct {
	iso  *js.Isolate
	dir  string
	read func(string)
}

func (f configFS) module(fill func(o *goja.Object)) *goja.Object {
	o := f.iso.Runtime().NewObject()
	fill(o)
	put(o, "default", o)
	return o
}

// sync are the functions that throw, and below promises those that reject.
func (f configFS) sync(o *goja.Object) {
	each := func(name string, length int, fn func(c goja.FunctionCall) (goja.Value, error)) {
		put(o, name, f.iso.Func(name, length, func(c goja.FunctionCall) goja.Value {
			v, err := fn(c)
			if err != nil {
				panic(f.iso.Thrown(err))
			}
			return v
		}))
	}
	each("readFileSync", 2, f.readFile)
	each("readdirSync", 2, f.readDir)
	each("existsSync", 1, func(c goja.FunctionCall) (goja.Value, error) {
		_, err := os.Stat(f.path(c.Argument(0)))
		return f.iso.Runtime().ToValue(err == nil), nil
	})
	promises := f.iso.Runtime().NewObject()
	f.promises(promises)
	put(o, "promises", promises)
}

func (f configFS) promises(o *goja.Object) {
	each := func(name string, length int, fn func(c goja.FunctionCall) (goja.Value, error)) {
		put(o, name, f.iso.Func(name, length, func(c goja.FunctionCall) goja.Value {
			return f.iso.Attempt(func() (goja.Value, error) { return fn(c) })
		}))
	}
	each("readFile", 2, f.readFile)
	each("readdir", 2, f.readDir)
}

// path is a file's name from a string or a file: URL.
func (f configFS) path(v goja.Value) string {
	name := v.String()
	if o, ok := v.(*goja.Object); ok {
		if href := optional(o.Get("href")); strings.HasPrefix(href, "file:") {
			name = href
			if u, err := url.Parse(href); err == nil {
				name = filepath.FromSlash(u.Path)
			}
		}
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(f.dir, name)
	}
	f.read(name)
	return name
}

func (f configFS) readFile(c goja.FunctionCall) (goja.Value, error) {
	data, err := os.ReadFile(f.path(c.Argument(0)))
	if err != nil {
		return nil, f.fault("open", c.Argument(0), err)
	}
	coding := c.Argument(1)
	if o, ok := coding.(*goja.Object); ok {
		coding = o.Get("encoding")
	}
	rt := f.iso.Runtime()
	buffer, err := f.iso.Import("buffer")
	if err != nil {
		return nil, err
	}
	class := buffer.Get("Buffer").(*goja.Object)
	from, _ := goja.AssertFunction(class.Get("from"))
	b, err := f.iso.Call(from, class, rt.ToValue(rt.NewArrayBuffer(data)))
	if err != nil || optional(coding) == "" {
		return b, err
	}
	text, _ := goja.AssertFunction(b.(*goja.Object).Get("toString"))
	return f.iso.Call(text, b, coding)
}

func (f configFS) readDir(c goja.FunctionCall) (goja.Value, error) {
	entries, err := os.ReadDir(f.path(c.Argument(0)))
	if err != nil {
		return nil, f.fault("scandir", c.Argument(0), err)
	}
	names := make([]any, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return f.iso.Runtime().NewArray(names...), nil
}

// fault is an error with Node's code and wording.
func (f configFS) fault(call string, name goja.Value, err error) error {
	code, text := "EIO", err.Error()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		code, text = "ENOENT", "no such file or directory"
	case errors.Is(err, fs.ErrPermission):
		code, text = "EACCES", "permission denied"
	}
	e := f.iso.NewError("Error", fmt.Sprintf("%s: %s, %s '%s'", code, text, call, name))
	put(e, "code", f.iso.Runtime().ToValue(code))
	put(e, "path", name)
	return js.Throw(e)
}
