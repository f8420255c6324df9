package security

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestX1: Next.js dialled the host of a request line in absolute form when the
// request asked for an upgrade, the cloud's metadata address for one
// (CVE-2026-44578).
func TestX1(t *testing.T) {
	metadata := newTrap(t)
	up := newUpstream(t, nil)
	project := files{
		"middleware.ts":            "import { NextResponse } from 'next/server'\nexport const middleware = () => NextResponse.next()",
		"next.config.ts":           "export default { rewrites: async () => [{ source: '/up/:path*', destination: process.env.UP + '/:path*' }] }",
		"app/[[...path]]/route.ts": "export const GET = () => new Response('reached')",
	}
	for name, config := range map[string]string{"": "", "allowedHosts": "export default { allowedHosts: ['app.test'] }", "publicOrigin": "export default { publicOrigin: 'https://app.test' }"} {
		t.Run(name, func(t *testing.T) {
			f := project
			if config != "" {
				f = project.with(files{"portico.config.ts": strings.Replace(config, "{ ", "{ rewrites: async () => [{ source: '/up/:path*', destination: process.env.UP + '/:path*' }], ", 1)})
				delete(f, "next.config.ts")
			}
			s := serve(t, f, settings{env: []string{"UP=" + up.url}})
			for _, path := range []string{"/latest/meta-data/", "/up/x", "/", ""} {
				for _, upgrade := range [][]string{
					nil,
					{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="},
					{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"},
					{"Connection: Upgrade", "Upgrade: anything"},
				} {
					for _, host := range []string{"", "Host: " + metadata.addr(), "Host: app.test"} {
						lines := upgrade
						if host != "" {
							lines = append([]string{host}, upgrade...)
						}
						for _, scheme := range []string{"http://", "https://", "ws://", "HTTP://", "http://user@", "http:"} {
							target := scheme + metadata.addr() + path
							for _, a := range s.raw(t, s.text("GET", target, "", lines...)) {
								if a.status != 400 && a.status != 421 {
									t.Errorf("GET %s %q: got %v, want 400", target, lines, a)
								}
							}
						}
					}
				}
			}
			if all := up.requests(); len(all) > 0 {
				t.Errorf("the upstream was asked: %v", all)
			}
			metadata.check(t)
		})
	}
}

// TestX2: Next.js's middleware made a request of its own to the Location that a
// client had sent, when the author had passed all headers to next()
// (CVE-2025-57822).
func TestX2(t *testing.T) {
	bait := newTrap(t)
	s := serve(t, files{
		"middleware.ts": `
import { NextResponse } from 'next/server'
export function middleware(request: Request) {
  if (new URL(request.url).pathname === '/init') return NextResponse.next(request as any)
  return NextResponse.next({ headers: request.headers })
}`,
		"app/[path]/route.ts": "export const GET = () => new Response('reached')\nexport const POST = async (r: Request) => new Response('read ' + await r.text())",
	})
	for _, path := range []string{"/echoed", "/init"} {
		for _, line := range []string{
			"Location: http://" + bait.addr() + "/", "Location: //" + bait.addr() + "/", "x-middleware-rewrite: http://" + bait.addr() + "/", "X-Middleware-Rewrite: http://" + bait.addr(),
			"x-middleware-redirect: http://" + bait.addr(), "x-nextjs-redirect: http://" + bait.addr(), "Refresh: 0;url=http://" + bait.addr(),
			"Content-Location: http://" + bait.addr(), "Status: 302", "X-Accel-Redirect: /x", "Host: " + bait.addr(), "X-Forwarded-Host: " + bait.addr(),
		} {
			s.get(t, path, line).want(t, path+" "+line, 200, "reached")
		}
		// What frames the request must not frame the answer.
		s.ask(t, "POST", path, "four").want(t, path, 200, "read four")
		s.ask(t, "POST", path, chunked("four"), "Transfer-Encoding: chunked", "TE: trailers").want(t, path, 200, "read four")
		s.get(t, path, "Content-Encoding: gzip", "Accept-Encoding: gzip").want(t, path, 200, "reached")
	}
}

// TestX3: in Next.js a rewrite's host could be the request's to choose
// (GHSA-p9j2-gv94-2wf4).
func TestX3(t *testing.T) {
	app := files{"app/route.ts": "export const GET = () => new Response('reached')"}
	for _, rule := range []string{
		"source: '/:host/:path*', destination: 'http://:host/:path*'",
		"source: '/:host/:path*', destination: 'https://:host.example.test/:path*'",
		"source: '/:host/:path*', destination: 'https://api.:host/:path*'",
		"source: '/:host/:path*', destination: 'https://example.test:host/:path*'",
		"source: '/:host/:path*', destination: 'https://example.test::host/:path*'",
		"source: '/:host/:path*', destination: 'https://:host@example.test/:path*'",
		"source: '/:user/:path*', destination: 'https://example.test@:user/:path*'",
		"source: '/:scheme/:path*', destination: ':scheme://example.test/:path*'",
		"source: '/:rest*', destination: 'http://:rest*'",
		"source: '/:rest*', destination: 'http:/:rest*'",
		"source: '/:rest*', destination: '//:rest*'",
		"source: '/x', has: [{ type: 'host', value: '(?<to>.*)' }], destination: 'http://:to/x'",
		"source: '/x', has: [{ type: 'header', key: 'x-to', value: '(?<to>.*)' }], destination: 'http://:to/x'",
		"source: '/x', has: [{ type: 'query', key: 'to', value: '(?<to>.*)' }], destination: 'http://:to/x'",
		"source: '/x', has: [{ type: 'query', key: 'to' }], destination: 'http://:to/x'",
	} {
		if said := refused(t, app.with(files{"next.config.ts": "export default { rewrites: async () => [{ " + rule + " }] }"})); !strings.Contains(said, "next.config.ts") {
			t.Errorf("%s: the refusal does not say where: %s", rule, said)
		}
	}
}

// TestX3Values: and where the host stands fast, a value must not move it.
func TestX3Values(t *testing.T) {
	bait := newTrap(t)
	up := newUpstream(t, nil)
	s := serve(t, files{
		"app/route.ts": "export const GET = () => new Response('reached')",
		"next.config.ts": `
export default { rewrites: async () => [
  { source: '/path/:rest*', destination: process.env.UP + '/:rest*' },
  { source: '/end/:rest*', destination: process.env.UP + '/in/:rest*' },
  { source: '/query', has: [{ type: 'query', key: 'to', value: '(?<to>.*)' }], destination: process.env.UP + '/:to' },
  { source: '/header', has: [{ type: 'header', key: 'x-to', value: '(?<to>.*)' }], destination: process.env.UP + '/:to*' },
  { source: '/q', has: [{ type: 'header', key: 'x-to', value: '(?<to>.*)' }], destination: process.env.UP + '/q?to=:to' },
] }`,
	}, settings{env: []string{"UP=" + up.url}})
	s.get(t, "/path/x").want(t, "/path/x", 200, "upstream")
	for _, value := range []string{"@ADDR/", "@ADDR", "//ADDR/", "/ADDR", ":x@ADDR/", "%40ADDR/", "%2f%2fADDR/", "\\ADDR", "\\\\ADDR", "?@ADDR", "#@ADDR", "http://ADDR/", "http:%2f%2fADDR/", ".ADDR", " ADDR", "%0d%0aHost:%20ADDR", "x%20HTTP/1.1%0d%0aHost:%20ADDR"} {
		value = strings.ReplaceAll(value, "ADDR", bait.addr())
		s.raw(t, s.text("GET", "/path/"+value, ""))
		s.raw(t, s.text("GET", "/end/"+value, ""))
		s.raw(t, s.text("GET", "/query?to="+value, ""))
		for _, path := range []string{"/header", "/q"} {
			s.raw(t, s.text("GET", path, "", "X-To: "+value))
		}
	}
	all := up.requests()
	for _, r := range all {
		if r.host != up.addr || strings.ContainsAny(r.target, " \r\n") || r.target[0] != '/' {
			t.Errorf("the upstream saw %s %s for %s", r.method, r.target, r.host)
		}
	}
	if n := strings.Count(up.bytes(), " HTTP/1.1\r\n"); n != len(all) {
		t.Errorf("%d requests went over the wire, and %d arrived", n, len(all))
	}
}

// links builds absolute URLs as people do: of request.url.
var links = files{
	"middleware.ts": `
import { NextResponse } from 'next/server'
export const middleware = (request: Request) => NextResponse.redirect(new URL('/login', request.url))
export const config = { matcher: '/private' }`,
	"app/private/route.ts": "export const GET = () => new Response('never')",
	"app/link/route.ts": `
import { NextRequest } from 'next/server'
export const GET = (request: NextRequest) => Response.json({ url: request.url, origin: request.nextUrl.origin, reset: new URL('/reset?token=1', request.url).href })`,
	"app/self/route.ts":     "export const GET = async (request: Request) => new Response('self: ' + await (await fetch(new URL('/internal', request.url), { headers: { authorization: 'Bearer secret' } })).text())",
	"app/internal/route.ts": "export const GET = (request: Request) => new Response(request.headers.get('authorization'))",
}

// TestX4: Next.js's server actions and its absolute redirects were built of the
// Host header, so that a server asked whatever host a client named, with its
// own secrets (CVE-2024-34351, GHSA-89xv-2m56-2m9x).
func TestX4(t *testing.T) {
	bait := newTrap(t)
	hosts := [][]string{{"Host: " + bait.addr()}, {"X-Forwarded-Host: " + bait.addr()}, {"Forwarded: host=\"" + bait.addr() + "\""}, {"X-Original-Host: " + bait.addr()}, {"Origin: http://" + bait.addr()}, {"Host: " + bait.addr(), "X-Forwarded-Host: " + bait.addr(), "X-Forwarded-Proto: https"}}

	// The public origin has to be where the server is, which is known when it
	// is; so another one passes requests on.
	front := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("Authorization"))
	})
	s := serve(t, links.with(files{"portico.config.ts": "export default { publicOrigin: process.env.FRONT }"}), settings{env: []string{"FRONT=" + front.url}})
	for _, lines := range hosts {
		s.get(t, "/self", lines...).want(t, fmt.Sprint(lines), 200, "self: Bearer secret")
		if a := s.get(t, "/link", lines...); strings.Contains(a.body, bait.addr()) || strings.Count(a.body, front.url) != 3 {
			t.Errorf("%q: the links are %v", lines, a)
		}
		if to := s.get(t, "/private", lines...).header.Get("Location"); to != "/login" && to != front.url+"/login" {
			t.Errorf("%q: the redirect leads to %s", lines, to)
		}
	}

	// Without one, the hosts that there are bound what a client can name.
	s = serve(t, links.with(files{"portico.config.ts": "export default { allowedHosts: ['app.test'] }"}))
	for _, lines := range hosts {
		if strings.HasPrefix(lines[0], "Host:") {
			for _, path := range []string{"/self", "/link", "/private"} {
				s.get(t, path, lines...).want(t, fmt.Sprint(path, lines), 421)
			}
			continue
		}
		if a := s.get(t, "/link", append(lines, "Host: app.test")...); strings.Contains(a.body, bait.addr()) || strings.Count(a.body, "http://app.test") != 3 {
			t.Errorf("%q: the links are %v", lines, a)
		}
	}

	// And a redirect of middleware to its own server never names a host.
	s = serve(t, links)
	if to := s.get(t, "/private", "Host: "+bait.addr()).header.Get("Location"); to != "/login" {
		t.Errorf("the redirect leads to %s", to)
	}
}

