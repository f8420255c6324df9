package security

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestV1: pages of other sites read Next.js's development server, and reached
// Caddy's admin endpoint by a name of theirs that they bound to this machine
// (CVE-2025-48068, CVE-2026-27589).
func TestV1(t *testing.T) {
	s := serve(t, files{"app/x/route.ts": "export const GET = () => new Response('x')\nexport const POST = () => new Response('done')"}, settings{mode: "dev"})
	for _, host := range []string{s.addr, "localhost", "localhost:3000", "app.localhost", "127.0.0.1", "[::1]:3000"} {
		s.get(t, "/x", "Host: "+host).want(t, host, 200, "x")
	}
	for _, host := range []string{"evil.test", "rebound.evil.test", "localhost.evil.test", "127.0.0.1.nip.io", "evil.test:3000", "notlocalhost"} {
		for _, path := range []string{"/x", "/none", "/_next/", "/__nextjs_original-stack-frame", "/__portico", "/debug/pprof/", "/config/", "/"} {
			s.get(t, path, "Host: "+host).want(t, host+path, 421)
		}
	}
	a := s.get(t, "/x", "Origin: https://evil.test")
	for name := range a.header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("another site may read: %v", a)
		}
	}
	s.ask(t, "POST", "/x", "", "Origin: https://evil.test", "Cookie: session=1").want(t, "a POST of another site", 403)
	// There is no endpoint but the project's own, and the one that tells that
	// the server is ready.
	for _, mode := range []string{"dev", "start"} {
		// It has an admin socket, which is a file for its user alone and no port.
		dir, err := os.MkdirTemp("", "v1") // a test's own folder has too long a name for a socket
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		s := serve(t, files{
			"app/x/route.ts":      "export const GET = () => new Response('x')",
			"portico.config.json": fmt.Sprintf(`{"server": {"admin": "unix:%s/admin.sock"}}`, dir),
		}, settings{mode: mode})
		if info, err := os.Stat(filepath.Join(dir, "admin.sock")); err != nil || info.Mode() != fs.ModeSocket|0o600 {
			t.Errorf("the admin socket: %v, %v", info, err)
		}
		if n := s.ports(t); n != 1 {
			t.Errorf("the process listens on %d ports, want 1", n)
		}
		for _, path := range []string{"/cache", "/cache/show?path=/x", "/cache/purge", "/debug/pprof", "/debug/vars", "/metrics", "/config", "/admin", "/_portico", "/__portico", "/portico", "/_next/webpack-hmr", "/_next/static/x", "/__nextjs_launch-editor", "/__nextjs_original-stack-frame?file=app/x/route.ts", "/server-status"} {
			s.get(t, path).want(t, path, 404)
		}
		s.get(t, "/healthz").want(t, "/healthz", 200, `{"status":"ready"}`+"\n")
	}
}

// ports counts the TCP sockets on which the process listens: those of the
// system's tables (proc(5)) whose inodes are among its open files.
func (s *server) ports(t *testing.T) int {
	t.Helper()
	open := map[string]bool{}
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", s.pid))
	if err != nil || len(links) == 0 {
		t.Skip("there is no /proc here")
	}
	for _, l := range links {
		if target, err := os.Readlink(l); err == nil { // or it has been closed
			open[target] = true
		}
	}
	n := 0
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", s.pid, table))
		if err != nil {
			continue // a system without IPv6
		}
		for line := range strings.Lines(string(text)) {
			const listen, state, inode = "0A", 3, 9
			if f := strings.Fields(line); len(f) > inode && f[state] == listen && open["socket:["+f[inode]+"]"] {
				n++
			}
		}
	}
	return n
}

// hiddenPaths are those of what nobody may read.
var hiddenPaths = []string{
	"/.env", "/.env.local", "/.ENV", "/.env/", "/%2eenv", "/.git/config", "/package.json", "/portico.config.ts", "/lib/a.ts", "/app/x/route.ts", "/x/route.ts", "/x/route.js", "/x/route.js.map", "/x.map", "/route.js.map", "/x.js", "/main.js.map", "/bundle.js", "/bundle.js.map",
	"/../.env", "/%2e%2e/.env", "/app/../.env", "/public/../.env", "/.next/server/app/x/route.js", "/_next/static/chunks/app/x/route.js.map", "/static/../.env", "/x/../.env", "/.env?raw", "/@fs/.env", "/__source?file=.env",
}

