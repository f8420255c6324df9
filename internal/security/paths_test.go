package security

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// TestP1: Next.js answered /dashboard.rsc and other second names of a page
// without the middleware that its plain name has (CVE-2026-44575).
func TestP1(t *testing.T) {
	s := serve(t, guarded.with(files{"app/dashboard/route.ts": "export const GET = () => new Response('SECRET dashboard')", "middleware.ts": `
export function middleware(request: Request) {
  if (request.headers.get('authorization') !== 'Bearer ok') return new Response('denied', { status: 401 })
}
export const config = { matcher: '/dashboard' }
`}))
	s.get(t, "/dashboard", "Authorization: Bearer ok").want(t, "with the token", 200, "SECRET dashboard")
	for _, target := range []string{
		"/dashboard", "/dashboard.rsc", "/dashboard.json", "/dashboard.txt", "/dashboard.html", "/dashboard.body", "/dashboard.meta", "/dashboard.prefetch.rsc",
		"/dashboard.segments/_tree.segment.rsc", "/dashboard.segment.rsc", "/dashboard.action", "/dashboard/route", "/dashboard/route.ts", "/dashboard/index",
		"/index/dashboard", "/dashboard/", "/dashboard/.", "/./dashboard", "/x/../dashboard", "/Dashboard", "/DASHBOARD", "/dashboard;x", "/dashboard;x=1/",
		"/%64ashboard", "/dashboar%64", "/%2564ashboard", "/dashboard?_rsc=1", "/dashboard?__nextDataReq=1", "/dashboard?nxtPpath=x", "/dashboard?__nextLocale=de",
		"/_next/data/build/dashboard.json", "/_next/data/development/dashboard.json", "/_next/data//dashboard.json", "/_next/../dashboard", "/_next/dashboard", "/api/../dashboard",
		"/dashboard%20", "/dashboard%00", "/dashboard.", "/dashboard%2e", "/dashboard%2f", "/dashboard%5c", "/dashboard\\", "//dashboard", "/\\dashboard", "/dashboard#", "/dashboard%23", "/dashboard%3f",
	} {
		a := s.hidden(t, "GET", target)
		if a.status != 400 && a.status != 401 && a.status != 404 {
			t.Errorf("%s: got %v, want 400, 401 or 404", target, a)
		}
		s.hidden(t, "HEAD", target)
	}
	for _, lines := range [][]string{
		{"RSC: 1"}, {"Next-Router-Prefetch: 1", "RSC: 1"}, {"Next-Router-Segment-Prefetch: /_tree", "RSC: 1"}, {"x-nextjs-data: 1"}, {"Purpose: prefetch"},
		{"Accept: text/x-component"}, {"Next-Action: x"}, {"Range: bytes=0-"}, {"X-HTTP-Method-Override: OPTIONS"},
	} {
		s.hidden(t, "GET", "/dashboard", lines...).want(t, fmt.Sprint(lines), 401, "denied")
	}
}

// TestP3: Next.js ran the middleware for /dashboard and not for its name with a
// locale (CVE-2026-44573). Here there is no second name: i18n is refused, and a
// locale is a segment like any other.
func TestP3(t *testing.T) {
	if said := refused(t, guarded.with(files{"next.config.ts": "export default { i18n: { locales: ['en', 'de'], defaultLocale: 'en' } }"})); !strings.Contains(said, "i18n") {
		t.Errorf("the refusal does not say why: %s", said)
	}
	s := serve(t, guarded)
	for _, target := range []string{"/en/admin", "/EN/admin", "/de/admin", "/default/admin", "/en/api/admin/users", "/_next/data/x/en/admin.json"} {
		s.hidden(t, "GET", target).want(t, target, 404)
		s.hidden(t, "GET", target, "Accept-Language: de", "Cookie: NEXT_LOCALE=de").want(t, target, 404)
	}
	s.hidden(t, "GET", "/admin", "Accept-Language: de", "Cookie: NEXT_LOCALE=de").want(t, "/admin", 401)
}

