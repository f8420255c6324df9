package next

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/portico-dev/portico/internal/cache"
)

func TestRevalidate(t *testing.T) {
	h := newHarness(t, `
		const a = unstable_cache(async () => count("a"), ["a"], { tags: ["a"] })
		const b = cached("x#b", "default", async () => { cacheTag("b", "é"); return count("b") }, 0)
		const outer = cached("x#outer", "default", async () => [count("outer"), await a()], 0)
		return {
			a: () => a(), b, outer,
			expire() { revalidateTag("a") },
			stale() { revalidateTag("a", "max") },
			zero() { revalidateTag("a", { expire: 0 }) },
			unknown() { revalidateTag("a", "nonsense") },
			bad() { revalidateTag("a", { revalidate: 5, expire: 1 }) },
			no() { revalidateTag("a", { expire: false }) },
			update() { updateTag("é") },
			fifteen() { unstable_expireTag("a", "b") },
			empty() { revalidateTag("") },
			refresh() { refresh() },
			redirects() { revalidateTag("a"); redirect("/") },
			throws() { revalidateTag("a"); throw new Error("x") },
			async same() { const before = await a(); revalidateTag("a"); const after = await a(); return [before, after, await a()] },
			async sameStale() { const before = await a(); revalidateTag("a", "max"); return [before, await a()] },
			async sameNested() { const [, before] = await outer(); revalidateTag("a"); return [before, (await outer())[1]] },
			pathOf() { revalidatePath("/a") },
			layout() { revalidatePath("/", "layout") },
			other() { revalidatePath("/zzz") },
			long() { revalidatePath("/" + "x".repeat(2000)) },
			pattern() { revalidatePath("/p/[id]") },
			later() { after(async () => { await null; revalidateTag("a") }) },
			many() { for (let i = 0; i < 300; i++) revalidateTag("t" + i); revalidateTag("a") },
		}`)
	n := 0
	was := func(now string) { // a is as it was
		t.Helper()
		h.want("a", now)
		n = h.count("a")
	}
	anew := func() { // a is made anew for the next request
		t.Helper()
		h.get("a")
		if h.count("a") != n+1 {
			t.Fatalf("made %d times, want %d", h.count("a"), n+1)
		}
		n++
	}
	was("1")
	was("1")
	for _, name := range []string{"expire", "zero", "fifteen", "redirects", "throws", "many", "pathOf", "layout"} {
		h.get(name)
		anew()
	}
	for _, name := range []string{"empty", "refresh", "update", "other", "long", "pattern"} {
		h.want(name, `"undefined"`)
		h.get("a")
		if h.count("a") != n {
			t.Fatalf("%s has an effect", name)
		}
	}
	if !h.log.has("longer than 1024") || !h.log.has("the \\\"type\\\" parameter is missing") {
		t.Error("no warnings: ", h.log.lines)
	}

	h.get("stale")
	h.refreshed("a", fmt.Sprint(n)) // the old value once more
	h.want("a", fmt.Sprint(n+1))

	h.want("unknown", `Error: Invalid profile provided "nonsense" must be configured under cacheLife in next.config or be "max"`)
	h.want("bad", `Error: If providing both the revalidate and expire options, the expire option must be greater than the revalidate option. The expire option indicates how many seconds from the start until it can no longer be used.`)
	h.want("no", "Error: Pass `Infinity` instead of `false` if you want to cache on the server forever without checking with the origin.")

	// Who revalidates sees it at once; what is made then is kept.
	h.want("same", "[10,11,11]")
	h.want("a", "11")
	h.want("sameStale", "[11,12]")
	h.want("a", "12")
	h.want("sameNested", "[12,13]")
	h.want("a", "13")

	h.want("b", "1")
	h.get("update")
	h.want("b", "2")

	n = h.count("a")
	h.want("later", `"undefined"`)
	h.settled()
	anew()
}

func TestRevalidateWhileTheStoreFails(t *testing.T) {
	h := newHarness(t, `
		const a = unstable_cache(async () => count("a"), ["a"], { tags: ["a"] })
		return { a: () => a(), async same() { await a(); revalidateTag("a"); return a() } }`)
	h.want("a", "1")
	h.store.fail(errors.New("store is away"))
	h.want("same", "2") // its own word counts for the request
	if !h.log.has("store is away") {
		t.Error("nothing is logged")
	}
	h.want("a", "1")
}

