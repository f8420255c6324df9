package security

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// echoed is what the echo handler says.
type echoed struct {
	Request, Headers map[string]string
	URL              string
}

func (a answer) echoed(t *testing.T) (e echoed) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &e); err != nil {
		t.Fatalf("%v: %v", a, err)
	}
	return e
}

// TestH1: Next.js skipped its middleware for whoever sent the header by which it
// recognised its own sub-requests (CVE-2025-29927).
func TestH1(t *testing.T) {
	s := serve(t, guarded)
	s.get(t, "/admin", "Authorization: Bearer ok").want(t, "with the token", 200, "SECRET admin")
	for _, name := range []string{"x-middleware-subrequest", "X-Middleware-Subrequest", "X-MIDDLEWARE-SUBREQUEST", "X_Middleware_Subrequest"} {
		for _, file := range []string{"middleware", "src/middleware", "pages/_middleware", "proxy", "src/proxy", "middleware.ts", "/middleware"} {
			for _, times := range []int{1, 5, 12} {
				line := name + ": " + strings.TrimSuffix(strings.Repeat(file+":", times), ":")
				s.hidden(t, "GET", "/admin", line).want(t, line, 401, "denied")
			}
		}
	}
	for _, line := range []string{
		"x-middleware-next: 1", "x-middleware-rewrite: /public", "x-middleware-skip: 1", "x-middleware-prefetch: 1", "x-middleware-subrequest-id: 1",
		"x-middleware-invoke: 1", "x-invoke-status: 200", "x-invoke-path: /public", "x-invoke-output: /public", "x-matched-path: /public",
		"x-now-route-matches: 1", "x-nextjs-data: 1", "x-nextjs-rewrite: /public", "next-resume: 1",
	} {
		s.hidden(t, "GET", "/admin", line).want(t, line, 401, "denied")
	}
}

// internal are headers with which parts of some server talk to each other.
var internal = []string{
	"x-portico-any", "X-Portico-Subrequest", "x-middleware-subrequest", "x-middleware-next", "x-middleware-rewrite", "x-middleware-redirect",
	"x-middleware-override-headers", "x-middleware-request-x-role", "x-middleware-set-cookie", "x-middleware-prefetch", "x-middleware-any",
	"x-nextjs-data", "x-nextjs-cache", "x-nextjs-prerender", "x-nextjs-rewritten-path", "x-nextjs-any",
	"x-invoke-path", "x-invoke-query", "x-invoke-status", "x-invoke-error", "x-invoke-any", "x-matched-path", "x-now-route-matches",
	"x-next-cache-tags", "x-next-revalidated-tags", "next-resume", "X-NextJS-Data", "X-MIDDLEWARE-ANY",
}

// TestH3: vinext let outside copies of its own control headers through to the
// parts that believed them.
func TestH3(t *testing.T) {
	up := newUpstream(t, nil)
	project := files{
		"middleware.ts": `
import { NextResponse } from 'next/server'
export function middleware(request: Request) {
  return NextResponse.next({ headers: { 'x-names': [...request.headers.keys()].join(' ') } })
}`,
		"next.config.ts":    "export default { rewrites: async () => [{ source: '/up', destination: process.env.UP + '/up' }] }",
		"app/echo/route.ts": echo,
	}
	for _, mode := range []string{"start", "dev"} {
		t.Run(mode, func(t *testing.T) {
			s := serve(t, project, settings{mode: mode, env: []string{"UP=" + up.url}})
			var lines []string
			for _, name := range internal {
				lines = append(lines, name+": 1")
			}
			lines = append(lines, "X-Kept: 1")
			a := s.get(t, "/echo", lines...)
			e := a.echoed(t)
			if e.Request["x-kept"] != "1" || e.Headers["x-kept"] != "1" || !strings.Contains(a.header.Get("X-Names"), "x-kept") {
				t.Errorf("a header of the client is not there: %v", a)
			}
			s.get(t, "/up", lines...).want(t, "the upstream", 200, "upstream")
			if up.last().header.Get("X-Kept") == "" {
				t.Errorf("the upstream sees %v", up.last())
			}
			for _, name := range internal {
				low := strings.ToLower(name)
				_, request := e.Request[low]
				_, headers := e.Headers[low]
				if request || headers || strings.Contains(" "+a.header.Get("X-Names")+" ", " "+low+" ") || up.last().header.Get(name) != "" {
					t.Errorf("%s got in: handler's request %v, headers() %v, middleware %q, upstream %q", name, request, headers, a.header.Get("X-Names"), up.last().header.Get(name))
				}
			}
		})
	}
}

