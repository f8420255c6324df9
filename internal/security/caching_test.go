package security

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// together sends requests on connections of their own before it reads the first
// answer. Sent is called in between.
func (s *server) together(t *testing.T, sent func(), texts ...string) []answer {
	t.Helper()
	var conns []net.Conn
	for _, text := range texts {
		c := s.dial(t)
		defer c.Close()
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	if sent != nil {
		sent()
	}
	var all []answer
	for i, c := range conns {
		list := answers(t, c, texts[i])
		if len(list) != 1 {
			t.Fatalf("%.200q: got %v, want one answer", texts[i], list)
		}
		all = append(all, list[0])
	}
	return all
}

// whose is an upstream that says who asks, and how often it was asked.
func whose(w http.ResponseWriter, r *http.Request) {
	for _, line := range r.URL.Query()["answer"] {
		name, value, _ := strings.Cut(line, ":")
		w.Header().Add(name, value)
	}
	_, _ = fmt.Fprintf(w, "[%s|%s]", r.Header.Get("Cookie"), r.Header.Get("Authorization"))
}

// personal has all ways to keep something that a visitor's credentials have gone
// into: each path answers with whose it is.
var personal = files{
	"app/upstream.ts": `
export const mine = (request: Request) => {
	const headers: Record<string, string> = {}
	for (const name of ['cookie', 'authorization']) if (request.headers.get(name)) headers[name] = request.headers.get(name)!
	return headers
}
export const ask = async (headers: Record<string, string>, more: object = {}, query = '') => (await fetch(process.env.UP + '/me' + query, { headers, ...more } as any)).text()
export const say = (headers: Record<string, string>) => '[' + (headers.cookie ?? '') + '|' + (headers.authorization ?? '') + ']'`,
	"app/fetch/route.ts": `
import { ask, mine } from '../upstream'
export const GET = async (r: Request) => new Response(await ask(mine(r), { next: { revalidate: 3600 } }))`,
	"app/forced/route.ts": `
import { ask, mine } from '../upstream'
export const GET = async (r: Request) => new Response(await ask(mine(r), { cache: 'force-cache' }))`,
	"app/mode/route.ts": `
import { ask, mine } from '../upstream'
export const fetchCache = 'force-cache'
export const GET = async (r: Request) => new Response(await ask(mine(r)))`,
	"app/relay/place/route.ts": `
export const fetchCache = 'force-cache'
export const GET = (r: Request) => fetch(process.env.UP + '/me' + new URL(r.url).search, { headers: r.headers })`,
	"app/relay/asked/route.ts": `
import { mine } from '../../upstream'
export const GET = (r: Request) => fetch(process.env.UP + '/me' + new URL(r.url).search, { headers: mine(r), next: { revalidate: 60 } } as any)`,
	"app/both/route.ts": `
import { ask, mine } from '../upstream'
export const GET = async (r: Request) => {
	const [a, b] = await Promise.all([ask(mine(r), { cache: 'force-cache' }), ask(mine(r), { cache: 'force-cache' })])
	return new Response(a === b ? a : 'two')
}`,
	"app/vary/route.ts": `
import { ask, mine } from '../upstream'
export const GET = async (r: Request) => new Response(await ask(mine(r), { cache: 'force-cache' }, '?answer=Vary:Cookie,%20Authorization'))`,
	"app/argument/route.ts": `
import { unstable_cache } from 'next/cache'
import { ask, mine } from '../upstream'
const me = unstable_cache(async (headers: Record<string, string>) => ask(headers), ['me'], { revalidate: 3600 })
export const GET = async (r: Request) => new Response(await me(mine(r)))`,
	"app/used/route.ts": `
import { mine, say } from '../upstream'
async function me(headers: Record<string, string>) { 'use cache'; return say(headers) }
export const GET = async (r: Request) => new Response(await me(mine(r)))`,
	"app/captured/route.ts": `
import { mine, say } from '../upstream'
export const GET = async (r: Request) => {
	const headers = mine(r)
	const me = async () => { 'use cache'; return say(headers) }
	return new Response(await me())
}`,
	// Handlers that ask for being kept, and read their request after all.
	"app/static/request/route.ts": `
import { mine, say } from '../../upstream'
export const revalidate = 3600
export const GET = async (r: Request) => new Response(say(mine(r)))`,
	"app/static/headers/route.ts": `
import { headers } from 'next/headers'
import { mine, say } from '../../upstream'
export const revalidate = 3600
export const GET = async () => new Response(say(mine({ headers: await headers() } as any)))`,
	"app/static/cookies/route.ts": `
import { cookies, headers } from 'next/headers'
export const revalidate = false
export const GET = async () => new Response('[' + (await cookies()).getAll().map((c) => c.name + '=' + c.value).join('; ') + '|' + ((await headers()).get('authorization') ?? '') + ']')`,
	"app/static/late/route.ts": `
import { mine, say } from '../../upstream'
export const revalidate = 3600
export const GET = async (r: Request) => { await fetch(process.env.UP + '/nobody'); await new Promise((f) => setTimeout(f, 1)); return new Response(say(mine(r))) }`,
	"app/static/clone/route.ts": `
import { mine, say } from '../../upstream'
export const revalidate = 3600
export const GET = async (r: Request) => new Response(say(mine(r.clone())))`,
	"app/static/[id]/route.ts": `
import { mine, say } from '../../upstream'
export const revalidate = 3600
export const generateStaticParams = () => [{ id: 'listed' }]
export const GET = async (r: Request) => new Response(say(mine(r)))`,
	// Nothing of a request is seen in these.
	"app/nobody/static/route.ts": `
import { mine, say } from '../../upstream'
export const dynamic = 'force-static'
export const GET = async (r: Request) => new Response(say(mine(r)))`,
	"app/nobody/headers/route.ts": `
import { cookies, headers } from 'next/headers'
export const dynamic = 'force-static'
export const GET = async (r: any) => new Response('[' + (await cookies()).toString() + r.cookies.getAll().length + '|' + [...(await headers())].length + r.nextUrl.search + ']')`,
	"app/throws/cached/route.ts": `
import { unstable_cache } from 'next/cache'
import { cookies } from 'next/headers'
const me = unstable_cache(async () => (await cookies()).toString(), ['throws'])
export const GET = async () => { try { return new Response('leaked ' + await me()) } catch (e: any) { return new Response('threw', { status: 500 }) } }`,
	"app/throws/closure/route.ts": `
import { unstable_cache } from 'next/cache'
export const GET = async (r: Request) => { try { return new Response('leaked ' + await unstable_cache(async () => r.headers.get('cookie'), ['closure'])()) } catch (e: any) { return new Response('threw', { status: 500 }) } }`,
	"app/throws/used/route.ts": `
import { headers } from 'next/headers'
async function me() { 'use cache'; return (await headers()).get('authorization') }
export const GET = async () => { try { return new Response('leaked ' + await me()) } catch (e: any) { return new Response('threw', { status: 500 }) } }`,
}

// visitors have different credentials; the last is nobody.
var visitors = [][]string{
	{"Cookie: session=alice"}, {"Cookie: session=bob"}, {"Authorization: Bearer alice"}, {"Authorization: Bearer bob"}, {"Cookie: session=alice", "Authorization: Bearer bob"}, {"Cookie: session=bob", "Authorization: Bearer bob"}, nil,
}

// own is what an answer for a visitor is.
func own(lines []string) string {
	values := map[string]string{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		values[name] = value
	}
	return "[" + values["Cookie"] + "|" + values["Authorization"] + "]"
}

// TestC1: one user's answer was kept and given to another: vinext, and Hono's
// middleware for caching (GHSA-p77w-8qqv-26rm, GHSA-6wqw-2p9w-4vw4).
func TestC1(t *testing.T) {
	up := newUpstream(t, whose)
	s := serve(t, personal.with(files{
		"app/answer/[how]/route.ts": `
const how: Record<string, Record<string, string>> = { private: { 'cache-control': 'private' }, spaced: { 'cache-control': 'max-age=60 ,  PRIVATE' }, field: { 'cache-control': 'private="set-cookie"' }, store: { 'cache-control': 'no-store' }, cookie: { 'set-cookie': 'a=1' } }
export const revalidate = 3600
export const generateStaticParams = () => []
let n = 0
export const GET = async (_: Request, { params }: any) => new Response('made ' + ++n, { headers: how[(await params).how] })`,
		"app/upstreams/route.ts": `
export const fetchCache = 'default-cache'
export const GET = async (r: any) => new Response(await (await fetch(process.env.UP + '/me?' + r.nextUrl.searchParams)).text())`,
		"portico.config.ts": "export default { server: { isolates: 1 } }",
	}), settings{env: []string{"UP=" + up.url}})

	paths := []string{
		"/fetch", "/forced", "/mode", "/both", "/vary", "/argument", "/used", "/captured", "/static/request", "/static/headers", "/static/cookies", "/static/late", "/static/clone", "/static/listed", "/static/other",
	}
	for _, line := range []string{"X-Nothing:1", "Cache-Control:private", "Cache-Control:public,max-age=9", "Vary:Cookie", "Vary:*", "Set-Cookie:a=1"} {
		paths = append(paths, "/relay/place?answer="+line, "/relay/asked?answer="+line)
	}
	for _, path := range paths {
		for range 3 {
			for _, lines := range visitors {
				s.get(t, path, lines...).want(t, fmt.Sprint(path, lines), 200, own(lines))
			}
		}
		var texts []string
		for i := range 3 * len(visitors) {
			texts = append(texts, s.text("GET", path, "", visitors[i%len(visitors)]...))
		}
		for i, a := range s.together(t, nil, texts...) {
			a.want(t, fmt.Sprint(path, " at once ", visitors[i%len(visitors)]), 200, own(visitors[i%len(visitors)]))
			if strings.Contains(a.header.Get("Cache-Control"), "s-maxage") {
				t.Errorf("%s: an answer for one visitor says %s", path, a.header.Get("Cache-Control"))
			}
		}
	}
	for _, lines := range visitors {
		s.get(t, "/nobody/static", lines...).want(t, "a blank request", 200, "[|]")
		s.get(t, "/nobody/headers?q=alice", lines...).want(t, "blank headers", 200, "[0|0]")
		for _, path := range []string{"/throws/cached", "/throws/closure", "/throws/used"} {
			s.get(t, path, lines...).want(t, path, 500, "threw")
		}
	}

	// Who asks for the fetch to be kept gets one entry for each visitor; what the
	// place of a fetch alone asks for is not kept where there are credentials.
	up.forget()
	for range 3 {
		s.get(t, "/fetch", visitors[0]...)
		s.get(t, "/mode", visitors[0]...)
	}
	if n := len(up.requests()); n != 3 {
		t.Errorf("the upstream was asked %d times, want 3", n)
	}
	// Nor is an answer that is private, or that nobody can tell when to give.
	for _, c := range []struct {
		line string
		kept bool
	}{
		{"X-Nothing:1", true}, {"Cache-Control:private", false}, {"Cache-Control:max-age=1,Private", false}, {"Cache-Control:no-store", false}, {"Set-Cookie:a=1", false}, {"Vary:*", false}, {"Vary:Cookie,%20*", false}, {"Content-Type:text/event-stream", false},
	} {
		up.forget()
		for range 3 {
			s.get(t, "/upstreams?alone&answer="+c.line)
		}
		if n := len(up.requests()); (n == 1) != c.kept || n != 1 && n != 3 {
			t.Errorf("%s: the upstream was asked %d times", c.line, n)
		}
	}
	if a := s.get(t, "/answer/shared"); s.get(t, "/answer/shared").body != a.body {
		t.Error("an answer for all is not kept")
	}
	for _, how := range []string{"private", "spaced", "field", "store", "cookie"} {
		first, second := s.get(t, "/answer/"+how), s.get(t, "/answer/"+how)
		if first.status != 200 || second.status != 200 || first.body == second.body || second.header.Get("X-Nextjs-Cache") == "HIT" {
			t.Errorf("%s: %v, and then %v", how, first, second)
		}
	}
}

// TestC2: Next.js did not count the body of a Request that fetch was given, so
// that different questions had one answer (GHSA-68g3-v927-f742).
func TestC2(t *testing.T) {
	// The answer is the number of the question: of the method, type and body.
	var mu sync.Mutex
	numbers := map[string]int{}
	var up *upstream
	up = newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		q := up.last()
		text := q.method + " " + q.target + " " + q.header.Get("Content-Type") + " " + q.body
		mu.Lock()
		defer mu.Unlock()
		if numbers[text] == 0 {
			numbers[text] = len(numbers) + 1
		}
		_, _ = fmt.Fprintf(w, "%d %d", numbers[text], len(up.requests()))
	})
	s := serve(t, files{"app/ask/route.ts": `
const bytes = (s: string) => new TextEncoder().encode(s)
const big = 'x'.repeat(3 << 20)
const body: Record<string, (v: string) => any> = {
	text: (v) => v, bytes: (v) => bytes(v), buffer: (v) => bytes(v).buffer, view: (v) => new DataView(bytes('..' + v).buffer, 2), blob: (v) => new Blob([v]), typed: (v) => new Blob([v], { type: 'text/x' }),
	query: (v) => new URLSearchParams({ q: v }), stream: (v) => new Response(v).body, form: (v) => { const f = new FormData(); f.set('f', v); return f }, file: (v) => { const f = new FormData(); f.set('f', new File([v], 'a')); return f }, big: (v) => big + v,
}
const url = process.env.UP + '/q'
const next = { revalidate: 3600 }
const ways: Record<string, (b: any) => Promise<Response>> = {
	init: (b) => fetch(url, { method: 'POST', body: b, duplex: 'half', next } as any),
	request: (b) => fetch(new Request(url, { method: 'POST', body: b, duplex: 'half' } as any), { next } as any),
	both: (b) => fetch(new Request(url, { method: 'POST', body: 'the same' }), { body: b, duplex: 'half', next } as any),
	clone: (b) => fetch(new Request(url, { method: 'POST', body: b, duplex: 'half' } as any).clone(), { cache: 'force-cache' }),
	again: (b) => fetch(new Request(new Request(url, { method: 'POST', body: b, duplex: 'half' } as any)), { cache: 'force-cache' }),
	put: (b) => fetch(url, { method: 'PUT', body: b, duplex: 'half', next } as any),
}
export const GET = async (r: any) => {
	const q = r.nextUrl.searchParams
	return new Response(await (await ways[q.get('way')](body[q.get('kind')](q.get('v')))).text())
}`}, settings{env: []string{"UP=" + up.url}})
	for _, way := range []string{"init", "request", "both", "clone", "again", "put"} {
		for _, kind := range []string{"text", "bytes", "buffer", "view", "blob", "typed", "query", "stream", "form", "file", "big"} {
			ask := func(v string) (number, count string) {
				a := s.get(t, "/ask?way="+way+"&kind="+kind+"&v="+v)
				if a.status != 200 {
					t.Fatalf("%s, %s: %v", way, kind, a)
				}
				number, count, _ = strings.Cut(a.body, " ")
				return number, count
			}
			seen := map[string]string{}
			for _, v := range []string{"a", "b", "ab", "", "a", "%00", "b"} {
				number, _ := ask(v)
				for other, n := range seen {
					if other != v && n == number {
						t.Errorf("%s, %s: the body %q has the answer of %q", way, kind, v, other)
					}
				}
				// A form's boundary is new each time; what is larger than an entry
				// is asked each time.
				if was := seen[v]; was != "" && was != number && kind != "form" && kind != "file" {
					t.Errorf("%s, %s: the body %q has another answer", way, kind, v)
				}
				seen[v] = number
			}
			_, first := ask("a")
			_, second := ask("a")
			if kept := first == second; kept != (kind != "form" && kind != "file" && kind != "big") {
				t.Errorf("%s, %s: kept %v", way, kind, kept)
			}
		}
	}
}

