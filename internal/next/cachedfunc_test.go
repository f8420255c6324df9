package next

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/cache/memory"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
)

// harness is an App with a cache in memory whose clock the test sets, and
// counters that all isolates share. A script of a test is the body of a
// function that returns the handlers by name.
type harness struct {
	*App
	t      testing.TB
	closed bool
	cache  *cache.Cache
	store  *failingStore
	log    *logLines

	mu     sync.Mutex
	change *sync.Cond // of counts
	now    time.Time
	counts map[string]int
	gates  map[string]chan struct{}
	begun  chan string // the names of gates that a script waits at
}

type failingStore struct {
	*memory.Store
	kept func() // an entry is in the store
	mu   sync.Mutex
	down error
}

func (s *failingStore) Set(ctx context.Context, key cache.Key, e *cache.Entry) error {
	defer s.kept()
	return s.Store.Set(ctx, key, e)
}

func (s *failingStore) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

func (s *failingStore) Mark(ctx context.Context, tags []string, m cache.Mark) error {
	s.mu.Lock()
	err := s.down
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.Store.Mark(ctx, tags, m)
}

// logLines is what was logged.
type logLines struct {
	mu    sync.Mutex
	lines []string
}

func (l *logLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(b))
	return len(b), nil
}

func (l *logLines) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.lines, func(s string) bool { return strings.Contains(s, text) })
}

func newHarness(t testing.TB, script string, options ...func(*Options)) *harness {
	t.Helper()
	h := &harness{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), counts: map[string]int{}, gates: map[string]chan struct{}{}, begun: make(chan string, 100), log: &logLines{}}
	h.change = sync.NewCond(&h.mu)
	h.store = &failingStore{Store: memory.New(memory.Options{Now: h.clock}), kept: func() { h.add("kept") }}
	h.cache = cache.New(cache.Options{Store: h.store, Now: h.clock, Problem: func(err error) { _, _ = h.log.Write([]byte(err.Error())) }})
	p, err := js.Compile("test.js", `(function (host) {
		const handlers = (function () {
			const { count, gate } = host("test")
			const { unstable_cache, revalidateTag, revalidatePath, updateTag, refresh, cacheLife, cacheTag, unstable_noStore, unstable_expireTag, unstable_expirePath } = host("next/cache")
			const { cookies, headers, draftMode } = host("next/headers")
			const { connection, after } = host("next/server")
			const { redirect } = host("next/navigation")
			const { cached, cachedWith } = host("portico/use-cache")
			`+script+`
		})()
		const entries = {}
		for (const name of Object.keys(handlers)) entries["app/" + name + "/route.ts"] = async () => ({ GET: async (request) => {
			try {
				const v = await handlers[name](request)
				return v instanceof Response ? v : Response.json(v === undefined ? "undefined" : v)
			} catch (e) {
				if (e && e.digest) throw e
				return new Response(String(e))
			}
		} })
		return entries
	})`, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Cache: h.cache, Isolates: 1, Web: web.Options{Logger: slog.New(slog.NewTextHandler(h.log, nil)), Client: web.NewClient("test")}}
	o.Modules = func(iso *js.Isolate) {
		iso.Module("test", func() *goja.Object {
			rt := iso.Runtime()
			m := rt.NewObject()
			put(m, "count", iso.Func("count", 1, func(c goja.FunctionCall) goja.Value {
				return rt.ToValue(h.add(c.Argument(0).String()))
			}))
			put(m, "gate", iso.Func("gate", 1, func(c goja.FunctionCall) goja.Value {
				name := c.Argument(0).String()
				g := h.gate(name)
				h.begun <- name
				return iso.Go(func() func() (goja.Value, error) {
					<-g
					return func() (goja.Value, error) { return nil, nil }
				})
			}))
			return m
		})
	}
	for _, f := range options {
		f(&o)
	}
	if h.App, err = New(p, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if !h.closed {
			if err := h.Close(ctx); err != nil {
				t.Error(err)
			}
		}
		if err := h.cache.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *harness) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *harness) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *harness) gate(name string) chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.gates[name] == nil {
		h.gates[name] = make(chan struct{})
	}
	return h.gates[name]
}