// TestV2: source maps and sources of Next.js's projects could be read over HTTP
// (GHSA-w37m-7fhw-fmv9).
func TestV2(t *testing.T) {
	project := files{
		"app/x/route.ts":    "// SECRET comment\nexport const GET = () => { throw new Error('SECRET message') }",
		".env":              "KEY=SECRET",
		".env.local":        "OTHER=SECRET",
		"portico.config.ts": "// SECRET\nexport default { env: { INLINED: 'SECRET' } }",
		"package.json":      `{ "name": "SECRET" }`,
		"lib/a.ts":          "// SECRET",
		".git/config":       "SECRET",
	}
	// With files that are served beside them it is the same.
	s := serve(t, project.with(files{"portico.config.ts": "// SECRET\nexport default { frontend: 'dist', env: { INLINED: 'SECRET' } }", "public/a.txt": "a", "dist/index.html": "page"}))
	s.get(t, "/a.txt").want(t, "a file", 200, "a")
	hide := func(path string) {
		t.Helper()
		if a := s.hidden(t, "GET", path); a.status != 404 && a.status != 400 {
			t.Errorf("%s: got %v, want 404", path, a)
		}
	}
	for _, path := range hiddenPaths {
		hide(path)
	}
	s = serve(t, project)
	for _, path := range hiddenPaths {
		hide(path)
	}
	// In production an error says nothing of the project either.
	for _, accept := range []string{"*/*", "text/html", "application/json"} {
		if a := s.hidden(t, "GET", "/x", "Accept: "+accept); a.status != 500 || strings.Contains(a.body, "route.ts") {
			t.Errorf("an error for %s: %v", accept, a)
		}
	}
}

// TestV3: Caddy expanded {env.SECRET} in what a user had sent, when a rule put
// it into a header (CVE-2026-30852).
func TestV3(t *testing.T) {
	up := newUpstream(t, nil)
	s := serve(t, files{
		"next.config.ts": `
export default {
  headers: async () => [
    { source: '/h/:x', headers: [{ key: 'x-said', value: ':x' }] },
    { source: '/q', has: [{ type: 'query', key: 'a', value: '(?<a>.*)' }], headers: [{ key: 'x-said', value: ':a' }] },
  ],
  redirects: async () => [{ source: '/r/:x', destination: '/to/:x', permanent: false }, { source: '/rq', has: [{ type: 'query', key: 'a', value: '(?<a>.*)' }], destination: '/to?b=:a', permanent: false }],
  rewrites: async () => [{ source: '/w/:x', destination: process.env.UP + '/to/:x' }, { source: '/wq', has: [{ type: 'header', key: 'x-a', value: '(?<a>.*)' }], destination: process.env.UP + '/to?b=:a' }],
}`,
		"app/q/route.ts":     "export const GET = () => new Response('')",
		"app/h/[x]/route.ts": "export const GET = () => new Response('')",
	}, settings{env: []string{"UP=" + up.url, "HIDDEN=SECRET"}})
	for _, text := range []string{"{env.HIDDEN}", "{$HIDDEN}", "${HIDDEN}", "$HIDDEN", "${process.env.HIDDEN}", "{{env.HIDDEN}}", "%HIDDEN%", ":HIDDEN", ":x", ":a", ":0", ":path*", "$1", "\\1", "#{HIDDEN}", "{http.request.header.X-A}"} {
		for _, target := range []string{"/h/" + text, "/q?a=" + text, "/r/" + text, "/rq?a=" + text, "/w/" + text, "/wq?x"} {
			for _, a := range s.raw(t, s.text("GET", target, "", "X-A: "+text)) {
				if said := fmt.Sprint(a.header, a.body); strings.Contains(said, "SECRET") {
					t.Errorf("%s: got %v", target, a)
				}
			}
		}
	}
	s.get(t, "/q?a=:a").want(t, "/q", 200)
	if strings.Contains(up.bytes(), "SECRET") || len(up.requests()) == 0 {
		t.Errorf("the upstream was sent %q", up.bytes())
	}
	if said := s.get(t, "/h/:x").header.Get("X-Said"); said != ":x" {
		t.Errorf("a value was expanded again: %q", said)
	}
}