// TestC4: an empty answer that somebody could bring about was kept by Next.js
// for the page (CVE-2025-49826). Neither errors nor what a client asks for in an
// odd way are kept for others.
func TestC4(t *testing.T) {
	var fail atomic.Int64
	up := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		if status := fail.Load(); status != 0 {
			w.WriteHeader(int(status))
			return
		}
		_, _ = io.WriteString(w, "good")
	})
	app := files{
		"app/route/[id]/route.ts": `
export const revalidate = 3600
export const generateStaticParams = () => []
export const GET = async () => { const r = await fetch(process.env.UP!); if (r.status !== 200) throw new Error('the upstream says ' + r.status); return new Response(await r.text()) }`,
		"app/passed/[id]/route.ts": `
export const revalidate = 3600
export const generateStaticParams = () => []
export const GET = async () => { const r = await fetch(process.env.UP!); return new Response(r.status < 500 ? await r.text() : 'failed', { status: r.status < 500 ? 200 : r.status }) }`,
		"app/fetch/[id]/route.ts": `
export const GET = async (_: Request, { params }: any) => { const r = await fetch(process.env.UP + '/' + (await params).id, { next: { revalidate: 3600 } } as any); return new Response(r.status === 204 ? null : await r.text(), { status: r.status }) }`,
		"app/value/[id]/route.ts": `
import { unstable_cache } from 'next/cache'
export const GET = async (_: Request, { params }: any) => new Response(await unstable_cache(async (id: string) => { const r = await fetch(process.env.UP + '/' + id); if (!r.ok || r.status === 204) throw new Error('failed'); return r.text() }, ['v'])((await params).id))`,
		"app/used/[id]/route.ts": `
async function used(id: string) { 'use cache'; const r = await fetch(process.env.UP + '/' + id); if (!r.ok || r.status === 204) throw new Error('failed'); return r.text() }
export const GET = async (_: Request, { params }: any) => new Response(await used((await params).id))`,
		"app/empty/[id]/route.ts": `
export const revalidate = 3600
export const generateStaticParams = () => []
export const GET = () => new Response('whole', { headers: { 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' } })
export const POST = () => new Response(null, { status: 204 })`,
	}
	s := serve(t, app, settings{env: []string{"UP=" + up.url}})
	for _, status := range []int{500, 503, 404, 403, 204} {
		for _, kind := range []string{"route", "passed", "fetch", "value", "used"} {
			path := fmt.Sprintf("/%s/%d", kind, status)
			if kind == "passed" && status < 500 {
				continue // the handler's own answer, with its 200
			}
			fail.Store(int64(status))
			for range 2 {
				if a := s.get(t, path); a.status == 200 || a.header.Get("X-Nextjs-Cache") == "HIT" || strings.Contains(a.header.Get("Cache-Control"), "s-maxage") {
					t.Errorf("%s: %v", path, a)
				}
			}
			fail.Store(0)
			s.get(t, path).want(t, path+" afterwards", 200, "good")
		}
	}
	// Whoever asks first, and however: the next gets it whole.
	asks := []string{
		s.text("HEAD", "/empty/%d", ""), s.text("OPTIONS", "/empty/%d", ""), s.text("POST", "/empty/%d", ""), s.text("PURGE", "/empty/%d", ""),
		s.text("GET", "/empty/%d", "", "Range: bytes=0-1"), s.text("GET", "/empty/%d", "", "Range: bytes=99-"), s.text("GET", "/empty/%d", "", "If-None-Match: *"), s.text("GET", "/empty/%d", "", `If-None-Match: "a", W/"b"`), s.text("GET", "/empty/%d", "", "If-Modified-Since: Thu, 01 Jan 2037 00:00:00 GMT"), s.text("GET", "/empty/%d", "", "If-Match: \"none\""), s.text("GET", "/empty/%d", "", "If-Range: \"x\"", "Range: bytes=0-1"),
		s.text("GET", "/empty/%d", "a body"), s.text("GET", "/empty/%d", chunked("a", "body"), "Transfer-Encoding: chunked"), s.text("GET", "/empty/%d", "", "Expect: 100-continue"), s.text("GET", "/empty/%d", "", "X-HTTP-Method-Override: POST"), s.text("GET", "/empty/%d?_method=POST", "", "X-Method-Override: HEAD"),
		s.text("GET", "/empty/%d", "", "Accept-Encoding: gzip"), s.text("GET", "/empty/%d", "", "Accept-Encoding: identity;q=0, *;q=0"), s.text("GET", "/empty/%d", "", "Accept: image/x"), s.text("GET", "/empty/%d", "", "Upgrade: websocket", "Connection: Upgrade"),
	}
	for i, text := range asks {
		text = strings.Replace(text, "%d", fmt.Sprint(i), 1)
		s.raw(t, text)
		for range 2 {
			a := s.get(t, fmt.Sprintf("/empty/%d", i))
			a.want(t, fmt.Sprintf("after %.100q", text), 200, "whole")
			if a.header.Get("Content-Length") != "5" || a.header.Get("Content-Range")+a.header.Get("Content-Encoding") != "" || a.header.Get("Cache-Control") != "s-maxage=3600, stale-while-revalidate=31532400" {
				t.Errorf("after %.100q: %v", text, a)
			}
		}
	}
}

