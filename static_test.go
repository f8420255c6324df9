package portico_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

func sources(list ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(list); i += 2 {
		m[list[i]] = &fstest.MapFile{Data: []byte(list[i+1])}
	}
	return m
}

// What a route file says wrongly about being static is an error of the load,
// with its place and a hint.
func TestSegmentErrors(t *testing.T) {
	const get = "\nexport async function GET() { return new Response('x') }\n"
	for _, c := range []struct{ name, file, text, want, hint string }{
		{"dynamic", "app/a/route.ts", "export const dynamic = 'foo'" + get, `app/a/route.ts:1:14: invalid dynamic: expected 'auto' | 'error' | 'force-static' | 'force-dynamic', received "foo"`, "export const dynamic = 'auto'"},
		{"revalidate", "app/a/route.ts", "export const revalidate = 'x'" + get, `app/a/route.ts:1:14: invalid revalidate value "x", must be a non-negative number or false`, "a minute"},
		{"negative", "app/a/route.ts", "export const revalidate = -1" + get, `invalid revalidate value -1`, "a minute"},
		{"fetchCache", "app/a/route.ts", "export const fetchCache = 1" + get, `invalid fetchCache: expected`, "fetchCache = 'auto'"},
		{"runtime", "app/a/route.ts", "export const runtime = 'deno'" + get, `invalid runtime: expected 'nodejs' | 'edge' | 'experimental-edge', received "deno"`, "nodejs"},
		{"dynamicParams", "app/[a]/route.ts", "export const dynamicParams = 'no'" + get, `invalid dynamicParams: expected true or false`, "false"},
		{"maxDuration", "app/a/route.ts", "export const maxDuration = 0" + get, `invalid maxDuration`, "5"},
		{"no function", "app/[a]/route.ts", "export const generateStaticParams = []" + get, `export generateStaticParams is not a function`, "return"},
		{"throws", "app/[a]/route.ts", "export function generateStaticParams() { throw new Error('away') }" + get, "away", "hint"},
		{"no array", "app/[a]/route.ts", "export function generateStaticParams() { return {} }" + get, "generateStaticParams returned an object, want an array of objects", ""},
		{"a number", "app/[a]/route.ts", "export function generateStaticParams() { return [{a: 1}] }" + get, "app/[a]/route.ts:1:17: generateStaticParams: a is 1, want a string", "a string for each"},
		{"no list", "app/[...a]/route.ts", "export function generateStaticParams() { return [{a: 'x'}] }" + get, `a is the string "x", want an array of strings`, ""},
		{"only static", "app/a/route.ts", "export const dynamic = 'error'\nexport async function GET(r: Request) { return new Response(r.url) }", "couldn't be rendered statically because it used `request.url`", "what uses request.url"},
		{"swallowed", "app/a/route.ts", "export const dynamic = 'error'\nexport async function GET(r: Request) { try { r.headers } catch {}; return new Response('') }", "couldn't be rendered statically because it used `request.headers`", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := portico.New(portico.Config{FS: sources(c.file, c.text), Cache: "memory"})
			defer app.Close(t.Context())
			err := app.Load(t.Context())
			if err == nil {
				t.Fatal("it loaded")
			}
			if got := err.Error(); !strings.Contains(got, c.want) || !strings.Contains(got, c.hint) {
				t.Errorf("got  %s\nwant %s\nhint %s", got, c.want, c.hint)
			}
		})
	}
}

