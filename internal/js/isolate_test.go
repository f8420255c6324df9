package js

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dop251/goja"
)

// harness is a pool whose bundle is one module of plain script.
func harness(t testing.TB, size int, o Options, source string) *Pool {
	t.Helper()
	if o.Setup == nil {
		o.Setup = func(*Isolate) error { return nil }
	}
	setup := o.Setup
	o.Setup = func(iso *Isolate) error {
		iso.Module("host", func() *goja.Object {
			m := iso.rt.NewObject()
			must(m.Set("later", func(c goja.FunctionCall) goja.Value {
				v := c.Argument(0)
				return iso.Go(func() func() (goja.Value, error) { return func() (goja.Value, error) { return v, nil } })
			}))
			must(m.Set("after", func(c goja.FunctionCall) goja.Value {
				p := iso.NewPromise()
				iso.After(time.Duration(c.Argument(0).ToInteger())*time.Millisecond, false, func() { p.Settle(func() (goja.Value, error) { return nil, nil }) })
				return p.Value()
			}))
			must(m.Set("boom", func() { panic("boom") }))
			must(m.Set("ALS", iso.AsyncLocalStorage()))
			must(m.Set("who", func() goja.Value {
				if s := iso.Scope(); s != nil {
					return iso.rt.ToValue(s.Value)
				}
				return goja.Null()
			}))
			return m
		})
		return setup(iso)
	}
	p, err := Compile("app.js", "(function (host) { const h = host('host');\n"+source+"\n})", nil)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := NewPool(p, size, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

type outcome struct {
	text string
	err  error
}

// call runs an entry of the bundle in a scope of its own and waits for its promise.
func call(pool *Pool, who string, entry string, args ...any) outcome {
	done := make(chan outcome, 4)
	s := &Scope{Value: who, OnKill: func(err error) { done <- outcome{err: err} }}
	iso, err := pool.Begin(s)
	if err != nil {
		return outcome{err: err}
	}
	defer pool.End(iso, s)
	ok := iso.Post(NewFrame(s), func() {
		f, _ := goja.AssertFunction(iso.entries.Get(entry))
		var vs []goja.Value
		for _, a := range args {
			vs = append(vs, iso.rt.ToValue(a))
		}
		v, err := iso.Call(f, goja.Undefined(), vs...)
		if err != nil {
			done <- outcome{err: iso.ErrorOf(err)}
			return
		}
		iso.Await(v, func(v goja.Value, err error) {
			if err != nil {
				done <- outcome{err: iso.ErrorOf(err)}
				return
			}
			done <- outcome{text: v.String()}
		})
	})
	if !ok {
		return outcome{err: ErrClosed}
	}
	return <-done
}

func TestInterleavedContexts(t *testing.T) {
	pool := harness(t, 2, Options{}, `
		const als = new h.ALS();
		const thenable = v => ({ then(ok) { if (als.getStore()?.id !== v) ok('thenable saw ' + als.getStore()?.id); else ok(v) } });
		return { async work(id) {
			return als.run({ id }, async () => {
				for (let i = 0; i < 5; i++) {
					await h.later(i); if (als.getStore().id !== id || h.who() !== id) return 'later ' + id;
					await h.after(i % 3); if (als.getStore().id !== id || h.who() !== id) return 'after ' + id;
					const t = await thenable(id); if (t !== id) return t;
					await Promise.all([1, 2].map(async () => { await null; await h.later(1); if (als.getStore().id !== id) throw new Error('all ' + id) }));
				}
				return als.exit(() => als.getStore()) === undefined && h.who() === id ? 'ok' : 'exit';
			});
		} }`)
	var wg sync.WaitGroup
	errs := make(chan string, 1000)
	for i := range 1000 {
		wg.Go(func() {
			id := fmt.Sprint("r", i)
			if o := call(pool, id, "work", id); o.err != nil || o.text != "ok" {
				errs <- fmt.Sprint(id, ": ", o.text, o.err)
			}
		})
	}
	wg.Wait()
	close(errs)
	for e := range errs {
		t.Error(e)
	}
}

func TestRunawayJobs(t *testing.T) {
	const source = `
		let open; const gate = new Promise(r => open = r);
		return {
			loop() { for (;;) {} },
			async asyncLoop() { await 1; for (;;) {} },
			async flood() { for (;;) await 1 },
			*gen() {}, generatorLoop() { const g = (function* () { for (;;) {} })(); g.next() },
			deep() { return (function f() { return f() + 1 })() },
			async asyncDeep() { await 1; return (function f() { return f() + 1 })() },
			panic() { h.boom() },
			async asyncPanic() { await 1; h.boom() },
			timer() { return new Promise(() => { h.after(1).then(() => { for (;;) {} }) }) },
			async wait() { await gate; await 1; await h.later(2); return 'waited' },
			async fine() { await h.later(1); return 'fine' },
			open() { open() },
		}`
	for _, c := range []struct {
		entry string
		want  error
	}{
		{"loop", ErrCompute}, {"asyncLoop", ErrCompute}, {"flood", ErrCompute}, {"generatorLoop", ErrCompute}, {"timer", ErrCompute},
		{"deep", ErrStack}, {"asyncDeep", ErrStack}, {"panic", &PanicError{}}, {"asyncPanic", &PanicError{}},
	} {
		t.Run(c.entry, func(t *testing.T) {
			pool := harness(t, 1, Options{JobLimit: 200 * time.Millisecond}, source)
			waiting := make(chan outcome, 3)
			for range 3 {
				go func() { waiting <- call(pool, "w", "wait") }()
			}
			for range 3 {
				o := call(pool, "bad", c.entry)
				var pe *PanicError
				if errors.As(c.want, &pe) {
					if !errors.As(o.err, &pe) || pe.Value != "boom" || !strings.Contains(string(pe.Stack), "isolate_test.go") {
						t.Fatalf("got %v, want the panic with its place", o.err)
					}
				} else if !errors.Is(o.err, c.want) {
					t.Fatalf("got %q %v, want %v", o.text, o.err, c.want)
				}
				if o := call(pool, "good", "fine"); o.err != nil || o.text != "fine" {
					t.Fatalf("the next request got %q %v", o.text, o.err)
				}
			}
			if o := call(pool, "o", "open"); o.err != nil {
				t.Fatal(o.err)
			}
			for range 3 {
				if o := <-waiting; o.err != nil || o.text != "waited" {
					t.Fatalf("a neighbour got %q %v", o.text, o.err)
				}
			}
		})
	}
}

func TestUnhandledRejections(t *testing.T) {
	var mu sync.Mutex
	var got []string
	pool := harness(t, 1, Options{Unhandled: func(s *Scope, err error) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, fmt.Sprint(s.Value, " ", err))
	}}, `return { async bad() { (async () => { await 1; throw new TypeError('lost') })(); return 'ok' },
		async handled() { const p = Promise.reject(new Error('x')); try { await p } catch { return 'caught' } },
		async late() { const p = Promise.reject(new Error('late')); await h.later(1); p.catch(() => {}); return 'ok' } }`)
	for _, e := range []string{"bad", "handled", "late"} {
		if o := call(pool, e, e); o.err != nil {
			t.Fatal(o.err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	want := []string{"bad unhandled rejection: TypeError: lost", "late unhandled rejection: Error: late"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := harness(t, 1, Options{}, `return {}`)
		iso := pool.Isolates()[0]
		var got []string
		start := time.Now()
		log := func(s string) func() {
			return func() { got = append(got, fmt.Sprint(s, "@", time.Since(start).Milliseconds())) }
		}
		var id, n int64
		must(iso.Do(nil, func() {
			iso.After(20*time.Millisecond, false, log("c"))
			iso.After(10*time.Millisecond, false, log("a"))
			iso.After(10*time.Millisecond, false, log("b"))
			dead := iso.After(15*time.Millisecond, false, log("dead"))
			iso.ClearTimer(dead)
			iso.ClearTimer(12345)
			id = iso.After(30*time.Millisecond, true, func() {
				n++
				log("tick")()
				if n == 3 {
					iso.ClearTimer(id)
				}
			})
		}))
		time.Sleep(time.Second) // fake time: the bubble's clock
		synctest.Wait()
		if s := strings.Join(got, " "); s != "a@10 b@10 c@20 tick@30 tick@60 tick@90" {
			t.Error(s)
		}
		pool.Close()
	})
}

func TestStacks(t *testing.T) {
	pool := harness(t, 1, Options{}, `
		function inner() { throw new RangeError('deep') }
		class Custom extends Error { constructor(m, o) { super(m, o); this.name = 'Custom' } }
		return {
			stack() { try { inner() } catch (e) { return e.stack } },
			vm() { try { undefined.x } catch (e) { return e.stack } },
			async cause() { await 1; throw new Custom('outer', { cause: new TypeError('in') }) },
			own() { const e = new Error('x'); e.stack = 'mine'; return e.stack + Object.keys(e).length },
			capture() { const o = { name: 'N', message: 'M' }; Error.captureStackTrace(o); return o.stack },
			native() { try { [1].map(() => inner()) } catch (e) { return e.stack } },
		}`)
	for entry, want := range map[string]string{
		"stack":   "RangeError: deep\n    at inner (app.js:3:28)\n    at stack (app.js:6:25)",
		"vm":      "TypeError: Cannot read properties of undefined (reading 'x')\n    at vm (app.js:7:27)",
		"own":     "mine0",
		"capture": "N: M\n    at capture (app.js:10:78)",
		"native":  "RangeError: deep\n    at inner (app.js:3:28)\n    at app.js:11:40\n    at map (<anonymous>)\n    at native (app.js:11:28)",
	} {
		if o := call(pool, "x", entry); o.text != want {
			t.Errorf("%s:\n%s\n%v\nwant\n%s", entry, o.text, o.err, want)
		}
	}
	o := call(pool, "x", "cause")
	var e *ScriptError
	if !errors.As(o.err, &e) || e.Name != "Custom" || e.Cause == nil || e.Cause.Name != "TypeError" || e.Place() != "app.js:4:57" {
		t.Errorf("%v %s", o.err, e.Detail())
	}
}