// crafted are headers and queries that made some server take a request for
// another, or change what it said about keeping.
var crafted = struct{ headers, queries []string }{
	headers: []string{
		"x-middleware-cache: no-cache", "x-middleware-prefetch: 1", "x-middleware-rewrite: /evil", "x-middleware-subrequest: 1", "x-middleware-set-cookie: a=evil", "x-middleware-request-x-evil: 1", "x-middleware-override-headers: x-evil",
		"x-nextjs-data: 1", "x-nextjs-cache: HIT", "x-nextjs-prerender: 1", "x-nextjs-stale-time: 0", "x-nextjs-postponed: 1", "x-next-cache-tags: a", "x-next-revalidated-tags: a", "x-next-revalidate-tag-token: 1", "x-prerender-revalidate: 1", "x-prerender-revalidate-if-generated: 1",
		"x-matched-path: /evil", "x-now-route-matches: 1=evil", "x-invoke-path: /evil", "x-invoke-query: %7B%22id%22%3A%22evil%22%7D", "x-invoke-status: 404", "x-invoke-error: evil", "x-invoke-output: /evil", "x-original-url: /evil", "x-rewrite-url: /evil", "x-forwarded-prefix: /evil", "x-forwarded-uri: /evil", "x-forwarded-path: /evil",
		"rsc: 1", "next-router-prefetch: 1", "next-router-state-tree: []", "next-router-segment-prefetch: /_tree", "next-url: /evil", "next-action: 00", "next-resume: 1", "purpose: prefetch", "sec-purpose: prefetch",
		"cache-control: no-cache", "cache-control: no-store", "cache-control: max-age=0", "cache-control: public, s-maxage=99", "pragma: no-cache", "surrogate-control: max-age=99", "cdn-cache-control: max-age=99", "x-accel-expires: 99", "authorization: Bearer evil", "cookie: evil=1",
		"cookie: __prerender_bypass=evil", "cookie: __prerender_bypass=", "cookie: __prerender_bypass=00000000000000000000000000000000; __next_preview_data=evil", "cookie: __prerender_bypass=true; __prerender_bypass=1", "cookie: __prerender_bypass=%00",
	},
	queries: []string{
		"?__nextDataReq=1", "?__nextLocale=evil", "?__nextDefaultLocale=evil", "?__nextBubbleNoFallback=1", "?__nextssgpath=/evil", "?__nextNotFoundSrcPage=/evil", "?__amp=1", "?_rsc=evil", "?nxtPid=evil", "?nxtIid=evil", "?id=evil", "?slug=evil", "?evil", "?%00", "?purge=1", "?x-prerender-revalidate=1", "?__proto__=evil",
	},
}

