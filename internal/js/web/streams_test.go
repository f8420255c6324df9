package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// The streams scripts are tested without the rest of the Web platform: in a
// bare goja runtime with the small host of testdata/streams/lib/host.js, and in
// Node with Node's own platform as the host. The same cases run on Node's own
// streams, so that a case that is wrong about the standard shows.

// streamsRuntime is a bare runtime with the streams loaded.
type streamsRuntime struct {
	t         testing.TB
	rt        *goja.Runtime
	streams   *goja.Object // s.exports
	unhandled map[*goja.Promise]bool
}

func newStreamsRuntime(t testing.TB) *streamsRuntime {
	t.Helper()
	r := &streamsRuntime{t: t, rt: goja.New(), unhandled: map[*goja.Promise]bool{}}
	rt := r.rt
	rt.SetMaxCallStackSize(2500)
	rt.SetPromiseRejectionTracker(func(p *goja.Promise, op goja.PromiseRejectionOperation) {
		if op == goja.PromiseRejectionReject {
			r.unhandled[p] = true
		} else {
			delete(r.unhandled, p)
		}
	})
	if err := rt.GlobalObject().Get("Symbol").ToObject(rt).Set("asyncIterator", goja.NewSymbol("Symbol.asyncIterator")); err != nil {
		t.Fatal(err)
	}

	natives := rt.NewObject()
	set := func(name string, f func(goja.FunctionCall) goja.Value) {
		if err := natives.Set(name, f); err != nil {
			t.Fatal(err)
		}
	}
	set("transferArrayBuffer", func(call goja.FunctionCall) goja.Value {
		b := r.buffer(call.Argument(0))
		if b.Detached() {
			panic(rt.NewTypeError("the buffer is detached"))
		}
		data := b.Bytes()
		b.Detach()
		return rt.ToValue(rt.NewArrayBuffer(data))
	})
	set("isDetached", func(call goja.FunctionCall) goja.Value {
		b := r.buffer(call.Argument(0))
		return rt.ToValue(b.Detached())
	})
	set("copyBytes", func(call goja.FunctionCall) goja.Value {
		n := int(call.Argument(4).ToInteger())
		to := r.buffer(call.Argument(0)).Bytes()[call.Argument(1).ToInteger():][:n]
		copy(to, r.buffer(call.Argument(2)).Bytes()[call.Argument(3).ToInteger():])
		return goja.Undefined()
	})
	host := r.call(r.run("testdata/streams/lib/host.js", r.read("testdata/streams/lib/host.js")), natives)
	s := rt.NewObject()
	for _, script := range streamsScripts {
		r.call(r.run(script.name, script.source), host, s)
	}
	r.streams = s.Get("exports").ToObject(rt)
	for _, name := range []string{"asyncIterator", "AbortController", "AbortSignal"} {
		if err := r.streams.Set(name, host.ToObject(rt).Get(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.streams.Set("detach", natives.Get("transferArrayBuffer")); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *streamsRuntime) buffer(v goja.Value) goja.ArrayBuffer {
	if o, ok := v.(*goja.Object); ok {
		if b, ok := o.Export().(goja.ArrayBuffer); ok {
			return b
		}
	}
	panic(r.rt.NewTypeError("not an ArrayBuffer"))
}

func (r *streamsRuntime) read(file string) string {
	r.t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(src)
}

func (r *streamsRuntime) run(name, source string) goja.Value {
	r.t.Helper()
	v, err := r.rt.RunScript(name, source)
	if err != nil {
		r.t.Fatalf("%s: %v", name, err)
	}
	return v
}

// call calls a function, and so runs the promise jobs.
func (r *streamsRuntime) call(f goja.Value, args ...goja.Value) goja.Value {
	r.t.Helper()
	fn, ok := goja.AssertFunction(f)
	if !ok {
		r.t.Fatalf("%v is not a function", f)
	}
	v, err := fn(goja.Undefined(), args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

// streamsResult is the outcome of one case: how it failed, or its trace if it
// has one.
type streamsResult struct {
	OK     bool
	Detail string
}

// streamsCases are the case files; those in internals run on the scripts only.
func streamsCases(t *testing.T, internals bool) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/streams/*.js")
	if err != nil {
		t.Fatal(err)
	}
	if internals {
		more, err := filepath.Glob("testdata/streams/internals/*.js")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	if len(files) < 8 {
		t.Fatalf("found %d case files", len(files))
	}
	return files
}

// runStreamsCases runs cases in goja.
func runStreamsCases(t *testing.T, files []string) map[string]streamsResult {
	t.Helper()
	r := newStreamsRuntime(t)
	env := r.rt.NewObject()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(env.Set("unhandled", func() []goja.Value {
		var reasons []goja.Value
		for p := range r.unhandled {
			reasons = append(reasons, p.Result())
		}
		clear(r.unhandled)
		return reasons
	}))
	harness := r.call(r.run("harness.js", r.read("testdata/streams/lib/harness.js")), env).ToObject(r.rt)
	kit := harness.Get("t").ToObject(r.rt)
	test, _ := goja.AssertFunction(kit.Get("test"))
	for _, file := range files {
		base := strings.TrimSuffix(filepath.Base(file), ".js")
		must(kit.Set("test", func(name string, f goja.Value) {
			_, err := test(kit, r.rt.ToValue(base+": "+name), f)
			must(err)
		}))
		r.call(r.run(file, r.read(file)), r.streams, kit)
	}

	var out string
	done := r.rt.ToValue(func(results string) { out = results })
	// A run that returns before it has called done waits for a case that never
	// ends: there is nothing else that could go on.
	for calls := 0; out == ""; calls++ {
		if calls > 1000 {
			t.Fatal("the cases do not end")
		}
		r.call(harness.Get("run"), done)
	}
	return parseStreamsResults(t, []byte(out))
}

// runStreamsInNode runs cases in Node, on the scripts or on Node's own streams.
func runStreamsInNode(t *testing.T, node, which string, files []string) map[string]streamsResult {
	t.Helper()
	args := []string{"testdata/streams/lib/node.cjs", which}
	for _, script := range streamsScripts {
		args = append(args, script.name)
	}
	cmd := exec.CommandContext(t.Context(), node, slices.Concat(args, []string{"--"}, files)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, stderr.Bytes())
	}
	return parseStreamsResults(t, out)
}

func parseStreamsResults(t *testing.T, out []byte) map[string]streamsResult {
	t.Helper()
	var rows [][3]any
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	results := map[string]streamsResult{}
	for _, row := range rows {
		name := row[0].(string)
		if _, ok := results[name]; ok {
			t.Errorf("two cases are named %q", name)
		}
		results[name] = streamsResult{row[1].(bool), row[2].(string)}
	}
	if len(results) < 300 {
		t.Fatalf("only %d cases ran", len(results))
	}
	return results
}

// TestStreamsDynamicObjects looks for streams where goja has no private fields.
func TestStreamsDynamicObjects(t *testing.T) {
	r := newStreamsRuntime(t)
	object := r.rt.NewDynamicObject(noProperties{})
	f := r.run("dynamic.js", `(function ({ internals, ReadableStream, WritableStream }, o) {
		const threw = f => { try { f() } catch (e) { return e instanceof TypeError } };
		return JSON.stringify([
			internals.isReadableStream(o), internals.isWritableStream(o),
			threw(() => ReadableStream.prototype.tee.call(o)), threw(() => new ReadableStream().pipeThrough({ readable: o, writable: o })),
			threw(() => internals.readAll(o)), new ReadableStream(o).locked, new WritableStream(o).locked,
		])
	})`)
	if got, want := r.call(f, r.streams, object).String(), "[false,false,true,true,true,false,false]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

type noProperties struct{}

func (noProperties) Get(string) goja.Value       { return nil }
func (noProperties) Set(string, goja.Value) bool { return false }
func (noProperties) Has(string) bool             { return false }
func (noProperties) Delete(string) bool          { return true }
func (noProperties) Keys() []string              { return nil }

func TestStreams(t *testing.T) {
	results := runStreamsCases(t, streamsCases(t, true))
	for name, result := range results {
		if !result.OK {
			t.Errorf("%s: %s", name, result.Detail)
		}
	}
	checkStreamsTraces(t, results)
}

// checkStreamsTraces compares the hashes of the traces of random.js with those
// in random.txt, which a run with PORTICO_UPDATE=1 writes.
func checkStreamsTraces(t *testing.T, results map[string]streamsResult) {
	t.Helper()
	traces := map[string][]string{}
	for name, result := range results {
		if kind, ok := strings.CutPrefix(name, "random: "); ok {
			kind, seed, _ := strings.Cut(kind, " ")
			traces[kind] = append(traces[kind], fmt.Sprintf("%2s\n%s\n", seed, result.Detail))
		}
	}
	var got strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(traces)) {
		slices.Sort(traces[kind])
		h := fnv.New64a()
		for _, trace := range traces[kind] {
			h.Write([]byte(trace))
		}
		fmt.Fprintf(&got, "%s %016x\n", kind, h.Sum64())
	}
	const file, about = "testdata/streams/random.txt", `# Hashes of the traces of internals/random.js, which hold the turn of the job
# queue of every event. All but iteration and pipe were checked against the
# standard's reference algorithms: a change of one of those is a departure from
# the standard's order of events.

`
	if os.Getenv("PORTICO_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(about+got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if about+got.String() != string(want) {
		t.Errorf("the order of events changed; %s has\n%s\nnow it is\n%s", file, want, got.String())
	}
}

// TestStreamsInNode runs the cases on the scripts and on Node's own streams.
func TestStreamsInNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not on PATH: the streams cases were not compared with Node")
	}
	t.Run("scripts", func(t *testing.T) {
		t.Parallel()
		files := streamsCases(t, true)
		inGoja := runStreamsCases(t, files)
		for name, result := range runStreamsInNode(t, node, "ours", files) {
			if !result.OK {
				t.Errorf("%s: %s", name, result.Detail)
			} else if got := inGoja[name]; got != result {
				t.Errorf("%s: goja and Node differ:\n%s", name, firstDifference(got.Detail, result.Detail))
			}
		}
	})
	t.Run("own", func(t *testing.T) {
		t.Parallel()
		known := knownStreamsFailures(t)
		for name, result := range runStreamsInNode(t, node, "node", streamsCases(t, false)) {
			reason, listed := known[name]
			delete(known, name)
			switch {
			case !result.OK && !listed:
				t.Errorf("%s: Node's streams fail it, and it is not in known_failures.txt: %s", name, result.Detail)
			case result.OK && listed:
				t.Errorf("%s: Node's streams pass it, but known_failures.txt lists it: %s", name, reason)
			}
		}
		for name := range known {
			t.Errorf("known_failures.txt lists %q, which is no case", name)
		}
	})
}

// firstDifference shows where two traces part.
func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	i := 0
	for i < len(x) && i < len(y) && x[i] == y[i] {
		i++
	}
	at := func(lines []string) string { return strings.Join(lines[i:min(i+4, len(lines))], "\n  ") }
	return strings.Join(x[max(0, i-4):i], "\n") + "\ngoja:\n  " + at(x) + "\nNode:\n  " + at(y)
}

// knownStreamsFailures reads lines of a case's name, a tab and the reason.
func knownStreamsFailures(t *testing.T) map[string]string {
	t.Helper()
	src, err := os.ReadFile("testdata/streams/known_failures.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for line := range strings.Lines(string(src)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, reason, ok := strings.Cut(line, "\t")
		if !ok || reason == "" {
			t.Fatalf("known_failures.txt: no reason in %q", line)
		}
		known[name] = reason
	}
	return known
}
