package portico_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/portico-dev/portico"
)

// noise is a stream of bytes that do not repeat, and its digest.
func noise(seed uint64, size int64) (r io.Reader, digest func() string) {
	h := sha256.New()
	src := rand.NewChaCha8([32]byte{byte(seed)})
	return io.TeeReader(io.LimitReader(src, size), h), func() string { return hex.EncodeToString(h.Sum(nil)) }
}

// digester is an upstream that answers with the digest of what it received.
func digester(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		n, err := io.Copy(h, r.Body)
		if err != nil {
			t.Errorf("the upstream's body broke off after %d bytes: %v", n, err)
		}
		fmt.Fprintf(w, "%d %s", n, hex.EncodeToString(h.Sum(nil)))
	}))
	t.Cleanup(s.Close)
	return s
}

const digestRoute = `
	export async function POST(request: Request) {
		const bytes = await request.bytes()
		const digest = await crypto.subtle.digest('SHA-256', bytes)
		return new Response(bytes.length + ' ' + new Uint8Array(digest).toHex())
	}`

func post(t *testing.T, url string, size int64, chunked bool) {
	t.Helper()
	body, digest := noise(uint64(size), size)
	req, err := http.NewRequest("POST", url, body)
	if err != nil {
		t.Fatal(err)
	}
	if !chunked {
		req.ContentLength = size
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%d %s", size, digest()); string(b) != want || res.StatusCode != 200 {
		t.Errorf("%s of %d bytes, chunked %v: got %d %.200s, want %s", url, size, chunked, res.StatusCode, b, want)
	}
}

// TestMiddlewareBody: whatever middleware reads of a body, the handler has all
// of it, and so has another server that the request is sent on to.
func TestMiddlewareBody(t *testing.T) {
	up := digester(t)
	s := serve(t, portico.Config{Environ: []string{"UP=" + up.URL}, BodyLimit: -1}, map[string]string{
		"app/digest/route.ts": digestRoute,
		"middleware.ts": `
			import { NextResponse, type NextRequest } from 'next/server'
			export async function middleware(request: NextRequest, event) {
				const { searchParams } = request.nextUrl
				switch (searchParams.get('read')) {
					case 'text': await request.text(); break
					case 'clone': await request.clone().arrayBuffer(); break
					case 'part': {
						const reader = request.body.getReader()
						await reader.read()
						break
					}
					case 'stream': for await (const _ of request.body); break
					case 'later': event.waitUntil(request.arrayBuffer()); break
				}
				if (searchParams.has('away')) return NextResponse.rewrite(process.env.UP + '/x')
			}`,
	})
	for _, read := range []string{"none", "text", "clone", "part", "stream", "later"} {
		for _, away := range []string{"", "&away"} {
			for _, size := range []int64{1, 1000, 64 << 10, 64<<10 + 1, 3 << 20} {
				for _, chunked := range []bool{false, true} {
					post(t, s.URL+"/digest?read="+read+away, size, chunked)
				}
			}
		}
	}
}

// TestUpload: 1 GiB passes through middleware and the proxy byte for byte, and
// memory does not grow with it. What the middleware itself reads waits on disk.
func TestUpload(t *testing.T) {
	if testing.Short() {
		t.Skip("moves more than 1 GiB")
	}
	up := digester(t)
	s := serve(t, portico.Config{Environ: []string{"UP=" + up.URL}}, map[string]string{
		"app/a/route.ts": "export const GET = () => new Response()",
		"next.config.mjs": `
			export default { rewrites: async () => [{ source: '/up/:path*', destination: process.env.UP + '/:path*' }] }`,
		"middleware.ts": `
			import { NextResponse, type NextRequest } from 'next/server'
			export async function middleware(request: NextRequest) {
				let n = 0
				if (request.nextUrl.pathname === '/up/read') for await (const chunk of request.body) n += chunk.length
				return NextResponse.next({ headers: { 'x-read': String(n) } })
			}`,
	})
	for _, c := range []struct {
		path string
		size int64
	}{{"/up/untouched", 1 << 30}, {"/up/read", 128 << 20}} {
		peak := watchHeap()
		post(t, s.URL+c.path, c.size, false)
		if grew := peak(); grew > 24<<20 {
			t.Errorf("%s: the heap grew by %d MiB", c.path, grew>>20)
		}
	}
}

