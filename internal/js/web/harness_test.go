package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// testLimit is how long one script of a test may take before the test fails;
// it only matters when a promise never settles.
const testLimit = 60 * time.Second

func testOptions() *Options {
	return &Options{
		Vars:    map[string]string{},
		Logger:  slog.New(slog.DiscardHandler),
		Context: context.Background(),
		Client:  &Client{},
	}
}

// newPool makes one isolate with the web environment; src is the body of an
// async function, the entry "main".
func newPool(t testing.TB, o *Options, src string) *js.Pool {
	t.Helper()
	code := "(function (host) { return { main: async function () { const value = await (async function () {\nconst require = host;\n" + prelude + src +
		"\n})(); return { json: value === undefined ? 'undefined' : JSON.stringify(value) } } } })"
	p, err := js.Compile("test.js", code, nil)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := js.NewPool(p, 1, js.Options{
		Setup: func(iso *js.Isolate) error { Install(iso, o); return nil },
		// What a test ignores must not be lost.
		Unhandled: func(_ *js.Scope, err error) { t.Errorf("unhandled: %v", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// prelude is there for every script of a test: outcome(f) is what f returns or
// how it fails, as text, in a promise when f returns one.
const prelude = `
const describe = e => e === null || typeof e !== 'object' ? 'threw ' + String(e) : e.name + (e.code === undefined || typeof e.code === 'number' ? '' : ' [' + e.code + ']') + ': ' + e.message;
const outcome = f => { try { const r = f(); return r !== null && typeof r === 'object' && typeof r.then === 'function' ? r.then(x => x, describe) : r } catch (e) { return describe(e) } };
`

// runErr runs an async function body and returns its result as JSON.
func runErr(t testing.TB, o *Options, src string) (string, error) {
	t.Helper()
	return runMain(t, newPool(t, o, src))
}

// runMain runs the entry of a pool that newPool made.
func runMain(t testing.TB, pool *js.Pool) (string, error) {
	t.Helper()
	type answer struct {
		json string
		err  error
	}
	done := make(chan answer, 2)
	s := &js.Scope{OnKill: func(err error) { done <- answer{err: err} }}
	iso, err := pool.Begin(s)
	if err != nil {
		return "", err
	}
	defer pool.End(iso, s)
	iso.Post(js.NewFrame(s), func() {
		iso.Load("main", func(ns *goja.Object, err error) {
			if err != nil {
				done <- answer{err: err}
				return
			}
			done <- answer{json: ns.Get("json").String()}
		})
	})
	select {
	case a := <-done:
		return a.json, a.err
	case <-time.After(testLimit):
		return "", fmt.Errorf("the script did not end within %v", testLimit)
	}
}

// run runs an async function body on a fresh isolate with the web environment
// and returns its result as JSON; a script that throws fails the test.
func run(t testing.TB, src string) string {
	t.Helper()
	return runWith(t, testOptions(), src)
}

// runWith is run with options of the test's own.
func runWith(t testing.TB, o *Options, src string) string {
	t.Helper()
	got, err := runErr(t, o, src)
	if err != nil {
		t.Fatalf("script failed: %v", err)
	}
	return got
}

// onIsolate runs fn on a fresh isolate with the web environment.
func onIsolate(t testing.TB, fn func(e *Env)) {
	t.Helper()
	pool := newPool(t, testOptions(), "")
	iso := pool.Isolates()[0]
	if err := iso.Do(nil, func() { fn(Of(iso)) }); err != nil {
		t.Fatal(err)
	}
}

// eval runs a script on the isolate that e belongs to; a throw fails the test.
func (e *Env) eval(t testing.TB, src string) goja.Value {
	t.Helper()
	v, err := e.rt.RunString(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return v
}

// runCases runs each testdata/<family>/*.js, the body of an async function,
// here and, where there is one, in Node. The results must be equal. A file
// that may differ is listed in testdata/<family>/known_failures.txt with the
// reason behind its name; a listed file that does not differ is a failure too.
// Without Node the scripts' results are compared with <file>.json, which a run
// with PORTICO_UPDATE=1 writes from what Node answers.
func runCases(t *testing.T, family string) {
	t.Helper()
	dir := filepath.Join("testdata", family)
	files, err := filepath.Glob(filepath.Join(dir, "*.js"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", dir, err)
	}
	known := knownFailures(t, dir)
	for name := range known {
		if !slices.Contains(files, filepath.Join(dir, name)) {
			t.Errorf("known_failures.txt lists %s, which does not exist", name)
		}
	}
	node := nodeResults(t, files)
	for i, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".js"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			recorded := file + "on"
			var want string
			if node != nil {
				want = node[i]
				if os.Getenv("PORTICO_UPDATE") != "" {
					if err := os.WriteFile(recorded, []byte(indent(want)+"\n"), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			b, err := os.ReadFile(recorded)
			if err != nil {
				t.Fatalf("%v\nhint: run with PORTICO_UPDATE=1 and Node on PATH to record what Node answers", err)
			}
			if w := strings.TrimSuffix(string(b), "\n"); want == "" {
				want = w
			} else if indent(want) != w {
				t.Errorf("Node answers otherwise than %s records\nhint: another version of Node? PORTICO_UPDATE=1 records anew", recorded)
			}
			got, err := runErr(t, testOptions(), string(src))
			if err != nil {
				got = "error: " + err.Error()
			}
			reason, listed := known[filepath.Base(file)]
			same := indent(got) == indent(want)
			switch {
			case same && listed:
				t.Errorf("passes, but is listed in known_failures.txt: %s", reason)
			case !same && !listed:
				t.Errorf("differs from Node\n%s", lineDiff(indent(got), indent(want)))
			}
		})
	}
}

func knownFailures(t *testing.T, dir string) map[string]string {
	b, err := os.ReadFile(filepath.Join(dir, "known_failures.txt"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, reason, _ := strings.Cut(line, " ")
		if strings.TrimSpace(reason) == "" {
			t.Errorf("known_failures.txt: %s has no reason", name)
		}
		known[name] = strings.TrimSpace(reason)
	}
	return known
}

// nodeResults returns what Node answers for each file, or nil without a Node
// of the version that the cases are written for.
func nodeResults(t *testing.T, files []string) []string {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		t.Log("no node on PATH: compared with the recorded results only")
		return nil
	}
	if v, err := exec.Command(path, "--version").Output(); err != nil || !strings.HasPrefix(string(v), "v20.") {
		t.Logf("node is %s, not v20: compared with the recorded results only", strings.TrimSpace(string(v)))
		return nil
	}
	cmd := exec.Command(path, append([]string{"--no-warnings", "-e", nodeRunner, "--"}, files...)...)
	cmd.Stdin = strings.NewReader(prelude)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, &stderr)
	}
	var results []string
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("node wrote %q: %v", out, err)
	}
	return results
}

const nodeRunner = `
const fs = require('fs'), AsyncFunction = (async () => {}).constructor;
const prelude = fs.readFileSync(0, 'utf8');
(async () => {
	const out = [];
	for (const file of process.argv.slice(1)) {
		const value = await new AsyncFunction(prelude + fs.readFileSync(file, 'utf8'))();
		out.push(value === undefined ? 'undefined' : JSON.stringify(value));
	}
	process.stdout.write(JSON.stringify(out));
})();
`

func indent(s string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(s), "", " ") != nil {
		return s
	}
	return b.String()
}

// lineDiff shows the lines that differ, with their number.
func lineDiff(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	var b strings.Builder
	shown := 0
	for i := 0; i < max(len(g), len(w)) && shown < 20; i++ {
		var l, r string
		if i < len(g) {
			l = g[i]
		}
		if i < len(w) {
			r = w[i]
		}
		if l != r {
			fmt.Fprintf(&b, "line %d\n  here %s\n  node %s\n", i+1, l, r)
			shown++
		}
	}
	return b.String()
}

func TestHarness(t *testing.T) {
	if got := run(t, `return await Promise.resolve({ a: [1, outcome(() => { throw new TypeError('x') })] })`); got != `{"a":[1,"TypeError: x"]}` {
		t.Errorf("run = %s", got)
	}
	if _, err := runErr(t, testOptions(), `null.x`); err == nil || !strings.Contains(err.Error(), "Cannot read properties of") {
		t.Errorf("a script that throws: %v", err)
	}
}
