package portico_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

// hand is a clock that is moved by hand.
type hand struct{ t time.Time }

func (h *hand) now() time.Time { return h.t }

func newHand() *hand { return &hand{time.Unix(1_700_000_000, 0)} }

// askAs sends a request as a client of an address, through a proxy that is
// trusted.
func askAs(t *testing.T, s *porticotest.Server, client, path string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest("GET", s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", client)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	res, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

// behind has the test's own connection for a trusted proxy.
var behind = []string{"192.0.2.1"}

// Scripts count: what they are told, request by request.
func TestRateLimitScript(t *testing.T) {
	h := newHand()
	s := porticotest.New(t, portico.Config{Now: h.now, TrustedProxies: behind, FS: fstest.MapFS{
		"app/[kind]/route.ts": {Data: []byte(`
			import { rateLimit } from 'portico/rate-limit'
			const options = {
				plain: { limit: 2, window: '1m' },
				number: { limit: 2, window: 60 },
				cost: { limit: 3, window: '1m', cost: 2 },
				much: { limit: 3, window: '1m', cost: 4 },
				look: { limit: 3, window: '1m', cost: 0 },
				ip: { limit: 2, window: '1m', by: 'ip' },
				key: { limit: 2, window: '1m', by: 'everybody' },
				none: { limit: 2, window: '1m', by: '' },
				header: { limit: 2, window: '1m', by: 'header:x-api-key' },
				cookie: { limit: 2, window: '1m', by: 'cookie:id' },
				session: { limit: 2, window: '1m', by: 'session' },
				sync: { limit: 2, window: '1m', by: (r: Request) => r.headers.get('x-api-key') },
				later: { limit: 2, window: '1m', by: async (r: Request) => { await new Promise(f => setTimeout(f)); return r.headers.get('x-api-key') } },
				count: { limit: 2, window: '1m', by: () => 7 },
				same: { limit: 2, window: '1m', by: () => 'ip' },
				named: { limit: 2, window: '1m', name: 'shared', by: 'k' },
				other: { limit: 2, window: '1m', name: 'shared', by: () => 'k' },
				longer: { limit: 2, window: '2m', name: 'shared', by: () => 'k' },
			}
			export async function GET(request: Request, { params }) {
				const { kind } = await params
				const r = await rateLimit(request, { name: kind, ...options[kind] })
				return Response.json(r, { status: r.rateLimited ? 429 : 200, headers: r.headers })
			}`)},
	}})
	const a, b = "203.0.113.9", "203.0.113.10"
	key := func(k string) []string { return []string{"X-Api-Key", k} }
	type result struct {
		RateLimited                         bool
		Limit, Remaining, Reset, RetryAfter int
		Headers                             map[string]string
	}
	for i, c := range []struct {
		pass       time.Duration
		kind, from string
		header     []string
		want       result // without headers
	}{
		{0, "plain", a, nil, result{false, 2, 1, 30, 0, nil}},
		{0, "plain", a, key("k"), result{false, 2, 0, 60, 0, nil}},
		{0, "plain", a, nil, result{true, 2, 0, 60, 30, nil}},
		{0, "plain", b, nil, result{false, 2, 1, 30, 0, nil}},
		{0, "plain", "2001:db8::1", nil, result{false, 2, 1, 30, 0, nil}},
		{0, "plain", "2001:db8::2", nil, result{false, 2, 0, 60, 0, nil}},
		{29500 * time.Millisecond, "plain", a, nil, result{true, 2, 0, 31, 1, nil}},
		{500 * time.Millisecond, "plain", a, nil, result{false, 2, 0, 60, 0, nil}},
		{0, "number", a, nil, result{false, 2, 1, 30, 0, nil}},
		{0, "cost", a, nil, result{false, 3, 1, 40, 0, nil}},
		{0, "cost", a, nil, result{true, 3, 1, 40, 20, nil}},
		{0, "much", a, nil, result{true, 3, 3, 0, 60, nil}},
		{0, "look", a, nil, result{false, 3, 3, 0, 0, nil}},
		{0, "ip", a, nil, result{false, 2, 1, 30, 0, nil}},
		{0, "ip", b, nil, result{false, 2, 1, 30, 0, nil}},
		{0, "key", a, nil, result{false, 2, 1, 30, 0, nil}},
		{0, "key", b, nil, result{false, 2, 0, 60, 0, nil}},
		{0, "none", a, nil, result{false, 2, 1, 30, 0, nil}},
		{0, "none", b, nil, result{false, 2, 1, 30, 0, nil}},
		{0, "header", a, key("k"), result{false, 2, 1, 30, 0, nil}},
		{0, "header", b, key("k"), result{false, 2, 0, 60, 0, nil}},
		{0, "header", b, key("l"), result{false, 2, 1, 30, 0, nil}},
		{0, "header", b, key(b), result{false, 2, 1, 30, 0, nil}},
		{0, "header", b, nil, result{false, 2, 1, 30, 0, nil}},
		{0, "cookie", a, []string{"Cookie", "a=1; id=x"}, result{false, 2, 1, 30, 0, nil}},
		{0, "cookie", b, []string{"Cookie", "id=x"}, result{false, 2, 0, 60, 0, nil}},
		{0, "session", a, []string{"Cookie", "sid=x"}, result{false, 2, 1, 30, 0, nil}},
		{0, "session", b, []string{"Cookie", "sid=x"}, result{false, 2, 0, 60, 0, nil}},
		{0, "sync", a, key("k"), result{false, 2, 1, 30, 0, nil}},
		{0, "sync", b, key("k"), result{false, 2, 0, 60, 0, nil}},
		{0, "sync", b, nil, result{false, 2, 1, 30, 0, nil}},
		{0, "later", a, key("k"), result{false, 2, 1, 30, 0, nil}},
		{0, "later", b, key("k"), result{false, 2, 0, 60, 0, nil}},
		{0, "later", b, nil, result{false, 2, 1, 30, 0, nil}},
		{0, "count", a, nil, result{false, 2, 1, 30, 0, nil}},
		{0, "count", b, nil, result{false, 2, 0, 60, 0, nil}},
		// What a function returns is a key, whatever it says.
		{0, "same", a, nil, result{false, 2, 1, 30, 0, nil}},
		{0, "same", b, nil, result{false, 2, 0, 60, 0, nil}},
		{0, "named", a, nil, result{false, 2, 1, 30, 0, nil}},
		{0, "other", a, nil, result{false, 2, 0, 60, 0, nil}},
		{0, "longer", a, nil, result{false, 2, 1, 60, 0, nil}},
	} {
		h.t = h.t.Add(c.pass)
		res, text := askAs(t, s, c.from, "/"+c.kind, c.header...)
		var got result
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%d, %s: %v in %s", i, c.kind, err, text)
		}
		for name, value := range got.Headers {
			if res.Header.Get(name) != value {
				t.Errorf("%d, %s: %s is %q, want %q", i, c.kind, name, res.Header.Get(name), value)
			}
		}
		if got.Headers["RateLimit"] == "" || got.Headers["RateLimit-Policy"] == "" || (got.Headers["Retry-After"] != "") != c.want.RateLimited {
			t.Errorf("%d, %s: headers are %v", i, c.kind, got.Headers)
		}
		got.Headers = nil
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%d, %s: %+v, want %+v", i, c.kind, got, c.want)
		}
	}
}