// TestGoMiddlewareFirst: Go middleware stands before middleware.ts, and can do
// all that it can.
func TestGoMiddlewareFirst(t *testing.T) {
	var mu sync.Mutex
	var order []string
	note := func(s string) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, s)
	}
	files := map[string]string{
		"app/seen/route.ts": `
			export const GET = (request: Request) => Response.json([request.headers.get('x-go'), request.headers.get('x-script'), new URL(request.url).pathname], { headers: { 'x-handler': '1', 'x-both': 'handler' } })`,
		"middleware.ts": `
			import { NextResponse, type NextRequest } from 'next/server'
			import { note } from 'go:test'
			export async function middleware(request: NextRequest) {
				await note('script ' + request.nextUrl.pathname + ' ' + request.headers.get('x-go'))
				const headers = new Headers(request.headers)
				headers.set('x-script', '1')
				return NextResponse.next({ request: { headers } })
			}`,
	}
	app := func(a *portico.App) {
		a.Expose("test", portico.Funcs{"note": portico.Func(func(_ context.Context, s string) (string, error) { note(s); return "", nil })})
		a.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				note("go " + r.URL.Path)
				if r.URL.Path == "/closed" {
					http.Error(w, "closed", http.StatusForbidden)
					return
				}
				if r.URL.Path == "/old" {
					r.URL.Path = "/seen"
				}
				r.Header.Set("X-Go", "1")
				w.Header().Set("X-Outer", "1")
				w.Header().Set("X-Both", "go")
				next.ServeHTTP(w, r)
			})
		})
	}
	s := serveWith(t, portico.Config{}, files, app)
	res, err := http.Get(s.URL + "/old")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	if got := strings.TrimSpace(string(b)); got != `["1","1","/seen"]` {
		t.Errorf("the handler saw %s", got)
	}
	if h := res.Header; h.Get("X-Outer") != "1" || h.Get("X-Handler") != "1" || strings.Join(h["X-Both"], ",") != "handler" {
		t.Errorf("the headers are %v", res.Header)
	}
	if status, _ := get(t, s.URL+"/closed"); status != 403 {
		t.Errorf("/closed: got %d", status)
	}
	if got := strings.Join(order, ", "); got != "go /old, script /seen 1, go /closed" {
		t.Errorf("the order was %s", got)
	}
}

// TestWebSocket: an upgrade passes through middleware to another server, with
// bytes both ways; a page of another site gets none.
func TestWebSocket(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-User: %s\r\n\r\n", r.Header.Get("X-User"))
		rw.Flush()
		for {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			fmt.Fprint(rw, strings.ToUpper(line))
			rw.Flush()
		}
	}))
	defer up.Close()
	s := serve(t, portico.Config{Environ: []string{"UP=" + up.URL}}, map[string]string{
		"app/a/route.ts":  "export const GET = () => new Response()",
		"next.config.mjs": `export default { rewrites: async () => [{ source: '/ws', destination: process.env.UP + '/socket' }] }`,
		"middleware.ts": `
			import { NextResponse, type NextRequest } from 'next/server'
			export function middleware(request: NextRequest) {
				if (!request.cookies.has('session')) return new Response('who are you?', { status: 401 })
				const headers = new Headers(request.headers)
				headers.set('x-user', 'ada')
				return NextResponse.next({ request: { headers }, headers: { 'x-mw': '1' } })
			}`,
	})
	dial := func(header string) (net.Conn, *bufio.Reader, *http.Response) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", header)
		r := bufio.NewReader(conn)
		res, err := http.ReadResponse(r, &http.Request{Method: "GET"})
		if err != nil {
			t.Fatal(err)
		}
		return conn, r, res
	}
	if _, _, res := dial(""); res.StatusCode != 401 {
		t.Errorf("without a session: got %d", res.StatusCode)
	}
	if _, _, res := dial("Cookie: session=1\r\nOrigin: https://evil.test\r\n"); res.StatusCode != 403 {
		t.Errorf("from another site: got %d", res.StatusCode)
	}
	conn, r, res := dial("Cookie: session=1\r\nOrigin: http://example.com\r\n")
	if res.StatusCode != 101 || res.Header.Get("X-User") != "ada" || res.Header.Get("X-Mw") != "1" {
		t.Fatalf("got %d %v", res.StatusCode, res.Header)
	}
	for _, line := range []string{"hello\n", strings.Repeat("x", 100000) + "\n"} {
		if _, err := io.WriteString(conn, line); err != nil {
			t.Fatal(err)
		}
		if got, err := r.ReadString('\n'); err != nil || got != strings.ToUpper(line) {
			t.Fatalf("got %.50q, %v", got, err)
		}
	}
}