// TestC5: a header or a parameter that a server took for one of its own made a
// dynamic answer one to keep, and poisoned it for all (Next.js CVE-2024-46982);
// a draft cookie that somebody made up is none.
func TestC5(t *testing.T) {
	s := serve(t, files{
		"portico.config.ts": "export default { server: { isolates: 1 } }",
		"app/dynamic/[id]/route.ts": `
let n = 0
export const GET = async (_: Request, { params }: any) => new Response((await params).id + ' ' + ++n)`,
		"app/kept/[id]/route.ts": `
import { draftMode } from 'next/headers'
export const revalidate = 3600
export const generateStaticParams = () => []
let n = 0
export const GET = async (_: Request, { params }: any) => new Response((await params).id + ' ' + ++n + ' ' + (await draftMode()).isEnabled)`,
		"app/forced/route.ts": `
export const dynamic = 'force-static'
let n = 0
export const GET = async (r: any) => new Response(++n + JSON.stringify([[...r.headers], r.nextUrl.search, r.url.includes('evil'), await r.text()]))`,
		"app/fetch/route.ts": `
export const GET = async () => new Response(await (await fetch(process.env.UP!, { cache: 'force-cache' })).text())`,
		"app/evil/route.ts": "export const GET = () => new Response('evil')",
	}, settings{env: []string{"UP=" + newUpstream(t, nil).url}})
	same := func(what string, got, want answer, but ...string) {
		t.Helper()
		for name := range got.header {
			if g, w := strings.Join(got.header[name], "|"), strings.Join(want.header[name], "|"); g != w && name != "Date" && !has(but, name) {
				t.Errorf("%s: the answer has %s: %s, and %q without it", what, name, g, w)
			}
		}
	}
	dynamic, n := s.get(t, "/dynamic/1"), 1
	if c := dynamic.header.Get("Cache-Control"); strings.Contains(c, "s-maxage") || strings.Contains(c, "public") || dynamic.header.Get("X-Nextjs-Cache") != "" {
		t.Errorf("a dynamic answer is %v", dynamic)
	}
	fetched := s.get(t, "/fetch")
	check := func(what, query string, lines ...string) {
		t.Helper()
		// The very first for a key, too: nothing of it stays.
		key := fmt.Sprintf("/kept/%d", n)
		s.get(t, key+query, lines...)
		kept := s.get(t, key)
		kept.want(t, what+", as the first", 200, fmt.Sprintf("%d %d false", n, n))
		if kept.header.Get("Cache-Control") != "s-maxage=3600, stale-while-revalidate=31532400" || kept.header.Get("X-Nextjs-Cache") != "HIT" || kept.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: what is kept is %v", what, kept)
		}
		a := s.get(t, key+query, lines...)
		a.want(t, what, 200, kept.body)
		// A cookie that is not the draft's is taken back from who sent it.
		same(what, a, kept, "Cache-Status", "Set-Cookie")

		n++
		a = s.get(t, "/dynamic/1"+query, lines...)
		a.want(t, what, 200, fmt.Sprintf("1 %d", n))
		same(what, a, dynamic, "Content-Length", "Set-Cookie")
		s.get(t, "/forced"+query, lines...).want(t, what, 200, `1[[],"",false,""]`)
		same(what, s.get(t, "/fetch"+query, lines...), fetched, "Set-Cookie")
	}
	for _, line := range crafted.headers {
		check(line, "", line)
	}
	for _, query := range crafted.queries {
		check(query, query)
	}
}