// TestP4: what a matcher takes at its edges was not what authors of guards
// thought (CVE-2024-51479), so it is written down here.
func TestP4(t *testing.T) {
	for _, c := range []struct {
		matcher  string
		yes, not []string
	}{
		{"/admin/:path*", []string{"/admin", "/admin/x", "/admin/x/y", "/admin.json", "/admin/x.rsc"}, []string{"/", "/administrator", "/x/admin", "/Admin"}},
		{"/admin/:path+", []string{"/admin/x", "/admin/x/y"}, []string{"/admin", "/"}},
		{"/admin/:one", []string{"/admin/x"}, []string{"/admin", "/admin/x/y"}},
		{"/admin/:one?", []string{"/admin", "/admin/x"}, []string{"/admin/x/y"}},
		{"/admin", []string{"/admin"}, []string{"/admin/x", "/"}},
		{"/", []string{"/"}, []string{"/admin", "/x"}},
		{"/:path*", []string{"/", "/admin", "/admin/x"}, nil},
		{"/(.*)", []string{"/", "/admin", "/admin/x/y"}, nil},
		{"/((?!public).*)", []string{"/", "/admin", "/x/public"}, []string{"/public", "/public/x", "/publicity"}},
		{"/admin/(.*)", []string{"/admin/x"}, []string{"/admin"}},
	} {
		t.Run(strings.ReplaceAll(c.matcher, "/", "|"), func(t *testing.T) {
			s := serve(t, files{
				"middleware.ts":            "export const middleware = () => new Response('matched')\nexport const config = { matcher: '" + c.matcher + "' }",
				"app/[[...path]]/route.ts": "export const GET = () => new Response('reached')",
				"app/admin/route.ts":       "export const GET = () => new Response('reached')",
				"app/admin/[one]/route.ts": "export const GET = () => new Response('reached')",
			})
			for _, target := range c.yes {
				s.get(t, target).want(t, c.matcher+" and "+target, 200, "matched")
			}
			for _, target := range c.not {
				s.get(t, target).want(t, c.matcher+" and "+target, 200, "reached")
			}
		})
	}
}

// spellings are ways to write a path that some reader takes for /admin/panel.
var spellings = []string{
	"/admin/panel", "/admin//panel", "//admin/panel", "/admin/./panel", "/./admin/panel", "/admin/panel/", "/admin/panel//", "/admin/x/../panel", "/app/../admin/panel",
	"/app/admin%2fpanel", "/app/..%2fadmin/panel", "/app/%2e%2e/admin/panel", "/app/%2E%2E/admin/panel", "/app/.%2e/admin/panel", "/app/..%2Fadmin%2Fpanel",
	"/app/%2e%2e%2fadmin%2fpanel", "/app/..%5cadmin/panel", "/app/..\\admin\\panel", "/app\\..\\admin\\panel", "/\\admin/panel", "/admin\\panel", "/admin%5cpanel", "/admin%2fpanel", "/admin%2Fpanel", "/%2fadmin/panel", "/admin/%2fpanel",
	"/app/%252e%252e/admin/panel", "/app/..%252fadmin/panel", "/app/%252e%252e%252fadmin", "/app/..%25252fadmin", "/admin%252fpanel", "/%2561dmin/panel",
	"/%61dmin/panel", "/%61%64%6d%69%6e/panel", "/%41dmin/panel", "/Admin/Panel", "/ADMIN/panel", "/admin/PANEL", "/app/..;/admin/panel", "/app/..;x=1/admin/panel", "/admin;x/panel", "/;/admin/panel", "/admin/panel;x", "/admin/;/panel",
	"/admin/panel.json", "/admin/panel.rsc", "/admin/panel%00", "/admin/panel%0a", "/admin%00/panel", "/admin/panel%20", "/admin%20/panel", "/%20/admin/panel", "/admin/%70anel", "/admin/panel?x", "/admin/panel%3fx", "/admin/panel%23x", "/admin/panel#x",
	"/app/%c0%ae%c0%ae/admin/panel", "/app/%c0%af../admin", "/app/%e0%80%ae/admin", "/\xef\xbd\x81dmin/panel", "/%ef%bd%81dmin/panel", "/app/\xe3\x80\x82\xe3\x80\x82/admin/panel", "/admin/panel%", "/admin/%zzpanel", "/%u0061dmin/panel",
	"/app/.../admin/panel", "/app/....//admin/panel", "/app/..../admin/panel", "/app/../../../admin/panel", "/../admin/panel", "/../../admin/panel", "///admin///panel///",
}