// TestH4: React Router took control headers of its build from anybody, and let
// them change and poison what was served (CVE-2025-43864, CVE-2025-43865).
func TestH4(t *testing.T) {
	s := serve(t, files{
		"portico.config.ts": "export default { server: { isolates: 1 } }",
		"app/count/route.ts": `
let n = 0
export const GET = () => new Response('count ' + ++n)`,
	})
	plain := s.get(t, "/count")
	plain.want(t, "plain", 200, "count 1")
	n := 1
	for _, line := range []string{
		"X-React-Router-SPA-Mode: yes", "X-React-Router-Prerender-Data: WyJhIl0=", "x-prerender-revalidate: 1", "x-prerender-revalidate-if-generated: 1",
		"x-prerender-bypass-mode: 1", "Purpose: prefetch", "Sec-Purpose: prefetch;prerender", "Next-Router-Prefetch: 1", "Next-Router-State-Tree: []", "RSC: 1",
		"Next-Url: /other", "Next-Action: 00", "X-Nitro-Prerender: /count", "x-nextjs-prerender: 1", "x-next-revalidate-tag-token: 1", "x-vercel-revalidate: 1",
		"Cookie: __prerender_bypass=1; __next_preview_data=1",
	} {
		a := s.get(t, "/count", line)
		n++
		a.want(t, line, 200, fmt.Sprintf("count %d", n))
		for name := range a.header {
			if name == "Set-Cookie" && strings.Contains(line, "__prerender_bypass") {
				for _, c := range a.header[name] { // a forged one is taken back, as by Next.js
					if !strings.Contains(c, "=; ") || !strings.Contains(c, "Expires=Thu, 01 Jan 1970") {
						t.Errorf("%s: the answer sets %s", line, c)
					}
				}
				continue
			}
			if name != "Date" && name != "Content-Length" && a.header.Get(name) != plain.header.Get(name) {
				t.Errorf("%s: the answer has %s: %s, and %q without it", line, name, a.header.Get(name), plain.header.Get(name))
			}
		}
		if n++; true {
			s.get(t, "/count").want(t, "after "+line, 200, fmt.Sprintf("count %d", n))
		}
	}
}

// identity sets headers for what follows, whatever the client says.
const identity = `
import { NextResponse } from 'next/server'
export function middleware(request: Request) {
  const headers = new Headers(request.headers)
  headers.set('x-user-id', 'alice')
  headers.delete('x-role')
  return NextResponse.next({ request: { headers } })
}`

// TestH5: the headers that middleware adds for the handler are only worth
// something when the client cannot bring them itself.
func TestH5(t *testing.T) {
	up := newUpstream(t, nil)
	s := serve(t, files{
		"middleware.ts":     identity,
		"next.config.ts":    "export default { rewrites: async () => [{ source: '/up', destination: process.env.UP + '/up' }] }",
		"app/echo/route.ts": echo,
	}, settings{env: []string{"UP=" + up.url}})
	for _, lines := range [][]string{
		{"X-User-Id: mallory", "X-Role: admin"},
		{"x-user-id: mallory", "X-USER-ID: mallory", "x-role: admin", "X-ROLE: admin"},
		{"x-middleware-request-x-user-id: mallory", "x-middleware-request-x-role: admin", "x-middleware-override-headers: x-user-id,x-role"},
		{"x-middleware-override-headers: accept", "x-middleware-request-accept: */*"},
		{"Connection: close, x-user-id", "X-Role: admin"}, // the proxy must not take ours for one of the client's connection
	} {
		e := s.get(t, "/echo", lines...).echoed(t)
		s.get(t, "/up", lines...).want(t, "the upstream", 200)
		u := up.last().header
		if e.Request["x-user-id"] != "alice" || e.Headers["x-user-id"] != "alice" || len(u["X-User-Id"]) != 1 || u.Get("X-User-Id") != "alice" {
			t.Errorf("%q: the handler's user is %q and %q, the upstream's %q", lines, e.Request["x-user-id"], e.Headers["x-user-id"], u["X-User-Id"])
		}
		if e.Request["x-role"]+e.Headers["x-role"]+u.Get("X-Role") != "" {
			t.Errorf("%q: a header that middleware removes is there: %v %v", lines, e, u)
		}
	}
}

// TestH6: Caddy's and Traefik's authentication set X-User-Id beside an X_User_Id
// of the client, and upstreams read both as one (CVE-2026-30851, CVE-2026-52845,
// GO-2026-6211).
func TestH6(t *testing.T) {
	up := newUpstream(t, nil)
	s := serve(t, files{
		"middleware.ts":     identity,
		"next.config.ts":    "export default { rewrites: async () => [{ source: '/up', destination: process.env.UP + '/up' }] }",
		"app/echo/route.ts": echo,
	}, settings{env: []string{"UP=" + up.url}})
	for _, name := range []string{"X-User-Id", "X_User_Id", "x-user-id", "x_user-id", "X-User_Id", "X__User__Id"} {
		e := s.get(t, "/echo", name+": mallory").echoed(t)
		s.get(t, "/up", name+": mallory").want(t, name, 200)
		for where, headers := range map[string]string{"the handler": fmt.Sprint(e.Request, e.Headers), "the upstream": fmt.Sprint(up.last().header)} {
			if strings.Contains(headers, "mallory") || !strings.Contains(headers, "alice") {
				t.Errorf("%s: %s sees %s", name, where, headers)
			}
		}
	}
	if wire := up.bytes(); strings.Contains(wire, "mallory") {
		t.Errorf("the upstream was sent %q", wire)
	}
}
