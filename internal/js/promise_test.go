package js

import (
	"errors"
	"testing"

	"github.com/dop251/goja"
)

// TestSettle settles promises from Go in each way, for each way of waiting.
func TestSettle(t *testing.T) {
	lost := make(chan string, 10)
	o := Options{Unhandled: func(_ *Scope, err error) { lost <- err.Error() }}
	o.Setup = func(iso *Isolate) error {
		iso.Module("settle", func() *goja.Object {
			m := iso.rt.NewObject()
			must(m.Set("now", func(c goja.FunctionCall) goja.Value { // by what is given, later
				p, v := iso.NewPromise(), c.Argument(0)
				go func() {
					p.Settle(func() (goja.Value, error) { return v, nil })
					p.Settle(func() (goja.Value, error) { panic("settled twice") })
				}()
				return p.Value()
			}))
			must(m.Set("fail", func(c goja.FunctionCall) goja.Value {
				p, v := iso.NewPromise(), c.Argument(0)
				go func() { p.Settle(func() (goja.Value, error) { return nil, Throw(v) }) }()
				return p.Value()
			}))
			must(m.Set("throw", func(c goja.FunctionCall) goja.Value {
				p := iso.NewPromise()
				go func() { p.Settle(func() (goja.Value, error) { return nil, errors.New("from Go") }) }()
				return p.Value()
			}))
			return m
		})
		return nil
	}
	pool := harness(t, 1, o, `
		const s = host('settle');
		const of = p => p.then(v => 'ok ' + v, e => 'bad ' + e);
		return {
			async value() { return of(s.now(7)) },
			async undefined() { return of(s.now()) },
			async promise() { return of(s.now(Promise.resolve(8))) },
			async rejected() { const r = Promise.reject(9); r.catch(() => {}); return of(s.now(r)) },
			async thenable() { let order = ''; const r = of(s.now({ then(yes, no) { order += 'called '; yes(1); no(2); throw 3 } })); return await r + ' ' + order },
			async thrower() { return of(s.now({ then() { throw 'then threw' } })) },
			async getter() { return of(s.now({ get then() { throw 'get threw' } })) },
			async plain() { return of(s.now({ then: 5, toString() { return 'no thenable' } })) },
			async nested() { return of(s.now({ then(yes) { yes({ then(yes) { yes('twice') } }) } })) },
			async failed() { return of(s.fail('no')) },
			async thrown() { return of(s.throw()) },
			async all() { return (await Promise.all([s.now(1), s.now(2), 3])).join() },
			async race() { return Promise.race([s.fail('first'), new Promise(() => {})]).catch(e => 'raced ' + e) },
			async any() { return Promise.any([s.fail(1), s.now(2)]) },
			async final() { let n = 0; const v = await s.now(1).finally(() => { n = 10 }); return n + v },
			async twice() { const p = s.now(4); return await p + await p },
			async late() { const p = s.now(5); await s.now(); return of(p) },
			direct() { return s.now('returned') },
			async wrapped() { return s.now('returned') },
			rejects() { return s.fail('returned') },
			async lost() { s.fail(new Error('nobody looked')); return 'ok' },
		}`)
	for _, c := range []struct{ entry, want string }{
		{"value", "ok 7"}, {"undefined", "ok undefined"}, {"promise", "ok 8"}, {"rejected", "bad 9"},
		{"thenable", "ok 1 called "}, {"thrower", "bad then threw"}, {"getter", "bad get threw"}, {"plain", "ok no thenable"}, {"nested", "ok twice"},
		{"failed", "bad no"}, {"thrown", "bad Error: from Go"},
		{"all", "1,2,3"}, {"race", "raced first"}, {"any", "2"}, {"final", "11"}, {"twice", "8"}, {"late", "ok 5"},
		{"direct", "returned"}, {"wrapped", "returned"}, {"rejects", "error: uncaught returned"}, {"lost", "ok"},
	} {
		got := call(pool, c.entry, c.entry)
		if got.err != nil {
			got.text = "error: " + got.err.Error()
		}
		if got.text != c.want {
			t.Errorf("%s: %q, want %q", c.entry, got.text, c.want)
		}
	}
	if got, want := <-lost, "unhandled rejection: Error: nobody looked"; got != want || len(lost) > 0 {
		t.Errorf("unhandled: %q and %d more, want %q", got, len(lost), want)
	}
}

// TestHandler calls async functions without an await directly.
func TestHandler(t *testing.T) {
	pool := harness(t, 1, Options{}, `
		const als = new h.ALS();
		return {
			async value(x) { return x + 1 },
			async throws(x) { throw new TypeError('no ' + x) },
			async promise(x) { return h.later(x) },
			async enters(x) { als.enterWith(x); return h.later().then(() => als.getStore()) },
			async awaits(x) { const y = await h.later(x); return y + 1 },
			arrow: async (x) => x * 2,
			plain(x) { return x },
		}`)
	iso := pool.Isolates()[0]
	for _, c := range []struct{ entry, want string }{
		{"value", "2"}, {"throws", "TypeError: no 1"}, {"promise", "1"}, {"enters", "1"}, {"awaits", "2"}, {"arrow", "2"}, {"plain", "1"},
	} {
		got := make(chan string, 1)
		s := &Scope{}
		iso.Post(NewFrame(s), func() {
			f, ok := iso.Handler(iso.entries.Get(c.entry))
			if !ok {
				got <- "no function"
				return
			}
			v, err := iso.Call(f, goja.Undefined(), iso.rt.ToValue(1))
			if err != nil {
				got <- iso.Thrown(err).String()
				return
			}
			iso.Await(v, func(v goja.Value, err error) {
				if err != nil {
					v = iso.Thrown(err)
				}
				got <- v.String()
			})
		})
		if g := <-got; g != c.want {
			t.Errorf("%s: %s, want %s", c.entry, g, c.want)
		}
	}
}
