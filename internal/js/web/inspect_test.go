package web

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

func TestInspectCases(t *testing.T) { runCases(t, "inspect") }

// recorder is a log handler that keeps the records.
type recorder struct {
	mu      sync.Mutex
	records []slog.Record
}

func (r *recorder) Enabled(context.Context, slog.Level) bool { return true }
func (r *recorder) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *recorder) WithGroup(string) slog.Handler            { return r }
func (r *recorder) Handle(_ context.Context, rec slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records = append(r.records, rec)
	return nil
}

// lines are the records as "LEVEL text".
func (r *recorder) lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, rec := range r.records {
		out = append(out, rec.Level.String()+" "+rec.Message)
	}
	return out
}

// What console prints must be, byte for byte, what Node prints.
func TestConsolePrints(t *testing.T) {
	files, err := filepath.Glob("testdata/console/*.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			recorded := strings.TrimSuffix(file, ".js") + ".txt"
			if out, ok := nodePrints(t, file); ok && os.Getenv("PORTICO_UPDATE") != "" {
				if err := os.WriteFile(recorded, out, 0o644); err != nil {
					t.Fatal(err)
				}
			} else if ok {
				if want, err := os.ReadFile(recorded); err != nil || !bytes.Equal(out, want) {
					t.Errorf("Node prints otherwise than %s records: %v", recorded, err)
				}
			}
			want, err := os.ReadFile(recorded)
			if err != nil {
				t.Fatal(err)
			}
			var rec recorder
			o := testOptions()
			o.Logger = slog.New(&rec)
			runWith(t, o, string(src))
			var got strings.Builder
			for _, r := range rec.records {
				got.WriteString(r.Message + "\n")
			}
			if got.String() != string(want) {
				t.Errorf("differs from Node\n%s", lineDiff(got.String(), string(want)))
			}
		})
	}
}

// nodePrints runs a script in Node 20 and returns its output and error output,
// in the order in which they were written.
func nodePrints(t *testing.T, file string) ([]byte, bool) {
	path, err := exec.LookPath("node")
	if err != nil {
		return nil, false
	}
	if v, err := exec.Command(path, "--version").Output(); err != nil || !strings.HasPrefix(string(v), "v20.") {
		return nil, false
	}
	out, err := exec.Command(path, "--no-warnings", file).CombinedOutput()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	return out, true
}

func onIsolateWith(t testing.TB, o *Options, fn func(e *Env)) {
	t.Helper()
	iso := newPool(t, o, "").Isolates()[0]
	if err := iso.Do(nil, func() { fn(Of(iso)) }); err != nil {
		t.Fatal(err)
	}
}

func TestConsoleLevelsAndAttributes(t *testing.T) {
	var rec recorder
	o := testOptions()
	o.Logger = slog.New(&rec)
	onIsolateWith(t, o, func(e *Env) {
		e.SetLogAttrs(func() []slog.Attr { return []slog.Attr{slog.String("route", "/a")} })
		e.eval(t, `console.log('l'); console.info('i'); console.debug('d'); console.warn('w'); console.error('e'); console.trace('t'); console.assert(false)`)
	})
	lines := rec.lines()
	for i, l := range lines {
		lines[i], _, _ = strings.Cut(l, "\n")
	}
	want := []string{"INFO l", "INFO i", "DEBUG d", "WARN w", "ERROR e", "INFO Trace: t", "ERROR Assertion failed"}
	if !slices.Equal(lines, want) {
		t.Errorf("records %q, want %q", lines, want)
	}
	for _, r := range rec.records {
		n := 0
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "route" && a.Value.String() == "/a" {
				n++
			}
			return true
		})
		if n != 1 {
			t.Errorf("%q has no route", r.Message)
		}
	}
}

func TestConsoleTraceHasPlaces(t *testing.T) {
	var rec recorder
	o := testOptions()
	o.Logger = slog.New(&rec)
	runWith(t, o, `function inner() { console.trace('at %s', 'inner') } inner()`)
	if len(rec.records) != 1 || !strings.HasPrefix(rec.records[0].Message, "Trace: at inner\n    at inner (test.js:") {
		t.Errorf("printed %q", rec.lines())
	}
}

