package security

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestS1: Next.js took the origin "null", which every sandboxed frame has, for
// none at all (CVE-2026-27978).
func TestS1(t *testing.T) {
	s := serve(t, files{
		"app/act/route.ts":  "export const POST = () => new Response('done')\nexport const PUT = POST\nexport const PATCH = POST\nexport const DELETE = POST",
		"app/hook/route.ts": "export const csrf = false\nexport const POST = () => new Response('done')",
		"next.config.ts":    "export default { rewrites: async () => [{ source: '/alias', destination: '/act' }] }",
	})
	own := "Origin: http://" + s.addr
	for _, path := range []string{"/act", "/alias"} {
		s.ask(t, "POST", path, "", "Cookie: session=1", own).want(t, "from its own page", 200, "done")
		s.ask(t, "POST", path, "", "Cookie: session=1").want(t, "from no browser", 200, "done")
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			for _, lines := range [][]string{
				{"Origin: null"}, {"Origin: NULL"}, {"Origin:"}, {"Origin: https://evil.test"}, {"Origin: null", own}, {own, "Origin: null"}, {"Origin: null", "Referer: http://" + s.addr + "/"},
				{"Origin: null", "Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: same-site"}, {own, "Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: anything"},
				{"Origin: null", "Content-Type: text/plain"}, {"Origin: null", "X-Requested-With: XMLHttpRequest"}, {"Origin: http://" + s.addr + ".evil.test"}, {"Origin: http://evil.test#" + s.addr}, {"Origin: http://evil.test/http://" + s.addr}, {"Origin: http://" + s.addr + "@evil.test"}, {own + " http://evil.test"},
			} {
				lines = append(lines, "Cookie: session=1")
				s.ask(t, method, path, "", lines...).want(t, fmt.Sprint(method, lines), 403)
			}
		}
	}
	// The refusal says what failed and how to let an origin in.
	if a := s.ask(t, "POST", "/act", "", "Cookie: session=1", "Origin: https://partner.test"); !strings.Contains(a.body, "Origin") || !strings.Contains(a.body, "trustedOrigins: ['https://partner.test']") {
		t.Errorf("the refusal is %v", a)
	}
	// And a route can do without, which is no way around for another.
	s.ask(t, "POST", "/hook", "", "Cookie: session=1", "Origin: null").want(t, "a route without the check", 200, "done")
	for _, target := range []string{"/act?/hook", "/hook/../act", "/act;/hook", "//hook/../act"} {
		if a := s.ask(t, "POST", target, "", "Cookie: session=1", "Origin: null"); a.status == 200 {
			t.Errorf("%s: got %v", target, a)
		}
	}
}

// TestS3: gorilla/csrf compared the host of an origin and not its scheme, so
// that whoever can answer for http: could act for https: (CVE-2025-24358,
// CVE-2025-47909).
func TestS3(t *testing.T) {
	s := serve(t, files{
		"portico.config.ts": "export default { publicOrigin: 'https://app.test', csrf: { trustedOrigins: ['https://partner.test'] } }",
		"app/act/route.ts":  "export const POST = () => new Response('done')",
	})
	post := func(origin string) answer {
		return s.ask(t, "POST", "/act", "", "Host: app.test", "Cookie: session=1", "Origin: "+origin)
	}
	for _, origin := range []string{"https://app.test", "https://partner.test"} {
		post(origin).want(t, origin, 200, "done")
	}
	for _, origin := range []string{
		"http://app.test", "http://partner.test", "http://app.test:443", "https://app.test:444", "https://app.test:80", "ws://app.test", "ftp://app.test", "app.test", "//app.test", "https://sub.app.test", "https://sub.partner.test", "https://partner.test.evil.test", "https://evilpartner.test", "https://app.test/", "https://app.test ,http://evil.test", "https:app.test",
	} {
		post(origin).want(t, origin, 403)
	}
}

