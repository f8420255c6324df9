package web

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/dop251/goja"
)

func TestTimerCases(t *testing.T)       { runCases(t, "timers") }
func TestCloneCases(t *testing.T)       { runCases(t, "clone") }
func TestPerformanceCases(t *testing.T) { runCases(t, "performance") }

func TestTimerErrorsAreReported(t *testing.T) {
	done := make(chan struct{})
	errs := reportedUntil(t, done, func(e *Env) {
		must(e.rt.Set("done", func() { close(done) }))
		e.eval(t, `
			setTimeout(() => { throw new RangeError('timer') });
			queueMicrotask(() => { throw new TypeError('microtask') });
			setImmediate(() => { throw new SyntaxError('immediate') });
			setTimeout(done, 5)`)
	})
	got := map[string]bool{}
	for _, err := range errs {
		got[err.Error()] = true
	}
	if len(errs) != 3 || !got["RangeError: timer"] || !got["TypeError: microtask"] || !got["SyntaxError: immediate"] {
		t.Errorf("reported %v", errs)
	}
}

func TestTimersKeepTheContext(t *testing.T) {
	got := run(t, `
		const als = new AsyncLocalStorage(), out = [];
		await als.run('ctx', () => new Promise(done => {
			let n = 0;
			const t = setTimeout(() => { out.push('timeout ' + als.getStore()); if (!n++) als.run('other', () => t.refresh()) }, 1);
			setImmediate(() => out.push('immediate ' + als.getStore()));
			queueMicrotask(() => out.push('microtask ' + als.getStore()));
			process.nextTick(() => out.push('tick ' + als.getStore()));
			setTimeout(done, 20);
		}));
		return out.sort()`)
	if want := `["immediate ctx","microtask ctx","tick ctx","timeout ctx","timeout ctx"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// With a clock of the test's own: when timers fire, to the millisecond.
func TestTimersByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := newPool(t, testOptions(), "")
		defer pool.Close()
		iso := pool.Isolates()[0]
		start := time.Now()
		var fired []string
		if err := iso.Do(nil, func() {
			e := Of(iso)
			must(e.rt.Set("note", func(name string) { fired = append(fired, name+" "+time.Since(start).String()) }))
			e.eval(t, `
				setTimeout(() => note('timeout'), 100);
				setTimeout(() => note('at once'), 2 ** 31);
				const i = setInterval(() => note('interval'), 40);
				setTimeout(() => clearInterval(i), 130);
				setTimeout(() => note('fraction'), 10.9);
				const s = AbortSignal.timeout(60); s.onabort = () => note('signal');
				const t = setTimeout(() => note('refreshed'), 50);
				setTimeout(() => t.refresh(), 30)`)
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // of the bubble's clock
		synctest.Wait()
		want := []string{"at once 1ms", "fraction 10ms", "interval 40ms", "signal 60ms", "refreshed 80ms", "interval 80ms", "timeout 100ms", "interval 120ms"}
		if len(fired) != len(want) {
			t.Fatalf("fired %q, want %q", fired, want)
		}
		for i := range want {
			if fired[i] != want[i] {
				t.Errorf("%d: %s, want %s", i, fired[i], want[i])
			}
		}
	})
}

func TestNumberedTimersAreForgotten(t *testing.T) {
	done := make(chan struct{})
	o := testOptions()
	pool := newPool(t, o, "")
	iso := pool.Isolates()[0]
	if err := iso.Do(nil, func() {
		e := Of(iso)
		must(e.rt.Set("done", func() { close(done) }))
		e.eval(t, `for (let i = 0; i < 10; i++) +setTimeout(() => {}, 1); clearTimeout(+setTimeout(() => {}, 1e6)); setTimeout(done, 10)`)
	}); err != nil {
		t.Fatal(err)
	}
	<-done
	if err := iso.Do(nil, func() {
		if n := len(Of(iso).timers.numbered); n != 0 {
			t.Errorf("%d timers are kept by their numbers", n)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// Where structuredClone follows the standard and Node 20 does not, or where the
// host has types of its own.
func TestCloneByTheStandard(t *testing.T) {
	cases := []struct{ name, script, want string }{
		{"DOMException", `const e = new DOMException('m', 'DataError'), c = structuredClone(e); return [c.name, c.message, c.code, c instanceof DOMException, c !== e, c.stack === e.stack]`, `["DataError","m",0,true,true,true]`},
		{"File", `const f = structuredClone(new File(['abc'], 'n.txt', { type: 'text/plain', lastModified: 5 })); return [f instanceof File, f.name, f.lastModified, await f.text()]`, `[true,"n.txt",5,"abc"]`},
		{"platform objects", `return [new AbortController(), new Event('x'), new URL('http://x/'), new Headers(), new EventTarget()].map(v => outcome(() => structuredClone(v)))`,
			`["DataCloneError: #<AbortController> could not be cloned.","DataCloneError: #<Event> could not be cloned.","DataCloneError: #<URL> could not be cloned.","DataCloneError: #<Headers> could not be cloned.","DataCloneError: #<EventTarget> could not be cloned."]`},
		{"not transferable", `return [outcome(() => structuredClone(1, { transfer: [{}] })), outcome(() => structuredClone(1, { transfer: [5] }))]`,
			`["DataCloneError: Value not transferable","DataCloneError: Value not transferable"]`},
		{"a detached buffer", `const b = new ArrayBuffer(1); structuredClone(b, { transfer: [b] }); return [outcome(() => structuredClone(b)), outcome(() => structuredClone(1, { transfer: [b] }))]`,
			`["DataCloneError: An ArrayBuffer is detached and could not be cloned.","DataCloneError: An ArrayBuffer is detached and could not be cloned."]`},
		{"a getter that changes the object", `const o = { get a() { delete this.b; return 1 }, b: 2, c: 3 }; return structuredClone(o)`, `{"a":1,"c":3}`},
		{"a map that changes", `const m = new Map(); m.set(1, { get x() { m.clear(); return 1 } }); m.set(2, 2); return [...structuredClone(m).keys()]`, `[1,2]`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := run(t, c.script); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func FuzzStructuredClone(f *testing.F) {
	for _, s := range []string{`1`, `{"a":[1,null,{"b":"x"}]}`, `[[],{},"\ud800"]`, `{"__proto__":1}`, `[1e999,-0]`} {
		f.Add(s)
	}
	task := tasks(f)
	var fn goja.Callable
	task(func(e *Env) {
		same := e.eval(f, `s => { const v = JSON.parse(s); return JSON.stringify(structuredClone(v)) === JSON.stringify(v) }`)
		fn, _ = goja.AssertFunction(same)
	})
	f.Fuzz(func(t *testing.T, s string) {
		task(func(e *Env) {
			v, err := fn(goja.Undefined(), e.rt.ToValue(s))
			if err == nil && !v.ToBoolean() { // an error is JSON.parse's
				t.Errorf("the clone of %q differs", s)
			}
		})
	})
}

func BenchmarkStructuredClone(b *testing.B) {
	task := tasks(b)
	var v goja.Value
	task(func(e *Env) {
		v = e.eval(b, `({ users: Array.from({ length: 100 }, (_, i) => ({ id: i, name: 'user ' + i, tags: ['a', 'b'], at: new Date(i) })) })`)
	})
	b.ReportAllocs()
	for b.Loop() {
		task(func(e *Env) { e.StructuredClone(v, nil) })
	}
}