// A handler with a lifetime that looks at its request runs for each request,
// whatever it does with the error; what it looked at is all there.
func TestBecomesDynamic(t *testing.T) {
	for _, use := range []string{
		"request.headers.get('x')", "request.url", "request.cookies.get('a')", "await request.text()", "await request.json().catch(() => 1)", "request.body",
		"request.nextUrl.search", "request.nextUrl.searchParams.get('q')", "request.nextUrl.href", "String(request.nextUrl)", "request.nextUrl.clone().search",
		"new Request(request).method", "(() => { try { return request.url } catch { return 1 } })()", "request.clone().headers",
	} {
		t.Run(use, func(t *testing.T) {
			var n atomic.Int64
			up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, n.Add(1)) }))
			defer up.Close()
			s := porticotest.New(t, portico.Config{FS: sources("app/a/route.ts", `export const revalidate = 60;
				export async function GET(request: any) { const seen = `+use+`; const n = await (await fetch('`+up.URL+`', { cache: 'no-store' })).text(); return new Response(n + ' ' + request.nextUrl.search) }`)})
			for i := range 2 {
				a := fetch(t, s, "/a?q=1")
				if a.status != 200 || !strings.HasSuffix(a.body, " ?q=1") || a.h.Get("X-Nextjs-Cache") != "" {
					t.Errorf("request %d: %d %q %v", i, a.status, a.body, a.h)
				}
			}
			want := int64(2)
			if strings.Contains(use, "catch {") || strings.Contains(use, ".catch(") {
				want = 3 // it went on when nobody wanted its answer any more
			}
			if n.Load() > want || n.Load() < 2 {
				t.Errorf("it ran %d times to the end, want once a request", n.Load())
			}
		})
	}
	// What all requests have alike is no reason.
	s := porticotest.New(t, portico.Config{FS: sources("app/a/route.ts", `export const revalidate = 60;
		export async function GET(request: any) { return new Response([request.method, request.nextUrl.pathname, request.nextUrl.host, request.signal.aborted].join()) }`)})
	if a := fetch(t, s, "/a?q=1"); a.body != "GET,/a,localhost:3000,false" || a.h.Get("X-Nextjs-Cache") != "HIT" {
		t.Errorf("%q %v", a.body, a.h)
	}
}

// In development nothing is kept; force-static is blank all the same.
func TestDevKeepsNothing(t *testing.T) {
	s := porticotest.New(t, portico.Config{Dev: true, Isolates: 1, FS: sources(
		"app/a/route.ts", `let n = 0; export const revalidate = 60; export const GET = () => new Response(String(++n))`,
		"app/b/route.ts", `let n = 0; export const dynamic = 'force-static'; export const GET = (r: Request) => new Response(++n + r.url + [...r.headers].length)`)})
	for i := 1; i <= 2; i++ {
		if a := fetch(t, s, "/a"); a.body != fmt.Sprint(i) || a.h.Get("X-Nextjs-Cache") != "" || a.h.Get("Cache-Control") != "" {
			t.Errorf("%q %v", a.body, a.h)
		}
		if a := fetch(t, s, "/b?x=1"); a.body != fmt.Sprintf("%dhttp://localhost:3000/b0", i) || a.h.Get("X-Nextjs-Cache") != "" {
			t.Errorf("%q %v", a.body, a.h)
		}
	}
}

// With dynamicParams = false only what is listed is there, and the next route
// is asked for the rest.
func TestListedParams(t *testing.T) {
	for _, dev := range []bool{false, true} {
		s := porticotest.New(t, portico.Config{Dev: dev, FS: sources(
			"app/g/[id]/route.ts", `export const dynamicParams = false; export const generateStaticParams = async () => [{ id: 'a b' }, { id: 'é/x' }, { other: 'x' }];
				export const GET = async (_: Request, { params }: any) => Response.json(await params); export const POST = GET`,
			"app/g/[...rest]/route.ts", `export const GET = () => new Response('rest')`)})
		for path, want := range map[string]string{"/g/a%20b": `{"id":"a b"}`, "/g/%61%20b": `{"id":"a b"}`, "/g/%C3%A9%2Fx": `{"id":"é/x"}`, "/g/c": "rest", "/g/a": "rest"} {
			if a := fetch(t, s, path); a.status != 200 || a.body != want {
				t.Errorf("dev %v: %s: %d %q, want %q", dev, path, a.status, a.body, want)
			}
		}
	}
}

