package security

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// whose is an upstream that says who asked it, and how often it was asked.
func whose(t *testing.T) *upstream {
	var n atomic.Int32
	return newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		for _, name := range []string{"Cache-Control", "Vary", "Set-Cookie", "Content-Type"} {
			if v := q.Get(strings.ToLower(name)); v != "" {
				w.Header().Set(name, v)
			}
		}
		status := http.StatusOK
		if s := q.Get("status"); s != "" {
			_, _ = fmt.Sscan(s, &status)
		}
		w.WriteHeader(status)
		if status != http.StatusNoContent {
			_, _ = fmt.Fprintf(w, "%d for %s|%s", n.Add(1), r.Header.Get("Authorization"), r.Header.Get("Cookie"))
		}
	})
}

// relays are routes that fetch with the credentials of who asks them, kept in
// each way that there is.
var relays = files{
	"app/asked/route.ts": `
export const GET = async (r: Request) => fetch(process.env.UP + '/' + new URL(r.url).search, { next: { revalidate: 60 }, headers: credentials(r) })` + credentials,
	"app/forced/route.ts": `
export const GET = async (r: Request) => fetch(process.env.UP + '/' + new URL(r.url).search, { cache: 'force-cache', headers: credentials(r) })` + credentials,
	"app/default/route.ts": `
export const fetchCache = 'default-cache'
export const GET = async (r: Request) => fetch(process.env.UP + '/' + new URL(r.url).search, { headers: credentials(r) })` + credentials,
	"app/all/route.ts": `
export const fetchCache = 'force-cache'
export const GET = async (r: Request) => fetch(process.env.UP + '/' + new URL(r.url).search, { headers: r.headers })`,
}

const credentials = `
function credentials(r: Request) {
  const h = new Headers()
  for (const name of ['authorization', 'cookie']) if (r.headers.has(name)) h.set(name, r.headers.get(name)!)
  return h
}`

// TestC1: answers that were made for one user were given to others, by caches
// that looked at the URL alone and at no private (Hono GHSA-p77w-8qqv-26rm,
// GHSA-6wqw-2p9w-4vw4, the audit of vinext).
func TestC1(t *testing.T) {
	up := whose(t)
	s := serve(t, relays.with(files{
		"app/route/route.ts": `
export const revalidate = 60
export const GET = (r: Request) => new Response('for ' + r.headers.get('authorization') + '|' + r.headers.get('cookie'))`,
		"app/blank/route.ts": `
export const dynamic = 'force-static'
export const GET = (r: Request) => new Response('for ' + r.headers.get('authorization') + '|' + r.headers.get('cookie'))`,
		"app/private/route.ts": `
export const revalidate = 60
export const GET = () => new Response(crypto.randomUUID(), { headers: { 'cache-control': 'private, max-age=60' } })`,
		"app/cookie/route.ts": `
export const revalidate = 60
export const GET = () => new Response(crypto.randomUUID(), { headers: { 'set-cookie': 'session=' + crypto.randomUUID() } })`,
	}), settings{env: []string{"UP=" + up.url}})
	users := [][]string{{"Authorization: Bearer a"}, {"Authorization: Bearer b"}, {"Cookie: s=a"}, {"Cookie: s=b"}, {"Authorization: Bearer a", "Cookie: s=a"}, nil}
	for _, query := range []string{"", "?cache-control=private", "?cache-control=public,max-age=9", "?vary=cookie", "?vary=*", "?set-cookie=s=1"} {
		for _, route := range []string{"/asked", "/forced", "/default", "/all", "/route"} {
			for range 2 {
				for _, user := range users {
					auth, cookie := "", ""
					for _, line := range user {
						if v, ok := strings.CutPrefix(line, "Authorization: "); ok {
							auth = v
						}
						if v, ok := strings.CutPrefix(line, "Cookie: "); ok {
							cookie = v
						}
					}
					want := "for " + auth + "|" + cookie
					if route == "/route" {
						want = "for " + or(auth, "null") + "|" + or(cookie, "null")
					}
					if a := s.get(t, route+query, user...); a.status != 200 || !strings.HasSuffix(a.body, want) {
						t.Errorf("%s%s by %v: %v", route, query, user, a)
					}
				}
			}
		}
	}
	for _, user := range users {
		s.get(t, "/blank", user...).want(t, "what is made for all", 200, "for null|null")
	}
	for _, path := range []string{"/private", "/cookie"} {
		if a, b := s.get(t, path), s.get(t, path); a.body == b.body || strings.Contains(b.header.Get("X-Nextjs-Cache"), "HIT") {
			t.Errorf("%s is shared: %v, %v", path, a, b)
		}
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// TestC2: a fetch of a Request and of options with a body of their own was kept
// under the Request's body (Next.js GHSA-68g3-v927-f742).
func TestC2(t *testing.T) {
	up := newUpstream(t, nil)
	s := serve(t, files{"app/[how]/route.ts": `
export async function POST(r: Request, { params }: any) {
  const { a, b } = await r.json()
  const url = process.env.UP + '/', cache = 'force-cache'
  const first = () => new Request(url, { method: 'POST', body: a })
  const text = (s: string) => new Blob([s]).stream()
  const ask = {
    options: () => fetch(first(), { body: b, cache }),
    own: () => fetch(new Request(url, { method: 'POST', body: b, cache })),
    copied: () => fetch(new Request(first(), { body: b }), { cache }),
    stream: () => fetch(first(), { body: text(b), duplex: 'half', cache } as any),
    form: () => { const f = new URLSearchParams({ b }); return fetch(first(), { body: f, cache }) },
  }[(await params).how as string]!
  await (await ask()).text()
  return new Response('done')
}`}, settings{env: []string{"UP=" + up.url}})
	for _, how := range []string{"options", "own", "copied", "stream", "form"} {
		up.forget()
		for range 2 {
			for _, pair := range []string{`{"a":"1","b":"2"}`, `{"a":"1","b":"3"}`, `{"a":"2","b":"1"}`, `{"a":"12","b":""}`} {
				s.ask(t, "POST", "/"+how, pair, "Content-Type: application/json").want(t, how, 200, "done")
			}
		}
		seen := map[string]int{}
		for _, r := range up.requests() {
			seen[strings.TrimPrefix(r.body, "b=")]++
		}
		// Another way with the same bytes may have been asked before.
		for _, body := range []string{"", "1", "2", "3"} {
			if seen[body] > 1 {
				t.Errorf("%s: the body %q was sent %d times", how, body, seen[body])
			}
		}
		if how == "options" && len(seen) != 4 {
			t.Errorf("%s: of four bodies these were sent: %v", how, seen)
		}
	}
}

// TestC4: an empty 204 was kept in the place of a page, so that nobody saw it
// any more (Next.js CVE-2025-49826); an error is no answer to keep either.
func TestC4(t *testing.T) {
	up := whose(t)
	var broken atomic.Bool
	flaky := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, "good")
	})
	broken.Store(true)
	s := serve(t, relays.with(files{"app/page/route.ts": `
export const revalidate = 1
export async function GET() {
  const answer = await fetch(process.env.FLAKY + '/')
  return answer.ok ? new Response(await answer.text()) : new Response('', { status: 500 })
}`}), settings{env: []string{"UP=" + up.url, "FLAKY=" + flaky.url}})
	for _, status := range []string{"204", "404", "500", "503"} {
		for _, route := range []string{"/asked", "/forced", "/default", "/all"} {
			up.forget()
			a, b := s.get(t, route+"?status="+status), s.get(t, route+"?status="+status)
			if fmt.Sprint(a.status) != status || fmt.Sprint(b.status) != status || len(up.requests()) != 2 {
				t.Errorf("%s with %s: %v, %v, %d requests", route, status, a, b, len(up.requests()))
			}
		}
	}
	if a := s.get(t, "/page"); a.status != 500 {
		t.Errorf("got %v", a)
	}
	broken.Store(false)
	s.get(t, "/page").want(t, "once it works again", 200, "good")
}