// TestC6: an answer that a header had changed was kept at the plain URL
// (Next.js CVE-2026-44572, CVE-2026-44576). So would be one with the host that
// the first client has named, the headers that middleware has added for him, or
// the origin that may read it.
func TestC6(t *testing.T) {
	s := serve(t, files{
		"portico.config.ts": "export default { cors: [{ source: '/kept/:path*', origins: ['https://a.test', 'https://b.test'], credentials: true }] }",
		"middleware.ts": `
import { NextResponse } from 'next/server'
export function middleware(r: any) {
	const who = r.cookies.get('who')?.value
	if (who === 'moved') return NextResponse.redirect(new URL('/elsewhere', r.url))
	if (who === 'denied') return new Response('denied', { status: 401 })
	if (who === 'variant') return NextResponse.rewrite(new URL('/variant', r.url))
	if (!who) return
	const headers = new Headers(r.headers)
	headers.set('x-who', who)
	const answer = NextResponse.next({ request: { headers }, headers: { 'x-who': who, vary: 'Cookie' } })
	answer.cookies.set('seen', who)
	return answer
}
export const config = { matcher: '/kept/:path*' }`,
		"app/kept/[id]/route.ts": `
export const dynamic = 'force-static'
export const GET = (r: any) => Response.json({ url: r.url, next: r.nextUrl.href, who: r.headers.get('x-who'), host: r.headers.get('host') })`,
		"app/kept/moved/[id]/route.ts": `
export const dynamic = 'force-static'
export const GET = (r: Request) => Response.redirect(new URL('/elsewhere', r.url))`,
		"app/variant/route.ts": `
export const dynamic = 'force-static'
export const GET = () => new Response('variant')`,
		"app/big/[id]/route.ts": `
export const dynamic = 'force-static'
export const GET = () => new Response('big '.repeat(1000), { headers: { 'content-type': 'text/plain' } })`,
	})
	n := 0
	check := func(lines ...string) {
		t.Helper()
		for _, prefix := range []string{"/kept/", "/kept/moved/"} {
			n++
			path := fmt.Sprint(prefix, n)
			s.get(t, path, lines...) // the first, by whom it is made
			for range 2 {
				a := s.get(t, path)
				text := fmt.Sprint(a)
				if strings.Contains(text, "evil") || strings.Contains(text, "denied") || strings.Contains(text, "variant") || a.header.Get("X-Who")+a.header.Get("Set-Cookie")+a.header.Get("Access-Control-Allow-Origin") != "" || a.status != 200 && prefix == "/kept/" {
					t.Errorf("%q was the first, and another gets %v", lines, a)
				}
				if !strings.Contains(strings.Join(a.header["Vary"], ","), "Origin") {
					t.Errorf("%s does not vary by the origin: %v", path, a)
				}
				if prefix == "/kept/" && a.header.Get("Cache-Control") != "s-maxage=31536000" {
					t.Errorf("%q was the first, and another gets %v", lines, a)
				}
			}
		}
	}
	for _, lines := range [][]string{
		{"Host: evil.test"}, {"Host: evil.test:80"}, {"X-Forwarded-Host: evil.test"}, {"X-Forwarded-Host: evil.test", "X-Forwarded-Proto: https"}, {"X-Forwarded-Proto: evil"}, {"X-Forwarded-Port: 666", "X-Forwarded-Server: evil.test"}, {"Forwarded: host=evil.test;proto=https"}, {"X-Host: evil.test"}, {"X-Original-Host: evil.test"}, {"X-Forwarded-Scheme: evil"}, {"X-Original-URL: /evil", "X-Rewrite-URL: /evil"},
		{"Cookie: who=evil"}, {"Cookie: who=denied"}, {"Cookie: who=variant"}, {"Cookie: who=moved", "Host: evil.test"}, {"Origin: https://a.test"}, {"Origin: https://b.test", "Cookie: who=evil"}, {"Origin: https://evil.test"},
	} {
		check(lines...)
	}
	// The one who asks has his own, beside what is kept.
	path := fmt.Sprint("/kept/", n+1)
	for range 2 {
		for _, who := range []string{"a", "b"} {
			a := s.get(t, path, "Cookie: who="+who, "Origin: https://"+who+".test")
			vary := strings.Join(a.header["Vary"], ",")
			if a.status != 200 || a.header.Get("X-Who") != who || !strings.HasPrefix(a.header.Get("Set-Cookie"), "seen="+who) || a.header.Get("Access-Control-Allow-Origin") != "https://"+who+".test" || !strings.Contains(vary, "Cookie") || !strings.Contains(vary, "Origin") {
				t.Errorf("%s gets %v", who, a)
			}
		}
		s.get(t, path, "Cookie: who=variant").want(t, "a rewrite", 200, "variant")
		s.get(t, path, "Cookie: who=denied").want(t, "a refusal", 401, "denied")
	}
	// Encoded answers of one entry say so.
	for i, first := range []string{"gzip", "br", "zstd", "identity", "", "x-evil", "gzip;q=0"} {
		path := fmt.Sprint("/big/", i)
		s.get(t, path, "Accept-Encoding: "+first)
		for _, coding := range []string{"", "gzip", "br", "identity", "gzip"} {
			a := s.get(t, path, "Accept-Encoding: "+coding)
			got := a.header.Get("Content-Encoding")
			if want := strings.TrimPrefix(coding, "identity"); got != want || !strings.Contains(strings.Join(a.header["Vary"], ","), "Accept-Encoding") || got == "" && a.body != strings.Repeat("big ", 1000) {
				t.Errorf("%q after %q: %v", coding, first, a)
			}
		}
	}
}