// TestBodyLimitExport: a route says how much it reads, and the configuration
// says it for all.
func TestBodyLimitExport(t *testing.T) {
	s := serve(t, portico.Config{BodyLimit: 1000}, map[string]string{
		"app/small/route.ts":  "export const bodyLimit = '10b'\nexport const POST = async (r: Request) => new Response(await r.text())",
		"app/large/route.ts":  "export const bodyLimit = '1mb'\nexport const POST = async (r: Request) => new Response(String((await r.text()).length))",
		"app/stream/route.ts": "export const POST = (r: Request) => new Response(r.body)",
		"app/plain/route.ts":  "export const POST = async (r: Request) => new Response(String((await r.clone().text()).length))",
		"app/caught/route.ts": "export const POST = async (r: Request) => { try { await r.text() } catch (e) { return new Response(e.name + ': ' + e.message) } return new Response('read') }",
	})
	for _, c := range []struct {
		path   string
		size   int
		status int
		body   string
	}{
		{"/small", 10, 200, ""}, {"/small", 11, 413, ""}, {"/large", 2000, 200, "2000"}, {"/plain", 1000, 200, "1000"}, {"/plain", 1001, 413, ""},
		{"/stream", 5000, 200, ""}, {"/stream", 3 << 20, 200, ""}, {"/caught", 1001, 200, "TypeError: terminated"},
	} {
		for _, chunked := range []bool{false, true} {
			var body io.Reader = bytes.NewReader(bytes.Repeat([]byte("x"), c.size))
			if chunked {
				body = io.MultiReader(body)
			}
			res, err := http.Post(s.URL+c.path, "text/plain", body)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || res.StatusCode != c.status || c.body != "" && string(b) != c.body {
				t.Errorf("%s of %d, chunked %v: got %d %.100q, %v; want %d %s", c.path, c.size, chunked, res.StatusCode, b, err, c.status, c.body)
			}
		}
	}
}

// TestBodyLimitBehindMiddleware: the limit is the handler's also where middleware
// stands between, and reads the body or does not.
func TestBodyLimitBehindMiddleware(t *testing.T) {
	s := serve(t, portico.Config{BodyLimit: 10}, map[string]string{
		"middleware.ts":     "export async function middleware(request) { if (request.nextUrl.searchParams.has('read')) try { await request.text() } catch {} }",
		"app/echo/route.ts": "export const POST = async (r: Request) => new Response(await r.text())",
	})
	for _, c := range []struct {
		query  string
		size   int
		status int
	}{{"", 10, 200}, {"", 11, 413}, {"?read", 10, 200}, {"?read", 11, 413}} {
		for _, chunked := range []bool{false, true} {
			var body io.Reader = strings.NewReader(strings.Repeat("x", c.size))
			if chunked {
				body = io.MultiReader(body)
			}
			res, err := http.Post(s.URL+"/echo"+c.query, "text/plain", body)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != c.status {
				t.Errorf("%s of %d, chunked %v: got %d, want %d", c.query, c.size, chunked, res.StatusCode, c.status)
			}
		}
	}
}