func (h *harness) count(name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.counts[name]
}

func (h *harness) add(name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[name]++
	h.change.Broadcast()
	return h.counts[name]
}

// eventually waits until what happens in the background has been counted.
func (h *harness) eventually(name string, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.counts[name] < n {
		h.change.Wait()
	}
}

// refreshed asks for what is stale, and waits until it was made anew.
func (h *harness) refreshed(name, stale string) {
	h.t.Helper()
	kept := h.count("kept")
	h.want(name, stale)
	h.eventually("kept", kept+1)
}

func (h *harness) serve(name string, change ...func(*http.Request, *Call)) (*httptest.ResponseRecorder, error) {
	path, _, _ := strings.Cut(name, "?")
	r := httptest.NewRequest(http.MethodGet, "/"+name, nil)
	c := Call{Entry: "app/" + path + "/route.ts", Export: http.MethodGet, Pattern: "/" + path, URL: "http://localhost/" + name, Host: "localhost", Proto: "http"}
	for _, f := range change {
		f(r, &c)
	}
	w := httptest.NewRecorder()
	err := h.Serve(w, r, c)
	return w, err
}

// get is the body that a handler answers with.
func (h *harness) get(name string, change ...func(*http.Request, *Call)) string {
	h.t.Helper()
	w, err := h.serve(name, change...)
	if err != nil {
		return "error: " + err.Error()
	}
	return w.Body.String()
}

func (h *harness) want(name, body string, change ...func(*http.Request, *Call)) {
	h.t.Helper()
	if got := h.get(name, change...); got != body {
		h.t.Fatalf("%s: %s, want %s", name, got, body)
	}
}

func TestUnstableCache(t *testing.T) {
	h := newHarness(t, `
		const get = unstable_cache(async (o) => ({ n: count("get"), d: new Date(0), m: new Map(), u: undefined, o }), ["get"], { revalidate: 10, tags: ["a"] })
		const none = unstable_cache(async () => { count("none") })
		const nil = unstable_cache(async () => { count("nil"); return null })
		const bad = unstable_cache(async () => { count("bad"); throw new TypeError("no " + count("text")) })
		const one = (n) => unstable_cache(async () => ({ n, c: count("one") }))
		const sync = unstable_cache(() => count("sync"))
		const big = unstable_cache(() => { count("big"); return 1n })
		return {
			async get(r) { const v = await get({ a: 1 }); return [v.n, v.d instanceof Date, v.m instanceof Map, "u" in v] },
			async order() { return [(await get({ a: 1, b: 2 })).n, (await get({ b: 2, a: 1 })).n] },
			async none() { return [String(await none()), String(await none()), count("none")] },
			async nil() { return [await nil(), await nil(), count("nil")] },
			async bad() { return bad() },
			async closures() { return [await one(1)(), await one(2)()] },
			async sync() { return [await sync(), await sync()] },
			async big() { return String(await big()) + count("big") },
			async zero() { unstable_cache(async () => 1, [], { revalidate: 0 }) },
			async negative() { unstable_cache(async function f() {}, [], { revalidate: -1 }) },
			async text() { unstable_cache(async () => {}, [], { revalidate: "5" }) },
			async forever() { return [await unstable_cache(async () => count("forever"), [], { revalidate: false })(), await unstable_cache(async () => count("forever"), [], { revalidate: false })()] },
		}`)
	h.want("get", `[1,true,true,true]`)    // the first call gives the function's own object
	h.want("get", `[1,false,false,false]`) // a hit the JSON of it
	h.want("order", `[2,3]`)
	h.want("none", `["undefined","undefined",2]`)
	h.want("nil", `[null,null,2]`)
	h.want("bad", `TypeError: no 1`)
	h.want("bad", `TypeError: no 2`)
	h.want("closures", `[{"n":1,"c":1},{"n":1,"c":1}]`)
	h.want("sync", `[1,1]`)
	h.want("big", `"12"`) // no JSON: given, and not kept
	h.want("big", `"14"`)
	if !h.log.has("is not kept") {
		t.Error("no warning")
	}
	h.want("zero", `Error: Invariant revalidate: 0 can not be passed to unstable_cache(), must be "false" or "> 0" async () => 1`)
	h.want("negative", `Error: Invalid revalidate value "-1" on "unstable_cache f", must be a non-negative number or false`)
	h.want("text", `Error: Invalid revalidate value "5" on "unstable_cache async () => {}", must be a non-negative number or false`)
	h.want("forever", `[1,1]`)

	h.advance(11 * time.Second)
	h.refreshed("get", `[1,false,false,false]`)
	h.want("get", `[4,false,false,false]`)
}

