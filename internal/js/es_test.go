package js

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
)

var record = flag.Bool("record", false, "write what Node answers into the transcripts of testdata/es")

// The transcripts were recorded in this zone; scripts read dates in the local one.
func init() { time.Local = time.UTC }

// A transcript is a list of cases: lines that begin with "> " hold a script,
// the line after them what Node says its value is. A line "# not Node: reason"
// before a case says why Node 20 is not asked, and the outcome is the
// standard's; "# unlike Node: reason" that ours differs on purpose, with ours
// behind "ours: "; "# internals only: reason" that it cannot be right over
// goja's public API alone. Other lines with "#" are comments.
type transcript struct {
	path  string
	cases []transcriptCase
	tail  []string
}

type transcriptCase struct {
	lead             []string // comments and empty lines before it
	src              string
	node, ours       string
	notNode, differs bool
	internals        bool
}

func (c *transcriptCase) want() string {
	if c.differs {
		return c.ours
	}
	return c.node
}

func readTranscript(t testing.TB, path string) *transcript {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tr := &transcript{path: path}
	var c transcriptCase
	var src []string
	for _, line := range strings.Split(strings.TrimRight(string(b), "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, "> "):
			src = append(src, line[2:])
			continue
		case len(src) > 0:
			c.src = strings.Join(src, "\n")
			c.node = line
			src = nil
			tr.cases = append(tr.cases, c)
			c = transcriptCase{}
			continue
		case strings.HasPrefix(line, "ours: "):
			tr.cases[len(tr.cases)-1].ours = line[6:]
			continue
		case strings.HasPrefix(line, "# not Node: "):
			c.notNode = true
		case strings.HasPrefix(line, "# unlike Node: "):
			c.differs = true
		case strings.HasPrefix(line, "# internals only: "):
			c.internals = true
		case line != "" && line[0] != '#':
			t.Fatalf("%s: stray line %q", path, line)
		}
		c.lead = append(c.lead, line)
	}
	if len(src) > 0 { // a new case at the end, to be recorded
		c.src = strings.Join(src, "\n")
		tr.cases = append(tr.cases, c)
		c = transcriptCase{}
	}
	tr.tail = c.lead
	return tr
}

func (tr *transcript) write(t testing.TB) {
	var b strings.Builder
	for _, c := range tr.cases {
		for _, l := range c.lead {
			b.WriteString(l + "\n")
		}
		b.WriteString("> " + strings.ReplaceAll(c.src, "\n", "\n> ") + "\n" + c.node + "\n")
		if c.differs {
			b.WriteString("ours: " + c.ours + "\n")
		}
	}
	for _, l := range tr.tail {
		b.WriteString(l + "\n")
	}
	if err := os.WriteFile(tr.path, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
}

const showFile = "testdata/es/show.js"

// testIsolate is an isolate alone.
func testIsolate(t testing.TB) *Isolate {
	t.Helper()
	return harness(t, 1, Options{}, `return {}`).Isolates()[0]
}

// fallbackIsolate is one that stands on goja's public API alone.
func fallbackIsolate(t testing.TB) *Isolate {
	t.Helper()
	return harness(t, 1, Options{fallback: true}, `return {}`).Isolates()[0]
}

// runCase runs one script as show.js describes.
func runCase(t testing.TB, iso *Isolate, src string) string {
	t.Helper()
	done := make(chan string, 1)
	err := iso.Do(nil, func() {
		if iso.rt.Get("run") == nil {
			b, err := os.ReadFile(showFile)
			must(err)
			_, err = iso.rt.RunScript("show.js", string(b))
			must(err)
		}
		f, _ := goja.AssertFunction(iso.rt.Get("run"))
		v, err := iso.Call(f, goja.Undefined(), iso.rt.ToValue(src))
		must(err)
		iso.Await(v, func(v goja.Value, err error) {
			if err != nil {
				done <- "failed: " + err.Error()
				return
			}
			done <- v.String()
		})
	})
	if err != nil {
		return "failed: " + err.Error()
	}
	return <-done
}

// nodeRuns runs scripts in Node, each in a realm of its own process; ok is
// false when there is no Node.
func nodeRuns(t testing.TB, srcs []string) (out []string, ok bool) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, false
	}
	if v, err := exec.Command(node, "--version").Output(); err != nil || !strings.HasPrefix(string(v), "v20.") {
		return nil, false // the transcripts are those of Node 20
	}
	show, err := os.ReadFile(showFile)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := json.Marshal(srcs)
	main := string(show) + `process.on("unhandledRejection", () => {}); (async () => { const out = []; for (const s of ` + string(list) + `) out.push(await run(s)); require('fs').writeSync(1, JSON.stringify(out)) })()`
	file := filepath.Join(t.TempDir(), "main.cjs")
	if err := os.WriteFile(file, []byte(main), 0o666); err != nil {
		t.Fatal(err)
	}
	// Node 20 has these, but not switched on.
	cmd := exec.Command(node, "--harmony-rab-gsab-transfer", "--harmony-json-parse-with-source", file)
	cmd.Env = append(os.Environ(), "TZ=UTC", "LANG=en_US.UTF-8")
	cmd.Stderr = os.Stderr
	b, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &out); err != nil || len(out) != len(srcs) {
		t.Fatal(err, len(out), string(b))
	}
	return out, true
}