// TestS4: Hono, Fiber and rs/cors could be told to allow cookies for every
// origin, and did (GHSA-88fw-hqm2-52qc, CVE-2024-25124, CVE-2018-20744).
func TestS4(t *testing.T) {
	app := files{"app/route.ts": "export const GET = () => new Response('')"}
	for _, rule := range []string{
		"{ origins: '*', credentials: true }", "{ origins: ['*'], credentials: true }", "{ origins: ['*', 'https://a.test'], credentials: true }", "{ origins: ['https://a.test', '*'] }",
		"{ origins: ['null'], credentials: true }", "{ origins: ['NULL'] }", "{ origins: ['https://*.a.test'], credentials: true }", "{ origins: ['*.a.test'] }", "{ origins: ['https://*'] }", "{ origins: ['http*://a.test'] }",
		"{ origins: ['https://a.test'], credentials: true, headers: ['*'] }", "{ origins: ['https://a.test'], credentials: true, methods: ['*'] }", "{ origins: ['https://a.test'], credentials: true, exposedHeaders: ['*'] }",
		"{ origins: [] , credentials: true }", "{ credentials: true }", "{ origins: [/a/], credentials: true }", "{ origins: () => true, credentials: true }", "{ origins: true, credentials: true }", "[{ origins: ['https://a.test'] }, { origins: '*', credentials: true }]",
	} {
		if said := refused(t, app.with(files{"portico.config.ts": "export default { cors: " + rule + " }"})); !strings.Contains(said, "cors") {
			t.Errorf("%s: the refusal does not say why: %s", rule, said)
		}
	}
}

// partners are two origins that may read answers with cookies, and one route
// that all may read.
var partners = files{
	"portico.config.ts": `
export default {
  cors: [
    { source: '/open', origins: '*' },
    { origins: ['https://foo.com', 'https://bar.com', 'http://localhost:3000'], credentials: true, maxAge: 600 },
  ],
  rewrites: async () => [{ source: '/up/:path*', destination: process.env.UP + '/:path*' }],
}`,
	"middleware.ts": `
import { NextResponse } from 'next/server'
export function middleware(request: Request) {
  const { pathname } = new URL(request.url)
  if (pathname === '/denied') return new Response('denied', { status: 401, headers: { vary: 'Cookie' } })
  if (pathname === '/moved') return NextResponse.redirect(new URL('/x', request.url))
  if (pathname === '/thrown') throw new Error('thrown')
}`,
	"app/x/route.ts":      "export const GET = () => new Response('x')\nexport const POST = GET",
	"app/vary/route.ts":   "export const GET = () => new Response('x', { headers: { vary: 'Accept-Language' } })",
	"app/star/route.ts":   "export const GET = () => new Response('x', { headers: { vary: '*' } })",
	"app/open/route.ts":   "export const GET = () => new Response('x')",
	"app/denied/route.ts": "export const GET = () => new Response('never')",
	"app/throws/route.ts": "export const GET = () => { throw new Error('thrown') }",
}

// TestS5: github.com/gin-contrib/cors and others joined their origins to one
// pattern, which https://barfoo.com fitted (GO-2024-2813).
func TestS5(t *testing.T) {
	s := serve(t, partners, settings{env: []string{"UP=http://127.0.0.1:9"}})
	preflight := func(path, origin string, lines ...string) answer {
		return s.ask(t, "OPTIONS", path, "", append([]string{"Origin: " + origin, "Access-Control-Request-Method: POST"}, lines...)...)
	}
	for _, origin := range []string{"https://foo.com", "https://bar.com", "http://localhost:3000"} {
		for _, a := range []answer{s.get(t, "/x", "Origin: "+origin), preflight("/x", origin)} {
			if a.header.Get("Access-Control-Allow-Origin") != origin || a.header.Get("Access-Control-Allow-Credentials") != "true" || len(a.header["Access-Control-Allow-Origin"]) != 1 {
				t.Errorf("%s: got %v", origin, a)
			}
		}
	}
	// Asked before anybody has been let in, a preflight carries no cookies.
	preflight("/denied", "https://foo.com").want(t, "a preflight of a guarded route", 204, "")
	for _, origin := range []string{
		"https://barfoo.com", "https://foo.com.evil.test", "https://foo.combar.com", "https://foo.com,https://bar.com", "https://foo.com https://evil.test", "https://evil.test https://foo.com", "http://foo.com", "https://foo.com:444", "https://foo.com:443", "https://sub.foo.com", "https://foo.com/", "https://foo.com.", "https://FOO.com", "HTTPS://foo.com",
		"https://foo_com", "https://fooxcom", "https://foo.co", "https://foo.com%00.evil.test", "https://foo.com`.evil.test", "https://foo.com\x0b.evil.test", "null", "NULL", "*", "", "https://", "foo.com", "//foo.com", "http://localhost", "http://localhost:30000", "http://localhost:3000.evil.test", "file://", "https://[foo.com]",
	} {
		list := s.raw(t, s.text("GET", "/x", "", "Origin: "+origin))
		list = append(list, s.raw(t, s.text("OPTIONS", "/x", "", "Origin: "+origin, "Access-Control-Request-Method: POST"))...)
		for _, a := range list {
			for name := range a.header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("origin %q: the answer has %s: %s", origin, name, a.header[name])
				}
			}
		}
	}
	for _, lines := range [][]string{{"Origin: https://foo.com", "Origin: https://evil.test"}, {"Origin: https://evil.test", "Origin: https://foo.com"}} {
		if a := s.get(t, "/x", lines...); a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%q: got %v", lines, a)
		}
	}
	if a := s.get(t, "/open", "Origin: https://evil.test"); a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("an open route: got %v", a)
	}
}