// settled waits until nothing is made anew any more.
func (h *harness) settled() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := h.work.wait(ctx); err != nil {
		h.t.Fatal(err)
	}
}

func TestCachedFunctionsSeeNoRequest(t *testing.T) {
	h := newHarness(t, `
		const { AsyncLocalStorage } = host("node:async_hooks")
		const als = new AsyncLocalStorage()
		const wrap = (f) => ({ unstable: unstable_cache(f), use: cached("x#" + f.name, "default", f) })
		const all = {
			cookies: wrap(async function a() { return String(await cookies()) }),
			headers: wrap(async function b() { return String(await headers()) }),
			connection: wrap(async function c() { return String(await connection()) }),
			enable: wrap(async function d() { return (await draftMode()).enable() }),
			tag: wrap(async function e() { revalidateTag("x", "max") }),
			store: wrap(async function f() { return String(als.getStore()) }),
			later: wrap(async function g() { await null; await new Promise((r) => setTimeout(r, 0)); return String(als.getStore()) }),
			nostore: wrap(async function h() { unstable_noStore(); return 1 }),
			draft: wrap(async function i() { return (await draftMode()).isEnabled }),
		}
		all.closure = { get use() { return () => cached("x#j", "default", async () => request.headers.get("a"), 0)() } }
		all.url = { get unstable() { return () => unstable_cache(async () => request.nextUrl.search)() } }
		all.path = { get unstable() { return () => unstable_cache(async () => request.nextUrl.pathname)() } }
		let request
		return { async q(r) { request = r; const u = new URL(r.url).searchParams; return als.run("secret", all[u.get("f")][u.get("k")]) } }`)
	const unstable, use = "https://nextjs.org/docs/app/api-reference/functions/unstable_cache", "https://nextjs.org/docs/messages/next-request-in-use-cache"
	for _, c := range []struct{ query, want string }{
		{"f=cookies&k=unstable", "Error: Route \"/q\": `cookies()` can't be read inside `unstable_cache()`. Read it outside the cached function and pass what you need as an argument.\nLearn more: " + unstable},
		{"f=headers&k=unstable", "Error: Route \"/q\": `headers()` can't be read inside `unstable_cache()`. Read it outside the cached function and pass what you need as an argument.\nLearn more: " + unstable},
		{"f=cookies&k=use", "Error: Route \"/q\": `cookies()` can't be read inside `\"use cache\"`. Read it outside the cached function and pass what you need as an argument.\nLearn more: " + use},
		{"f=connection&k=use", "Error: Route \"/q\": `connection()` can't be called inside `\"use cache\"` because cached functions may run during prerendering, without an incoming request. Call it outside the cached function.\nLearn more: " + use},
		{"f=connection&k=unstable", "Error: Route \"/q\": `connection()` can't be called inside `unstable_cache()` because cached functions may run during prerendering, without an incoming request. Call it outside the cached function.\nLearn more: " + unstable},
		{"f=enable&k=use", "Error: Route \"/q\": `draftMode().enable()` can't be called inside `\"use cache\"`. Draft mode can be read inside a cached function, but enabling or disabling it must happen outside.\nLearn more: " + use},
		{"f=tag&k=unstable", "Error: Route \"/q\": `revalidateTag(\"x\")` can't be called inside a cached function. Call it from a Server Action or Route Handler instead.\nLearn more: https://nextjs.org/docs/messages/revalidate-in-use-cache"},
		{"f=store&k=unstable", `"undefined"`},
		{"f=store&k=use", `"undefined"`},
		{"f=later&k=unstable", `"undefined"`},
		{"f=later&k=use", `"undefined"`},
		{"f=nostore&k=use", `1`},
		{"f=draft&k=use", `false`},
		{"f=closure&k=use", "Error: Route \"/q\": `request.headers` can't be read inside `\"use cache\"`. Read it outside the cached function and pass what you need as an argument.\nLearn more: " + use},
		{"f=url&k=unstable", "Error: Route \"/q\": `nextUrl.search` can't be read inside `unstable_cache()`. Read it outside the cached function and pass what you need as an argument.\nLearn more: " + unstable},
		{"f=path&k=unstable", `"/q"`},
	} {
		h.want("q?"+c.query, c.want)
	}
	// Draft mode is seen inside, and what is made then is nobody else's.
	draft := func(_ *http.Request, c *Call) { c.Draft = true }
	h.want("q?f=draft&k=use", "true", draft)
	h.want("q?f=draft&k=unstable", "true", draft)
	h.want("q?f=draft&k=unstable", "false")
}

