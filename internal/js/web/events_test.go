package web

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

func TestEventCases(t *testing.T) { runCases(t, "events") }

// Where Node 20 departs from the DOM Standard, or has no answer to compare with.
func TestEventsByTheStandard(t *testing.T) {
	cases := []struct{ name, script, want string }{
		{"capturing listeners come first", `
			const t = new EventTarget(), log = [];
			t.addEventListener('a', e => log.push('bubble ' + e.eventPhase));
			t.addEventListener('a', e => log.push('capture ' + e.eventPhase), true);
			t.dispatchEvent(new Event('a'));
			return log`, `["capture 2","bubble 2"]`},
		{"a capturing listener can stop the others", `
			const t = new EventTarget(), log = [];
			t.addEventListener('a', e => log.push('bubble'));
			t.addEventListener('a', e => e.stopPropagation(), true);
			t.addEventListener('a', e => log.push('capture'), true);
			t.dispatchEvent(new Event('a'));
			return log`, `["capture"]`},
		{"true as an option is capture", `
			const t = new EventTarget(), log = [], f = () => log.push('f');
			t.addEventListener('a', f);
			t.removeEventListener('a', f, true);
			t.dispatchEvent(new Event('a'));
			return log`, `["f"]`},
		{"a listener added while dispatching waits for the next event", `
			const t = new EventTarget(), log = [];
			t.addEventListener('a', () => t.addEventListener('a', () => log.push('added')));
			t.dispatchEvent(new Event('a'));
			return log`, `[]`},
		{"an event is dispatched once at a time", `
			const t = new EventTarget(), log = [];
			t.addEventListener('a', e => log.push(outcome(() => t.dispatchEvent(e))));
			t.dispatchEvent(new Event('a'));
			return log`, `["InvalidStateError: The event is already being dispatched"]`},
		{"constants are on instances", `const e = new Event('a'); return [e.NONE, e.CAPTURING_PHASE, e.AT_TARGET, e.BUBBLING_PHASE]`, `[0,1,2,3]`},
		{"a passive listener cannot cancel", `
			const t = new EventTarget(), log = [];
			t.addEventListener('a', e => { e.preventDefault(); log.push(e.defaultPrevented) }, { passive: true });
			return [t.dispatchEvent(new Event('a', { cancelable: true })), log]`, `[true,[false]]`},
		{"flags are cleared after dispatch", `
			const t = new EventTarget(), e = new Event('a');
			t.addEventListener('a', e => e.stopImmediatePropagation());
			t.dispatchEvent(e);
			return e.cancelBubble`, `false`},
		{"isTrusted is the event's own", `
			const d = Object.getOwnPropertyDescriptor(new Event('a'), 'isTrusted');
			return [d.configurable, d.enumerable, d.set === undefined, d.get === Object.getOwnPropertyDescriptor(new CustomEvent('b'), 'isTrusted').get]`,
			`[false,true,true,true]`},
		{"dependents are aborted before anybody hears of it", `
			const c = new AbortController(), any = AbortSignal.any([c.signal]), log = [];
			any.onabort = () => log.push('any');
			c.signal.onabort = () => log.push('source, dependent aborted: ' + any.aborted);
			c.abort();
			return log`, `["source, dependent aborted: true","any"]`},
		{"throwIfAborted is enumerable", `return Object.keys(AbortSignal.prototype)`, `["aborted","reason","throwIfAborted","onabort"]`},
		{"members of Event", `return Object.keys(Event.prototype)`,
			`["type","target","srcElement","currentTarget","composedPath","NONE","CAPTURING_PHASE","AT_TARGET","BUBBLING_PHASE","eventPhase","stopPropagation","cancelBubble","stopImmediatePropagation","bubbles","cancelable","returnValue","preventDefault","defaultPrevented","composed","timeStamp","initEvent"]`},
		{"initEvent", `
			const e = new Event('a'); e.initEvent('b', true, true);
			const c = new CustomEvent('c', { detail: 1 }); c.initCustomEvent('d');
			return [e.type, e.bubbles, e.cancelable, c.type, c.detail]`, `["b",true,true,"d",null]`},
		{"a handler cancels by returning false", `
			const s = new AbortController().signal, e = new Event('abort', { cancelable: true });
			s.onabort = () => false;
			return [s.dispatchEvent(e), e.isTrusted]`, `[false,false]`},
		{"an accessor throws for another object", `return outcome(() => Event.prototype.type)`, `"TypeError: Illegal invocation"`},
		{"any takes every iterable", `return AbortSignal.any(new Set([AbortSignal.abort('it')])).reason`, `"it"`},
		{"a long timeout does not fire", `const s = AbortSignal.timeout(2 ** 40); await Promise.resolve(); return s.aborted`, `false`},
		{"an exception has the place that made it", `
			function place() { return new DOMException('x', 'DataError') }
			return place().stack.split('\n').slice(0, 2).join().replace(/\d+:\d+/, 'n:n')`, `"DataError: x,    at place (test.js:n:n)"`},
		{"missing arguments", `return outcome(() => new EventTarget().addEventListener('x'))`,
			`"TypeError: Failed to execute 'addEventListener' on 'EventTarget': 2 arguments required, but only 1 present"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := run(t, c.script); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// reported collects what an isolate reports as unhandled while fn runs on it.
func reported(t *testing.T, fn func(e *Env)) []error {
	t.Helper()
	done := make(chan struct{})
	close(done)
	return reportedUntil(t, done, fn)
}

// reportedUntil is reported for what is reported until done is closed.
func reportedUntil(t *testing.T, done <-chan struct{}, fn func(e *Env)) []error {
	t.Helper()
	var errs []error
	p, err := js.Compile("test.js", "(function () { return {} })", nil)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := js.NewPool(p, 1, js.Options{
		Setup:     func(iso *js.Isolate) error { Install(iso, testOptions()); return nil },
		Unhandled: func(_ *js.Scope, err error) { errs = append(errs, err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	iso := pool.Isolates()[0]
	if err := iso.Do(nil, func() { fn(Of(iso)) }); err != nil {
		t.Fatal(err)
	}
	<-done
	// A second task: what the first one reports at its end is there then.
	if err := iso.Do(nil, func() {}); err != nil {
		t.Fatal(err)
	}
	return errs
}

func TestListenerErrorsAreReported(t *testing.T) {
	var log goja.Value
	errs := reported(t, func(e *Env) {
		log = e.eval(t, `(() => {
			const t = new EventTarget(), log = [];
			t.addEventListener('a', () => { throw new RangeError('first') });
			t.addEventListener('a', { handleEvent: 5 });
			t.addEventListener('a', () => log.push('third'));
			log.push(t.dispatchEvent(new Event('a')));
			return log.join();
		})()`)
	})
	if log.String() != "third,true" {
		t.Errorf("log = %s", log)
	}
	if len(errs) != 2 || errs[0].Error() != "RangeError: first" || !strings.Contains(errs[1].Error(), "handleEvent") {
		t.Errorf("reported %v", errs)
	}
}

// A timeout that nobody can hear of any more must not keep its request in
// memory until it fires.
func TestTimeoutSignalsAreCollected(t *testing.T) {
	onIsolate(t, func(e *Env) {
		const n = 200
		heard := e.TimeoutSignal(time.Hour)
		heard.OnAbort(func() {})
		derived := e.AnySignal([]*Signal{e.TimeoutSignal(time.Hour)}) // keeps its source
		derived.OnAbort(func() {})
		derived, heard = nil, nil
		for range n {
			s := e.TimeoutSignal(time.Hour)
			s.OnAbort(func() {})() // a fetch that ended
			s.Object()
		}
		for range 100 { // cleanups run some time after the collection
			runtime.GC()
			if e.iso.Timers() <= 2+n/20 {
				break
			}
			runtime.Gosched()
		}
		if left := e.iso.Timers(); left < 2 || left > 2+n/20 {
			t.Errorf("%d timers are left, want the 2 that somebody listens to", left)
		}
	})
}

func TestSignalFromGo(t *testing.T) {
	onIsolate(t, func(e *Env) {
		s := e.LazySignal()
		var calls []string
		s.OnAbort(func() { calls = append(calls, "kept") })
		remove := s.OnAbort(func() { calls = append(calls, "removed") })
		remove()
		remove()
		if !goja.IsUndefined(s.Reason()) || s.Aborted() {
			t.Error("aborted too early")
		}
		must(e.rt.Set("signal", s.Object()))
		must(e.rt.Set("record", func(what string) { calls = append(calls, what) }))
		e.eval(t, `signal.onabort = () => record(signal.reason.name)`)
		s.Abort(nil)
		s.Abort(e.rt.ToValue("again"))
		s.OnAbort(func() { t.Error("called for a signal that is aborted already") })
		if got := strings.Join(calls, " "); got != "kept AbortError" {
			t.Errorf("calls: %s", got)
		}
		if got, ok := e.SignalOf(s.Object()); !ok || got != s {
			t.Error("SignalOf does not find the signal")
		}
		if _, ok := e.SignalOf(e.rt.NewObject()); ok {
			t.Error("SignalOf takes a plain object")
		}
		if o, s := e.NewSignal(); s.Object() != o {
			t.Error("NewSignal")
		}
	})
}

// A signal that lives as long as its module must not keep the signals of all
// requests that were derived from it.
func TestDependentSignalsAreCollected(t *testing.T) {
	onIsolate(t, func(e *Env) {
		long := e.LazySignal()
		const n = 1000
		heard := e.AnySignal([]*Signal{long})
		count := 0
		heard.OnAbort(func() { count++ })
		heard = nil
		for range n {
			d := e.AnySignal([]*Signal{long, e.LazySignal()})
			d.OnAbort(func() {})()
		}
		runtime.GC()
		alive := 0
		for _, w := range long.dependents {
			if w.Value() != nil {
				alive++
			}
		}
		if alive > 10 {
			t.Errorf("%d of %d dependents are kept", alive, n)
		}
		for range n {
			e.AnySignal([]*Signal{long})
		}
		if len(long.dependents) > n+n/2 {
			t.Errorf("the list of dependents has %d entries", len(long.dependents))
		}
		long.Abort(nil)
		if count != 1 {
			t.Errorf("the dependent that somebody listens to heard %d times", count)
		}
	})
}