// TestC7: Next.js kept the binary answers of its image optimiser without regard
// to the cookies that had gone into them (CVE-2025-57752).
func TestC7(t *testing.T) {
	image := make([]byte, 3000)
	for i := range image {
		image[i] = byte(i)
	}
	up := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(append(image, r.Header.Get("Cookie")...))
	})
	s := serve(t, files{
		"app/asked/route.ts": `
export const GET = async (r: Request) => {
	const a = await fetch(process.env.UP!, { cache: 'force-cache', headers: r.headers.has('cookie') ? { cookie: r.headers.get('cookie')! } : {} })
	return new Response(a.body, { headers: { 'content-type': 'image/png' } })
}`,
		"app/buffer/route.ts": `
import { cookies } from 'next/headers'
export const revalidate = 3600
export const GET = async () => {
	const cookie = (await cookies()).getAll().map((c) => c.name + '=' + c.value).join('; ')
	const a = await fetch(process.env.UP!, { next: { revalidate: 60 }, headers: cookie ? { cookie } : {} } as any)
	return new Response(await a.arrayBuffer(), { headers: { 'content-type': 'image/png' } })
}`,
		"app/blob/route.ts": `
async function bytes(cookie: string) { 'use cache'; const a = await fetch(process.env.UP!, { headers: cookie ? { cookie } : {} }); return new Uint8Array(await a.arrayBuffer()) }
export const GET = async (r: Request) => new Response(await bytes(r.headers.get('cookie') ?? ''), { headers: { 'content-type': 'image/png' } })`,
		"app/all/route.ts": `
export const revalidate = 3600
export const GET = async () => new Response((await fetch(process.env.UP!)).body, { headers: { 'content-type': 'image/png' } })`,
	}, settings{env: []string{"UP=" + up.url}})
	for _, path := range []string{"/asked", "/buffer", "/blob"} {
		for range 2 {
			for _, cookie := range []string{"who=alice", "who=bob", ""} {
				var lines []string
				if cookie != "" {
					lines = []string{"Cookie: " + cookie}
				}
				if a := s.get(t, path, lines...); a.status != 200 || a.body != string(image)+cookie || a.header.Get("Content-Type") != "image/png" {
					t.Errorf("%s %q: %d %v, %d bytes that end with %.20q", path, cookie, a.status, a.header, len(a.body), a.body[max(0, len(a.body)-20):])
				}
			}
		}
	}
	for _, lines := range [][]string{{"Cookie: who=alice"}, nil, {"Range: bytes=0-9"}, {"Accept-Encoding: gzip"}, nil} {
		if a := s.get(t, "/all", lines...); a.status != 200 && a.status != 206 || a.status == 200 && !bytes.Equal([]byte(a.body), image) {
			t.Errorf("%q: %d %v, %d bytes", lines, a.status, a.header, len(a.body))
		}
	}
}