// TestS6: where an answer depends on the origin, a cache that is not told so
// gives one site the answer for another (GHSA-q7jf-gf43-6x6p).
func TestS6(t *testing.T) {
	up := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept-Encoding")
		w.Header().Set("Access-Control-Allow-Origin", "https://evil.test")
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	})
	s := serve(t, partners, settings{env: []string{"UP=" + up.url}})
	for _, path := range []string{"/x", "/vary", "/star", "/denied", "/moved", "/thrown", "/throws", "/none", "/up/x", "/x/", "//x"} {
		for _, lines := range [][]string{
			nil, {"Origin: https://foo.com"}, {"Origin: https://evil.test"}, {"Origin: null"}, {"Origin: https://foo.com", "Origin: https://bar.com"},
			{"Origin: https://foo.com", "Vary: *"}, {"Origin: https://foo.com", "Access-Control-Request-Method: POST"},
		} {
			for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "DELETE"} {
				a := s.ask(t, method, path, "", lines...)
				if a.status == 308 {
					continue // of the address alone
				}
				vary := "," + strings.ReplaceAll(strings.ToLower(strings.Join(a.header["Vary"], ",")), " ", "") + ","
				if !strings.Contains(vary, ",origin,") && !strings.Contains(vary, ",*,") {
					t.Errorf("%s %s %q: the answer varies by %q: %v", method, path, lines, vary, a)
				}
				if got := a.header["Access-Control-Allow-Origin"]; len(got) > 1 {
					t.Errorf("%s %s %q: two origins are allowed: %v", method, path, lines, a)
				}
			}
		}
	}
	for path, name := range map[string]string{"/vary": "Accept-Language", "/denied": "Cookie", "/up/x": "Accept-Encoding"} {
		if a := s.get(t, path, "Origin: https://foo.com"); !strings.Contains(strings.Join(a.header["Vary"], ","), name) || a.header.Get("Access-Control-Allow-Origin") != "https://foo.com" {
			t.Errorf("%s: got %v", path, a)
		}
	}
}