// TestC9: two schemes of authentication shared a key, so that one user was
// another (Oathkeeper CVE-2026-33496).
func TestC9(t *testing.T) {
	up := whose(t)
	s := serve(t, relays, settings{env: []string{"UP=" + up.url}})
	lines := []string{"Authorization: Bearer x", "Authorization: Basic x", "Authorization: Digest x", "Authorization: x", "Cookie: Bearer x", "Cookie: authorization=Bearer x", "X-Authorization: Bearer x"}
	for _, route := range []string{"/asked", "/forced", "/default", "/all"} {
		for range 2 {
			for _, line := range lines {
				auth, cookie := "", ""
				if v, ok := strings.CutPrefix(line, "Authorization: "); ok {
					auth = v
				}
				if v, ok := strings.CutPrefix(line, "Cookie: "); ok {
					cookie = v
				}
				if a := s.get(t, route, line); a.status != 200 || !strings.HasSuffix(a.body, " for "+auth+"|"+cookie) {
					t.Errorf("%s with %s: %v", route, line, a)
				}
			}
		}
	}
}

// TestC10: two users who asked at a time were given one answer, as what was
// under way had a key of a part of the credentials (Traefik CVE-2026-71326).
func TestC10(t *testing.T) {
	const n = 20
	var mu sync.Mutex
	waiting, all := 0, make(chan struct{})
	up := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		// No answer before everybody's question is there.
		mu.Lock()
		if waiting++; waiting == n {
			close(all)
		}
		mu.Unlock()
		select {
		case <-all:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, "for "+r.Header.Get("Authorization"))
	})
	s := serve(t, relays, settings{env: []string{"UP=" + up.url}})
	prefix := "Bearer " + strings.Repeat("same", 500)
	var wg sync.WaitGroup
	for i := range n {
		for range 2 {
			wg.Go(func() {
				auth := fmt.Sprintf("%s%d", prefix, i)
				list := s.raw(t, s.text("GET", "/asked", "", "Authorization: "+auth))
				if len(list) != 1 || list[0].body != "for "+auth {
					t.Errorf("user %d got %.200v", i, list)
				}
			})
		}
	}
	wg.Wait()
	if got := len(up.requests()); got != n {
		t.Errorf("%d users made %d requests", n, got)
	}
}
