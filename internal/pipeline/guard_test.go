package pipeline

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/portico-dev/portico/internal/route"
)

// watch is a middleware file that notes what it was asked about, and denies all
// of it when it is told to.
type watch struct {
	deny    bool
	asked   []string // paths
	reached []string // patterns of routes whose handler ran, with the path it saw
}

func (w *watch) Source() string { return "middleware.ts" }

func (w *watch) Run(x *Exchange) (*Verdict, error) {
	w.asked = append(w.asked, x.Path)
	v := &Verdict{Close: func() {}}
	if w.deny {
		v.Answer = func(w http.ResponseWriter) error {
			w.WriteHeader(http.StatusUnauthorized)
			return nil
		}
	}
	return v, nil
}

// guarded is a pipeline with routes below /admin and elsewhere, and what it is
// watched by.
type guarded struct {
	name string
	p    *Pipeline
	w    *watch
	base string
}

func guardedPipelines(t testing.TB) (list []guarded) {
	t.Helper()
	settings := []struct {
		name, matcher string
		deny          bool
		config        func(*Config)
	}{
		{"noted", "/admin/:path*", false, nil},
		{"denied", "/admin/:path*", true, nil},
		{"all but public", "/((?!public).*)", false, nil},
		{"all but public, denied", "/((?!public).*)", true, nil},
		{"two matchers", "/admin", true, func(c *Config) { c.Matchers = append(c.Matchers, matchers(t, "/admin/:path+")...) }},
		{"trailing slash", "/admin/:path*", true, func(c *Config) { c.TrailingSlash = true }},
		{"slashes left alone", "/admin/:path*", true, func(c *Config) { c.SkipTrailingSlashRedirect = true }},
		{"base path", "/admin/:path*", true, func(c *Config) {
			c.BasePath = "/base"
			m, err := route.NewMatcher(route.MatcherSpec{Source: "/admin/:path*"}, route.RuleOptions{BasePath: c.BasePath})
			if err != nil {
				t.Fatal(err)
			}
			c.Matchers = []*route.Matcher{m}
		}},
		{"rewrites to elsewhere", "/admin/:path*", true, func(c *Config) {
			c.BeforeFiles = rewrites(t, "/before/:path*", "/public/:path*", "/one/:name", "/app/:name/end")
			c.AfterFiles = rewrites(t, "/after/:path*", "/app/:path*", "/text/:rest(.*)", "/public/:rest")
			c.Fallback = rewrites(t, "/last/:path*", "/app/:path*")
		}},
		{"Go middleware that copies", "/admin/:path*", true, func(c *Config) {
			c.Middleware = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r.Clone(r.Context())) })
			}
		}},
		{"Go middleware that strips", "/admin/:path*", true, func(c *Config) {
			c.Middleware = func(next http.Handler) http.Handler {
				strip := http.StripPrefix("/strip", next)
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if strings.HasPrefix(r.URL.Path, "/strip/") {
						strip.ServeHTTP(w, r)
						return
					}
					next.ServeHTTP(w, r)
				})
			}
		}},
		{"redirects", "/admin/:path*", true, func(c *Config) { c.Redirects = redirects(t, "/go/:path*", "/:path*") }},
	}
	for _, s := range settings {
		w := &watch{deny: s.deny}
		h := HandlerFunc(func(x *Exchange) error {
			w.reached = append(w.reached, x.Route.Pattern+" at "+x.Path)
			return nil
		})
		var entries []route.Entry[*Route]
		for _, pattern := range []string{
			"/", "/admin", "/admin/panel", "/admin/a.json", "/admin/[id]", "/admin/[id]/edit", "/admin/[...rest]", "/admin/files/[[...name]]",
			"/public", "/public/[...rest]", "/app/[[...rest]]", "/[slug]", "/[slug]/panel", "/[...all]",
		} {
			entries = append(entries, entry(t, pattern, map[string]Handler{"*": h}))
		}
		c := Config{Script: w, Matchers: matchers(t, s.matcher)}
		if s.config != nil {
			s.config(&c)
		}
		list = append(list, guarded{s.name, pipeline(t, c, entries...), w, c.BasePath})
	}
	return list
}

// ask sends a request line as net/http reads it, and follows the redirects of
// the server to itself. ok is false for what is no request.
func (g *guarded) ask(t *testing.T, method, target string) (ok bool) {
	t.Helper()
	for range 6 {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + target + " HTTP/1.1\r\nHost: example.com\r\n\r\n")))
		if err != nil {
			return false
		}
		r.RemoteAddr = "192.0.2.1:1234"
		g.w.asked, g.w.reached = nil, nil
		w := httptest.NewRecorder()
		g.p.ServeHTTP(w, r)
		g.check(t, target)
		to := w.Header().Get("Location")
		if to == "" {
			return true
		}
		if to[0] != '/' || len(to) > 1 && (to[1] == '/' || to[1] == '\\') {
			t.Errorf("%s: %q leads to %q, out of the server", g.name, target, to)
		}
		target = to
	}
	t.Errorf("%s: the redirects of %q do not end", g.name, target)
	return true
}