// Options that make no sense are TypeErrors, and reject.
func TestRateLimitOptions(t *testing.T) {
	cases := []struct{ call, want string }{
		{"rateLimit()", "TypeError: rateLimit() wants the request as its first argument, such as rateLimit(request, { limit: 10, window: '1m' })"},
		{"rateLimit({ headers: {} }, { limit: 1, window: 1 })", "TypeError: rateLimit() wants the request"},
		{"rateLimit(request)", "TypeError: rateLimit() wants options"},
		{"rateLimit(request, 'a')", "TypeError: rateLimit() wants options"},
		{"rateLimit(request, {})", "TypeError: rateLimit(): there is no limit"},
		{"rateLimit(request, { limit: 1 })", "TypeError: rateLimit(): there is no window"},
		{"rateLimit(request, { limit: 0, window: 1 })", "TypeError: rateLimit(): limit is 0, want a whole number of at least 1"},
		{"rateLimit(request, { limit: 1.5, window: 1 })", "TypeError: rateLimit(): limit is 1.5"},
		{"rateLimit(request, { limit: '1', window: 1 })", "TypeError: rateLimit(): limit is 1, want a whole number"},
		{"rateLimit(request, { limit: NaN, window: 1 })", "TypeError: rateLimit(): limit is NaN"},
		{"rateLimit(request, { limit: Infinity, window: 1 })", "TypeError: rateLimit(): limit is Infinity"},
		{"rateLimit(request, { limit: 1, window: 'soon' })", `TypeError: rateLimit(): the string "soon" is not a window: write a text such as '10s'`},
		{"rateLimit(request, { limit: 1, window: 0 })", "TypeError: rateLimit(): the number 0 is not a window"},
		{"rateLimit(request, { limit: 1, window: false })", "TypeError: rateLimit(): false is not a window"},
		{"rateLimit(request, { limit: 1, window: {} })", "is not a window"},
		{"rateLimit(request, { limit: 1, window: '500d' })", "TypeError: rateLimit(): the window is 12000h0m0s, want a year at most"},
		{"rateLimit(request, { limit: 1e9, window: 1 })", "TypeError: rateLimit(): the limit is more than one request a microsecond"},
		{"rateLimit(request, { limit: 1, window: 1, cost: -1 })", "TypeError: rateLimit(): cost is -1, want a whole number of at least 0"},
		{"rateLimit(request, { limit: 1, window: 1, name: '' })", "TypeError: rateLimit(): name is , want a text"},
		{"rateLimit(request, { limit: 1, window: 1, name: 7 })", "TypeError: rateLimit(): name is 7, want a text"},
		{"rateLimit(request, { limit: 1, window: 1, by: {} })", "TypeError: rateLimit(): by gives [object Object], want a text"},
		{"rateLimit(request, { limit: 1, window: 1, by: true })", "TypeError: rateLimit(): by gives true, want a text"},
		{"rateLimit(request, { limit: 1, window: 1, by: 'header:' })", `TypeError: rateLimit(): by: "" is no name of a header; write header:`},
		{"rateLimit(request, { limit: 1, window: 1, by: 'cookie:a b' })", `TypeError: rateLimit(): by: "a b" is no name of a cookie`},
		{"rateLimit(request, { limit: 1, window: 1, by: () => ({}) })", "TypeError: rateLimit(): the function by gives [object Object], want a text"},
		{"rateLimit(request, { limit: 1, window: 1, by: async () => [] })", "TypeError: rateLimit(): the function by gives [object Array], want a text"},
		{"rateLimit(request, { limit: 1, window: 1, by() { throw new RangeError('mine') } })", "RangeError: mine"},
		{"rateLimit(request, { limit: 1, window: 1, async by() { throw new RangeError('mine') } })", "RangeError: mine"},
		{"rateLimit(request, { limit: 1, window: 1, async by() { await null; throw new RangeError('mine') } })", "RangeError: mine"},
		{"rateLimit(request, { limits: 1, window: 1 })", `TypeError: rateLimit(): there is no option "limits"; the options are limit, window, by, name, cost`},
	}
	var calls strings.Builder
	for _, c := range cases {
		fmt.Fprintf(&calls, "(request: any): any => %s,\n", c.call)
	}
	s := porticotest.New(t, portico.Config{FS: fstest.MapFS{"app/a/route.ts": {Data: []byte(`
		import { rateLimit } from 'portico/rate-limit'
		const calls = [` + calls.String() + `]
		export async function GET(request: Request) {
			const said: string[] = []
			for (const call of calls) {
				let promise
				try { promise = call(request) } catch (e) { said.push('thrown: ' + e); continue }
				await promise.then(() => said.push('fulfilled'), (e: unknown) => said.push(String(e)))
			}
			return Response.json(said)
		}`)}}})
	_, text := askAs(t, s, "203.0.113.9", "/a")
	var said []string
	if err := json.Unmarshal([]byte(text), &said); err != nil || len(said) != len(cases) {
		t.Fatalf("%v, %d answers in %s", err, len(said), text)
	}
	for i, c := range cases {
		if !strings.Contains(said[i], c.want) || strings.HasPrefix(said[i], "thrown") {
			t.Errorf("%s: %s, want %s", c.call, said[i], c.want)
		}
	}
}