// TestCORSHelper: a handler may have CORS of its own, by the rules of the
// configuration's.
func TestCORSHelper(t *testing.T) {
	s := serve(t, portico.Config{}, map[string]string{
		"app/a/route.ts": `
			import { cors } from 'portico/cors'
			const allow = cors({ origins: ['https://app.test'], credentials: true, methods: ['PUT'], maxAge: 60, exposedHeaders: ['x-total'] })
			export const GET = allow(async (request: Request, { params }) => Response.json({ ok: true, none: (await params) === undefined }, { headers: { vary: 'accept' } }))
			export const POST = allow(() => { throw new Error('fails') })
			export const OPTIONS = allow()`,
	})
	for _, c := range []struct {
		method, origin, ask string
		status              int
		origins, vary       string
	}{
		{"GET", "https://app.test", "", 200, "https://app.test true x-total", "accept,Origin"},
		{"GET", "https://app.test.evil.test", "", 200, "  ", "accept,Origin"},
		{"GET", "null", "", 200, "  ", "accept,Origin"},
		{"GET", "", "", 200, "  ", "accept,Origin"},
		{"OPTIONS", "https://app.test", "PUT", 204, "https://app.test true ", "Origin"},
		{"OPTIONS", "https://evil.test", "PUT", 204, "  ", "Origin"},
		{"POST", "https://app.test", "", 500, "  ", ""},
	} {
		req, err := http.NewRequest(c.method, s.URL+"/a", nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.origin != "" {
			req.Header.Set("Origin", c.origin)
		}
		if c.ask != "" {
			req.Header.Set("Access-Control-Request-Method", c.ask)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		h := res.Header
		got := h.Get("Access-Control-Allow-Origin") + " " + h.Get("Access-Control-Allow-Credentials") + " " + h.Get("Access-Control-Expose-Headers")
		if res.StatusCode != c.status || got != c.origins || strings.Join(h["Vary"], ",") != c.vary {
			t.Errorf("%s from %q: got %d %v", c.method, c.origin, res.StatusCode, h)
		}
	}
	for _, options := range []string{"{ origins: ['*'], credentials: true }", "{ origins: ['https://*.test'] }", "{}", "{ origin: 'https://a.test' }", "{ origins: ['null'] }"} {
		app := portico.New(portico.Config{FS: fstest.MapFS{"app/a/route.ts": {Data: []byte("import { cors } from 'portico/cors'\nexport const OPTIONS = cors(" + options + ")()")}}})
		if err := app.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "cors()") {
			t.Errorf("cors(%s): the load says %v", options, err)
		}
		_ = app.Close(t.Context())
	}
}

// TestExpectContinue: a client that waits for leave to send its body gets it
// when the handler reads, and an answer without it when nobody does.
func TestExpectContinue(t *testing.T) {
	s := serve(t, portico.Config{}, map[string]string{
		"app/reads/route.ts": "export const POST = async (r: Request) => new Response(await r.text())",
		"app/no/route.ts":    "export const POST = () => new Response('no', { status: 401 })",
		"app/small/route.ts": "export const bodyLimit = 3\nexport const POST = async (r: Request) => new Response(await r.text())",
	})
	for path, want := range map[string]string{"/reads": "100", "/no": "401", "/small": "413"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", path)
		r := bufio.NewReader(conn)
		line, err := r.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 "+want) {
			t.Errorf("%s: got %q, %v, want %s", path, line, err, want)
		}
		if want == "100" {
			fmt.Fprint(conn, "hello")
			_, _ = r.ReadString('\n')
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if b, _ := io.ReadAll(res.Body); string(b) != "hello" {
				t.Errorf("%s: got %q", path, b)
			}
		}
		conn.Close()
	}
}