// TestP5: Nitro matched its rules on a path that was decoded once more, or once
// less, than the one its router took (GHSA-5w89-w975-hf9q and its successors).
func TestP5(t *testing.T) {
	s := serve(t, guarded)
	s.get(t, "/admin/panel", "Authorization: Bearer ok").want(t, "with the token", 200, "SECRET panel")
	for _, target := range spellings {
		s.hidden(t, "GET", target)
	}
	// Exactly one decoding: what is still an escape after it is text.
	s = serve(t, files{"app/[id]/route.ts": "export const GET = async (_: Request, c: any) => new Response((await c.params).id)"})
	for target, id := range map[string]string{"/%61": "a", "/%2561": "%61", "/a%2Fb": "a/b", "/a%252fb": "a%2fb", "/%C3%A9": "é", "/%c3%a9": "é", "/a+b": "a+b", "/a%2Bb": "a+b"} {
		s.get(t, target).want(t, target, 200, id)
	}
	for _, target := range []string{"/a%5cb", "/%2e%2e", "/..%2fa", "/..%252fa", "/%00", "/%ff", "/%c0%af", "/%", "/%2", "/%zz", "/..;/a"} {
		s.get(t, target).want(t, target, 400)
	}
}

// TestP6: vinext's guards missed double escapes, API routes and trailing slashes.
func TestP6(t *testing.T) {
	for name, config := range map[string]string{"plain": "{}", "trailingSlash": "{ trailingSlash: true }", "skip": "{ skipTrailingSlashRedirect: true }", "basePath": "{ basePath: '/app' }"} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, guarded.with(files{"next.config.ts": "export default " + config}))
			base := ""
			if name == "basePath" {
				base = "/app"
			}
			reached := s.get(t, base+"/api/admin/users", "Authorization: Bearer ok")
			if reached.status == 308 {
				reached = s.get(t, reached.header.Get("Location"), "Authorization: Bearer ok")
			}
			reached.want(t, "with the token", 200, "SECRET users")
			for _, target := range []string{
				"/api/admin/users", "/api/admin/users/", "/api/admin/users//", "/api/admin//users", "/api//admin/users/", "/api/admin/%75sers", "/api/admin/%2575sers", "/api/%61dmin/users", "/api/%2561dmin/users",
				"/api%2fadmin/users", "/api%252fadmin%252fusers", "/admin/", "/admin//", "/admin/x/", "/%61dmin/", "/%2561dmin/", "/API/admin/users", "/api/./admin/users/", "/api/x/../admin/users/",
			} {
				for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST"} {
					s.hidden(t, method, base+target)
				}
			}
			if base != "" { // the base path twice, or of another case, or none
				for _, target := range []string{"/app/app/admin", "/APP/admin", "/admin", "/app//app/admin", "/app%2fadmin", "/ap%70/admin", "/%61pp/admin", "//app/admin", "/appadmin"} {
					s.hidden(t, "GET", target)
				}
			}
		})
	}
}