// TestS7: Hono and undici wrote cookie names and attributes as they came, so
// that a user's input could end the cookie and begin something else; and read
// names that only look alike (GHSA-26pp-8wgv-hjvm, -r5rp-j6wh-rvv4,
// -3hrh-pfw6-9m5x, GHSA-p88m-4jfj-68fv).
func TestS7(t *testing.T) {
	s := serve(t, files{
		"app/write/route.ts": `
import { cookies } from 'next/headers'
import { NextResponse } from 'next/server'
const tries: [string, string, object][] = [
  ['a;b', 'v', {}], ['a b', 'v', {}], ['a=b', 'v', {}], ['a\r\nX-Evil: 1', 'v', {}], ['a\x01', 'v', {}], ['\u00a0a', 'v', {}], ['a\u00a0', 'v', {}], ['a\u2003', 'v', {}], ['', 'v', {}], ['a,b', 'v', {}], ['"a"', 'v', {}], ['\x7f', 'v', {}],
  ['a', 'v', { path: '/; Domain=evil.test' }], ['a', 'v', { path: '/\r\nX-Evil: 1' }], ['a', 'v', { path: '/\x00' }], ['a', 'v', { domain: 'a.test; HttpOnly' }], ['a', 'v', { domain: 'a.test\nX-Evil: 1' }],
  ['a', 'v', { sameSite: 'lax; Domain=evil.test' }], ['a', 'v', { sameSite: 'lax\r\nX-Evil: 1' }], ['a', 'v', { priority: 'high; Domain=evil.test' }], ['a', 'v', { priority: 'high\r\nX-Evil: 1' }],
]
export const GET = async () => {
  const said: string[] = []
  const jar = await cookies()
  const answer = NextResponse.json({})
  for (const [name, value, options] of tries) {
    for (const [where, to] of [['cookies()', jar], ['response', answer.cookies]] as any) {
      try { to.set(name, value, options); said.push(where + ' took ' + JSON.stringify([name, value, options])) } catch (e: any) { if (e.name !== 'TypeError') said.push(e.name) }
      try { to.set({ name, value, ...options }); said.push(where + ' took the object ' + JSON.stringify([name, value, options])) } catch (e: any) { if (e.name !== 'TypeError') said.push(e.name) }
    }
  }
  answer.cookies.set('value', 'a; Domain=evil.test\r\nX-Evil: 1')
  jar.set('kept', '1')
  return new Response(JSON.stringify(said), { headers: [...answer.headers] as any })
}`,
		"app/read/route.ts": `
import { cookies } from 'next/headers'
export const GET = async () => new Response(JSON.stringify((await cookies()).getAll().map((c) => [c.name, c.value])))`,
		"app/back/route.ts": `
import { cookies } from 'next/headers'
export const GET = async () => {
  const jar = await cookies()
  jar.set('back', jar.get('a')?.value ?? 'none')
  return new Response('')
}`,
	})
	a := s.get(t, "/write")
	a.want(t, "/write", 200, "[]")
	for _, line := range a.header["Set-Cookie"] {
		if strings.Contains(strings.ToLower(line), "; domain") || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a cookie is %q", line)
		}
	}
	if a.header.Get("X-Evil") != "" || !strings.Contains(strings.Join(a.header["Set-Cookie"], "|"), "kept=1") {
		t.Errorf("the answer is %v", a)
	}
	// A name that only looks like the cookie's is not it.
	for _, c := range []struct{ sent, not string }{
		{"\xc2\xa0session=evil", "session"}, {"session\xc2\xa0=evil", "session"}, {"\xa0session=evil", "session"}, {"\x0bsession=evil", "session"}, {"\xe2\x80\x83session=evil", "session"}, {"%73ession=evil", "session"}, {"__Host%2dsession=evil", "__Host-session"}, {"__host-session=evil", "__Host-session"}, {"\"session\"=evil", "session"}, {"=session=evil", "session"},
	} {
		for _, a := range s.raw(t, s.text("GET", "/read", "", "Cookie: "+c.sent)) {
			if a.status == 400 {
				continue
			}
			var list [][2]string
			if err := json.Unmarshal([]byte(a.body), &list); err != nil {
				t.Errorf("%q: %v", c.sent, a)
			}
			for _, pair := range list {
				if pair[0] == c.not {
					t.Errorf("%q is read as %q", c.sent, list)
				}
			}
		}
	}
	// What is an escape in a value stays one on its way back.
	for _, value := range []string{"%0d%0aX-Evil:%201", "x%0aSet-Cookie:%20b=c", "x%3b%20Domain=evil.test", "%00", "%E2%80%A8"} {
		a := s.get(t, "/back", "Cookie: a="+value)
		lines := a.header["Set-Cookie"]
		if a.status != 200 || len(lines) != 1 || a.header.Get("X-Evil") != "" || strings.Contains(strings.ToLower(lines[0]), "; domain") || strings.Contains(lines[0], "\x00") {
			t.Errorf("%s: got %v", value, a)
		}
	}
}