// Where there is no request there is nobody to count, and a static answer is
// made for all.
func TestRateLimitOutside(t *testing.T) {
	s := porticotest.New(t, portico.Config{Isolates: 1, FS: fstest.MapFS{
		"app/module/route.ts": {Data: []byte(`
			import { rateLimit } from 'portico/rate-limit'
			const made = new Request('http://a.test')
			const outcome = (options: object) => rateLimit(made, options).then((r: any) => 'remaining ' + r.remaining, String)
			const said = await Promise.all([
				outcome({ limit: 2, window: '1m' }),
				outcome({ limit: 2, window: '1m', name: 'n' }),
				outcome({ limit: 2, window: '1m', name: 'n', by: 'k' }),
			])
			export const GET = () => Response.json(said)`)},
		"app/static/route.ts": {Data: []byte(`
			import { rateLimit } from 'portico/rate-limit'
			export const dynamic = 'force-static'
			export const GET = async (request: Request) => new Response(await rateLimit(request, { limit: 2, window: '1m' }).then(() => 'counted', String))`)},
		"app/dynamic/route.ts": {Data: []byte(`
			import { rateLimit } from 'portico/rate-limit'
			export const revalidate = 60
			export const GET = async (request: Request) => Response.json(await rateLimit(request, { limit: 2, window: '1m' }))`)},
		"middleware.ts": {Data: []byte(`
			import { rateLimit } from 'portico/rate-limit'
			export const config = { matcher: '/guarded' }
			export async function middleware(request: Request) {
				const { rateLimited, headers } = await rateLimit(request, { limit: 1, window: '1m' })
				return new Response(null, { status: rateLimited ? 429 : 204, headers })
			}`)},
	}})
	_, text := askAs(t, s, "", "/module")
	if want := `["TypeError: rateLimit(): outside of a request a limit needs a name","Error: ` + "`rateLimit`" + ` was called outside a request scope. Read more: https://nextjs.org/docs/messages/next-dynamic-api-wrong-context","remaining 1"]`; text != want {
		t.Errorf("at load: %s\nwant     %s", text, want)
	}
	if _, text := askAs(t, s, "", "/static"); !strings.Contains(text, "force-static") {
		t.Errorf("static: %s", text)
	}
	for i, want := range []string{`"remaining":1`, `"remaining":0`, `"rateLimited":true`} {
		if _, text := askAs(t, s, "", "/dynamic"); !strings.Contains(text, want) {
			t.Errorf("dynamic %d: %s", i, text)
		}
	}
	for i, want := range []int{204, 429} {
		res, _ := askAs(t, s, "", "/guarded")
		if res.StatusCode != want || !strings.HasPrefix(res.Header.Get("RateLimit"), `"middleware.ts";`) {
			t.Errorf("middleware %d: %d %v", i, res.StatusCode, res.Header)
		}
	}
}