func TestSingleFlight(t *testing.T) {
	h := newHarness(t, `
		const slow = unstable_cache(async () => { const n = count("slow"); await gate("slow"); return { n } }, ["s"])
		const fails = unstable_cache(async () => { count("fails"); await gate("fails"); const e = new RangeError("bad"); e.digest = "NEXT_REDIRECT;replace;/there;307;"; throw e })
		return { slow: () => (count("asked slow"), slow()), fails: () => (count("asked fails"), fails()) }`, func(o *Options) { o.Isolates = 3 })
	for name, want := range map[string]string{"slow": `200 {"n":1}`, "fails": "307 "} {
		var group sync.WaitGroup
		got := make([]string, 12)
		for i := range got {
			group.Go(func() {
				w, err := h.serve(name)
				if err != nil {
					got[i] = err.Error()
					return
				}
				got[i] = fmt.Sprint(w.Code, " ", w.Body.String())
			})
		}
		<-h.begun
		h.eventually("asked "+name, len(got))
		close(h.gate(name))
		group.Wait()
		for _, g := range got {
			if g != want && (name == "slow" || h.count(name) == 1) {
				t.Errorf("%s: %q, want %q", name, g, want)
			}
		}
		if n := h.count(name); name == "slow" && n != 1 {
			t.Errorf("%s ran %d times", name, n)
		}
	}
}

func TestFunctionsThatWaitForThemselves(t *testing.T) {
	h := newHarness(t, `
		let depth = 0
		const self = cached("x#self", "default", async () => depth++ < 3 ? await self() : "end", 0)
		let turns = 0
		const ping = cached("x#ping", "default", async () => turns++ < 5 ? await pong() : "ping", 0)
		const pong = unstable_cache(async () => turns++ < 5 ? await ping() : "pong")
		const fib = cached("x#fib", "default", async (n) => (count("fib"), n < 2 ? n : await fib(n - 1) + await fib(n - 2)), 1)
		const a = cached("x#a", "default", async () => { count("a"); await gate("a"); return "a" + await (count("a") < 4 ? b() : "") }, 0)
		const b = cached("x#b", "default", async () => { count("b"); await gate("b"); return "b" + await (count("b") < 4 ? a() : "") }, 0)
		const endless = unstable_cache(async () => endless())
		return { self, ping, fib: () => fib(20), a, b, endless }`)
	h.want("self", `"end"`)
	h.want("ping", `"pong"`)
	h.want("fib", `6765`)
	if n := h.count("fib"); n != 21 {
		t.Errorf("fib ran %d times", n)
	}
	h.want("endless", `Error: unstable_cache calls itself without an end`)

	// Two requests, each of which makes what the other one's function needs.
	var group sync.WaitGroup
	got := make([]string, 2)
	for i, name := range []string{"a", "b"} {
		group.Go(func() { got[i] = h.get(name) })
	}
	<-h.begun
	<-h.begun
	close(h.gate("a"))
	close(h.gate("b"))
	group.Wait()
	if !strings.HasPrefix(got[0], `"ab`) || !strings.HasPrefix(got[1], `"ba`) {
		t.Error(got)
	}
}