// TestC9: Oathkeeper kept decisions under a token alone, so that one scheme's
// token was good for another's (CVE-2026-33496). No two requests that differ
// have one key.
func TestC9(t *testing.T) {
	up := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		var all []string
		for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "X-A", "X-B", "X-Ab"} {
			all = append(all, fmt.Sprintf("%s=%q", name, r.Header[name]))
		}
		_, _ = fmt.Fprint(w, r.Method, r.URL, all)
	})
	s := serve(t, files{
		"app/fetch/route.ts": `
export const POST = async (r: Request) => {
	const { path = '/', headers = [], ...init } = await r.json()
	const h = new Headers()
	for (const [name, value] of headers) h.append(name, value)
	return new Response(await (await fetch(process.env.UP + path, { ...init, headers: h, cache: 'force-cache' })).text())
}`,
		"app/value/route.ts": `
import { unstable_cache } from 'next/cache'
export const POST = async (r: Request) => {
	const { parts, args } = await r.json()
	return new Response(await unstable_cache(async (...got: any[]) => JSON.stringify([parts, got]), parts)(...args))
}`,
		"app/used/route.ts": `
async function used(...args: any[]) { 'use cache'; return JSON.stringify(args) }
export const POST = async (r: Request) => new Response(await used(...(await r.json()).args))`,
	}, settings{env: []string{"UP=" + up.url}})
	for path, bodies := range map[string][]string{
		"/fetch": {
			`{}`, `{"path": "/?a"}`, `{"path": "/?a="}`, `{"path": "/?a#b"}`, `{"path": "//"}`, `{"path": "/%2F"}`, `{"path": "/A"}`, `{"path": "/a"}`, `{"method": "POST"}`, `{"method": "PUT"}`,
			`{"headers": [["authorization", "Bearer YWxpY2U="]]}`, `{"headers": [["authorization", "Basic YWxpY2U="]]}`, `{"headers": [["authorization", "bearer YWxpY2U="]]}`, `{"headers": [["authorization", "YWxpY2U="]]}`, `{"headers": [["authorization", "Bearer YWxpY2U"]]}`, `{"headers": [["authorization", "Bearer  YWxpY2U="]]}`, `{"headers": [["proxy-authorization", "Bearer YWxpY2U="]]}`, `{"headers": [["x-api-key", "YWxpY2U="]]}`, `{"headers": [["x-api-key", "Bearer YWxpY2U="]]}`, `{"headers": [["cookie", "Bearer YWxpY2U="]]}`,
			`{"headers": [["cookie", "a=1; b=2"]]}`, `{"headers": [["cookie", "b=2; a=1"]]}`, `{"headers": [["cookie", "a=1"]]}`, `{"headers": [["cookie", "a=1; b="]]}`, `{"headers": [["cookie", "A=1"]]}`,
			`{"headers": [["x-a", "1"], ["x-b", "2"]]}`, `{"headers": [["x-a", "2"], ["x-b", "1"]]}`, `{"headers": [["x-a", "1x-b2"]]}`, `{"headers": [["x-ab", "1"]]}`, `{"headers": [["x-a", "b1"]]}`, `{"headers": [["x-a", ""], ["x-b", "1"]]}`, `{"headers": [["x-b", "1"]]}`, `{"headers": [["x-a", "1,x-b:2"]]}`,
		},
		"/value": {
			`{"parts": ["a", "b"], "args": []}`, `{"parts": ["a,b"], "args": []}`, `{"parts": ["a"], "args": ["b"]}`, `{"parts": ["a"], "args": ["b", "c"]}`, `{"parts": ["a"], "args": [["b", "c"]]}`, `{"parts": ["a"], "args": ["b,c"]}`, `{"parts": ["a"], "args": ["[\"b\",\"c\"]"]}`, `{"parts": [], "args": [1]}`, `{"parts": [], "args": ["1"]}`, `{"parts": [], "args": [true]}`, `{"parts": [], "args": ["true"]}`, `{"parts": [], "args": [null]}`, `{"parts": [], "args": ["null"]}`, `{"parts": [], "args": [""]}`, `{"parts": [""], "args": []}`, `{"parts": [], "args": []}`, `{"parts": [], "args": [{"a": 1}]}`, `{"parts": [], "args": [{"a": "1"}]}`, `{"parts": [], "args": [{"a": {"b": 1}}]}`, `{"parts": [], "args": ["Bearer", "x"]}`, `{"parts": [], "args": ["Basic", "x"]}`, `{"parts": ["a-[\"b\"]"], "args": []}`,
		},
		"/used": {
			`{"args": []}`, `{"args": [[]]}`, `{"args": [""]}`, `{"args": [1]}`, `{"args": ["1"]}`, `{"args": [[1]]}`, `{"args": [null]}`, `{"args": ["null"]}`, `{"args": [{}]}`, `{"args": ["Bearer", "x"]}`, `{"args": ["Basic", "x"]}`, `{"args": [["Basic", "x"]]}`, `{"args": ["Basic,x"]}`, `{"args": [{"a": 1, "b": 2}]}`, `{"args": [{"a": 1}, {"b": 2}]}`, `{"args": [-1]}`, `{"args": ["a\u0000b"]}`, `{"args": ["a", "b"]}`, `{"args": ["ab"]}`,
		},
	} {
		first := map[string]string{}
		for round := range 2 {
			seen := map[string]string{}
			for _, body := range bodies {
				a := s.ask(t, "POST", path, body, "Content-Type: application/json")
				if a.status != 200 {
					t.Errorf("%s %s: %v", path, body, a)
				}
				if round == 0 {
					first[body] = a.body
				} else if first[body] != a.body {
					t.Errorf("%s %s: %s, and %s at first", path, body, a.body, first[body])
				}
				if other, ok := seen[a.body]; ok && !upstreamSees(path, body, other) {
					t.Errorf("%s: %s has the answer of %s: %s", path, body, other, a.body)
				}
				seen[a.body] = body
			}
		}
	}
	// And they were kept: this is about keys, not about none.
	n := len(up.requests())
	for range 3 {
		s.ask(t, "POST", "/fetch", `{"headers": [["authorization", "Bearer YWxpY2U="]]}`, "Content-Type: application/json")
	}
	if more := len(up.requests()) - n; more != 0 {
		t.Errorf("the upstream was asked %d times more", more)
	}
}

// upstreamSees reports whether the upstream of TestC9 sees no difference.
func upstreamSees(path, a, b string) bool {
	plain := map[string]bool{`{}`: true, `{"path": "/?a#b"}`: true, `{"path": "/?a"}`: true}
	return path == "/fetch" && plain[a] && plain[b]
}