// Groups and timers of requests that interleave on an isolate are their own,
// counts are the isolate's.
func TestConsoleStatePerScope(t *testing.T) {
	var rec recorder
	o := testOptions()
	o.Logger = slog.New(&rec)
	pool := newPool(t, o, "")
	iso := pool.Isolates()[0]
	in := func(s *js.Scope, src string) {
		if err := iso.Do(js.NewFrame(s), func() { Of(iso).eval(t, src) }); err != nil {
			t.Fatal(err)
		}
	}
	a, b := &js.Scope{}, &js.Scope{}
	in(a, `console.group('a'); console.time('x'); console.count('n')`)
	in(b, `console.log('b'); console.time('x'); console.count('n')`)
	in(a, `console.log('a again')`)
	want := []string{"INFO a", "INFO   n: 1", "INFO b", "INFO n: 2", "INFO   a again"}
	if got := rec.lines(); !slices.Equal(got, want) {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestConsoleTimers(t *testing.T) {
	var rec recorder
	o := testOptions()
	o.Logger = slog.New(&rec)
	runWith(t, o, `console.time(); console.timeLog('default', 'x', { a: 1 }); console.timeEnd(); console.timeEnd(); console.time('l'); console.time('l'); console.countReset('none'); console.timeLog('gone')`)
	got := rec.lines()
	if len(got) != 6 {
		t.Fatalf("printed %q", got)
	}
	for i, want := range []struct{ prefix, suffix string }{
		{"INFO default: ", "ms x { a: 1 }"},
		{"INFO default: ", "ms"},
		{"WARN Warning: No such label 'default' for console.timeEnd()", ""},
		{"WARN Warning: Label 'l' already exists for console.time()", ""},
		{"WARN Warning: Count for 'none' does not exist", ""},
		{"WARN Warning: No such label 'gone' for console.timeLog()", ""},
	} {
		if !strings.HasPrefix(got[i], want.prefix) || !strings.HasSuffix(got[i], want.suffix) {
			t.Errorf("line %d is %q", i, got[i])
		}
	}
}

func TestElapsed(t *testing.T) {
	for _, c := range []struct {
		ms   float64
		want string
	}{
		{0, "0ms"}, {0.0004, "0ms"}, {1, "1ms"}, {12.3456, "12.346ms"}, {100, "100ms"}, {999.9, "999.9ms"},
		{1000, "1.000s"}, {59999, "59.999s"}, {60000, "1:00.000 (m:ss.mmm)"}, {61234, "1:01.234 (m:ss.mmm)"},
		{3600000, "1:00:00.000 (h:mm:ss.mmm)"}, {3661234, "1:01:01.234 (h:mm:ss.mmm)"},
	} {
		if got := elapsed(c.ms); got != c.want {
			t.Errorf("elapsed(%v) = %q, want %q", c.ms, got, c.want)
		}
	}
}

func TestInspectHostObjects(t *testing.T) {
	onIsolate(t, func(e *Env) {
		for _, c := range []struct{ script, want string }{
			{`new EventTarget()`, "EventTarget {}"},
			{`new AbortController()`, "AbortController { signal: AbortSignal { aborted: false } }"},
			{`class Mine extends EventTarget { constructor() { super(); this.x = 1 } }; new Mine()`, "Mine [EventTarget] { x: 1 }"},
			{`EventTarget`, "[class EventTarget]"},
			{`CustomEvent.prototype.constructor === CustomEvent && AbortController`, "[class AbortController]"},
			{`Map`, "[Function: Map]"},
			{`Object.assign(new AbortController(), { extra: 1 })`, "AbortController { signal: AbortSignal { aborted: false }, extra: 1 }"},
			{`AbortController.prototype`, "Object [AbortController] { signal: [Getter], abort: [Function: abort] }"},
		} {
			if got := e.Inspect(e.eval(t, c.script), InspectDefaults()); got != c.want {
				t.Errorf("%s is shown as %q, want %q", c.script, got, c.want)
			}
		}
	})
}

// What nests without end, or has prototypes without end, is cut short and does
// not use the stack up.
func TestInspectHasAnEnd(t *testing.T) {
	onIsolate(t, func(e *Env) {
		all := InspectDefaults()
		all.Depth = math.MaxInt
		v := e.eval(t, `(() => { let o = []; for (let i = 0; i < 20000; i++) o = [o]; return o })()`)
		if got := e.Inspect(v, all); !strings.Contains(got, "Inspection interrupted prematurely") {
			t.Errorf("deep arrays: %d characters", len(got))
		}
		v = e.eval(t, `(() => { let o = null; for (let i = 0; i < 3000; i++) o = Object.create(o); return o })()`)
		if got := e.Inspect(v, all); !strings.Contains(got, "<Complex prototype>") {
			t.Errorf("a chain of prototypes: %.100s", got)
		}
		v = e.eval(t, `(() => { const a = {}; let o = a; for (let i = 0; i < 50; i++) o = { l: o, r: o }; return o })()`)
		if got := e.Inspect(v, InspectDefaults()); len(got) > 1000 {
			t.Errorf("shared parts: %d characters", len(got))
		}
	})
}

func TestSharedFrames(t *testing.T) {
	outer := []string{"    at a", "    at b", "    at c", "    at d", "    at e"}
	got := shareFrames(outer, "E: x\n    at z\n    at b\n    at c\n    at d\n    at e")
	want := []string{"    at a", "    at b", "    ... 2 lines matching cause stack trace ...", "    at e"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := shareFrames(outer, "E: x\n    at d\n    at e"); !slices.Equal(got, outer) {
		t.Errorf("two frames in common: %q", got)
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a", "it's", `"'`, "`${", "\x00\x7f", "日本", "\xff"} {
		f.Add(s)
	}
	// What quote writes is a literal of the same value.
	task := tasks(f)
	f.Fuzz(func(t *testing.T, s string) {
		task(func(e *Env) {
			v := e.rt.ToValue(s).(goja.String)
			got := e.eval(t, quote(v))
			if !got.StrictEquals(v) {
				t.Errorf("%q became %s", s, quote(v))
			}
		})
	})
}

// tasks returns what runs a function as a task of its own on one isolate: a
// fuzz test or a benchmark is too long for one, and promise jobs run between.
func tasks(t testing.TB) func(fn func(e *Env)) {
	iso := newPool(t, testOptions(), "").Isolates()[0]
	return func(fn func(e *Env)) {
		if err := iso.Do(nil, func() { fn(Of(iso)) }); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkConsoleLog(b *testing.B) {
	task := tasks(b)
	var fn goja.Callable
	task(func(e *Env) {
		fn, _ = goja.AssertFunction(e.eval(b, `(() => { const user = { id: 1, name: 'Ada', tags: ['a', 'b'], address: { city: 'London', zip: null } }; return () => console.log('user %d', 5, user) })()`))
	})
	b.ReportAllocs()
	for b.Loop() {
		task(func(e *Env) { e.call(fn, goja.Undefined()) })
	}
}