func TestRevalidateOutside(t *testing.T) {
	h := newHarness(t, `
		let text
		try { revalidateTag("a") } catch (e) { text = String(e) }
		let life
		try { cacheLife("max") } catch (e) { life = String(e) }
		return { text: () => text, life: () => life, tag: () => cacheTag("x"), inUnstable: unstable_cache(async () => cacheLife("hours")) }`)
	h.want("text", `"Error: Invariant: static generation store missing in revalidateTag(\"a\")"`)
	more := "\nLearn more: https://nextjs.org/docs/messages/cache-life-outside-use-cache"
	h.want("life", `"Error: `+"`cacheLife()` can only be called inside a `"+`\"use cache\"`+"` or `"+`\"use cache: private\"`+"` function."+strings.ReplaceAll(more, "\n", `\n`)+`"`)
	h.want("tag", "Error: Route \"/tag\": `cacheTag()` can only be called inside a `\"use cache\"` or `\"use cache: private\"` function.\nLearn more: https://nextjs.org/docs/messages/cache-tag-outside-use-cache")
	h.want("inUnstable", "Error: Route \"/inUnstable\": `cacheLife()` can only be called inside a `\"use cache\"` or `\"use cache: private\"` function."+more)
}

// static has a handler's answer made to be kept.
func (h *harness) static(name string, kind string) (*Rendered, error) {
	s := &Segment{Dynamic: kind}
	return h.Render(h.t.Context(), Call{Entry: "app/" + name + "/route.ts", Export: http.MethodGet, Pattern: "/" + name, URL: "http://localhost/" + name, Host: "localhost", Proto: "http", Segment: s},
		cache.Lifetime{Revalidate: cache.Forever, Expire: cache.Forever})
}

func TestCachedFunctionsInStaticAnswers(t *testing.T) {
	h := newHarness(t, `
		const unstable = unstable_cache(async () => count("u"), ["a"], { tags: ["u"], revalidate: 100 })
		const hours = cached("x#hours", "default", async () => { cacheLife("hours"); cacheTag("h"); return unstable() }, 0)
		const plain = cached("x#plain", "default", async () => unstable(), 0)
		const seconds = cached("x#seconds", "default", async () => { cacheLife("seconds"); return 1 }, 0)
		const zero = cached("x#zero", "default", async () => { cacheLife({ revalidate: 0 }); return count("zero") }, 0)
		return { unstable: () => unstable(), hours, plain, seconds, zero,
			tag: () => revalidateTag("x"), path: () => revalidatePath("/x"), noStore: () => unstable_noStore(), cookies: () => cookies(),
			async set() { (await cookies()).set("a", "b") }, conn: () => connection(), async draft() { return (await draftMode()).isEnabled },
			async enable() { (await draftMode()).enable() } }`)
	life := func(revalidate, expire time.Duration) cache.Lifetime {
		return cache.Lifetime{Revalidate: revalidate, Expire: expire}
	}
	for range 2 { // made, then kept
		for _, c := range []struct {
			name string
			life cache.Lifetime
			tags string
		}{
			{"unstable", life(100*time.Second, cache.Forever), "u"},
			{"hours", life(time.Hour, 24*time.Hour), "u h"},
			{"plain", life(100*time.Second, cache.Forever), "u"},
			{"draft", life(cache.Forever, cache.Forever), ""},
		} {
			r, err := h.static(c.name, "")
			if err != nil || r.Entry == nil {
				t.Fatal(c.name, err, r)
			}
			if r.Entry.Lifetime != c.life {
				t.Errorf("%s: lifetime %v, want %v", c.name, r.Entry.Lifetime, c.life)
			}
			for _, tag := range strings.Fields(c.tags) {
				if !strings.Contains(" "+strings.Join(r.Entry.Tags, " ")+" ", " "+tag+" ") {
					t.Errorf("%s: tags %q, want %s", c.name, r.Entry.Tags, tag)
				}
			}
		}
	}
	for _, c := range []struct{ name, kind, dynamic string }{
		{"tag", "", `revalidateTag("x")`},
		{"tag", "force-static", `revalidateTag("x")`},
		{"path", "", `revalidatePath("/x")`},
		{"noStore", "", "unstable_noStore()"},
		{"noStore", "force-static", ""},
		{"cookies", "", "cookies()"},
		{"cookies", "force-static", ""},
		{"set", "", "cookies()"},
		{"conn", "", "connection()"},
		{"conn", "force-static", ""},
		{"enable", "", "draftMode().enable()"},
		{"enable", "force-static", "draftMode().enable()"},
		{"seconds", "", `"use cache" with a short life`},
		{"seconds", "force-static", ""},
		{"zero", "", `"use cache" with a short life`},
	} {
		r, err := h.static(c.name, c.kind)
		if err != nil || r.Dynamic != c.dynamic {
			t.Errorf("%s %s: %+v %v, want %q", c.name, c.kind, r, err, c.dynamic)
		}
	}
	for name, want := range map[string]string{
		"cookies": "used `cookies()`", "noStore": "used `unstable_noStore()`", "tag": "used `revalidateTag(\"x\")`", "seconds": "short life",
	} {
		var only *OnlyStaticError
		if _, err := h.static(name, "error"); !errors.As(err, &only) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s with dynamic = 'error': %v, want %s", name, err, want)
		}
	}
	if r, err := h.static("set", "force-static"); err != nil || !strings.Contains(string(r.Entry.Body), "Cookies can only be modified") {
		t.Errorf("cookies().set with force-static: %+v %v", r, err)
	}
	if h.count("u") != 1 {
		t.Errorf("made %d times", h.count("u"))
	}
	n := h.count("zero")
	h.get("zero")
	h.get("zero")
	if h.count("zero") != n+2 {
		t.Error("what has no life is kept")
	}
}

