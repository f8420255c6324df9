package security

import (
	"fmt"
	"strings"
	"testing"
)

// TestD15: limits were got around by an address of the client's own making, by
// one more of the 2⁶⁴ addresses that it has, by another spelling of the path or
// another method for the same handler, and by keys that run into each other. A
// wait is never told shorter than it is.
func TestD15(t *testing.T) {
	project := files{
		"app/api/[id]/route.ts": "export const GET = () => new Response('a')\nexport const POST = GET",
		"app/script/route.ts": `
			import { rateLimit } from 'portico/rate-limit'
			export async function GET(request: Request) {
				const { rateLimited, headers } = await rateLimit(request, { limit: 1, window: '1h' })
				return new Response(null, { status: rateLimited ? 429 : 204, headers })
			}`,
		"portico.config.ts": `export default {
			trustedProxies: process.env.PROXY ? ['loopback'] : [],
			rewrites: async () => [{ source: '/v1/:path*', destination: '/api/:path*' }],
			rateLimits: [
				{ source: '/api/:path*', methods: ['GET'], limit: 1, window: '1h' },
				{ source: '/v1/:path*', limit: 1, window: '1h' },
			],
		}`,
	}
	held := func(t *testing.T, what string, a answer) {
		t.Helper()
		if a.status != 429 || a.header.Get("Retry-After") != "3600" {
			t.Errorf("%s: got %v, want 429 with Retry-After: 3600", what, a)
		}
	}
	t.Run("nobody trusted", func(t *testing.T) {
		s := serve(t, project)
		s.get(t, "/api/1").want(t, "the first", 200, "a")
		s.get(t, "/script").want(t, "the first", 204)
		s.get(t, "/v1/1").want(t, "the first", 200, "a")
		for i, line := range []string{"X-Forwarded-For", "Forwarded", "X-Real-IP", "X_Forwarded_For", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-Portico-Client"} {
			value := fmt.Sprintf("198.51.100.%d", i)
			if line == "Forwarded" {
				value = "for=" + value
			}
			held(t, line, s.get(t, "/api/1", line+": "+value))
			held(t, line+", script", s.get(t, "/script", line+": "+value))
		}
		for _, path := range []string{"/api/2", "/api/1?x", "/%61pi/1", "/x/../api/1", "/./api/1", "/API/1", "/api/%31", "/V1/1", "/%761/1", "/v1/%31"} {
			held(t, path, s.get(t, path))
		}
		held(t, "HEAD", s.ask(t, "HEAD", "/api/1", ""))
		s.ask(t, "POST", "/api/1", "").want(t, "a method that is not counted", 200, "a")
		held(t, "headers that the client names in Connection", s.get(t, "/api/1", "Connection: X-Forwarded-For, Host"))
	})
	t.Run("behind a proxy", func(t *testing.T) {
		s := serve(t, project, settings{env: []string{"PROXY=1"}})
		from := func(path, addresses string) answer { return s.get(t, path, "X-Forwarded-For: "+addresses) }
		for _, path := range []string{"/api/1", "/script"} {
			status := map[string]int{"/api/1": 200, "/script": 204}[path]
			from(path, "203.0.113.9").want(t, "the first", status)
			held(t, "what the client says before", from(path, "198.51.100.1, 203.0.113.9"))
			held(t, "mapped into IPv6", from(path, "::ffff:203.0.113.9"))
			from(path, "203.0.113.10").want(t, "another", status)
			from(path, "2001:db8:1:2::1").want(t, "IPv6", status)
			for i := range 20 {
				held(t, "another address of the same /64", from(path, fmt.Sprintf("2001:db8:1:2:%x::%x", i, i)))
			}
			from(path, "2001:db8:1:3::1").want(t, "the next /64", status)
		}
	})
	t.Run("keys", func(t *testing.T) {
		s := serve(t, project.with(files{"portico.config.ts": `export default {
			rateLimits: [{ limit: 2, window: '1h', by: 'header:x-api-key' }, { limit: 40, window: '1h', name: 'address' }] }`}))
		long := strings.Repeat("k", 8<<10)
		for _, key := range []string{"a", "b", "a b", "a:b", "a 1:b", "127.0.0.1", "ip 9:127.0.0.1", long, long + "2"} {
			for range 2 {
				s.get(t, "/api/1", "X-Api-Key: "+key).want(t, key, 200, "a")
			}
			if a := s.get(t, "/api/1", "X-Api-Key: "+key); a.status != 429 {
				t.Errorf("%.20s: %v", key, a)
			}
		}
		// Keys that are made up end at the rule by address.
		passed := 0
		for i := range 40 {
			if s.get(t, "/api/1", fmt.Sprintf("X-Api-Key: made up %d", i)).status == 200 {
				passed++
			}
		}
		if passed != 40-2*9 {
			t.Errorf("%d requests with made-up keys got through, want %d", passed, 40-2*9)
		}
	})
}