// TestS8: Hono's adapters kept the last of several Set-Cookie and of repeated
// request headers (GHSA-j6c9-x7qj-28xf, GHSA-wgpf-jwqj-8h8p).
func TestS8(t *testing.T) {
	up := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		for _, v := range []string{"u=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Path=/", "u=2", "w=3; HttpOnly"} {
			w.Header().Add("Set-Cookie", v)
		}
	})
	s := serve(t, files{
		"next.config.ts": "export default { rewrites: async () => [{ source: '/up', destination: process.env.UP + '/up' }] }",
		"middleware.ts": `
import { NextResponse } from 'next/server'
export function middleware() {
  const answer = NextResponse.next()
  answer.headers.append('set-cookie', 'm=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT')
  answer.headers.append('set-cookie', 'n=2')
  return answer
}
export const config = { matcher: ['/up', '/both'] }`,
		"app/cookies/route.ts": `
import { cookies } from 'next/headers'
export const GET = async () => {
  const headers = new Headers([['set-cookie', 'a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT'], ['set-cookie', 'b=2'], ['set-cookie', 'c=3, d']])
  return new Response('', { headers })
}`,
		"app/both/route.ts":  "export const GET = () => new Response('', { headers: [['set-cookie', 'h=1'], ['set-cookie', 'i=2']] })",
		"app/fetch/route.ts": "export const GET = async () => { const r = await fetch(process.env.UP + '/up'); return new Response(JSON.stringify(r.headers.getSetCookie()), { headers: r.headers }) }",
		"app/echo/route.ts":  echo,
	}, settings{env: []string{"UP=" + up.url}})
	theirs := []string{"u=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Path=/", "u=2", "w=3; HttpOnly"}
	ours := []string{"m=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT", "n=2"}
	for path, want := range map[string][]string{
		"/cookies": {"a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT", "b=2", "c=3, d"},
		"/fetch":   theirs,
		"/up":      append(slices.Clone(ours), theirs...),
		"/both":    append(slices.Clone(ours), "h=1", "i=2"),
	} {
		if a := s.get(t, path); !slices.Equal(a.header["Set-Cookie"], want) {
			t.Errorf("%s: got %q, want %q", path, a.header["Set-Cookie"], want)
		}
	}
	lines := []string{"X-Many: 1", "X-Other: a", "x-many: 2, 3", "X-MANY: 4", "Cookie: a=1", "Cookie: b=2", "Accept: text/html", "Accept: */*"}
	e := s.get(t, "/echo", lines...).echoed(t)
	if e.Request["x-many"] != "1, 2, 3, 4" || e.Headers["x-many"] != "1, 2, 3, 4" || e.Request["cookie"] != "a=1; b=2" || e.Request["accept"] != "text/html, */*" {
		t.Errorf("the handler sees %v", e)
	}
	s.get(t, "/up", lines...)
	h := up.last().header
	if got := strings.Join(h["X-Many"], ", "); got != "1, 2, 3, 4" || strings.Join(h["Cookie"], "; ") != "a=1; b=2" || strings.Join(h["Accept"], ", ") != "text/html, */*" {
		t.Errorf("the upstream sees %v", h)
	}
}

// TestS11: a WebSocket of another site's page brings the visitor's cookies, and
// CORS does not hold it back.
func TestS11(t *testing.T) {
	const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
	chat := script(t, func(c net.Conn, _ int, head string) {
		_, _ = io.WriteString(c, switching+"hello")
		_ = c.Close()
	})
	bait := newTrap(t)
	app := func(up string) *server {
		return serve(t, files{
			"portico.config.ts": "export default { publicOrigin: 'https://app.test', csrf: { trustedOrigins: ['https://partner.test'] }, cors: { origins: ['https://reader.test'] }, rewrites: async () => [{ source: '/chat', destination: process.env.UP + '/chat' }] }",
			"app/route.ts":      "export const GET = () => new Response('')",
		}, settings{env: []string{"UP=http://" + up}})
	}
	upgrade := []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
	open := func(s *server, lines ...string) (status int, said string) {
		c := s.dial(t)
		defer c.Close()
		fmt.Fprintf(c, "GET /chat HTTP/1.1\r\nHost: app.test\r\n%s\r\n\r\n", strings.Join(append(lines, upgrade...), "\r\n"))
		r := bufio.NewReader(c)
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("%q: %v", lines, err)
		}
		if res.StatusCode == http.StatusSwitchingProtocols {
			b, _ := io.ReadAll(r)
			said = string(b)
		}
		return res.StatusCode, said
	}
	s := app(chat)
	for _, lines := range [][]string{{"Origin: https://app.test", "Cookie: session=1"}, {"Origin: https://partner.test", "Cookie: session=1"}, {"Cookie: session=1"}, {"Origin: https://reader.test"}} {
		if status, said := open(s, lines...); status != 101 || said != "hello" {
			t.Errorf("%q: got %d %q, want a WebSocket", lines, status, said)
		}
	}
	s = app(bait.addr())
	for _, lines := range [][]string{
		{"Origin: https://evil.test", "Cookie: session=1"}, {"Origin: https://evil.test"}, {"Origin: null", "Cookie: session=1"}, {"Origin: http://app.test", "Cookie: session=1"}, {"Origin: https://app.test.evil.test", "Cookie: session=1"},
		{"Origin: https://reader.test", "Cookie: session=1"}, {"Origin: https://app.test", "Origin: https://evil.test", "Cookie: session=1"}, {"Origin: https://sub.partner.test", "Cookie: session=1"}, {"Origin: https://evil.test", "Sec-Fetch-Site: same-origin", "Cookie: session=1"},
		{"Origin: https://evil.test", "Cookie: session=1", "Upgrade: h2c"}, {"Origin: https://evil.test", "Cookie: session=1", "X-HTTP-Method-Override: GET"},
	} {
		if status, _ := open(s, lines...); status != 403 {
			t.Errorf("%q: got %d, want 403", lines, status)
		}
	}
}
