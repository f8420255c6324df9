package web

import (
	"log/slog"
	"maps"
	"math/big"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// process: what of Node's a handler may use. The process itself belongs to the
// server, so that what would end it or change it is refused with an explanation.

// nodeVersion is the version of Node whose behaviour is followed.
const nodeVersion = "20.20.0"

func hardwareConcurrency() int { return runtime.GOMAXPROCS(0) }

// platform is process.platform.
func platform() string {
	if runtime.GOOS == "windows" {
		return "win32"
	}
	return runtime.GOOS
}

// arch is process.arch.
func arch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x64"
	case "386":
		return "ia32"
	}
	return runtime.GOARCH
}

func (e *Env) processObject() *goja.Object {
	if e.globals.process != nil {
		return e.globals.process
	}
	rt := e.rt
	p := rt.NewObject()
	e.globals.process = p
	// Node has a prototype between process and the emitter's.
	proto := rt.NewObject()
	must(p.SetPrototype(proto))
	must(proto.DefineDataPropertySymbol(goja.SymToStringTag, rt.ToValue("process"), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	set := func(name string, v any) { must(p.Set(name, v)) }
	fn := func(name string, length int, f func(goja.FunctionCall) goja.Value) *goja.Object {
		o := e.iso.Func(name, length, f)
		set(name, o)
		return o
	}
	value := func(name string, length int, f func() any) *goja.Object {
		return fn(name, length, func(goja.FunctionCall) goja.Value { return rt.ToValue(f()) })
	}

	set("version", "v"+nodeVersion)
	versions := rt.NewObject()
	must(versions.Set("node", nodeVersion))
	set("versions", versions)
	set("arch", arch())
	set("platform", platform())
	release := rt.NewObject()
	must(release.Set("name", "node"))
	set("release", release)
	set("title", "portico")
	set("pid", os.Getpid())
	set("ppid", os.Getppid())
	set("argv", rt.NewArray(os.Args[0]))
	set("argv0", os.Args[0])
	set("execArgv", rt.NewArray())
	set("execPath", os.Args[0])
	set("exitCode", goja.Undefined())
	set("features", rt.NewObject())
	set("config", rt.NewObject())
	e.iso.LazyOn(p, "env", func() goja.Value {
		return rt.NewDynamicObject(&environ{e: e, vars: maps.Clone(e.opts.Vars), names: slices.Sorted(maps.Keys(e.opts.Vars))})
	})
	e.iso.LazyOn(p, "stdout", func() goja.Value { return e.outStream(1, slog.LevelInfo) })
	e.iso.LazyOn(p, "stderr", func() goja.Value { return e.outStream(2, slog.LevelError) })
	e.iso.LazyOn(p, "stdin", func() goja.Value {
		o := rt.NewObject()
		must(o.Set("isTTY", false))
		must(o.Set("fd", 0))
		return o
	})

	value("cwd", 0, func() any {
		if e.opts.Dir != "" {
			return e.opts.Dir
		}
		dir, err := os.Getwd()
		if err != nil {
			panic(e.nodeError("Error", "ENOENT", "ENOENT: process.cwd failed: %v", err))
		}
		return dir
	})
	value("uptime", 0, func() any { return e.now() / 1000 })
	fn("nextTick", 1, func(c goja.FunctionCall) goja.Value {
		f := e.callback(c.Argument(0))
		var args []goja.Value
		if len(c.Arguments) > 1 {
			args = slices.Clone(c.Arguments[1:])
		}
		e.iso.Tick(func() { e.iso.Contain(func() { e.call(f, goja.Undefined(), args...) }) })
		return goja.Undefined()
	})
	hrtime := fn("hrtime", 1, func(c goja.FunctionCall) goja.Value {
		t := int64(time.Since(e.perf.origin)) + hrtimeBase
		s, ns := t/1e9, t%1e9
		if v := c.Argument(0); !goja.IsUndefined(v) {
			prev, ok := v.(*goja.Object)
			if !ok || e.kindOf(prev) != kindArray {
				panic(e.argType("time", "an instance of Array", v))
			}
			if n := prev.Get("length").ToInteger(); n != 2 {
				panic(e.nodeError("RangeError", "ERR_OUT_OF_RANGE", `The value of "time" is out of range. It must be 2. Received %d`, n))
			}
			s, ns = s-prev.Get("0").ToInteger(), ns-prev.Get("1").ToInteger()
			if ns < 0 {
				s, ns = s-1, ns+1e9
			}
		}
		return rt.NewArray(s, ns)
	})
	must(hrtime.Set("bigint", e.iso.Func("bigint", 0, func(goja.FunctionCall) goja.Value {
		return rt.ToValue(big.NewInt(int64(time.Since(e.perf.origin)) + hrtimeBase))
	})))
	memory := value("memoryUsage", 0, func() any { return e.memoryUsage() })
	must(memory.Set("rss", e.iso.Func("rss", 0, func(goja.FunctionCall) goja.Value {
		return e.memoryUsage().Get("rss")
	})))
	value("cpuUsage", 0, func() any {
		o := rt.NewObject()
		must(o.Set("user", int64(metric("/cpu/classes/user:cpu-seconds")*1e6)))
		must(o.Set("system", int64(metric("/cpu/classes/scavenge/total:cpu-seconds")*1e6)))
		return o
	})
	fn("emitWarning", 1, func(c goja.FunctionCall) goja.Value { e.emitWarning(c); return goja.Undefined() })
	fn("getBuiltinModule", 1, func(c goja.FunctionCall) goja.Value {
		m, err := e.iso.Import(strings.TrimPrefix(e.domString(c.Argument(0)).String(), "node:"))
		if err != nil {
			return goja.Undefined() // Node answers undefined for what it has not, too
		}
		return m
	})
	const ends = "it would end the server for everybody: return a Response, or throw"
	for _, m := range [][2]string{
		{"exit", ends}, {"abort", ends}, {"reallyExit", ends},
		{"kill", "a handler cannot send signals"},
		{"chdir", "the working directory belongs to the server"},
		{"binding", "there is no Node underneath"},
		{"dlopen", "native addons cannot be loaded"},
	} {
		name, why := m[0], m[1]
		fn(name, 1, func(goja.FunctionCall) goja.Value {
			panic(e.nodeError("Error", "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM", "process.%s() is not available here\nhint: %s", name, why))
		})
	}
	// Events of the process are the server's business. Listeners are accepted,
	// because libraries add them when they are loaded, and never called.
	for _, name := range []string{"on", "addListener", "once", "prependListener", "prependOnceListener"} {
		fn(name, 2, func(c goja.FunctionCall) goja.Value {
			e.ignoreEvent(c.Argument(0))
			return p
		})
	}
	for _, name := range []string{"off", "removeListener", "removeAllListeners", "setMaxListeners"} {
		fn(name, 2, func(goja.FunctionCall) goja.Value { return p })
	}
	value("emit", 1, func() any { return false })
	value("listenerCount", 1, func() any { return 0 })
	value("getMaxListeners", 0, func() any { return 10 })
	for _, name := range []string{"listeners", "rawListeners", "eventNames"} {
		value(name, 0, func() any { return rt.NewArray() })
	}
	return p
}

// hrtimeBase keeps hrtime from starting at zero, which nobody expects of a
// clock that counts from an arbitrary time in the past.
const hrtimeBase = int64(1e9)

// metric reads one of the Go runtime's measures; 0 when it does not exist.
func metric(name string) float64 {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	switch s[0].Value.Kind() {
	case metrics.KindUint64:
		return float64(s[0].Value.Uint64())
	case metrics.KindFloat64:
		return s[0].Value.Float64()
	}
	return 0
}

// memoryUsage maps Go's memory classes to Node's names.
func (e *Env) memoryUsage() *goja.Object {
	total := metric("/memory/classes/total:bytes") - metric("/memory/classes/heap/released:bytes")
	used := metric("/memory/classes/heap/objects:bytes")
	o := e.rt.NewObject()
	must(o.Set("rss", int64(total)))
	must(o.Set("heapTotal", int64(used+metric("/memory/classes/heap/unused:bytes")+metric("/memory/classes/heap/free:bytes"))))
	must(o.Set("heapUsed", int64(used)))
	must(o.Set("external", 0))
	must(o.Set("arrayBuffers", 0))
	return o
}

// ignoreEvent says once, in development, that nothing will come of a listener.
func (e *Env) ignoreEvent(name goja.Value) {
	text := name.String()
	if !e.opts.Dev || e.globals.ignoredEvents[text] {
		return
	}
	if e.globals.ignoredEvents == nil {
		e.globals.ignoredEvents = map[string]bool{}
	}
	e.globals.ignoredEvents[text] = true
	e.log(slog.LevelDebug, "process.on('"+text+"') is ignored: the process's events belong to the server")
}

// emitWarning prints (warning, type or options, code).
func (e *Env) emitWarning(c goja.FunctionCall) {
	name, code, detail := "Warning", "", ""
	text := func(v goja.Value) string {
		if s, ok := v.(goja.String); ok {
			return s.String()
		}
		return ""
	}
	switch o := c.Argument(1).(type) {
	case goja.String:
		name, code = o.String(), text(c.Argument(2))
	case *goja.Object:
		if v := text(o.Get("type")); v != "" {
			name = v
		}
		code, detail = text(o.Get("code")), text(o.Get("detail"))
	}
	message := ""
	switch w := c.Argument(0).(type) {
	case goja.String:
		message = w.String()
	case *goja.Object:
		if !e.isError(w) {
			panic(e.argType("warning", "of type string or an instance of Error", w))
		}
		if v := text(w.Get("name")); v != "" && v != "Error" {
			name = v
		}
		message = orUndefined(w.Get("message")).String()
	default:
		panic(e.argType("warning", "of type string or an instance of Error", w))
	}
	if code != "" {
		name += " [" + code + "]"
	}
	if detail != "" {
		message += "\n" + detail
	}
	e.log(slog.LevelWarn, name+": "+message)
}

// outStream is process.stdout or process.stderr: each write is a
// record of the logger.
func (e *Env) outStream(fd int, level slog.Level) goja.Value {
	rt := e.rt
	o := rt.NewObject()
	must(o.Set("fd", fd))
	must(o.Set("isTTY", false))
	must(o.Set("writable", true))
	must(o.Set("write", e.iso.Func("write", 1, func(c goja.FunctionCall) goja.Value {
		text := ""
		if b, ok := e.bytes(c.Argument(0)); ok {
			text = string(b)
		} else {
			s, ok := c.Argument(0).(goja.String)
			if !ok {
				panic(e.argType("chunk", "of type string or an instance of Buffer or Uint8Array", c.Argument(0)))
			}
			text = s.String()
		}
		e.log(level, strings.TrimSuffix(text, "\n"))
		for _, a := range c.Arguments[1:] {
			if f, ok := goja.AssertFunction(a); ok {
				e.iso.Microtask(func() { e.iso.Contain(func() { e.call(f, goja.Undefined()) }) })
			}
		}
		return rt.ToValue(true)
	})))
	self := e.iso.Func("on", 2, func(goja.FunctionCall) goja.Value { return o })
	for _, name := range []string{"on", "once", "off", "removeListener", "end"} {
		must(o.Set(name, self))
	}
	return o
}

// environ is process.env: whatever is assigned becomes text, as in Node. It is
// this isolate's own.
type environ struct {
	e     *Env
	vars  map[string]string
	names []string
}

func (v *environ) Get(key string) goja.Value {
	if s, ok := v.vars[key]; ok {
		return v.e.rt.ToValue(s)
	}
	return nil
}

func (v *environ) Set(key string, val goja.Value) bool {
	s := v.e.text(val)
	if _, ok := v.vars[key]; !ok {
		v.names = append(v.names, key)
	}
	if v.vars == nil {
		v.vars = map[string]string{}
	}
	v.vars[key] = s
	return true
}

func (v *environ) Has(key string) bool { _, ok := v.vars[key]; return ok }

func (v *environ) Delete(key string) bool {
	delete(v.vars, key)
	v.names = slices.DeleteFunc(v.names, func(n string) bool { return n == key })
	return true
}

func (v *environ) Keys() []string { return slices.Clone(v.names) }