// Rules of the configuration, and how they are listed; a reload forgets nobody.
func TestRateLimitRules(t *testing.T) {
	h := newHand()
	var loaded portico.Loaded
	files := fstest.MapFS{
		"app/api/[id]/route.ts": {Data: []byte(`export const GET = () => new Response('a')`)},
		"portico.config.json": {Data: []byte(`{ "basePath": "/base", "rateLimits": [
			{ "source": "/api/:path*", "limit": 2, "window": "1m", "missing": [{ "type": "header", "key": "x-free" }] },
			{ "source": "/api/:path*", "limit": 90, "window": "90s", "methods": ["GET", "POST"], "by": "cookie:id", "name": "ids" },
			{ "limit": 1000, "window": "1h" }] }`)},
	}
	s := porticotest.New(t, portico.Config{Now: h.now, TrustedProxies: behind, FS: files, OnLoad: func(l portico.Loaded) { loaded = l }})
	want := []portico.RuleInfo{
		{Kind: "rateLimit", Source: "/api/:path*", Rate: "2/1m by ip", File: "portico.config.json"},
		{Kind: "rateLimit", Source: "/api/:path*", Rate: "GET, POST 90/1m30s by cookie:id", File: "portico.config.json"},
		{Kind: "rateLimit", Source: "every path", Rate: "1000/1h by ip", File: "portico.config.json"},
	}
	if fmt.Sprint(loaded.Rules) != fmt.Sprint(want) {
		t.Errorf("rules are %+v", loaded.Rules)
	}
	const a, b = "203.0.113.9", "203.0.113.10"
	for i, c := range []struct {
		pass     time.Duration
		reload   bool
		from     string
		path     string
		header   []string
		status   int
		rateName string
	}{
		{0, false, a, "/base/api/1", nil, 200, "/api/:path*"},
		{0, false, a, "/base/api/1", []string{"X-Free", "1"}, 200, "ids"},
		{0, false, a, "/base/api/2", nil, 200, "/api/:path*"},
		{0, false, a, "/base/api/2", nil, 429, "/api/:path*"},
		{0, true, a, "/base/api/2", nil, 429, "/api/:path*"},
		{0, false, b, "/base/api/2", nil, 200, "/api/:path*"},
		{0, false, a, "/api/2", nil, 404, "every path"},
		{30 * time.Second, true, a, "/base/api/2", nil, 200, "/api/:path*"},
		{0, true, a, "/base/api/2", nil, 429, "/api/:path*"},
	} {
		h.t = h.t.Add(c.pass)
		if c.reload {
			if err := s.App.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		res, _ := askAs(t, s, c.from, c.path, c.header...)
		if name := strings.SplitN(res.Header.Get("RateLimit"), ";", 2)[0]; res.StatusCode != c.status || name != `"`+c.rateName+`"` {
			t.Errorf("%d: %d %v, want %d by %s", i, res.StatusCode, res.Header, c.status, c.rateName)
		}
	}
}

// What a rule gets wrong is told with its place, and Go's rules go before the
// file's.
func TestRateLimitConfig(t *testing.T) {
	route := map[string]string{"app/a/route.ts": `export const GET = () => new Response('a')`}
	file := func(rule string) fstest.MapFS {
		m := fstest.MapFS{"portico.config.json": {Data: []byte("{\n  \"rateLimits\": [\n    " + rule + "\n  ]\n}")}}
		for name, text := range route {
			m[name] = &fstest.MapFile{Data: []byte(text)}
		}
		return m
	}
	for _, c := range []struct{ rule, want string }{
		{`{ "source": "/a", "limit": 1, "window": "1m", "by": "address" }`, `portico.config.json:3:5: rateLimits[0]: by: "address" does not say whose requests are counted together` + "\nhint: it is \"ip\", \"header:NAME\", \"cookie:NAME\" or \"session\""},
		{`{ "source": "/a", "limit": 1, "window": "1m", "by": "header:a b" }`, `portico.config.json:3:5: rateLimits[0]: by: "a b" is no name of a header`},
		{`{ "source": "/a(", "limit": 1, "window": "1m" }`, "portico.config.json:3:5: rateLimits[0]: "},
		{`{ "source": "/a", "limit": 1, "window": "900d" }`, "portico.config.json:3:5: rateLimits[0]: the window is"},
		{`{ "source": "/a", "limit": 1, "window": "1m", "has": [{ "type": "nose", "key": "x" }] }`, "portico.config.json:3:5: rateLimits[0]: "},
	} {
		app := portico.New(portico.Config{FS: file(c.rule)})
		if err := app.Load(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.rule, err)
		}
		_ = app.Close(context.Background())
	}
	app := portico.New(portico.Config{RateLimits: []portico.RateRule{{Limit: 1, Window: time.Minute, By: "nobody"}}})
	if err := app.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "Config.RateLimits[0]: by: ") {
		t.Errorf("Go's rule: %v", err)
	}
	_ = app.Close(context.Background())
	s := porticotest.New(t, portico.Config{FS: file(`{ "limit": 1, "window": "1m" }`), RateLimits: []portico.RateRule{{Source: "/a", Methods: []string{"GET"}, Limit: 2, Window: time.Hour, Name: "mine"}}})
	for i, want := range []int{200, 200, 429} {
		res, _ := askAs(t, s, "", "/a")
		if res.StatusCode != want || res.Header.Get("RateLimit-Policy") != `"mine";q=2;w=3600` {
			t.Errorf("%d: %d %v", i, res.StatusCode, res.Header)
		}
	}
}