// TestP9: Traefik took prefixes off a path and joined what was left, dots and
// all, to where it led (CVE-2026-65600, CVE-2026-67309, GO-2026-5180).
func TestP9(t *testing.T) {
	up := newUpstream(t, nil)
	s := serve(t, guarded.with(files{
		"next.config.ts": `
export default { rewrites: async () => ({ beforeFiles: [
  { source: '/files/:path*', destination: '/public/:path*' },
  { source: '/out/:path*', destination: process.env.UP + '/inside/:path*' },
  { source: '/one/:name', destination: process.env.UP + '/inside/:name/end' },
  { source: '/text/:rest(.*)', destination: process.env.UP + '/inside/:rest' },
  { source: '/query', has: [{ type: 'query', key: 'p', value: '(?<p>.*)' }], destination: process.env.UP + '/inside/:p*' },
  { source: '/local', has: [{ type: 'query', key: 'p', value: '(?<p>.*)' }], destination: '/public/:p*' },
] }) }`,
	}), settings{env: []string{"UP=" + up.url}})
	s.get(t, "/files/a").want(t, "/files/a", 200, "public below")
	s.get(t, "/out/a/b").want(t, "/out/a/b", 200, "upstream")
	s.get(t, "/query?p=a").want(t, "/query", 200, "upstream")
	up.forget()
	climbs := []string{"..;/admin", "..;x/admin", "%2e%2e/admin", "%2e%2e%2fadmin", "..%2fadmin", "..%2Fadmin", ".%2e/admin", "..%5cadmin", "%252e%252e/admin", "..%252fadmin", "%252e%252e%252fadmin", "%25252e%25252e%25252fadmin", "..%00/admin", "x%2f..%2f..%2fadmin", "..%3b/admin", "..%3b%2fadmin", "%2e%2e;/admin"}
	for _, rest := range climbs {
		for _, prefix := range []string{"/files/", "/out/", "/one/", "/text/"} {
			s.hidden(t, "GET", prefix+rest).want(t, prefix+rest, 400)
		}
		for _, prefix := range []string{"/query?p=", "/local?p="} {
			for _, value := range []string{rest, "a/" + rest, "../admin", "/../admin", "..", "a/../../admin", "..\\admin"} {
				s.hidden(t, "GET", prefix+value)
			}
		}
	}
	for _, target := range []string{"/files/../admin", "/out/../admin", "/out/../../admin", "/out/./../admin", "/out/x/../../admin"} {
		s.hidden(t, "GET", target) // plain dots are resolved before anything else reads the path
	}
	for _, r := range up.requests() {
		path, _, _ := strings.Cut(r.target, "?")
		for range 4 { // however often the upstream decodes
			for _, seg := range strings.FieldsFunc(path, func(c rune) bool { return c == '/' || c == '\\' }) {
				if seg, _, _ = strings.Cut(seg, ";"); seg == ".." {
					t.Errorf("the upstream was sent %s", r.target)
				}
			}
			if plain, err := url.PathUnescape(path); err == nil {
				path = plain
			}
		}
		if !strings.HasPrefix(r.target, "/inside/") && r.target != "/inside" {
			t.Errorf("the upstream was sent %s", r.target)
		}
	}
}

