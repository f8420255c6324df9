package config

import (
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/portico-dev/portico/internal/route"
)

var update = flag.Bool("update", false, "write what came out into the fixtures' want files")

// report is what a parse says, as the fixtures have it.
func report(warnings []string, err error) string {
	var b strings.Builder
	if err != nil {
		b.WriteString(err.Error() + "\n")
	}
	for _, w := range warnings {
		b.WriteString("warning: " + w + "\n")
	}
	return b.String()
}

// A fixture is a txtar archive: the configuration, data.json when it is a
// script, and want.
func TestParseReports(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(err, "no fixtures")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			config, want := a.Files[0], &a.Files[len(a.Files)-1]
			data := config
			if a.Files[1].Name == "data.json" {
				data = a.Files[1]
			}
			var warnings []string
			v, err := ParseJSON(data.Data, data.Name)
			if err == nil {
				_, warnings, err = Parse(v, Options{File: config.Name, Text: string(config.Data), Own: strings.HasPrefix(config.Name, "portico.")})
			}
			got := report(warnings, err)
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got != string(want.Data) {
				t.Errorf("got\n%s\nwant\n%s", got, want.Data)
			}
			for _, e := range flatten(err) {
				if _, ok := errors.AsType[*route.Error](e); !ok {
					t.Errorf("%v is a %T, want a *route.Error", e, e)
				}
			}
		})
	}
}