// TestC10: two credentials that only differ where nobody looks were in one
// flight, and had one answer (Traefik CVE-2026-71326). An answer that turns out
// to be for one alone is not given to those who waited for it.
func TestC10(t *testing.T) {
	hold := make(chan struct{})
	var release func()
	arrived := make(chan struct{}, 1000)
	up := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-hold
		w.Header().Set("Content-Type", "text/plain")
		if line := r.URL.Query().Get("answer"); line != "" {
			name, value, _ := strings.Cut(line, ":")
			w.Header().Set(name, value)
			_, _ = io.WriteString(w, r.RemoteAddr+fmt.Sprint(len(arrived)))
			return
		}
		_, _ = io.WriteString(w, r.Header.Get("Authorization")+r.Header.Get("Cookie"))
	})
	release = sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release)
	// Whatever an upstream's answer is, no two are the same.
	var count atomic.Int64
	unique := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		line := r.URL.Query().Get("answer")
		name, value, _ := strings.Cut(line, ":")
		w.Header().Set(name, value)
		<-hold
		_, _ = fmt.Fprint(w, count.Add(1))
	})
	s := serve(t, files{
		"app/fetch/route.ts": `
export const GET = async (r: Request) => {
	const headers: any = {}
	for (const name of ['authorization', 'cookie']) if (r.headers.has(name)) headers[name] = r.headers.get(name)
	return new Response(await (await fetch(process.env.UP!, { headers, cache: 'force-cache' })).text())
}`,
		"app/value/route.ts": `
import { unstable_cache } from 'next/cache'
const value = unstable_cache(async (who: string) => (await fetch(process.env.UP!, { headers: { authorization: who } })).text())
export const GET = async (r: Request) => new Response(await value(r.headers.get('authorization') ?? r.headers.get('cookie')!))`,
		"app/used/route.ts": `
async function used(who: string) { 'use cache'; return (await fetch(process.env.UP!, { headers: { authorization: who } })).text() }
export const GET = async (r: Request) => new Response(await used(r.headers.get('authorization') ?? r.headers.get('cookie')!))`,
		"app/alone/[how]/route.ts": `
export const fetchCache = 'default-cache'
export const GET = async (r: any, { params }: any) => new Response(await (await fetch(process.env.UNIQUE + '/?answer=' + (await params).how)).text())`,
		"app/answer/[how]/route.ts": `
export const revalidate = 3600
export const generateStaticParams = () => []
export const GET = async (r: any, { params }: any) => {
	const [name, value] = decodeURIComponent((await params).how).split(':')
	return new Response(await (await fetch(process.env.UNIQUE + '/?answer=x:1')).text(), { headers: { [name]: value } })
}`,
	}, settings{env: []string{"UP=" + up.url, "UNIQUE=" + unique.url}})
	long := strings.Repeat("a", 4000)
	who := []string{"Bearer a", "Bearer b", "Basic a", "Bearer " + long + "1", "Bearer " + long + "2", "Bearer A", "Bearer"}
	var texts, want []string
	for _, path := range []string{"/fetch", "/value", "/used"} {
		for range 3 {
			for _, v := range who {
				texts, want = append(texts, s.text("GET", path, "", "Authorization: "+v)), append(want, v)
			}
			for _, v := range []string{"s=" + long + "1", "s=" + long + "2"} {
				texts, want = append(texts, s.text("GET", path, "", "Cookie: "+v)), append(want, v)
			}
		}
	}
	alone := len(texts)
	for _, path := range []string{"/alone/Set-Cookie:a=1", "/alone/Cache-Control:private", "/alone/Vary:*", "/answer/Set-Cookie:a=1", "/answer/Cache-Control:private", "/answer/Cache-Control:no-store"} {
		for range 4 {
			texts = append(texts, s.text("GET", path, ""))
		}
	}
	seen := map[string]int{}
	flights := 3 * (len(who) + 2)
	for i, a := range s.together(t, func() {
		for n := range flights { // each credential's has begun
			select {
			case <-arrived:
			case <-time.After(patience):
				t.Errorf("the upstream was asked %d times, want %d", n, flights)
				release()
				return
			}
		}
		release()
	}, texts...) {
		if i < alone {
			a.want(t, texts[i], 200, want[i])
			continue
		}
		if seen[a.body]++; a.status != 200 || seen[a.body] > 1 {
			t.Errorf("%.60q: two have %v", texts[i], a)
		}
	}
	if n := len(up.requests()); n != flights {
		t.Errorf("the upstream was asked %d times, want %d", n, flights)
	}
}

// TestC11: a cache on disk that had no bound filled it (Next.js).
func TestC11(t *testing.T) {
	keys := 10_000
	if os.Getenv("CI") != "" && !testing.Short() {
		keys = 100_000
	}
	dir := t.TempDir()
	s := serve(t, files{
		"portico.config.ts": "export default { cache: { dir: process.env.CACHE, maxMemory: '4mb', maxDisk: '16mb' }, server: { isolates: 2 } }",
		// A thousand at once: values with keys and bodies of any length.
		"app/values/[from]/route.ts": `
import { unstable_cache } from 'next/cache'
const value = unstable_cache(async (id: number, more: string) => id + ' ' + 'v'.repeat(id * 7919 % 3000), ['values'])
export const GET = async (_: Request, { params }: any) => {
	const from = Number((await params).from)
	await Promise.all(Array.from({ length: 1000 }, (_, i) => value(from + i, 'k'.repeat((from + i) % 500))))
	return new Response('done')
}`,
		"app/made/route.ts": `
import { unstable_cache } from 'next/cache'
export const GET = async () => { let made = false; await unstable_cache(async () => { made = true; return 'x'.repeat(1000) }, ['first'])(); return new Response(String(made)) }`,
		"app/route/[id]/route.ts": `
export const dynamic = 'force-static'
export const GET = () => new Response('r'.repeat(3000))`,
		"app/fetch/route.ts": `
export const GET = async (r: any) => new Response(await (await fetch(process.env.UP + '/' + r.nextUrl.searchParams.get('q'), { cache: 'force-cache' })).text())`,
	}, settings{env: []string{"CACHE=" + dir, "UP=" + newUpstream(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, 3000)) }).url}})
	s.get(t, "/made").want(t, "the first", 200, "true")
	s.get(t, "/made").want(t, "again", 200, "false")
	s.get(t, "/route/first").want(t, "a route", 200)
	for from := 0; from < keys; from += 1000 {
		s.get(t, fmt.Sprint("/values/", from)).want(t, fmt.Sprint("values from ", from), 200, "done")
	}
	for i := range keys / 200 {
		s.get(t, fmt.Sprintf("/route/%d-%s", i, strings.Repeat("p", i%1000))).want(t, "a route", 200)
		s.get(t, fmt.Sprintf("/fetch?q=%d-%s", i, strings.Repeat("q", i%1000))).want(t, "a fetch", 200)
	}
	if peak := s.peak(t); peak > 256<<20 {
		t.Errorf("the server has taken %d MB", peak>>20)
	}
	var size int64
	if err := filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			size += info.Size()
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if size == 0 || size > 4*16<<20 {
		t.Errorf("the files have %d bytes, for entries of 16 MB", size)
	}
	// The oldest is out, and the latest is there.
	s.get(t, "/made").want(t, "the oldest", 200, "true")
	if a := s.get(t, "/route/first"); a.status != 200 || a.header.Get("X-Nextjs-Cache") != "MISS" {
		t.Errorf("the oldest route: %v", a)
	}
	last := keys/200 - 1
	if a := s.get(t, fmt.Sprintf("/route/%d-%s", last, strings.Repeat("p", last%1000))); a.header.Get("X-Nextjs-Cache") != "HIT" {
		t.Errorf("the latest route: %d %v", a.status, a.header)
	}
}