// TestP10: oauth2-proxy let requests past its login when something about them
// looked like a path that needs none: a fragment, a forwarded header, a health
// check's name (CVE-2025-54576, CVE-2026-41059, -40575, -34457).
func TestP10(t *testing.T) {
	s := serve(t, guarded.with(files{"middleware.ts": `
export function middleware(request: Request) {
  if (request.headers.get('authorization') !== 'Bearer ok') return new Response('denied', { status: 401 })
}
export const config = { matcher: '/((?!public).*)' }
`}))
	s.get(t, "/public").want(t, "/public", 200, "public")
	for _, target := range []string{
		"/admin#/public", "/admin#public", "/admin?/public", "/admin?public", "/admin?x=/public", "/admin;/public", "/admin;public", "/admin%23/public", "/admin%3f/public", "/admin/public", "/admin/public/..",
		"/public/../admin", "/public/..%2fadmin", "/public/..;/admin", "/public\\..\\admin", "/public%2f..%2fadmin", "/public/%2e%2e/admin", "/public%252f..%252fadmin", "//public/../admin", "/public//../admin",
		"/healthz/../admin", "/healthz%2f..%2fadmin", "/healthz;/../admin", "/admin/healthz", "/admin?healthz", "http://public/admin", "/%70ublic/../admin", "/./public/../admin",
	} {
		a := s.hidden(t, "GET", target)
		if a.status != 400 && a.status != 401 && a.status != 404 {
			t.Errorf("%s: got %v", target, a)
		}
	}
	for _, line := range []string{
		"X-Forwarded-Uri: /public", "X-Original-Uri: /public", "X-Original-URL: /public", "X-Rewrite-URL: /public", "X-Forwarded-Path: /public", "X-Forwarded-Prefix: /public", "X-Forwarded-Method: OPTIONS",
		"X-HTTP-Method-Override: OPTIONS", "X-Matched-Path: /public", "X-Invoke-Path: /public", "User-Agent: GoogleHC/1.0", "User-Agent: kube-probe/1.30", "User-Agent: ELB-HealthChecker/2.0", "Referer: http://localhost/public", "Origin: http://localhost",
		"X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "Forwarded: for=127.0.0.1", "Authorization: bearer OK", "Authorization: Bearer ok2",
	} {
		s.hidden(t, "GET", "/admin", line).want(t, line, 401, "denied")
		s.get(t, "/public", strings.ReplaceAll(line, "/public", "/admin")).want(t, "/public with "+line, 200, "public")
	}
	for _, method := range []string{"HEAD", "OPTIONS", "POST", "PUT", "TRACE", "PROPFIND", "get", "PRI"} {
		a := s.hidden(t, method, "/admin")
		if a.status < 400 {
			t.Errorf("%s: got %v", method, a)
		}
	}
}

// TestP11: chi's redirects of trailing slashes led to //evil.test, which a
// browser takes for another site (GO-2025-3770, GO-2026-4316).
func TestP11(t *testing.T) {
	for _, slash := range []string{"false", "true"} {
		t.Run("trailingSlash "+slash, func(t *testing.T) {
			s := serve(t, files{
				"next.config.ts": `
export default {
  trailingSlash: ` + slash + `,
  redirects: async () => [
    { source: '/go/:path*', destination: '/:path*', permanent: false },
    { source: '/raw/:rest(.*)', destination: '/:rest', permanent: false },
    { source: '/login', has: [{ type: 'query', key: 'next', value: '(?<to>.*)' }], destination: '/:to*', permanent: false },
    { source: '/plain', has: [{ type: 'query', key: 'next', value: '(?<to>.*)' }], destination: '/:to', permanent: false },
  ],
}`,
				"app/[...path]/route.ts": "export const GET = () => new Response('reached')",
				"middleware.ts": `
import { NextResponse } from 'next/server'
export function middleware(request: any) {
  return NextResponse.redirect(new URL(request.nextUrl.pathname.slice('/mw'.length) || '/', request.url))
}
export const config = { matcher: '/mw/:path*' }`,
			})
			end := map[string]string{"false": "", "true": "/"}[slash]
			for target, to := range map[string]string{"/go/x": "/x", "/raw/x": "/x", "/mw/x": "/x", "/login?next=x": "/x?next=x", "/plain?next=x": "/x?next=x"} {
				path, query, ok := strings.Cut(target, "?")
				if path += end; ok {
					path += "?" + query
				}
				if a := s.get(t, path); strings.TrimSuffix(strings.Replace(a.header.Get("Location"), "/?", "?", 1), "/") != to {
					t.Errorf("%s leads to %v, want %s", path, a, to)
				}
			}
			targets := []string{
				"//evil.test", "//evil.test/", "//evil.test/%2e%2e", "//evil.test/..", "///evil.test/", "////evil.test//", "/\\evil.test/", "/\\evil.test", "\\/evil.test/", "/\\/evil.test/", "/\\\\evil.test/", "//\\evil.test/",
				"/%5cevil.test/", "/%2fevil.test/", "/%2f%2fevil.test/", "/.//evil.test/", "/x/..//evil.test/", "/;//evil.test/", "//evil.test:80/", "//user@evil.test/", "//evil%2etest/", "/%09/evil.test/", "/\t/evil.test/", "/%0d%0aLocation:%20http://evil.test/", "/http://evil.test/", "/http:/evil.test/", "/https:evil.test/",
			}
			for _, prefix := range []string{"/go", "/raw", "/mw", "/go/", "/raw/", "/mw/"} {
				for _, target := range targets[:len(targets):len(targets)] {
					targets = append(targets, prefix+target)
				}
				if len(targets) > 400 {
					break
				}
			}
			for _, value := range []string{"/evil.test", "//evil.test", "\\evil.test", "%2fevil.test", "%5cevil.test", "%2f%2fevil.test", "/\\evil.test", "%252fevil.test", "%09/evil.test", "%0d%0aX-Evil:%201", "https://evil.test", "..//evil.test", "../evil.test"} {
				targets = append(targets, "/login?next="+value, "/plain?next="+value, "/login/?next="+value, "/plain/?next="+value)
			}
			for _, target := range targets {
				for _, a := range s.raw(t, s.text("GET", target, "")) {
					if a.header.Get("X-Evil") != "" {
						t.Errorf("%q: a header was injected: %v", target, a)
					}
					if to := a.header.Get("Location"); to != "" && !local(to) {
						t.Errorf("%q leads to %q", target, to)
					}
					if _, to, ok := strings.Cut(a.header.Get("Refresh"), "url="); ok && !local(to) {
						t.Errorf("%q is refreshed to %q", target, to)
					}
				}
			}
		})
	}
}