func TestCacheLife(t *testing.T) {
	second := time.Second
	minute := time.Minute
	h := newHarness(t, `
		const f = (id, ...lives) => cached("x#" + id, "default", async () => { for (const l of lives) cacheLife(l); return count(id) }, 0)
		return { none: f("none"), hours: f("hours", "hours"), both: f("both", "days", { revalidate: 5 }), own: f("own", "often"), unknown: f("u", "often "), array: f("x", []), text: f("y", { stale: "1" }), nan: f("z", { expire: NaN }) }`,
		func(o *Options) { o.CacheLife = map[string]CacheLife{"often": {Revalidate: &second, Expire: &minute}} })
	for name, life := range map[string]time.Duration{"none": 15 * time.Minute, "hours": time.Hour, "both": 5 * time.Second, "own": time.Second} {
		h.want(name, "1")
		h.advance(life - time.Millisecond)
		h.want(name, "1")
		if h.count(name) != 1 {
			t.Errorf("%s ends early", name)
		}
		h.advance(2 * time.Millisecond)
		h.refreshed(name, "1")
		h.want(name, "2")
	}
	h.want("unknown", "Error: Unknown `cacheLife()` profile \"often \" is not configured in next.config.js\nDid you mean \"often\" without the spaces?")
	h.want("array", "Error: Invalid `cacheLife()` option. Either pass a profile name or object.")
	h.want("text", "Error: The stale option must be a number of seconds.")
	h.want("nan", "Error: Invalid `cacheLife()` option \"expire\" provided, expected a finite number of seconds or Infinity, received NaN.")
	// Beyond its end an entry is not given at all.
	h.advance(2 * time.Minute)
	h.want("own", "3")
}

func TestUseCache(t *testing.T) {
	h := newHarness(t, `
		const { as } = (() => ({ as: (id, fn, params = Infinity) => cached("x#" + id, "default", fn, params) }))()
		const shared = { list: [1] }
		const value = as("value", async () => ({ n: count("value"), d: new Date(5), m: new Map([[1, new Set([2])]]), b: 7n, u: undefined, x: new Uint8Array([1, 2]) }), 0)
		const arg = as("arg", async (o) => { count("arg"); o.list.push(2); return o.list.length })
		const fns = as("fns", async () => () => 1)
		const cls = as("cls", async () => ({ deep: [new (class Thing {})()] }))
		const pass = as("pass", async (f) => (await f()).n)
		const getter = as("getter", async () => ({ get a() { throw new TypeError("getter") } }))
		const response = as("response", async () => new Response())
		const outer = (x) => { const y = { x }; return cachedWith("x#inner", "default", () => [y], async (z) => [y.x, z, count("inner")], 1)(1, 2) }
		return {
			async value() {
				const v = await value(), w = await value()
				v.m.clear(); v.x[0] = 9
				return [v !== w, w.n, w.d instanceof Date && w.d.getTime(), w.m.get(1).has(2), String(w.b), "u" in w, [...w.x]]
			},
			async arg() { return [await arg(shared), await arg(shared), shared.list.length, count("arg")] },
			fns, cls: () => cls(), getter: () => getter(), response: () => response(),
			pass: () => pass(value),
			notFn: () => pass(() => 1),
			cls2: () => pass({ f: new Map([[{ a: new URL("http://a") }, 1]]) }),
			outer: async () => [await outer(1), await outer(1), await outer(2)],
			tdz: () => { const f = cachedWith("x#tdz", "default", () => [later], async () => later, 0); const p = f(); let later = 1; return p },
		}`)
	h.want("value", `[true,1,5,true,"7",true,[1,2]]`)
	h.want("arg", `[2,2,1,2]`)
	h.want("fns", "Error: x#fns has \"use cache\", and of its arguments [0] is an instance of NextRequest, which cannot be part of a key: pass what is in it that the function needs")
	h.want("cls", "Error: x#cls has \"use cache\", and of what it returned .deep[0] is an instance of Thing, which cannot be kept: return plain data, and make the rest of it outside")
	h.want("getter", "TypeError: getter")
	h.want("response", "Error: x#response has \"use cache\", and of what it returned, it is an instance of Response, which cannot be kept: return plain data, and make the rest of it outside")
	h.want("pass", "1")
	h.want("notFn", "Error: x#pass has \"use cache\", and of its arguments [0] is a function, which cannot be part of a key: pass what is in it that the function needs")
	h.want("cls2", "Error: x#pass has \"use cache\", and of its arguments [0].f.keys()[0].a is an instance of URL, which cannot be part of a key: pass what is in it that the function needs")
	h.want("outer", "[[1,1,1],[1,1,1],[2,1,2]]")
	if got := h.get("tdz"); !strings.HasPrefix(got, "ReferenceError") {
		t.Error(got)
	}
}