// Go counts, together with scripts where the name is the same.
func TestRateLimitGo(t *testing.T) {
	h := newHand()
	ok := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") })
	var took portico.RateResult
	login := portico.Rate{Limit: 2, Window: time.Minute, Name: "login"}
	s := porticotest.New(t, portico.Config{Now: h.now, TrustedProxies: behind, FS: fstest.MapFS{
		"app/script/route.ts": {Data: []byte(`
			import { rateLimit } from 'portico/rate-limit'
			export const GET = async (request: Request) => Response.json(await rateLimit(request, { limit: 2, window: '1m', name: 'login', by: () => 'ann' }))`)},
		"middleware.ts": {Data: []byte(`
			import { NextResponse } from 'next/server'
			export const config = { matcher: '/forged' }
			export const middleware = () => NextResponse.next({ request: { headers: new Headers({ 'x-forwarded-for': '6.6.6.6' }) } })`)},
	}}, func(app *portico.App) {
		app.Handle("/plain", portico.RateLimit(portico.Rate{Limit: 1, Window: time.Minute})(ok))
		app.Handle("/forged", portico.RateLimit(portico.Rate{Limit: 1, Window: time.Minute})(ok))
		app.Handle("/by", portico.RateLimit(portico.Rate{Limit: 1, Window: time.Minute, By: func(r *http.Request) string { return r.Header.Get("X-Api-Key") }})(ok))
		app.Handle("/cost", portico.RateLimit(portico.Rate{Limit: 3, Window: time.Minute, Cost: 2})(ok))
		app.Handle("/take", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var err error
			if took, err = portico.TakeRate(r.Context(), "ann", login); err != nil {
				t.Error(err)
			}
			took.SetHeader(w.Header())
		}))
		app.Route("/kept", portico.Handlers{Revalidate: time.Minute, GET: portico.RateLimit(portico.Rate{Limit: 1, Window: time.Minute})(ok).ServeHTTP})
		app.Use(portico.RateLimit(portico.Rate{Limit: 100, Window: time.Minute}))
	})
	const a, b = "203.0.113.9", "2001:db8::1"
	key := func(k string) []string { return []string{"X-Api-Key", k} }
	for i, c := range []struct {
		from, path string
		header     []string
		status     int
		told       string
	}{
		{a, "/plain", nil, 200, `"/plain";r=0;t=60`},
		{a, "/plain", nil, 429, `"/plain";r=0;t=60`},
		{b, "/plain", nil, 200, `"/plain";r=0;t=60`},
		{"2001:db8::2", "/plain", nil, 429, `"/plain";r=0;t=60`},
		{a, "/forged", nil, 200, `"/forged";r=0;t=60`},
		{b, "/forged", nil, 200, `"/forged";r=0;t=60`},
		{a, "/by", nil, 200, `"/by";r=0;t=60`},
		{a, "/by", key(a), 200, `"/by";r=0;t=60`},
		{b, "/by", key(a), 429, `"/by";r=0;t=60`},
		{a, "/cost", nil, 200, `"/cost";r=1;t=40`},
		{a, "/cost", nil, 429, `"/cost";r=1;t=40`},
		{a, "/take", nil, 200, `"login";r=1;t=30`},
		{a, "/none", nil, 404, `"default";r=91;t=6`},
		{a, "/kept", nil, 500, `"default";r=90;t=6`},
	} {
		res, _ := askAs(t, s, c.from, c.path, c.header...)
		if told := res.Header.Get("RateLimit"); res.StatusCode != c.status || told != c.told || (res.Header.Get("Retry-After") != "") != (c.status == 429) {
			t.Errorf("%d, %s: %d %v, want %d and %s", i, c.path, res.StatusCode, res.Header, c.status, c.told)
		}
	}
	if _, text := askAs(t, s, a, "/script"); !strings.Contains(text, `"remaining":0`) {
		t.Errorf("the script counts for itself: %s", text)
	}
	res, err := s.App.TakeRate(t.Context(), "ann", login)
	if err != nil || !res.Limited || res.RetryAfter != 30*time.Second || res.Reset != time.Minute {
		t.Errorf("the App counts for itself: %+v, %v", res, err)
	}
	login.Cost = -1
	if res, err = s.App.TakeRate(t.Context(), "bob", login); err != nil || res.Limited || res.Remaining != 2 {
		t.Errorf("looking: %+v, %v", res, err)
	}
	login.Cost = 3
	if res, err = s.App.TakeRate(t.Context(), "bob", login); err != nil || !res.Limited || res.RetryAfter != time.Minute {
		t.Errorf("more than the limit: %+v, %v", res, err)
	}
	if _, err = s.App.TakeRate(t.Context(), "bob", portico.Rate{}); err == nil {
		t.Error("a Rate without a limit is taken")
	}
	if _, err := portico.TakeRate(t.Context(), "ann", login); !errors.Is(err, portico.ErrNoApp) {
		t.Errorf("without an App: %v", err)
	}
	w := httptest.NewRecorder()
	portico.RateLimit(portico.Rate{Limit: 1, Window: time.Minute})(ok).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 500 {
		t.Errorf("without an App: %d", w.Code)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a Rate without a window is taken")
			}
		}()
		portico.RateLimit(portico.Rate{Limit: 1})
	}()
}