// TestX5: through Next.js's rewrites a DELETE or OPTIONS with a chunked body
// lost its framing, and what was in the body became a request
// (CVE-2026-29057, GHSA-77r5-gw3j-2mpf).
func TestX5(t *testing.T) {
	up := newUpstream(t, nil)
	for _, where := range []string{"config", "middleware"} {
		t.Run(where, func(t *testing.T) {
			f := files{"app/route.ts": "export const GET = () => new Response('')"}
			if where == "config" {
				f["next.config.ts"] = "export default { rewrites: async () => [{ source: '/up/:path*', destination: process.env.UP + '/up/:path*' }] }"
			} else {
				f["middleware.ts"] = "import { NextResponse } from 'next/server'\nexport const middleware = (r: any) => NextResponse.rewrite(process.env.UP + r.nextUrl.pathname)"
			}
			s := serve(t, f, settings{env: []string{"UP=" + up.url}})
			smuggled := "GET /smuggled HTTP/1.1\r\nHost: " + up.addr + "\r\nX-Smuggled: 1\r\n\r\n"
			for _, method := range []string{"DELETE", "OPTIONS", "GET", "HEAD", "POST", "PUT", "PATCH", "PROPFIND"} {
				for _, c := range []struct{ line, body, want string }{
					{"Transfer-Encoding: chunked", chunked(smuggled), smuggled},
					{"Transfer-Encoding: chunked", chunked("a", smuggled, "b"), "a" + smuggled + "b"},
					{"Transfer-Encoding: Chunked", chunked(smuggled), smuggled},
					{"Transfer-Encoding: chunked", chunked(), ""},
					{fmt.Sprintf("Content-Length: %d", len(smuggled)), smuggled, smuggled},
				} {
					up.forget()
					list := s.raw(t, s.text(method, "/up/x", c.body, c.line))
					if len(list) != 1 || list[0].status != 200 {
						t.Errorf("%s %s: got %v", method, c.line, list)
					}
					all := up.requests()
					if len(all) != 1 || all[0].method != method || all[0].target != "/up/x" || all[0].body != c.want {
						t.Errorf("%s %s: the upstream saw %v, want one request with %q", method, c.line, all, c.want)
						continue
					}
					// One framing, which nobody can read in two ways.
					head, _, _ := strings.Cut(up.bytes(), "\r\n\r\n")
					head = strings.ToLower(head)
					if n := strings.Count(head, "\r\ntransfer-encoding:") + strings.Count(head, "\r\ncontent-length:"); c.want != "" && n != 1 || n > 1 {
						t.Errorf("%s %s: the framing is\n%s", method, c.line, head)
					}
				}
			}
		})
	}
}