// check is the property: what is below /admin has passed the middleware, with
// the path that the handler saw, and nothing has passed one that denies.
func (g *guarded) check(t *testing.T, target string) {
	t.Helper()
	for _, at := range g.w.reached {
		pattern, path, _ := strings.Cut(at, " at ")
		if pattern != "/admin" && !strings.HasPrefix(pattern, "/admin/") {
			continue
		}
		if g.w.deny {
			t.Errorf("%s: %q reached %s past the middleware", g.name, target, pattern)
		}
		if len(g.w.asked) != 1 || g.w.asked[0] != path {
			t.Errorf("%s: %q reached %s at %q, and the middleware was asked about %q", g.name, target, pattern, path, g.w.asked)
		}
	}
}

// spelt are paths that some reader takes for one below /admin.
var spelt = []string{
	"/admin", "/admin/", "/admin/panel", "/admin/7", "/admin/7/edit", "/admin/a/b/c", "/admin/files", "/admin/files/a/b", "/Admin", "/ADMIN/panel", "/admin.json", "/admin.rsc", "/admin/panel.json", "/admin/a.json", "/admin.json/panel", "/admin;x", "/admin;x/panel", "/;/admin", "/admin/;/panel",
	"//admin", "///admin//panel", "/./admin", "/x/../admin", "/public/../admin", "/public/..//admin", "/public//../admin", "/../admin", "/admin/.", "/admin/..", "/admin/../admin", "/\\admin", "/admin\\panel", "/public/..\\admin", "\\admin",
	"/%61dmin", "/%2561dmin", "/admin%2fpanel", "/admin%2Fpanel", "/%2fadmin", "/admin%5cpanel", "/public/..%2fadmin", "/public/%2e%2e/admin", "/public/%2e%2e%2fadmin", "/public/%252e%252e%252fadmin", "/public/..;/admin", "/public/.%2e/admin", "/admin%00", "/admin%20", "/%20admin", "/admin%", "/admin%zz", "/admin%c0%af", "/public/%c0%ae%c0%ae/admin", "/\xc3\xa4/../admin",
	"/admin?x", "/admin?", "/admin#public", "/admin%3f", "/admin%23", "/?/admin", "/public?/admin", "http://example.com/admin", "HTTP://example.com//admin", "http://example.com/public/../admin", "/base/admin", "/base//admin", "/base/base/admin", "//base/admin", "/Base/admin", "/base%2fadmin", "/base/../admin", "/base/..%2fadmin", "/base", "/base/",
	"/before/..%2fadmin", "/before/../admin", "/before//..//admin", "/one/..%2f..%2fadmin", "/one/%2e%2e", "/after/..;/admin", "/text/../admin", "/text//admin", "/text/%2fadmin", "/text/..%252fadmin", "/last/admin", "/strip/admin", "/strip/..%2fadmin", "/strip//admin", "/strip/%2fadmin", "/strip%2fadmin", "/%73trip/%61dmin", "/go/admin", "/go//admin/panel", "/go/%2fevil.test", "/go//evil.test", "/go/\\evil.test", "/go/%61dmin", "/public", "/public/a", "/publicity", "/", "*", "",
}

// Plain paths reach what they name, so that the property is about something.
func TestGuardReaches(t *testing.T) {
	for _, g := range guardedPipelines(t) {
		reached := 0
		for _, target := range []string{"/admin", "/admin/panel", "/admin/7", "/admin/7/edit", "/admin/a/b/c", "/admin/files/a"} {
			g.ask(t, "GET", g.base+target)
			if len(g.w.asked) != 1 {
				t.Errorf("%s: the middleware was asked about %q for %s", g.name, g.w.asked, target)
			}
			reached += len(g.w.reached)
		}
		if want := map[bool]int{false: 6, true: 0}[g.w.deny]; reached != want {
			t.Errorf("%s: %d handlers ran, want %d", g.name, reached, want)
		}
		if g.ask(t, "GET", g.base+"/public/a"); len(g.w.reached) != 1 {
			t.Errorf("%s: /public/a reached %q", g.name, g.w.reached)
		}
	}
}

// Whatever is reachable under a path has passed the middleware that matches
// it, however the path is written.
func FuzzGuard(f *testing.F) {
	for _, path := range spelt {
		f.Add(path)
		f.Add("/base" + path)
		f.Add("/strip" + path)
		f.Add(path + "/panel")
		f.Add(fmt.Sprintf("/public%s", path))
	}
	pipelines := guardedPipelines(f)
	f.Fuzz(func(t *testing.T, target string) {
		for i := range pipelines {
			pipelines[i].ask(t, "GET", target)
			pipelines[i].ask(t, "POST", target)
		}
	})
}
