package js

import (
	"log/slog"
	"reflect"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

var typePromise = reflect.TypeFor[*goja.Promise]()

// ScriptError is an error that a script threw, with its place.
type ScriptError struct {
	Name    string // "TypeError"; empty when something else than an error was thrown
	Message string
	// Stack is the text of the frames in V8's form, each line beginning with
	// "    at ", without the first line that repeats name and message.
	Stack string
	// File, Line and Column are the place of the first frame in the app's own
	// code; Line is 0 when there is none.
	File         string
	Line, Column int
	// Cause is the error's cause when that is an error too.
	Cause *ScriptError
	// Value is what was thrown. It must be touched on the isolate only.
	Value goja.Value
}

// Error returns the first line as V8 prints it: "TypeError: x".
func (e *ScriptError) Error() string {
	if e.Name == "" {
		return e.Message
	}
	if e.Message == "" {
		return e.Name
	}
	return e.Name + ": " + e.Message
}

// Detail returns the whole text: first line, frames, causes.
func (e *ScriptError) Detail() string {
	var b strings.Builder
	for c, first := e, true; c != nil; c, first = c.Cause, false {
		if !first {
			b.WriteString("\n  [cause]: ")
		}
		b.WriteString(c.Error())
		if c.Stack != "" {
			b.WriteByte('\n')
			b.WriteString(c.Stack)
		}
	}
	return b.String()
}

// LogValue lets every log have the stack.
func (e *ScriptError) LogValue() slog.Value { return slog.StringValue(e.Detail()) }

// Place returns "file:line:column", or "" when no place is known.
func (e *ScriptError) Place() string {
	if e.Line == 0 {
		return ""
	}
	return e.File + ":" + strconv.Itoa(e.Line) + ":" + strconv.Itoa(e.Column)
}

// internalPrefix marks the programs that are part of Portico: their frames are
// not shown, as Node hides its own.
const internalPrefix = "portico:"

// BundleName is the name to compile a bundle under. A frame that its source map
// does not lead into a source is one of the bundler's helpers, and not shown.
const BundleName = "portico.js"

// frame is one line of a stack.
type frame struct {
	fn, file  string
	line, col int
}

func frameOf(f *goja.StackFrame) (frame, bool) {
	p := f.Position()
	name := f.FuncName()
	if name == "<anonymous>" || name == "<native>" {
		name = ""
	}
	if f.SrcName() == "<native>" {
		// goja has a frame of its own for a call of a proxy, V8 has none.
		if name == "" || name == "proxy" || strings.Contains(name, "/") || strings.Contains(name, "github.com") {
			return frame{}, false // a Go function without a script name
		}
		return frame{fn: name}, true
	}
	if strings.HasPrefix(p.Filename, internalPrefix) || p.Filename == BundleName {
		return frame{}, false
	}
	// A mapped column counts from 0, as source maps do.
	col := p.Column
	if p.Filename != f.SrcName() {
		col++
	}
	return frame{fn: name, file: p.Filename, line: p.Line, col: col}, true
}

func (f frame) String() string {
	var b strings.Builder
	b.WriteString("    at ")
	loc := "<anonymous>"
	if f.line > 0 {
		loc = f.file + ":" + strconv.Itoa(f.line) + ":" + strconv.Itoa(f.col)
		if f.file == "" {
			loc = "<anonymous>:" + strconv.Itoa(f.line) + ":" + strconv.Itoa(f.col)
		}
	}
	if f.fn == "" {
		b.WriteString(loc)
	} else {
		b.WriteString(f.fn + " (" + loc + ")")
	}
	return b.String()
}

// frames keeps what is shown of a stack: at most limit frames.
func (iso *Isolate) frames(in []goja.StackFrame, limit int) []frame {
	var out []frame
	for i := range in {
		if len(out) == limit {
			break
		}
		if f, ok := frameOf(&in[i]); ok {
			if n, renamed := iso.pool.program.Names[f.fn]; renamed {
				f.fn = n
			}
			out = append(out, f)
		}
	}
	return out
}

func formatFrames(fs []frame) string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// stackLimit is V8's default for Error.stackTraceLimit.
const stackLimit = 10

// installErrors gives errors V8's stack: an accessor on Error.prototype that
// formats when it is read, Error.captureStackTrace and Error.stackTraceLimit.
func (iso *Isolate) installErrors() {
	rt := iso.rt
	ctor := rt.Get("Error").(*goja.Object)
	proto := ctor.Get("prototype").(*goja.Object)
	iso.eng.hookErrors(clarify) // without it errors have goja's own stack, which hides the accessor
	get := iso.Func("get stack", 0, func(c goja.FunctionCall) goja.Value {
		fs, ok := iso.framesOf(c.This)
		if !ok {
			return goja.Undefined()
		}
		o := c.This.(*goja.Object)
		return rt.ToValue(joinStack(iso.errorText(o), formatFrames(iso.frames(fs, iso.stackLimit()))))
	})
	set := iso.Func("set stack", 1, func(c goja.FunctionCall) goja.Value {
		if o, ok := c.This.(*goja.Object); ok {
			must(o.DefineDataProperty("stack", c.Argument(0), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		}
		return goja.Undefined()
	})
	must(proto.DefineAccessorProperty("stack", get, set, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(ctor.Set("stackTraceLimit", stackLimit))
	must(ctor.DefineDataProperty("captureStackTrace", iso.Func("captureStackTrace", 2, func(c goja.FunctionCall) goja.Value {
		o, ok := c.Argument(0).(*goja.Object)
		if !ok {
			panic(rt.NewTypeError("Invalid argument"))
		}
		if _, isError := iso.framesOf(o); isError {
			return goja.Undefined() // its own frames are as good, and lazy
		}
		fs := iso.frames(rt.CaptureCallStack(0, nil), iso.stackLimit()+1)
		if len(fs) > 0 && fs[0].line == 0 {
			fs = fs[1:] // captureStackTrace itself
		}
		text := joinStack(iso.errorText(o), formatFrames(fs))
		must(o.DefineDataProperty("stack", rt.ToValue(text), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		return goja.Undefined()
	}), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// Stack is the text of the calls that are under way, in V8's form, without the
// host function that asks.
func (iso *Isolate) Stack() string {
	fs := iso.frames(iso.rt.CaptureCallStack(0, nil), iso.stackLimit()+1)
	if len(fs) > 0 && fs[0].line == 0 {
		fs = fs[1:]
	}
	return formatFrames(fs[:min(len(fs), iso.stackLimit())])
}

// framesOf returns the frames of an error object, or of a host object that
// keeps its own, as a DOMException does; ok is false for any other value.
func (iso *Isolate) framesOf(v goja.Value) (fs []goja.StackFrame, ok bool) {
	if fs, ok = iso.eng.errorFrames(v); ok {
		return fs, true
	}
	h, ok := iso.eng.hostValue(v).(interface{ StackFrames() []goja.StackFrame })
	if !ok {
		return nil, false
	}
	return h.StackFrames(), true
}

func (iso *Isolate) stackLimit() int {
	v := iso.rt.Get("Error").(*goja.Object).Get("stackTraceLimit")
	if v == nil {
		return stackLimit
	}
	return int(min(max(v.ToInteger(), 0), 1000))
}

func joinStack(first, rest string) string {
	if rest == "" {
		return first
	}
	return first + "\n" + rest
}

// errorText is Error.prototype.toString without running a script's own one.
func (iso *Isolate) errorText(o *goja.Object) string {
	name, message := iso.text(o, "name"), iso.text(o, "message")
	switch {
	case name == "":
		return message
	case message == "":
		return name
	}
	return name + ": " + message
}

// text reads a property as text; a getter that throws counts as absent.
func (iso *Isolate) text(o *goja.Object, name string) string {
	v, err := iso.attempt(func() (goja.Value, error) { return o.Get(name), nil })
	if err != nil || v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return ""
	}
	s, err := iso.attempt(func() (goja.Value, error) { return v.ToString(), nil })
	if err != nil {
		return ""
	}
	return s.String()
}

// Error describes what a script threw. It must be called on the isolate.
func (iso *Isolate) Error(v goja.Value) *ScriptError { return iso.errorFrom(v, 0) }

// ErrorOf describes an error that came out of the engine: a script exception,
// a thrown value, or a Go error, which is given as it is.
func (iso *Isolate) ErrorOf(err error) error {
	switch e := err.(type) {
	case thrown:
		return iso.Error(e.v)
	case *goja.Exception:
		return iso.Error(e.Value())
	}
	return err
}

func (iso *Isolate) errorFrom(v goja.Value, depth int) *ScriptError {
	e := &ScriptError{Value: v}
	o, ok := v.(*goja.Object)
	if !ok {
		if v != nil {
			e.Message = "uncaught " + v.String()
			if _, sym := v.(*goja.Symbol); sym {
				e.Message = "uncaught symbol"
			}
		}
		return e
	}
	if o.ClassName() != "Error" && o.Get("stack") == nil && iso.text(o, "message") == "" {
		e.Message = "uncaught " + iso.describe(o)
		return e
	}
	e.Name, e.Message = iso.text(o, "name"), iso.text(o, "message")
	if fs, ok := iso.framesOf(o); ok {
		list := iso.frames(fs, stackLimit)
		e.Stack = formatFrames(list)
		for _, f := range list {
			if f.line > 0 && (e.Line == 0 || strings.Contains(e.File, "node_modules/")) && (e.Line == 0 || !strings.Contains(f.file, "node_modules/")) {
				e.File, e.Line, e.Column = f.file, f.line, f.col
			}
		}
	} else if s := iso.text(o, "stack"); s != "" {
		_, rest, _ := strings.Cut(s, "\n")
		e.Stack = strings.TrimRight(rest, "\n")
	}
	if depth < 8 {
		if c, err := iso.attempt(func() (goja.Value, error) { return o.Get("cause"), nil }); err == nil {
			if co, ok := c.(*goja.Object); ok {
				e.Cause = iso.errorFrom(co, depth+1)
			}
		}
	}
	return e
}

func (iso *Isolate) describe(o *goja.Object) string {
	v, err := iso.attempt(func() (goja.Value, error) { return o.ToString(), nil })
	if err != nil {
		return "object"
	}
	return v.String()
}

// clarify rewrites the engine's wording of the commonest mistakes as V8 has it,
// because people and libraries look for that.
func clarify(msg string) string {
	if msg == "Malformed URI" {
		return "URI malformed"
	}
	if rest, ok := strings.CutPrefix(msg, "Cannot read property '"); ok {
		if i := strings.LastIndex(rest, "' of "); i >= 0 {
			return "Cannot read properties of " + rest[i+5:] + " (reading '" + rest[:i] + "')"
		}
	}
	if rest, ok := strings.CutPrefix(msg, "Object has no member '"); ok {
		return strings.TrimSuffix(rest, "'") + " is not a function"
	}
	if strings.HasPrefix(msg, "Could not convert ") && strings.HasSuffix(msg, " to primitive") {
		return "Cannot convert object to primitive value"
	}
	if rest, ok := strings.CutPrefix(msg, "Value is not an object: "); ok {
		return rest + " is not a function"
	}
	if name, ok := strings.CutSuffix(msg, " is not defined"); ok {
		if why := missing(name); why != "" {
			return msg + ": " + why
		}
	}
	return msg
}

// missing says of globals that a script may expect why they are not there. They
// are not defined, rather than objects that throw, for the sake of code that
// asks typeof first.
func missing(name string) string {
	switch name {
	case "Intl":
		return "there is no Intl yet; toLocaleString of numbers and dates writes en-US"
	case "WebAssembly":
		return "scripts are interpreted by Go, and nothing runs WebAssembly; call Go instead"
	case "SharedArrayBuffer", "Atomics":
		return "an isolate is one thread, and shares no memory"
	case "Worker":
		return "an isolate is one thread; Go functions do work beside it"
	case "XMLHttpRequest":
		return "use fetch"
	case "localStorage", "sessionStorage":
		return "there is no storage on the server"
	case "window":
		return "this is a server; the global object is globalThis"
	case "document":
		return "this is a server, there is no document"
	}
	return ""
}

// NewError makes an error object of a built-in class.
func (iso *Isolate) NewError(class, message string) *goja.Object {
	o, err := iso.rt.New(iso.rt.Get(class), iso.rt.ToValue(message))
	if err != nil {
		panic(err)
	}
	return o
}

// TypeError makes a TypeError; a host function panics with it.
func (iso *Isolate) TypeError(format string, args ...any) *goja.Object {
	return iso.rt.NewTypeError(append([]any{format}, args...)...)
}

// RangeError makes a RangeError; a host function panics with it.
func (iso *Isolate) RangeError(message string) *goja.Object {
	return iso.NewError("RangeError", message)
}