// Around everything, before anybody has looked at forwarded headers, clients are
// told apart all the same.
func TestRateLimitWrap(t *testing.T) {
	s := porticotest.New(t, portico.Config{TrustedProxies: behind, Wrap: portico.RateLimit(portico.Rate{Limit: 1, Window: time.Hour})})
	for i, c := range []struct {
		header []string
		status int
	}{
		{[]string{"Forwarded", "for=203.0.113.9"}, 404},
		{[]string{"Forwarded", "for=203.0.113.9"}, 429},
		{[]string{"Forwarded", "for=203.0.113.10"}, 404},
		{[]string{"Forwarded", "for=203.0.113.11, for=203.0.113.10"}, 429},
		{[]string{"Forwarded", "for=\"broken"}, 400},
		{[]string{"Forwarded", "for=\"broken"}, 429},
	} {
		r, err := http.NewRequest("GET", s.URL+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(c.header[0], c.header[1])
		res, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.status {
			t.Errorf("%d: %d, want %d", i, res.StatusCode, c.status)
		}
	}
}

// Nodes on one Redis count together, rules, scripts and Go alike; when it is
// away, each counts by itself or nothing gets through.
func TestRateLimitShared(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		server := miniredis.RunT(t)
		server.SetTime(time.Unix(1_700_000_000, 0))
		files := fstest.MapFS{
			"portico.config.json": {Data: []byte(`{ "rateLimits": { "source": "/ruled", "limit": 2, "window": "1m" }, "rateLimit": { "whenStoreIsAway": "` + map[bool]string{false: "local", true: "refuse"}[refuse] + `" } }`)},
			"app/ruled/route.ts":  {Data: []byte(`export const GET = () => new Response('a')`)},
			"app/script/route.ts": {Data: []byte(`
				import { rateLimit } from 'portico/rate-limit'
				export async function GET(request: Request) {
					const r = await rateLimit(request, { limit: 2, window: '1m', by: async (r) => (await null, 'k') })
					return Response.json(r, { status: r.rateLimited ? 429 : 200, headers: r.headers })
				}`)},
		}
		var nodes [2]*porticotest.Server
		for i := range nodes {
			nodes[i] = porticotest.New(t, portico.Config{FS: files, Cache: "redis://" + server.Addr(), Logger: slog.New(slog.DiscardHandler)}, func(app *portico.App) {
				app.Handle("/go", portico.RateLimit(portico.Rate{Limit: 2, Window: time.Minute})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })))
			})
		}
		for _, path := range []string{"/ruled", "/script", "/go"} {
			for i, c := range []struct {
				node, status int
				rest         string // of RateLimit, behind the name
			}{{0, 200, "r=1;t=30"}, {1, 200, "r=0;t=60"}, {0, 429, "r=0;t=60"}, {1, 429, "r=0;t=60"}} {
				res, text := askAs(t, nodes[c.node], "", path)
				if told := res.Header.Get("RateLimit"); res.StatusCode != c.status || told != `"`+path+`";`+c.rest {
					t.Errorf("%s, request %d: %d %v %s", path, i, res.StatusCode, res.Header, text)
				}
			}
		}
		server.Close()
		for _, path := range []string{"/ruled", "/script", "/go"} {
			res, text := askAs(t, nodes[0], "", path)
			h := res.Header
			switch {
			case !refuse && (res.StatusCode != 200 || h.Get("RateLimit") != `"`+path+`";r=1;t=30`):
				t.Errorf("%s, local: %d %v %s", path, res.StatusCode, h, text)
			case refuse && (res.StatusCode != map[string]int{"/ruled": 503, "/go": 503, "/script": 429}[path] || h.Get("Retry-After") != "1" || h.Get("RateLimit") != ""):
				t.Errorf("%s, refused: %d %v %s", path, res.StatusCode, h, text)
			}
		}
	}
}