func flatten(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range many.Unwrap() {
			out = append(out, flatten(e)...)
		}
		return out
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func parseText(t *testing.T, own bool, text string) *Settings {
	t.Helper()
	v, err := ParseJSON([]byte(text), "test.json")
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := Parse(v, Options{File: "test.json", Text: text, Own: own})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSettings(t *testing.T) {
	yes := true
	for _, c := range []struct {
		name, text string
		own        bool
		want       Settings
	}{
		{"empty", `{}`, false, Settings{}},
		{"defaults of Next.js", `{"compress": true, "generateEtags": true, "trailingSlash": false, "httpAgentOptions": {"keepAlive": true}, "basePath": "", "i18n": null, "experimental": {"caseSensitiveRoutes": false}}`, false, Settings{}},
		{"next", `{"basePath": "/docs", "trailingSlash": true, "skipTrailingSlashRedirect": true, "skipProxyUrlNormalize": true, "skipMiddlewareUrlNormalize": false,
			"compress": false, "generateEtags": false, "env": {"A": "1", "B": null}, "pageExtensions": ["api.ts", "tsx"], "output": "standalone", "distDir": "out",
			"httpAgentOptions": {"keepAlive": false}, "expireTime": 60, "cacheMaxMemorySize": 1000, "cacheHandler": "./cache.js", "experimental": {"caseSensitiveRoutes": true, "proxyTimeout": 5000}}`, false,
			Settings{BasePath: "/docs", TrailingSlash: true, SkipTrailingSlashRedirect: true, SkipURLNormalize: true, NoCompress: true, NoETags: true,
				Env: map[string]string{"A": "1"}, PageExtensions: []string{"api.ts", "tsx"}, Output: "standalone", DistDir: "out", NoKeepAlive: true,
				ExpireTime: time.Minute, CacheMaxMemorySize: 1000, CacheHandler: "./cache.js", CaseSensitive: true, Proxy: Proxy{Default: Upstream{ResponseTimeout: 5 * time.Second}}}},
		{"none", `{"expireTime": 0, "cacheMaxMemorySize": 0, "portico": {"bodyLimit": false, "csrf": false, "server": {"handlerTimeout": false, "tls": false}, "proxy": {"breaker": false, "maxConcurrent": false}}}`, false,
			Settings{ExpireTime: -1, CacheMaxMemorySize: -1, BodyLimit: -1, CSRF: CSRF{Off: true}, Server: Server{HandlerTimeout: -1}, Proxy: Proxy{Default: Upstream{Breaker: Breaker{Off: true}, MaxConcurrent: -1}}}},
		{"ours", `{"publicOrigin": "https://example.com", "allowedHosts": "example.com", "trustedProxies": ["10.0.0.0/8", "loopback"], "forwarding": "forwarded", "csrf": {"trustedOrigins": ["https://a.example"], "exempt": "/hook"},
			"rateLimits": [{"source": "/api/:path*", "limit": 100, "window": "1m", "has": [{"type": "header", "key": "x-a"}]},
				{"methods": ["POST"], "limit": 5, "window": 90, "by": "session", "name": "writes"}],
			"rateLimit": {"whenStoreIsAway": "refuse", "sessionCookies": "mine"},
			"cors": {"source": "/api/:path*", "origins": ["https://a.example", "http://localhost:3000"], "methods": ["GET", "POST"], "headers": "X-A", "exposedHeaders": ["X-B"], "credentials": true, "maxAge": 600},
			"bodyLimit": "4mb", "accessLog": true, "maxConcurrency": 8,
			"server": {"listen": [":8080", "unix:/run/p.sock"], "headerTimeout": "5s", "bodyTimeout": 30000, "idleTimeout": "2m", "writeTimeout": false, "drainDelay": "1s", "maxHeaderSize": "32kb", "maxURLSize": 8192, "handlerTimeout": "20s", "jobLimit": "2s", "drainTimeout": "10s", "isolates": 3, "tls": {"acme": {"domains": "example.com", "email": "a@example.com"}, "redirect": ":80"}}}`, true,
			Settings{PublicOrigin: "https://example.com", AllowedHosts: []string{"example.com"}, TrustedProxies: []string{"10.0.0.0/8", "loopback"}, Forwarding: "forwarded",
				CSRF: CSRF{TrustedOrigins: []string{"https://a.example"}, Exempt: []string{"/hook"}},
				CORS: []CORS{{Source: "/api/:path*", Origins: []string{"https://a.example", "http://localhost:3000"}, Methods: []string{"GET", "POST"}, Headers: []string{"X-A"}, ExposedHeaders: []string{"X-B"},
					Credentials: true, MaxAge: 10 * time.Minute, Place: "test.json:5:4: cors"}},
				RateLimits: []RateLimit{
					{Source: "/api/:path*", Limit: 100, Window: time.Minute, Has: []route.Condition{{Type: "header", Key: "x-a"}}, Place: "test.json:2:19: rateLimits[0]"},
					{Methods: []string{"POST"}, Limit: 5, Window: 90 * time.Second, By: "session", Name: "writes", Place: "test.json:3:5: rateLimits[1]"}},
				RateLimit: RateLimits{Refuse: true, SessionCookies: []string{"mine"}},
				BodyLimit: 4 << 20, AccessLog: &yes, MaxConcurrency: 8,
				Server: Server{Listen: []string{":8080", "unix:/run/p.sock"}, HeaderTimeout: 5 * time.Second, BodyTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, WriteTimeout: -1, DrainDelay: time.Second, MaxHeaderSize: 32 << 10, MaxURLSize: 8192,
					HandlerTimeout: 20 * time.Second, JobLimit: 2 * time.Second, DrainTimeout: 10 * time.Second, Isolates: 3, TLS: &TLS{ACME: &ACME{Domains: []string{"example.com"}, Email: "a@example.com"}, Redirect: []string{":80"}}}}},
		{"upstreams inherit", `{"experimental": {"proxyTimeout": 1000}, "proxy": {"allow": ["a.example"], "connectTimeout": "1s", "responseTimeout": "9s", "maxConcurrent": 2, "flushInterval": false, "maxResponseHeaderSize": "8kb", "breaker": {"failures": 4},
			"upstreams": {"https://a.example": {"connectTimeout": "3s", "addresses": ["10.0.0.1:80", "10.0.0.2:80"], "breaker": {"cooldown": "1m"}}, "http://b.example:81": {"responseTimeout": false, "maxConcurrent": false}}}}`, true,
			Settings{Proxy: Proxy{Allow: []string{"a.example"}, Default: Upstream{ConnectTimeout: time.Second, ResponseTimeout: 9 * time.Second, FlushInterval: -1, MaxResponseHeaderSize: 8 << 10, MaxConcurrent: 2, Breaker: Breaker{Failures: 4}},
				Upstreams: map[string]Upstream{
					"https://a.example":   {ConnectTimeout: 3 * time.Second, ResponseTimeout: 9 * time.Second, FlushInterval: -1, MaxResponseHeaderSize: 8 << 10, MaxConcurrent: 2, Breaker: Breaker{Failures: 4, Cooldown: time.Minute}, Addresses: []string{"10.0.0.1:80", "10.0.0.2:80"}},
					"http://b.example:81": {ConnectTimeout: time.Second, ResponseTimeout: -1, FlushInterval: -1, MaxResponseHeaderSize: 8 << 10, MaxConcurrent: -1, Breaker: Breaker{Failures: 4}},
				}}}},
		{"cache", `{"cacheLife": {"often": {"stale": 60, "revalidate": 300, "expire": 3600}, "once": {"expire": 1e300}}, "cache": {"url": "rediss://user:secret@host:6380/2", "prefix": "shop", "timeout": "1s", "lease": "20s", "dir": "/var/cache", "maxMemory": "1mb", "maxDisk": "2mb"}, "server": {"admin": true}}`, true,
			Settings{CacheLife: map[string]CacheLife{"often": {Stale: new(time.Minute), Revalidate: new(5 * time.Minute), Expire: new(time.Hour)}, "once": {Expire: new(time.Duration(math.MaxInt64))}},
				Cache:  Cache{Store: "rediss://user:secret@host:6380/2", Prefix: "shop", Timeout: time.Second, Lease: 20 * time.Second, Dir: "/var/cache", MaxMemory: 1 << 20, MaxDisk: 2 << 20},
				Server: Server{Admin: "unix:.portico/admin.sock"}}},
		{"a store alone", `{"portico": {"cache": "valkey://host", "server": {"admin": "unix:/run/a.sock"}}, "experimental": {"cacheLife": {"often": {}}}}`, false,
			Settings{Cache: Cache{Store: "valkey://host"}, CacheLife: map[string]CacheLife{"often": {}}, Server: Server{Admin: "unix:/run/a.sock"}}},
		{"no cache", `{"cache": false, "server": {"admin": false}}`, true, Settings{Cache: Cache{Store: CacheOff}}},
		{"the default", `{"cache": null, "cacheLife": null}`, true, Settings{}},
		{"memory", `{"cache": "memory"}`, true, Settings{Cache: Cache{Store: CacheMemory}}},
		{"both places", `{"portico": {"bodyLimit": "1mb", "maxConcurrency": 2}, "bodyLimit": "2mb"}`, true, Settings{BodyLimit: 2 << 20, MaxConcurrency: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.File = "test.json"
			if got := parseText(t, c.own, c.text); !reflect.DeepEqual(*got, c.want) {
				t.Errorf("got  %+v\nwant %+v", *got, c.want)
			}
		})
	}
}

func TestExactOrigin(t *testing.T) {
	for _, c := range []struct {
		in, right string
		ok        bool
	}{
		{"https://example.com", "https://example.com", true},
		{"http://localhost:3000", "http://localhost:3000", true},
		{"http://[::1]:3000", "http://[::1]:3000", true},
		{"https://example.com:8443", "https://example.com:8443", true},
		{"https://example.com/", "https://example.com", false},
		{"https://example.com:443", "https://example.com", false},
		{"http://example.com:80", "http://example.com", false},
		{"https://example.com/a?b#c", "https://example.com", false},
		{"https://u:p@example.com", "https://example.com", false},
		{"example.com", "https://example.com", false},
		{"//example.com", "https://example.com", false},
		{"HTTPS://EXAMPLE.com", "https://example.com", false},
		{"https://*.example.com", "", false},
		{"https://", "", false},
		{"https://bücher.example", "", false},
		{"null", "https://null", false},
		{"*", "", false},
		{"ws://example.com", "", false},
		{"https://a b", "", false},
		{"", "", false},
	} {
		if right, ok := exactOrigin(c.in); right != c.right || ok != c.ok {
			t.Errorf("exactOrigin(%q) = %q, %v; want %q, %v", c.in, right, ok, c.right, c.ok)
		}
	}
}

func TestParseMatcher(t *testing.T) {
	no := false
	for _, c := range []struct {
		name   string
		config any
		text   string
		want   []route.MatcherSpec
		err    string
	}{
		{"nothing", nil, "", nil, ""},
		{"no matcher", map[string]any{"runtime": "nodejs", "regions": "iad1"}, "", nil, ""},
		{"string", map[string]any{"matcher": "/a"}, "", []route.MatcherSpec{{Source: "/a", Place: "middleware.ts: matcher"}}, ""},
		{"list", map[string]any{"matcher": []any{"/a", map[string]any{"source": "/b", "locale": false, "has": []any{map[string]any{"type": "header", "key": "x"}}, "missing": []any{map[string]any{"type": "host", "value": "h"}}}}},
			"// matcher\nexport const config = {\n  matcher: ['/a', { source: '/b' }],\n}",
			[]route.MatcherSpec{{Source: "/a", Place: "middleware.ts:3:13: matcher[0]"},
				{Source: "/b", Locale: &no, Has: []route.Condition{{Type: "header", Key: "x"}}, Missing: []route.Condition{{Type: "host", Value: "h"}}, Place: "middleware.ts:3:19: matcher[1]"}}, ""},
		{"empty list", map[string]any{"matcher": []any{}}, "", nil, "middleware.ts: matcher: the list is empty"},
		{"unknown", map[string]any{"macher": "/a"}, "", nil, "middleware.ts: config.macher: unknown key\nhint: did you mean matcher"},
		{"unknown in an item", map[string]any{"matcher": []any{map[string]any{"source": "/a", "hass": nil}}}, "export const config = { matcher: [{ source: '/a', hass: null }] }", nil, "middleware.ts:1:51: matcher[0].hass: unknown key\nhint: did you mean has"},
		{"number", map[string]any{"matcher": []any{5.0}}, "", nil, "middleware.ts: matcher[0]: this is the number 5, want a string or an object with source"},
		{"no source", map[string]any{"matcher": []any{map[string]any{}}}, "", nil, "matcher[0]: source is required"},
		{"no object", "/a", "", nil, "config: this is the string \"/a\", want an object"},
		{"two", map[string]any{"matcher": []any{5.0, true}}, "", nil, "matcher[1]: this is true"},
		{"one of two", map[string]any{"matcher": []any{5.0, "/a"}}, "", []route.MatcherSpec{{Source: "/a", Place: "middleware.ts: matcher[1]"}}, "matcher[0]: this is the number 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseMatcher(c.config, "middleware.ts", c.text)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("error %v, want %q", err, c.err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// TestRewriteLimits: a rewrite to another server may have limits of its own.
func TestRewriteLimits(t *testing.T) {
	parse := func(text string) (*Settings, error) {
		data, err := ParseJSON([]byte(text), "portico.config.json")
		if err != nil {
			t.Fatal(err)
		}
		s, _, err := Parse(data, Options{File: "portico.config.json", Text: text, Own: true})
		return s, err
	}
	s, err := parse(`{"rewrites": [{"source": "/a", "destination": "https://a.test/a", "limits": {"responseTimeout": "2s", "totalTimeout": false}}, {"source": "/b", "destination": "https://a.test/b"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Rewrites.Limits[s.Rewrites.AfterFiles[0]]; got != (Limits{ResponseTimeout: 2 * time.Second, TotalTimeout: -1}) {
		t.Errorf("got %+v", got)
	}
	if _, ok := s.Rewrites.Limits[s.Rewrites.AfterFiles[1]]; ok {
		t.Error("the second rule has limits too")
	}
	for text, want := range map[string]string{
		`{"rewrites": [{"source": "/a", "destination": "/b", "limits": {"totalTimeout": "1s"}}]}`:            "limits are for rewrites to another server",
		`{"rewrites": [{"source": "/a", "destination": "https://a.test", "limits": {"total": "1s"}}]}`:       "the keys here are connectTimeout",
		`{"redirects": [{"source": "/a", "destination": "/b", "permanent": true, "limits": {}}]}`:            "limits: unknown key",
		`{"rewrites": [{"source": "/a", "destination": "https://a.test", "limits": {"totalTimeout": "x"}}]}`: "totalTimeout",
	} {
		if _, err := parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