func TestCachedFunctionsAreBounded(t *testing.T) {
	h := newHarness(t, `
		const never = unstable_cache(() => new Promise(() => {}))
		const spins = cached("x#spins", "default", async () => { for (;;) {} }, 0)
		const deep = unstable_cache(async () => { const f = () => f() + 1; return f() })
		return { never, spins, deep, ok: () => "ok" }`, func(o *Options) {
		o.HandlerTimeout = 300 * time.Millisecond
		o.Pool.JobLimit = 100 * time.Millisecond
	})
	for name, want := range map[string]string{
		"spins": "Error: x#spins: script computed for too long",
		"deep":  "Error: unstable_cache: maximum call stack size exceeded",
	} {
		if got := h.get(name); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	// The request and the function have the same limit: either may be told first.
	if got := h.get("never"); got != "error: "+ErrTimeout.Error() && got != "Error: unstable_cache did not settle in time" {
		t.Error(got)
	}
	h.want("ok", `"ok"`)
}

// TestClosingWhileAFunctionRuns: an app that ends lets go of what it was
// making, and another one on the same cache makes it.
func TestClosingWhileAFunctionRuns(t *testing.T) {
	const script = `
		const slow = unstable_cache(async () => { await gate("slow"); return count("slow") })
		return { slow: () => (count("asked"), slow()) }`
	h := newHarness(t, script)
	other := newHarness(t, script, func(o *Options) { o.Cache = h.cache })
	var group sync.WaitGroup
	client, leave := context.WithCancel(context.Background())
	group.Go(func() { h.get("slow", func(r *http.Request, _ *Call) { *r = *r.WithContext(client) }) })
	<-h.begun
	var got string
	group.Go(func() { got = other.get("slow") }) // waits for the first, or comes after it
	other.eventually("asked", 1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h.closed = true
	if err := h.Close(ctx); err == nil {
		t.Error("closed, with a request under way")
	}
	leave()
	<-other.begun
	close(other.gate("slow"))
	close(h.gate("slow"))
	group.Wait()
	if got != "1" {
		t.Error(got)
	}
	other.want("slow", "1")
	if n := other.count("slow"); n != 1 {
		t.Errorf("made %d times", n)
	}
}

// TestGoFunctionsInCachedFunctions: Go sees the values of the app there, and
// nothing of the request.
func TestGoFunctionsInCachedFunctions(t *testing.T) {
	type key string
	h := newHarness(t, `
		const { read } = host("go:test")
		return { inside: unstable_cache(() => read()), outside: () => read() }`, func(o *Options) {
		o.Context = context.WithValue(context.Background(), key("app"), "app")
		modules := o.Modules
		o.Modules = func(iso *js.Isolate) {
			modules(iso)
			iso.Module("go:test", func() *goja.Object {
				m := iso.Runtime().NewObject()
				put(m, "read", GoFunction(iso, "read", func(ctx context.Context, _ []byte) ([]byte, error) {
					return fmt.Appendf(nil, `"%v %v"`, ctx.Value(key("app")), ctx.Value(key("user"))), nil
				}))
				return m
			})
		}
	})
	user := func(r *http.Request, _ *Call) {
		*r = *r.WithContext(context.WithValue(r.Context(), key("user"), "ann"))
	}
	h.want("inside", `"app <nil>"`, user)
	h.want("outside", `"<nil> ann"`, user)
}