// local reports whether a browser takes a Location for a path of the same
// origin: it drops tabs and line ends, and takes a backslash for a slash.
func local(to string) bool {
	to = strings.NewReplacer("\t", "", "\r", "", "\n", "", "\\", "/").Replace(strings.TrimSpace(to))
	return strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//")
}

// TestP12: Go's idna took xn--example-.com for example.com, so that a list of
// hosts let it in (GO-2026-5026).
func TestP12(t *testing.T) {
	s := serve(t, files{
		"portico.config.ts": "export default { allowedHosts: ['example.com', '*.example.org', 'xn--exmple-cua.com'] }",
		"app/echo/route.ts": echo,
	})
	for _, host := range []string{"example.com", "EXAMPLE.com", "example.com:80", "example.com.", "a.example.org", "xn--exmple-cua.com"} {
		s.get(t, "/echo", "Host: "+host).want(t, host, 200)
	}
	for _, host := range []string{
		"xn--example-.com", "XN--EXAMPLE-.com", "xn--.com", "xn--a", "xn--example.com-", "xn--exmple-cua-.com", "xn--example-.example.org", "xn--xn--a-.example.org",
		"ex%61mple.com", "example.com..", "example.com:", "example.com:x", "example.com:99999", "example.com@evil.test", "evil.test#example.com", "evil.test/example.com", "exam ple.com", "example.com,evil.test", "example_.com\x00",
		"\xef\xbd\x85xample.com", "ex\xc3\xa4mple.com", "[::1", "[::1%25eth0]", "0x7f.1", "127.1", "2130706433", "", "-", "a..example.org", ".example.org",
	} {
		for _, a := range s.raw(t, s.text("GET", "/echo", "", "Host: "+host)) {
			if a.status != 400 && a.status != 421 {
				t.Errorf("host %q: got %v, want 400", host, a)
			}
			if strings.HasPrefix(strings.ToLower(host), "xn--") && a.status != 400 {
				t.Errorf("host %q: got %v, want 400", host, a)
			}
		}
	}
	for _, host := range []string{"evil.test", "example.com.evil.test", "evilexample.com", "example.org", "aexample.org", "127.0.0.1", "localhost"} {
		s.get(t, "/echo", "Host: "+host).want(t, host, 421)
	}
}