// checkTranscript runs a transcript on an isolate.
func checkTranscript(t *testing.T, tr *transcript, iso *Isolate) {
	for _, c := range tr.cases {
		if c.internals && iso.opts.fallback {
			continue
		}
		got := runCase(t, iso, c.src)
		if got != c.want() {
			t.Errorf("%s\ngot  %s\nwant %s", c.src, got, c.want())
		}
	}
}

func transcripts(t testing.TB) []string {
	files, err := filepath.Glob("testdata/es/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	slices.Sort(files)
	return files
}

// TestTranscripts runs every transcript, and holds it against Node where there
// is one.
func TestTranscripts(t *testing.T) {
	for _, path := range transcripts(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			tr := readTranscript(t, path)
			holdAgainstNode(t, tr)
			iso := testIsolate(t)
			if *record { // a new case that Node cannot answer: to be read before it is committed
				for i := range tr.cases {
					if c := &tr.cases[i]; c.notNode && c.node == "?" {
						c.node = runCase(t, iso, c.src)
					}
				}
				tr.write(t)
			}
			checkTranscript(t, tr, iso)
		})
	}
}

// TestFallback runs every transcript over goja's public API alone.
func TestFallback(t *testing.T) {
	for _, path := range transcripts(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			checkTranscript(t, readTranscript(t, path), fallbackIsolate(t))
		})
	}
}

func holdAgainstNode(t *testing.T, tr *transcript) {
	var ask []int
	var srcs []string
	for i, c := range tr.cases {
		if !c.notNode {
			ask = append(ask, i)
			srcs = append(srcs, c.src)
		}
	}
	out, ok := nodeRuns(t, srcs)
	if !ok {
		t.Log("no Node 20: the recorded answers are taken as they are")
		return
	}
	for j, i := range ask {
		c := &tr.cases[i]
		if *record {
			c.node = out[j]
		} else if c.node != out[j] {
			t.Errorf("%s\nrecorded %s\nNode     %s", c.src, c.node, out[j])
		}
		if c.differs && c.ours == c.node {
			t.Errorf("%s\nis marked as unlike Node, but is like it", c.src)
		}
	}
}

// BenchmarkIsolate is what an isolate costs before any program runs.
func BenchmarkIsolate(b *testing.B) {
	pool := &Pool{opts: Options{StackSize: 100, Setup: func(*Isolate) error { return nil }}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := newIsolate(pool); err != nil {
			b.Fatal(err)
		}
	}
}

// TestIsolateSize measures what stays of an isolate, for the log.
func TestIsolateSize(t *testing.T) {
	pool := &Pool{opts: Options{StackSize: 100, Setup: func(*Isolate) error { return nil }}}
	measure := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const n = 50
	_, _ = newIsolate(pool)
	list := make([]*Isolate, n)
	before := measure()
	for i := range list {
		list[i], _ = newIsolate(pool)
	}
	size := (measure() - before) / n
	runtime.KeepAlive(list)
	t.Logf("%d KB an isolate", size>>10)
	if size > 300<<10 {
		t.Errorf("an isolate takes %d KB before any program", size>>10)
	}
}