// reader reads bodies and counts requests.
var reader = files{
	"portico.config.ts": "export default { server: { isolates: 1 } }",
	"app/read/route.ts": "export const POST = async (r: Request) => new Response('read ' + (await r.text()).length)",
	"app/mark/route.ts": `
let n = 0
export const POST = () => new Response('marked ' + ++n)
export const GET = () => new Response(String(n))`,
}

// TestX6: h3, Go and others took framings that the server in front read
// differently: the request behind was then somebody else's (GHSA-mp2g-9vg9-f4cg,
// GO-2025-3563, GO-2022-0525).
func TestX6(t *testing.T) {
	up := newUpstream(t, nil)
	s := serve(t, reader.with(files{"portico.config.ts": "export default { server: { isolates: 1 }, rewrites: async () => [{ source: '/up', destination: process.env.UP + '/up' }] }"}), settings{env: []string{"UP=" + up.url}})
	mark := "POST /mark HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
	s.ask(t, "POST", "/read", chunked("four"), "Transfer-Encoding: chunked").want(t, "a well-formed request", 200, "read 4")
	for _, path := range []string{"/read", "/mark", "/up"} {
		for _, c := range []struct {
			what, fields, body string
			late               bool // found in the body, which not everybody reads
		}{
			{"both framings", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", false},
			{"both framings, the other way round", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n", false},
			{"chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", false},
			{"chunked and identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n", false},
			{"identity", "Transfer-Encoding: identity\r\n", "0\r\n\r\n", false},
			{"a list", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n", false},
			{"chunked twice in a list", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n", false},
			{"gzip and chunked", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n", false},
			{"another name", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n", false},
			{"a quoted name", "Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n", false},
			{"a parameter", "Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n", false},
			{"an empty one", "Transfer-Encoding:\r\n", "0\r\n\r\n", false},
			{"a comma before it", "Transfer-Encoding: ,chunked\r\n", "0\r\n\r\n", false},
			{"a vertical tab", "Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n", false},
			{"a NUL", "Transfer-Encoding: chunked\x00\r\n", "0\r\n\r\n", false},
			{"a blank before the colon", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n", false},
			{"a tab before the colon", "Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n", false},
			{"a blank before the name", " Transfer-Encoding: chunked\r\n", "0\r\n\r\n", false},
			{"a folded line", "Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n", false},
			{"a folded line before", "X-A: b\r\n Transfer-Encoding: chunked\r\n", "0\r\n\r\n", false},
			{"a bare CR", "X-A: b\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n", false},
			{"a bare LF", "X-A: b\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", false},
			{"two lengths", "Content-Length: 4\r\nContent-Length: 5\r\n", "four", false},
			{"a list of lengths", "Content-Length: 4, 5\r\n", "four", false},
			{"a length with a sign", "Content-Length: +4\r\n", "four", false},
			{"a negative length", "Content-Length: -4\r\n", "four", false},
			{"a hexadecimal length", "Content-Length: 0x4\r\n", "four", false},
			{"a length with a blank inside", "Content-Length: 4 4\r\n", "four", false},
			{"an empty length", "Content-Length:\r\n", "four", false},
			{"a length that overflows", "Content-Length: 18446744073709551620\r\n", "four", false},
			{"bare LF behind a chunk's size", "Transfer-Encoding: chunked\r\n", "4\nfour\r\n0\r\n\r\n", true},
			{"bare CR behind a chunk's size", "Transfer-Encoding: chunked\r\n", "4\rfour\r\n0\r\n\r\n", true},
			{"a size of 0x4", "Transfer-Encoding: chunked\r\n", "0x4\r\nfour\r\n0\r\n\r\n", true},
			{"a size with a sign", "Transfer-Encoding: chunked\r\n", "+4\r\nfour\r\n0\r\n\r\n", true},
			{"a size with an underscore", "Transfer-Encoding: chunked\r\n", "0_4\r\nfour\r\n0\r\n\r\n", true},
			{"a size with blanks", "Transfer-Encoding: chunked\r\n", " 4\r\nfour\r\n0\r\n\r\n", true},
			{"a size with blanks behind", "Transfer-Encoding: chunked\r\n", "4 \r\nfour\r\n0\r\n\r\n", true},
			{"an empty size", "Transfer-Encoding: chunked\r\n", "\r\nfour\r\n0\r\n\r\n", true},
			{"a size that overflows", "Transfer-Encoding: chunked\r\n", "10000000000000004\r\nfour\r\n0\r\n\r\n", true},
			{"a chunk extension", "Transfer-Encoding: chunked\r\n", "4;a=b\r\nfour\r\n0\r\n\r\n", true},
			{"a chunk extension with LF", "Transfer-Encoding: chunked\r\n", "4;a\nfour\r\n0\r\n\r\n", true},
			{"a long chunk extension", "Transfer-Encoding: chunked\r\n", "4;" + strings.Repeat("a", 100_000) + "\r\nfour\r\n0\r\n\r\n", true},
			{"a chunk that is longer", "Transfer-Encoding: chunked\r\n", "4\r\nfour!\r\n0\r\n\r\n", true},
			{"a chunk without its end", "Transfer-Encoding: chunked\r\n", "4\r\nfour0\r\n\r\n", true},
			{"bare LF at a chunk's end", "Transfer-Encoding: chunked\r\n", "4\r\nfour\n0\r\n\r\n", true},
			{"a trailer with framing", "Transfer-Encoding: chunked\r\n", "4\r\nfour\r\n0\r\nContent-Length: 50\r\n\r\n", true},
			{"bare LF in a trailer", "Transfer-Encoding: chunked\r\n", "4\r\nfour\r\n0\r\nA: b\n\r\n", true},
		} {
			list := s.raw(t, "POST "+path+" HTTP/1.1\r\nHost: a\r\n"+c.fields+"\r\n"+c.body+mark)
			switch {
			case len(list) == 0 && !c.late:
				t.Errorf("%s, %s: no answer", path, c.what)
			case len(list) > 1:
				t.Errorf("%s, %s: %d answers, so that what followed was a request: %v", path, c.what, len(list), list)
			case c.late && path == "/mark": // nobody waits for that body
			case len(list) == 1 && list[0].status != 400 && (list[0].status != 501 || c.late):
				t.Errorf("%s, %s: got %v, want 400", path, c.what, list[0])
			}
		}
	}
	list := s.raw(t, "POST /read HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"+mark)
	if len(list) != 1 || list[0].status != 400 {
		t.Errorf("chunked in HTTP/1.0: got %v", list)
	}
	for _, line := range []string{"POST  /read HTTP/1.1", "POST /read  HTTP/1.1", "POST /read HTTP/1.1 ", "POST\t/read\tHTTP/1.1", " POST /read HTTP/1.1", "POST /read", "POST /read HTTP/1.10", "POST /read http/1.1", "POST /re ad HTTP/1.1", "POST\x0b/read HTTP/1.1"} {
		for _, a := range s.raw(t, line+"\r\nHost: a\r\nContent-Length: 0\r\n\r\n"+mark) {
			if a.status != 400 && a.status != 505 {
				t.Errorf("%q: got %v", line, a)
			}
		}
	}
	for _, r := range up.requests() {
		if strings.Contains(r.target+r.body, "/mark") || r.target != "/up" {
			t.Errorf("the upstream saw %v", r)
		}
	}
	if strings.Contains(up.bytes(), "POST /mark") {
		t.Error("a smuggled request was passed on")
	}
	// Of the malformed requests only those may have been answered by the handler
	// of /mark whose own body was the malformed one, and once each.
	if a := s.get(t, "/mark"); a.status != 200 {
		t.Errorf("the server is not well: %v", a)
	}
}

// TestX8: Go's ReverseProxy sent parameters on that its rules could not read
// and had not seen (CVE-2022-2880, CVE-2026-39825).
func TestX8(t *testing.T) {
	up := newUpstream(t, nil)
	s := serve(t, files{
		"app/route.ts": "export const GET = () => new Response('')",
		"next.config.ts": `
export default { rewrites: async () => [
  { source: '/safe', missing: [{ type: 'query', key: 'admin' }], destination: process.env.UP + '/safe' },
  { source: '/named', has: [{ type: 'query', key: 'id', value: '(?<id>.+)' }], destination: process.env.UP + '/item/:id' },
  { source: '/all', destination: process.env.UP + '/all' },
] }`,
	}, settings{env: []string{"UP=" + up.url}})
	many := "a=1" + strings.Repeat("&a=1", 3000) // more than some parsers take, within the limit of a URL
	for _, q := range []string{
		"a=1;b=2&c=%zz&d=4", "a=1&b=2", "%zz", "a=%", "a=%2", ";", "a;b", "&&&", "=", "==", "a=1&a=2", "a[]=1&a[0]=2", "a.b=1", "a=%00", "a=%ff", "a=+b%20c", "%41=%42", "a=%26b=1", "a=\"'", "a=b?c=d", many,
	} {
		up.forget()
		a := s.get(t, "/all?"+q)
		if a.status == 400 {
			continue // refused is as good
		}
		if all := up.requests(); len(all) != 1 || all[0].target != "/all?"+q {
			t.Errorf("?%.60s: the upstream saw %.200v", q, all)
		}
	}
	// A rule that asks for a parameter not to be there, against all readers. One
	// without a value counts as not there, as in Next.js.
	s.get(t, "/safe?x=1").want(t, "/safe", 200, "upstream")
	for _, q := range []string{
		"admin=1", "&admin=1", "a=1&admin=1", "%61dmin=1", "admin=%zz", "x=%zz&admin=1", many + "&admin=1", "admin=1&" + many, "admin&admin=1", "admin=1&admin", "x=1&%61%64%6d%69%6e=1", "admin==", "&&&admin=1",
	} {
		up.forget()
		s.get(t, "/safe?"+q)
		if all := up.requests(); len(all) > 0 {
			t.Errorf("?%.60s: the rule did not see the parameter, and the upstream has it: %.200v", q, all)
		}
	}
	// The value that a rule takes is one that the upstream reads too.
	for q, id := range map[string]string{"id=1": "1", "id=%31": "1", "x=1&id=2&y=3": "2", "id=a%20b": "a%20b"} {
		up.forget()
		s.get(t, "/named?"+q)
		if all := up.requests(); len(all) != 1 || !strings.HasPrefix(all[0].target, "/item/"+id) {
			t.Errorf("?%s: the upstream saw %v, want /item/%s", q, all, id)
		}
	}
}

// TestX9: oauth2-proxy passed X_Auth_User on, which upstreams read as the header
// that only it may set (CVE-2025-64484).
func TestX9(t *testing.T) {
	up := newUpstream(t, nil)
	s := serve(t, files{
		"app/echo/route.ts": echo,
		"next.config.ts":    "export default { rewrites: async () => [{ source: '/up', destination: process.env.UP + '/up' }] }",
	}, settings{env: []string{"UP=" + up.url}})
	lines := []string{"X_Forwarded_For: 6.6.6.6", "X_Auth_User: 6.6.6.6", "X-Auth_User: 6.6.6.6", "_: 6.6.6.6", "Content_Length: 6666", "x_forwarded-host: 6.6.6.6", "Transfer_Encoding: 6.6.6.6", "X-Forwarded-For: 6.6.6.6", "X-Real-IP: 6.6.6.6", "Forwarded: for=6.6.6.6", "X-Forwarded-Host: 6.6.6.6", "X-Forwarded-Any: 6.6.6.6", "X-Forwarded: for=6.6.6.6"}
	s.get(t, "/up", lines...).want(t, "/up", 200, "upstream")
	if wire := up.bytes(); strings.Contains(wire, "6.6.6.6") || strings.Contains(wire, "6666") || !strings.Contains(wire, "127.0.0.1") {
		t.Errorf("the upstream was sent %q", wire)
	}
	if a := s.get(t, "/echo", lines...); strings.Contains(a.body, "6.6.6.6") || strings.Contains(a.body, "6666") {
		t.Errorf("the handler sees %v", a)
	}
}

// TestX10: Fastify believed X-Forwarded-Proto and -Host of anybody, although a
// list of trusted proxies was set (CVE-2026-3635).
func TestX10(t *testing.T) {
	up := newUpstream(t, nil)
	project := func(proxies string) files {
		return files{
			"portico.config.ts": "export default { trustedProxies: [" + proxies + "], rewrites: async () => [{ source: '/up', destination: process.env.UP + '/up' }] }",
			"app/echo/route.ts": echo + "\nexport const POST = () => new Response('done')",
		}
	}
	for _, forged := range [][]string{
		{"X-Forwarded-Proto: https", "X-Forwarded-Host: evil.test", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Port: 444"},
		{`Forwarded: for=6.6.6.6;host="evil.test";proto=https`},
		{"X-Forwarded-Proto: https", "X-Forwarded-Host: evil.test", "X-Forwarded-For: 6.6.6.6, 10.0.0.1"},
	} {
		t.Run(strings.Fields(forged[0])[0], func(t *testing.T) {
			up.forget()
			s := serve(t, project("'10.0.0.0/8'"), settings{env: []string{"UP=" + up.url}})
			a := s.get(t, "/echo", forged...)
			if e := a.echoed(t); e.URL != "http://"+s.addr+"/echo" || strings.Contains(a.body, "6.6.6.6") || strings.Contains(a.body, "evil.test") || strings.Contains(a.body, "https") {
				t.Errorf("the handler sees %v", a)
			}
			s.get(t, "/up", forged...).want(t, "/up", 200)
			if wire := up.bytes(); strings.Contains(wire, "6.6.6.6") || strings.Contains(wire, "evil.test") || strings.Contains(wire, "https") {
				t.Errorf("the upstream was sent %q", wire)
			}
			cross := append([]string{"Origin: https://evil.test", "Cookie: session=1"}, forged...)
			s.ask(t, "POST", "/echo", "x", cross...).want(t, "a POST of another site", 403)
		})
	}
	// And from one that is trusted they count.
	s := serve(t, project("'loopback'"), settings{env: []string{"UP=" + up.url}})
	a := s.get(t, "/echo", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.test", "X-Forwarded-For: 6.6.6.6, 203.0.113.7")
	if e := a.echoed(t); e.URL != "https://shop.test/echo" || e.Request["x-forwarded-for"] != "203.0.113.7" || strings.Contains(a.body, "6.6.6.6") {
		t.Errorf("behind a trusted proxy the handler sees %v", a)
	}
	s.ask(t, "POST", "/echo", "x", "Origin: https://shop.test", "Cookie: session=1", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.test").want(t, "a POST of the same site", 200, "done")
}

// TestX11: clients and proxies took Authorization and Cookie along to where a
// redirect led, and Traefik to the server of its error pages (GO-2024-2600,
// GO-2025-3420, GO-2025-3751, CVE-2026-41181).
func TestX11(t *testing.T) {
	other := newUpstream(t, nil)
	first := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusFound
		if code := r.URL.Query().Get("status"); code != "" {
			_, _ = fmt.Sscan(code, &status)
		}
		switch r.URL.Path {
		case "/away":
			w.Header().Set("Location", other.url+"/landed")
			w.WriteHeader(status)
		case "/near":
			w.Header().Set("Location", "/landed")
			w.WriteHeader(status)
		case "/back": // away and back again: what was taken off stays off
			w.Header().Set("Location", other.url+"/landed")
			w.WriteHeader(status)
		case "/fails":
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	s := serve(t, files{
		"app/fetch/[path]/route.ts": `
export const GET = async (r: Request, { params }: any) => {
  const answer = await fetch(process.env.FIRST + '/' + (await params).path + new URL(r.url).search, { headers: { authorization: 'Bearer secret', cookie: 'session=secret', 'proxy-authorization': 'Basic secret', 'x-plain': '1' } })
  return new Response(answer.url)
}`,
		"next.config.ts": "export default { rewrites: async () => [{ source: '/up/:path*', destination: process.env.FIRST + '/:path*' }] }",
	}, settings{env: []string{"FIRST=" + first.url}})
	for _, status := range []string{"301", "302", "303", "307", "308"} {
		other.forget()
		s.get(t, "/fetch/away?status="+status).want(t, status, 200, other.url+"/landed")
		if wire := other.bytes(); strings.Contains(wire, "secret") || !strings.Contains(wire, "X-Plain") && !strings.Contains(wire, "x-plain") {
			t.Errorf("%s: another origin was sent %q", status, wire)
		}
		first.forget()
		s.get(t, "/fetch/near?status="+status).want(t, status, 200, first.url+"/landed")
		if r := first.last(); r.target != "/landed" || r.header.Get("Authorization") != "Bearer secret" || r.header.Get("Cookie") != "session=secret" {
			t.Errorf("%s: the same origin was sent %v", status, r)
		}
		// The proxy follows nothing at all.
		other.forget()
		a := s.get(t, "/up/away?status="+status, "Authorization: Bearer secret", "Cookie: session=secret")
		if fmt.Sprint(a.status) != status || a.header.Get("Location") != other.url+"/landed" || len(other.requests()) > 0 {
			t.Errorf("%s through the proxy: got %v, and the other server saw %v", status, a, other.requests())
		}
	}
	other.forget()
	first.forget()
	s.get(t, "/up/fails", "Authorization: Bearer secret").want(t, "an error of the upstream", 502)
	if len(first.requests()) != 1 || len(other.requests()) != 0 {
		t.Errorf("an error made requests: %v, %v", first.requests(), other.requests())
	}
}

// TestX12: Nitro's wildcard rules passed ..%2fadmin on, which the upstream
// decoded and climbed (nitrojs/nitro#4410).
func TestX12(t *testing.T) {
	up := newUpstream(t, nil)
	bait := newTrap(t)
	for where, f := range map[string]files{
		"config":     {"next.config.ts": "export default { rewrites: async () => [{ source: '/api/orders/:path*', destination: process.env.UP + '/orders/:path*' }] }"},
		"middleware": {"middleware.ts": "import { NextResponse } from 'next/server'\nexport const middleware = (r: any) => NextResponse.rewrite(process.env.UP + r.nextUrl.pathname.replace('/api', ''))"},
	} {
		t.Run(where, func(t *testing.T) {
			f["app/route.ts"] = "export const GET = () => new Response('')"
			control := serve(t, f, settings{env: []string{"UP=" + up.url}})
			up.forget()
			control.get(t, "/api/orders/7").want(t, "/api/orders/7", 200, "upstream")
			if r := up.last(); r.target != "/orders/7" {
				t.Errorf("the upstream saw %v", r)
			}
			s := serve(t, f, settings{env: []string{"UP=http://" + bait.addr()}})
			for _, rest := range []string{
				"..%2fadmin", "..%2Fadmin", "/..%252fadmin", "..%252fadmin", "x/..%2f..%2fadmin", "%2e%2e/admin", "%2e%2e%2fadmin", ".%2e%2fadmin", "..%5cadmin", "..;/admin", "%252e%252e%252fadmin", "..%25252fadmin", "..%2f", "x%2f..%2f..", "%2e%2e;x/admin", "..%00", "..%2fadmin%00", "%ff..%2fadmin",
			} {
				a := s.get(t, "/api/orders/"+rest)
				if a.status == 308 {
					a = s.get(t, a.header.Get("Location"))
				}
				a.want(t, rest, 400)
			}
		})
	}
}

// TestX13: Traefik used connections to upstreams again after a request on them
// had failed, and let CONNECT through them (CVE-2026-71324).
func TestX13(t *testing.T) {
	up := newUpstream(t, nil)
	bait := newTrap(t)
	s := serve(t, files{
		"app/route.ts":   "export const GET = () => new Response('')",
		"next.config.ts": "export default { rewrites: async () => [{ source: '/up/:path*', destination: process.env.UP + '/:path*' }] }",
	}, settings{env: []string{"UP=" + up.url}})
	for _, target := range []string{bait.addr(), "/up/x", s.addr, up.addr} {
		for _, a := range s.raw(t, s.text("CONNECT", target, "", "Host: "+target)) {
			if a.status != 405 && a.status != 400 {
				t.Errorf("CONNECT %s: got %v", target, a)
			}
		}
	}
	s.ask(t, "CONNECT", bait.addr(), "", "Host: "+bait.addr()).want(t, "CONNECT", 405)
	for _, method := range []string{"TRACE", "TRACK", "CONNECT"} {
		if a := s.ask(t, method, "/up/x", "", "Cookie: secret=1"); method != "TRACK" && a.status != 405 || strings.Contains(a.body, "secret") {
			t.Errorf("%s through the proxy: got %v", method, a)
		}
	}
	for _, r := range up.requests() {
		if r.method != "TRACK" {
			t.Errorf("the upstream saw %v", r)
		}
	}

	// An upstream whose answers are not what they say. What comes behind one
	// must not answer the next request.
	poison := "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
	for what, first := range map[string]string{
		"more than its length":       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + poison,
		"a body behind 204":          "HTTP/1.1 204 No Content\r\n\r\n" + poison,
		"a body behind 304":          "HTTP/1.1 304 Not Modified\r\n\r\n" + poison,
		"two answers, the last long": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + poison,
		"both framings":              "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + poison,
		"a broken chunk":             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokx\r\n0\r\n\r\n" + poison,
	} {
		t.Run(what, func(t *testing.T) {
			addr := script(t, func(c net.Conn, _ int, head string) {
				if strings.HasPrefix(head, "GET /evil") {
					_, _ = io.WriteString(c, first)
					return
				}
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
			})
			s := serve(t, files{
				"app/route.ts":   "export const GET = () => new Response('')",
				"next.config.ts": "export default { rewrites: async () => [{ source: '/up/:path*', destination: process.env.UP + '/:path*' }] }",
			}, settings{env: []string{"UP=http://" + addr}})
			for range 10 {
				for _, a := range s.raw(t, s.text("GET", "/up/evil", "")) {
					if strings.Contains(a.body, "poison") {
						t.Errorf("the first answer is %v", a)
					}
				}
				s.get(t, "/up/good").want(t, "the next request", 200, "good")
			}
		})
	}
}

// TestX15: undici inflated through any number of codings, and took line ends in
// what it wrote into a request's head (CVE-2026-22036, -1527, -1525).
func TestX15(t *testing.T) {
	addr := script(t, func(c net.Conn, _ int, head string) {
		text := map[string]string{
			"/links":     "HTTP/1.1 200 OK\r\nContent-Encoding: " + strings.TrimSuffix(strings.Repeat("gzip, ", 1000), ", ") + "\r\nContent-Length: 4\r\n\r\nfour",
			"/lines":     "HTTP/1.1 200 OK\r\n" + strings.Repeat("Content-Encoding: gzip\r\n", 1000) + "Content-Length: 4\r\n\r\nfour",
			"/lengths":   "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nfour5",
			"/listed":    "HTTP/1.1 200 OK\r\nContent-Length: 4, 5\r\n\r\nfour5",
			"/negative":  "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nfour",
			"/status":    "HTTP/1.1 20 OK\r\nContent-Length: 4\r\n\r\nfour",
			"/unnamed":   "HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 4\r\n\r\nfour",
			"/huge":      "HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("a", 4<<20) + "\r\nContent-Length: 4\r\n\r\nfour",
			"/protocol":  "HTTP/9.9 200 OK\r\nContent-Length: 4\r\n\r\nfour",
			"/gibberish": "\x00\x01\x02\x03\r\n\r\n",
			"/good":      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour",
		}[strings.Fields(head)[1]]
		_, _ = io.WriteString(c, text)
		if !strings.Contains(text, "four") || !strings.HasPrefix(head, "GET /good") {
			_ = c.Close()
		}
	})
	s := serve(t, files{
		"next.config.ts": "export default { rewrites: async () => [{ source: '/up/:path*', destination: process.env.UP + '/:path*' }] }",
		"app/fetch/[path]/route.ts": `
export const GET = async (_: Request, { params }: any) => {
  try { return new Response('read ' + (await (await fetch(process.env.UP + '/' + (await params).path)).text()).length) } catch (e: any) { return new Response(e.name, { status: 418 }) }
}`,
		"app/lines/route.ts": `
const tries: Record<string, () => unknown> = {
  set: () => new Headers().set('x', 'a\r\nb: c'),
  append: () => new Headers().append('x', 'a\nb'),
  cr: () => new Headers().set('x', 'a\rb'),
  nul: () => new Headers({ x: 'a\0b' }),
  name: () => new Headers([['x\r\ny', '1']]),
  blank: () => new Headers([['x y', '1']]),
  request: () => new Request('http://a.test', { headers: { upgrade: 'websocket\r\nX-Evil: 1' } }),
  response: () => new Response('', { headers: { 'x': 'a\r\n\r\nbody' } }),
  method: () => new Request('http://a.test', { method: 'GET / HTTP/1.1\r\nX: 1' }),
  status: () => new Response('', { statusText: 'OK\r\nX-Evil: 1' }),
  redirect: () => new Response('', { headers: { location: '/\r\nset-cookie: a=b' } }),
  fetch: () => fetch(process.env.UP + '/good', { headers: { 'x-a': 'a\r\nX-Evil: 1' } }),
  content: () => fetch(process.env.UP + '/good', { method: 'POST', body: 'x', headers: { 'content-type': 'a\r\nX-Evil: 1' } }),
}
export const GET = async () => {
  const said: Record<string, string> = {}
  for (const [name, f] of Object.entries(tries)) {
    try { await f(); said[name] = 'nothing' } catch (e: any) { said[name] = e.name }
  }
  return Response.json(said)
}`,
	}, settings{env: []string{"UP=http://" + addr}})
	s.get(t, "/fetch/good").want(t, "/fetch/good", 200, "read 4")
	for _, path := range []string{"links", "lines", "lengths", "listed", "negative", "status", "unnamed", "huge", "gibberish"} {
		s.get(t, "/fetch/"+path).want(t, "fetch of /"+path, 418, "TypeError")
	}
	for _, path := range []string{"lengths", "listed", "negative", "status", "unnamed", "huge", "gibberish"} {
		for _, a := range s.raw(t, s.text("GET", "/up/"+path, "")) {
			if a.status != 502 {
				t.Errorf("/%s through the proxy: got %v, want 502", path, a)
			}
		}
		s.get(t, "/up/good").want(t, "after /"+path, 200, "four")
	}
	a := s.get(t, "/lines")
	a.want(t, "/lines", 200)
	if n := strings.Count(a.body, `"TypeError"`); n != 13 {
		t.Errorf("line ends were taken: %s", a.body)
	}
}

// TestX16: a backend that relays tokens may speak to the servers that it is
// for, and to nobody else (RFC 10017).
func TestX16(t *testing.T) {
	bait := newTrap(t)
	up := newUpstream(t, nil)
	s := serve(t, files{
		"portico.config.ts": "export default { proxy: { allow: [process.env.UP!.slice('http://'.length)] }, rewrites: async () => [{ source: '/up', destination: process.env.UP + '/up' }] }",
		"middleware.ts": `
import { NextResponse } from 'next/server'
export function middleware(request: any) {
  const headers = new Headers(request.headers)
  headers.set('authorization', 'Bearer secret')
  return NextResponse.rewrite(request.nextUrl.searchParams.get('to'), { request: { headers } })
}
export const config = { matcher: '/to' }`,
		"app/route.ts": "export const GET = () => new Response('')",
	}, settings{env: []string{"UP=" + up.url}})
	s.get(t, "/up").want(t, "/up", 200, "upstream")
	s.get(t, "/to?to="+up.url+"/x").want(t, "an allowed host", 200, "upstream")
	if up.last().header.Get("Authorization") != "Bearer secret" {
		t.Errorf("the token is not relayed: %v", up.last())
	}
	said := refused(t, files{
		"portico.config.ts": "export default { proxy: { allow: 'api.test' }, rewrites: async () => [{ source: '/config', destination: 'http://" + bait.addr() + "/config' }] }",
		"app/route.ts":      "export const GET = () => new Response('')",
	})
	if !strings.Contains(said, "proxy.allow does not have the host") {
		t.Errorf("a rewrite of the configuration to another host: %s", said)
	}
	_, port, _ := net.SplitHostPort(bait.addr())
	for _, to := range []string{"http://" + bait.addr(), "http://localhost:" + port, "http://127.0.0.1:" + port + "/x", "http://" + up.addr + "@" + bait.addr(), "http://127.1:" + port, "http://0x7f000001:" + port, "http://2130706433:" + port, "http://[::ffff:127.0.0.1]:" + port, "https://" + bait.addr()} {
		if a := s.get(t, "/to?to="+to); a.status != 502 {
			t.Errorf("a rewrite to %s: got %v, want 502", to, a)
		}
	}
	if said = s.output.String(); !strings.Contains(said, "not allowed") || strings.Contains(said, "secret") {
		t.Errorf("the log says %s", said)
	}
}