// Answers that are kept are counted like others, and keep nothing of the counts.
func TestRateLimitKept(t *testing.T) {
	s := porticotest.New(t, portico.Config{Now: newHand().now, FS: fstest.MapFS{
		"app/a/route.ts": {Data: []byte("export const revalidate = 60\nexport const GET = () => new Response('a')")},
	}, RateLimits: []portico.RateRule{{Limit: 3, Window: time.Minute}}})
	etag := ""
	for i, c := range []struct {
		header []string
		status int
		told   string
	}{{nil, 200, "r=2;t=20"}, {nil, 200, "r=1;t=40"}, {[]string{"If-None-Match", "*"}, 304, "r=0;t=60"}, {nil, 429, "r=0;t=60"}} {
		res, _ := askAs(t, s, "", "/a", c.header...)
		if told := res.Header["Ratelimit"]; res.StatusCode != c.status || len(told) != 1 || told[0] != `"every path";`+c.told {
			t.Errorf("%d: %d %v", i, res.StatusCode, res.Header)
		}
		if c.status == 200 && res.Header.Get("X-Nextjs-Cache") != "HIT" {
			t.Errorf("%d is not from the cache: %v", i, res.Header)
		}
		if c.status == 429 && (res.Header.Get("Etag") != "" || etag == "") {
			t.Errorf("%d: the validator is %q, and was %q", i, res.Header.Get("Etag"), etag)
		}
		etag = res.Header.Get("Etag")
	}
}
