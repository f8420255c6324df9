package js

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// What grows without end in one job or over many. Each runs in a process of
// its own, since a failure would take the test's along.
var growers = map[string]string{
	"array":       `const a = []; for (;;) a.push({});`,
	"numbers":     `const a = []; for (let i = 0.5;; i++) a.push(i);`,
	"strings":     `const a = []; for (let i = 0;; i++) a.push('text ' + i);`,
	"doubling":    `let s = 'x'.repeat(1024); for (;;) s += s;`,
	"wide":        `let s = 'é€'.repeat(1024); for (;;) s += s;`,
	"map":         `const m = new Map(); for (let i = 0;; i++) m.set(i, i);`,
	"set":         `const m = new Set(); for (let i = 0;; i++) m.add('k' + i);`,
	"properties":  `const o = {}; for (let i = 0;; i++) o['k' + i] = i;`,
	"closures":    `let f = () => 0; for (;;) { const g = f; f = () => g; }`,
	"buffers":     `const a = []; for (;;) a.push(new Uint8Array(65536).fill(1));`,
	"spread":      `let a = [1, 2]; for (;;) a = [...a, ...a];`,
	"concat":      `let a = [1, 2]; for (;;) a = a.concat(a);`,
	"json":        `let s = '"x"'; for (;;) s = JSON.stringify([s, s]);`,
	"promises":    `const a = []; for (;;) a.push(new Promise(() => {}));`,
	"flood":       `const f = () => { Promise.resolve().then(f); Promise.resolve().then(f); }; f(); await new Promise(() => {});`,
	"chain":       `const a = []; for (;;) { await 0; a.push(new Array(100).fill(0)); }`,
	"tasks":       `const a = []; for (;;) { await h.later(0); for (let i = 0; i < 1000; i++) a.push({i}); }`,
	"generator":   `function* g() { for (;;) yield {}; } const a = []; for (const x of g()) a.push(x);`,
	"map-forever": `const s = new Set([1]); let n = 1; s.forEach(() => s.add(++n));`,
}

// What one call would take, and memory does not have: the script is told.
var hogs = map[string]string{
	"buffer":  `new ArrayBuffer(100e6)`,
	"typed":   `new Float64Array(13e6)`,
	"like":    `new Uint8Array({ length: 100e6 })`,
	"repeat":  `'ab'.repeat(50e6)`,
	"pad":     `'a'.padStart(100e6)`,
	"array":   `new Array(10e6)`,
	"from":    `Array.from({ length: 10e6 })`,
	"fill":    `const a = []; a.length = 10e6; a.fill(1)`,
	"buffers": `const a = []; for (;;) a.push(new ArrayBuffer(10e6))`,
	"texts":   `const a = []; for (;;) a.push('ab'.repeat(5e6))`,
}

const memoryCase = "PORTICO_TEST_GROWER"

// TestMemory has one request grow without end while others come and go.
func TestMemory(t *testing.T) {
	if name := os.Getenv(memoryCase); name != "" {
		growForever(t, name)
		return
	}
	if testing.Short() {
		t.Skip("takes a process for each case")
	}
	names := make([]string, 0, len(growers))
	for name := range growers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range append(names, "module", "leak", "hogs") {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestMemory$", "-test.timeout=60s", "-test.v")
			cmd.Env = append(os.Environ(), memoryCase+"="+name, "GOMEMLIMIT=128MiB")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%.4000s", err, out)
			}
			for line := range strings.Lines(string(out)) {
				if strings.Contains(line, "peak") {
					t.Log(strings.TrimSpace(line))
				}
			}
		})
	}
}

// growForever is the child's part.
func growForever(t *testing.T, name string) {
	debug.SetGCPercent(400) // as the server has it
	stop := make(chan struct{})
	defer close(stop)
	peak := peakMemory(t, stop, 900<<20)
	if name == "module" {
		p, err := Compile("app.js", "(function () { const a = []; for (;;) a.push({}); })", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewPool(p, 1, Options{Setup: func(*Isolate) error { return nil }}); !errors.Is(err, ErrMemory) {
			t.Fatalf("a module that grows without end: %v", err)
		}
		t.Logf("peak %d MB", peak()>>20)
		return
	}
	if name == "hogs" {
		for name, code := range hogs {
			pool := harness(t, 1, Options{}, "return { run: () => { try {"+code+"} catch (e) { return String(e) } } }")
			if o := call(pool, "hog", "run"); o.err != nil || !strings.HasPrefix(o.text, "RangeError: ") {
				t.Errorf("%s: %q, %v", name, o.text, o.err)
			}
			pool.Close()
		}
		t.Logf("peak %d MB", peak()>>20)
		return
	}
	source := "const kept = []; return { run: async () => {" + growers[name] + "}, ok: async n => { await h.later(0); return n + 1; }," +
		" leak: async () => { await h.later(0); const a = []; for (let i = 0; i < 2000; i++) a.push({ i }); kept.push(a); return 'kept'; } }"
	pool := harness(t, 2, Options{JobLimit: time.Minute}, source)
	if name == "leak" { // module scope grows with each request, and none is to blame alone
		failed := 0
		for range 1500 {
			if o := call(pool, "leaker", "leak"); o.err != nil {
				failed++
			}
		}
		if failed > 30 {
			t.Errorf("%d of 1500 requests failed", failed)
		}
	} else {
		ended := make(chan outcome, 1)
		go func() { ended <- call(pool, "grower", "run") }()
		others, failed := 0, 0
	loop:
		for {
			select {
			case o := <-ended:
				if !errors.Is(o.err, ErrMemory) {
					t.Errorf("the request that grew ended with %q, %v", o.text, o.err)
				}
				break loop
			default:
				if o := call(pool, "other", "ok", 1); o.err != nil {
					failed++
				}
				others++
			}
		}
		// Those on an isolate that was given up may go with it.
		if failed > 5 {
			t.Errorf("%d of %d other requests failed", failed, others)
		}
	}
	for i := range 20 { // all is as before
		if o := call(pool, "later", "ok", i); o.err != nil || o.text != fmt.Sprint(i+1) {
			t.Errorf("request %d afterwards: %q, %v", i, o.text, o.err)
		}
	}
	for _, iso := range pool.Isolates() {
		if iso.broken.Load() && iso.load.Load() == 0 {
			iso.mu.Lock()
			if !iso.closed {
				t.Error("a retired isolate is empty, and not closed")
			}
			iso.mu.Unlock()
		}
	}
	t.Logf("peak %d MB", peak()>>20)
}

// peakMemory watches the process's resident memory, and ends the process above
// most bytes. The function it returns tells the largest so far.
func peakMemory(t *testing.T, stop chan struct{}, most int64) func() int64 {
	var max int64
	ask := make(chan int64)
	go func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case ask <- max:
			case <-tick.C:
				if n := residentMemory(); n > max {
					if max = n; max > most {
						fmt.Printf("resident memory %d MB\n", max>>20)
						os.Exit(3)
					}
				}
			}
		}
	}()
	return func() int64 { return <-ask }
}

// residentMemory is 0 where the system does not tell.
func residentMemory() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int64
	if n, _ := fmt.Sscan(string(b), &size, &resident); n != 2 {
		return 0
	}
	return resident * int64(os.Getpagesize())
}