// Bodies that stream are kept whole; one that fails half-way is not kept, and
// one without an end does not hold anybody up for longer than a handler may
// take.
func TestStaticStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := porticotest.New(t, portico.Config{Isolates: 1, HandlerTimeout: time.Second, FS: sources(
			"app/[kind]/route.ts", `let n = 0;
				export const dynamic = 'force-static';
				export async function GET(_: Request, { params }: any) {
					const { kind } = await params; let i = 0; const run = ++n;
					return new Response(new ReadableStream({ async pull(c) {
						if (i++ < 3) return c.enqueue(new TextEncoder().encode(kind + run + ' '));
						if (kind === 'bad') throw new Error('half-way');
						if (kind === 'endless') return new Promise(() => {});
						c.close();
					} }));
				}`)})
		for range 2 {
			if a := fetch(t, s, "/good"); a.body != "good1 good1 good1 " {
				t.Errorf("%q", a.body)
			}
		}
		for i := range 2 {
			if a := fetch(t, s, "/bad"); a.status != 500 {
				t.Errorf("request %d: %d %q", i, a.status, a.body)
			}
		}
		if a := fetch(t, s, "/endless"); a.status != 504 && a.status != 500 {
			t.Errorf("%d %q", a.status, a.body)
		}
	})
}

// A static answer that cannot be made while the server starts is made when it is
// asked for: the server starts all the same.
func TestPrerenderFails(t *testing.T) {
	var up atomic.Bool
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, "here")
	}))
	defer upstream.Close()
	s := porticotest.New(t, portico.Config{FS: sources("app/a/route.ts", `export const dynamic = 'force-static';
		export async function GET() { return new Response(await (await fetch('`+upstream.URL+`')).text()) }`)})
	if a := fetch(t, s, "/a"); a.status != 500 {
		t.Errorf("%d %q", a.status, a.body)
	}
	up.Store(true)
	for range 2 {
		if a := fetch(t, s, "/a"); a.status != 200 || a.body != "here" {
			t.Errorf("%d %q", a.status, a.body)
		}
	}
}

// httpAgentOptions.keepAlive: false has a connection for each fetch.
func TestNoKeepAlive(t *testing.T) {
	for set, want := range map[string]int64{"true": 1, "false": 3} {
		var conns atomic.Int64
		up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "x") }))
		up.Config.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				conns.Add(1)
			}
		}
		up.Start()
		s := porticotest.New(t, portico.Config{FS: sources("next.config.js", "module.exports = { httpAgentOptions: { keepAlive: "+set+" } }",
			"app/a/route.ts", "export const GET = async () => new Response(await (await fetch('"+up.URL+"')).text())")})
		for range 3 {
			if a := fetch(t, s, "/a"); a.body != "x" {
				t.Errorf("%d %q", a.status, a.body)
			}
		}
		up.Close()
		if got := conns.Load(); got != want {
			t.Errorf("keepAlive: %s: %d connections, want %d", set, got, want)
		}
	}
}

// What is made ahead is told one by one, and is there before anybody asks.
func TestOnPrerender(t *testing.T) {
	var told []string
	s := porticotest.New(t, portico.Config{OnPrerender: func(done, all int) { told = append(told, fmt.Sprint(done, "/", all)) },
		FS: sources("app/[id]/route.ts", `export const generateStaticParams = () => [{ id: 'a' }, { id: 'b' }, { id: 'c' }]
			export const GET = async (_: Request, { params }: any) => new Response((await params).id)`)})
	if got := strings.Join(told, " "); got != "1/3 2/3 3/3" {
		t.Errorf("told %s", got)
	}
	for _, id := range []string{"a", "b", "c"} {
		if a := fetch(t, s, "/"+id); a.body != id || a.h.Get("X-Nextjs-Cache") != "HIT" {
			t.Errorf("%s: %q %v", id, a.body, a.h)
		}
	}
}