// TestI1: vinext kept the context of a request in a place that the next one
// found (its audit: shared asynchronous state).
func TestI1(t *testing.T) {
	up := newUpstream(t, nil)
	s := serve(t, files{
		"portico.config.ts": "export default { server: { isolates: 1 } }",
		"middleware.ts": `
import { NextResponse } from 'next/server'
export async function middleware(request: Request) {
  const headers = new Headers(request.headers)
  const user = request.headers.get('x-as')!
  await fetch(process.env.UP!)
  headers.set('x-user', user)
  const answer = NextResponse.next({ request: { headers } })
  answer.cookies.set('mw', user)
  return answer
}`,
		"app/who/route.ts": `
import { cookies, headers } from 'next/headers'
const later = () => new Promise((r) => setTimeout(r, Math.random() * 3))
const ask = async () => { await later(); return (await cookies()).get('session')?.value }
export const POST = async (r: any) => {
  const said = [(await headers()).get('x-user'), (await cookies()).get('mw')?.value]
  await fetch(process.env.UP!)
  said.push((await headers()).get('x-user'), await ask(), r.headers.get('x-user'), r.nextUrl.searchParams.get('u'), await r.text())
  await later()
  const [a, b] = await Promise.all([ask(), ask()])
  said.push(a, b, (await headers()).get('x-as'), r.cookies.get('session')?.value)
  ;(await cookies()).set('out', said[0]!)
  return new Response(said.join(' '))
}`,
	}, settings{env: []string{"UP=" + up.url}})
	var wait sync.WaitGroup
	var mu sync.Mutex
	wrong := 0
	for user := range 20 {
		wait.Go(func() {
			name := fmt.Sprintf("user%d", user)
			want := strings.TrimSpace(strings.Repeat(name+" ", 11))
			for range 10 {
				a := s.ask(t, "POST", "/who?u="+name, name, "X-As: "+name, "Cookie: session="+name)
				if set := strings.Join(a.header["Set-Cookie"], "|"); a.body != want || strings.Count(set, name+";") != 2 {
					mu.Lock()
					if wrong++; wrong < 4 {
						t.Errorf("%s: got %v", name, a)
					}
					mu.Unlock()
				}
			}
		})
	}
	wait.Wait()
}

// TestI2: an isolate serves one request after the other, and what one of them
// broke off must not be found by the next.
func TestI2(t *testing.T) {
	s := serve(t, files{
		"portico.config.ts": "export default { server: { isolates: 1, jobLimit: '100ms', handlerTimeout: '300ms' } }",
		"app/break/[how]/route.ts": `
import { cookies, headers } from 'next/headers'
const ways: Record<string, (r: any) => unknown> = {
  throws: () => { throw new Error('broken') },
  loops: () => { while (true); },
  recurses: () => { const f = (): any => f() + 1; return f() },
  json: () => JSON.stringify({ toJSON() { while (true); } }),
  sort: () => [3, 2, 1].sort(() => { throw new Error('broken') }),
  proxy: () => new URL(new Proxy({}, { get() { while (true); } }) as any),
  stream: () => new Response(new ReadableStream({ pull() { throw new Error('broken') } })),
  never: () => new Promise(() => {}),
  body: async (r) => { await r.json() },
  rejects: () => Promise.reject(new Error('broken')),
}
export const POST = async (r: any, { params }: any) => {
  (await cookies()).set('left', 'behind')
  return await ways[(await params).how](r)
}`,
		"app/fine/route.ts": `
import { cookies, headers } from 'next/headers'
export const POST = async (r: any) => {
  const seen = [(await cookies()).get('left')?.value, (await headers()).get('x-mine'), await r.text(), JSON.stringify({ a: [1] }), [3, 2, 1].sort().join('')]
  await new Promise((done) => setTimeout(done))
  return new Response(seen.join(' '))
}`,
	})
	for _, how := range []string{"throws", "loops", "recurses", "json", "sort", "proxy", "stream", "never", "body", "rejects"} {
		for _, a := range s.raw(t, s.text("POST", "/break/"+how, "body of "+how, "X-Mine: broken", "Cookie: left=broken")) {
			if a.status < 500 && how != "stream" {
				t.Errorf("%s: got %v", how, a)
			}
		}
		a := s.ask(t, "POST", "/fine", "mine", "X-Mine: mine")
		a.want(t, "after "+how, 200, ` mine mine {"a":[1]} 123`)
		if len(a.header["Set-Cookie"]) > 0 {
			t.Errorf("after %s: got %v", how, a)
		}
	}
}