// TestRunawayMiddleware: middleware that throws, never answers, or computes
// without end is a 500, and no handler runs.
func TestRunawayMiddleware(t *testing.T) {
	s := serve(t, portico.Config{HandlerTimeout: 300 * time.Millisecond, JobLimit: 300 * time.Millisecond}, map[string]string{
		"app/[[...all]]/route.ts": "export const GET = () => new Response('reached')",
		"middleware.ts": `
			export async function middleware(request) {
				switch (new URL(request.url).pathname) {
					case '/throws': throw new Error('secret')
					case '/rejects': return Promise.reject('secret')
					case '/waits': await new Promise(() => {}); break
					case '/computes': while (true) {}
					case '/deep': { const f = () => f() + 1; f() }
					case '/number': return 7
					case '/error': return Response.error()
					case '/read': { const res = new Response('x'); await res.text(); return res }
					case '/nowhere': { const res = new Response(); res.headers.set('x-middleware-rewrite', 'ftp://example.com/x'); return res }
				}
			}`,
	})
	for _, path := range []string{"/throws", "/rejects", "/waits", "/computes", "/deep", "/number", "/error", "/read", "/nowhere"} {
		status, body := get(t, s.URL+path)
		if status != 500 || strings.Contains(body, "secret") || strings.Contains(body, "reached") {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
	if status, body := get(t, s.URL+"/fine"); status != 200 || body != "reached" {
		t.Errorf("/fine: got %d %s", status, body)
	}
}

// TestBodyFilesAreClosed: what middleware has read of a large body waits in a
// file, which is gone when the request is, whether a handler reads it or not.
func TestBodyFilesAreClosed(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("counts descriptors in /proc")
	}
	s := serve(t, portico.Config{BodyLimit: -1}, map[string]string{
		"app/unread/route.ts": "export const POST = () => new Response('unread')",
		"app/read/route.ts":   "export const POST = async (r: Request) => new Response(String((await r.arrayBuffer()).byteLength))",
		"middleware.ts": `
			export async function middleware(request, event) {
				if (request.headers.get('x-how') === 'later') event.waitUntil(request.arrayBuffer())
				else for await (const _ of request.body);
				if (request.headers.get('x-how') === 'throws') throw new Error('after reading')
			}`,
	})
	spooled := func() (n int) {
		files, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if to, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil && strings.Contains(to, "portico-body-") {
				n++
			}
		}
		return n
	}
	for _, how := range []string{"now", "later", "throws"} {
		for _, path := range []string{"/read", "/unread"} {
			req, err := http.NewRequest("POST", s.URL+path, bytes.NewReader(make([]byte, 4<<20)))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-How", how)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for spooled() > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("%d files are still open", spooled())
		}
		runtime.Gosched()
	}
}

// TestAsyncGeneratorObjects: the objects of async generators, which the bundler
// lowers, look as the language has them.
func TestAsyncGeneratorObjects(t *testing.T) {
	s := serve(t, portico.Config{}, map[string]string{"app/a/route.ts": `
		async function* g() { yield 1; yield 2 }
		export async function GET() {
			const seen = []
			for await (const x of g()) seen.push(x)
			const proto = Object.getPrototypeOf(g())
			const refused = await proto.next.call({}).then(() => 'taken', (e) => e.name)
			return Response.json([seen, Object.prototype.toString.call(g()), typeof proto.return, g()[Symbol.asyncIterator]().next !== undefined, refused])
		}`})
	if status, body := get(t, s.URL+"/a"); status != 200 || body != `[[1,2],"[object AsyncGenerator]","function",true,"TypeError"]` {
		t.Errorf("got %d %s", status, body)
	}
}

// TestModuleScope: a module is evaluated outside of any request, on whichever
// isolate its first request comes to.
func TestModuleScope(t *testing.T) {
	s := serve(t, portico.Config{Isolates: 3}, map[string]string{
		"app/a/route.ts": `
			import { cookies } from 'next/headers'
			const outside = (async () => cookies())().then(() => 'a request', (e) => e.name)
			export async function GET() { return new Response(await outside) }`,
	})
	for range 12 { // one after the other they go to the isolates in turn
		if _, body := get(t, s.URL+"/a"); body != "Error" {
			t.Fatalf("the module's own scope is that of %s", body)
		}
	}
}
