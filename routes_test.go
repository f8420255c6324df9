package portico_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

// Go's routes and the scripts' are one table: the same precedence decides,
// whoever declares a route.
func TestPrecedence(t *testing.T) {
	project := files(
		"app/users/[id]/route.ts", script,
		"app/shops/best/route.ts", script,
		"app/docs/[...path]/route.ts", script,
		"app/wiki/[[...path]]/route.ts", script,
		"app/mixed/[id]/settings/route.ts", script,
	)
	s := porticotest.New(t, portico.Config{FS: project}, goRoutes(
		"/users/me",
		"/shops/[id]",
		"/docs/intro",
		"/docs/[id]/notes",
		"/files/[...path]",
		"/tree/[[...path]]",
		"/mixed/[id]",
		"/",
	))
	for _, c := range []struct{ path, want string }{
		{"/", `go / id="" path=""`},
		{"/users/me", `go /users/me id="" path=""`},
		{"/users/you", `ts /users/you {"id":"you"}`},
		{"/shops/best", `ts /shops/best {}`},
		{"/shops/7", `go /shops/[id] id="7" path=""`},
		{"/docs/intro", `go /docs/intro id="" path=""`},
		{"/docs/a/notes", `go /docs/[id]/notes id="a" path=""`},
		{"/docs/a/other", `ts /docs/a/other {"path":["a","other"]}`},
		{"/docs/intro/more", `ts /docs/intro/more {"path":["intro","more"]}`},
		{"/wiki", `ts /wiki {}`},
		{"/wiki/a/b", `ts /wiki/a/b {"path":["a","b"]}`},
		{"/files/a/b%2Fc", `go /files/[...path] id="" path="a/b/c"`},
		{"/files/%C3%A9t%C3%A9", `go /files/[...path] id="" path="été"`},
		{"/tree", `go /tree/[[...path]] id="" path=""`},
		{"/tree/x", `go /tree/[[...path]] id="" path="x"`},
		{"/mixed/9", `go /mixed/[id] id="9" path=""`},
		{"/mixed/9/settings", `ts /mixed/9/settings {"id":"9"}`},
		{"/mixed/9?q=1", `go /mixed/[id] id="9" path=""`},
	} {
		t.Run(c.path, func(t *testing.T) {
			a := ask(t, s, "GET", c.path, "")
			if a.StatusCode != 200 || a.body != c.want {
				t.Errorf("got %d %s, want 200 %s", a.StatusCode, a.body, c.want)
			}
		})
	}
	for _, path := range []string{"/users", "/users/me/more", "/files", "/docs", "/nothing"} {
		if a := ask(t, s, "GET", path, ""); a.StatusCode != 404 {
			t.Errorf("GET %s: got %d, want 404", path, a.StatusCode)
		}
	}
}

// A route answers HEAD, OPTIONS and what it does not have alike, whether Go or
// a script declares it. The headers are compared whole, but for Date.
func TestMethods(t *testing.T) {
	const ts = `
		const answer = () => new Response('body', { headers: { 'content-type': 'text/plain', 'x-own': '1' } })
	`
	exports := map[string]string{
		"get":     "export const GET = answer",
		"post":    "export const POST = answer",
		"both":    "export const GET = answer; export const POST = answer",
		"head":    "export const GET = answer; export const HEAD = () => new Response(null, { headers: { 'x-own': 'head' } })",
		"options": "export const GET = answer; export const OPTIONS = () => new Response(null, { status: 202 })",
		"all":     "export { answer as GET, answer as POST, answer as PUT, answer as PATCH, answer as DELETE }",
	}
	project := fstest.MapFS{}
	for name, text := range exports {
		project["app/ts/"+name+"/route.ts"] = &fstest.MapFile{Data: []byte(ts + text)}
	}
	own := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("X-Own", "1")
		_, _ = w.Write([]byte("body"))
	}
	handlers := map[string]portico.Handlers{
		"get":  {GET: own},
		"post": {POST: own},
		"both": {GET: own, POST: own},
		"head": {GET: own, HEAD: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Own", "head")
			w.Header()["Content-Type"] = nil
		}},
		"options": {GET: own, OPTIONS: func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = nil
			w.WriteHeader(http.StatusAccepted)
		}},
		"all": {GET: own, POST: own, PUT: own, PATCH: own, DELETE: own},
	}
	s := porticotest.New(t, portico.Config{FS: project}, func(app *portico.App) {
		for name, h := range handlers {
			app.Route("/go/"+name, h)
		}
	})

	wantAllow := map[string]string{
		"get": "GET, HEAD, OPTIONS", "post": "OPTIONS, POST", "both": "GET, HEAD, OPTIONS, POST",
		"head": "GET, HEAD, OPTIONS", "options": "GET, HEAD, OPTIONS",
		"all": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
	}
	for name := range exports {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} {
			t.Run(method+" "+name, func(t *testing.T) {
				script, golang := ask(t, s, method, "/ts/"+name, ""), ask(t, s, method, "/go/"+name, "")
				if script.StatusCode != golang.StatusCode || script.body != golang.body {
					t.Errorf("the script answers %d %q, Go %d %q", script.StatusCode, script.body, golang.StatusCode, golang.body)
				}
				script.Header.Del("Date")
				golang.Header.Del("Date")
				if !maps.EqualFunc(script.Header, golang.Header, func(a, b []string) bool { return strings.Join(a, "|") == strings.Join(b, "|") }) {
					t.Errorf("the script sends %v, Go %v", script.Header, golang.Header)
				}
				wantStatus, allow := expected(name, method)
				if golang.StatusCode != wantStatus {
					t.Errorf("got status %d, want %d", golang.StatusCode, wantStatus)
				}
				want := ""
				if allow {
					want = wantAllow[name]
				}
				if got := golang.Header.Get("Allow"); got != want {
					t.Errorf("Allow is %q, want %q", got, want)
				}
			})
		}
	}
}

// expected is what TestMethods wants of a route: the status, and whether Allow
// is there.
func expected(route, method string) (status int, allow bool) {
	has := map[string]string{
		"get": "GET HEAD", "post": "POST", "both": "GET HEAD POST", "head": "GET HEAD", "options": "GET HEAD", "all": "GET HEAD POST PUT PATCH DELETE",
	}
	switch {
	case method == "OPTIONS" && route == "options":
		return 202, false
	case method == "OPTIONS":
		return 204, true
	case strings.Contains(" "+has[route]+" ", " "+method+" "):
		return 200, false
	}
	return 405, true
}

func TestHandle(t *testing.T) {
	s := porticotest.New(t, portico.Config{}, func(app *portico.App) {
		app.Handle("/any/[id]", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Saw", r.Method+" "+r.PathValue("id"))
		}))
	})
	for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "PROPFIND"} {
		if got, want := ask(t, s, method, "/any/1", "").Header.Get("X-Saw"), method+" 1"; got != want {
			t.Errorf("the handler saw %q, want %q", got, want)
		}
	}
}

// Two declarations of one thing are an error that names both places.
func TestConflicts(t *testing.T) {
	for _, c := range []struct {
		name  string
		files fstest.MapFS
		setup func(*portico.App)
		want  []string // texts of the error, in which main_test.go:N is Go's place
	}{
		{
			"the same pattern in a file and in Go", files("app/users/[id]/route.ts", script), goRoutes("/users/[id]"),
			[]string{"main_test.go:LINE: conflicting routes at /users/[id]: it is declared in app/users/[id]/route.ts too"},
		},
		{
			"the same pattern twice in Go", nil, goRoutes("/a", "/a"),
			[]string{"main_test.go:LINE: conflicting routes at /a: it is declared in main_test.go:LINE too"},
		},
		{
			"through a route group", files("app/(shop)/cart/route.ts", script), goRoutes("/cart"),
			[]string{"main_test.go:LINE: conflicting routes at /cart: it is declared in app/(shop)/cart/route.ts too"},
		},
		{
			"different names of a parameter", files("app/users/[id]/route.ts", script), goRoutes("/users/[name]/posts"),
			[]string{"main_test.go:LINE: you cannot use different slug names for the same dynamic path ('id' !== 'name'); the other is in app/users/[id]/route.ts", "hint: name the parameter [id] in both"},
		},
		{
			"an optional catch-all and its base", files("app/docs/[[...path]]/route.ts", script), goRoutes("/docs"),
			[]string{`main_test.go:LINE: you cannot define a route with the same specificity as an optional catch-all route ("/docs" and "/docs/[[...path]]"); the other is in app/docs/[[...path]]/route.ts`},
		},
		{
			"both kinds of catch-all", files("app/docs/[...path]/route.ts", script), goRoutes("/docs/[[...path]]"),
			[]string{"main_test.go:LINE: you cannot use both", "the other is in app/docs/[...path]/route.ts"},
		},
		{
			"all of them are told", files("app/a/route.ts", script, "app/b/route.ts", script), goRoutes("/a", "/b"),
			[]string{"conflicting routes at /a", "conflicting routes at /b"},
		},
		{
			"another router's spelling", nil, goRoutes("/users/{id}"),
			[]string{`main_test.go:LINE: "{id}" in pattern "/users/{id}" is not how a parameter is written`, "\nhint: write [id]"},
		},
		{
			"a malformed parameter", nil, goRoutes("/users/[...path]/more"),
			[]string{`main_test.go:LINE: catch-all must be the last part of the URL in route "/users/[...path]/more"`},
		},
		{
			"a pattern without a slash", nil, goRoutes("users"),
			[]string{`main_test.go:LINE: pattern "users" does not start with a slash`, "\nhint: write /users"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := portico.Config{}
			if c.files != nil {
				config.FS = c.files
			}
			app := portico.New(config)
			defer app.Close(t.Context())
			c.setup(app)
			err := app.Load(t.Context())
			if err == nil {
				t.Fatal("the app loads, want an error")
			}
			got := lineNumber.ReplaceAllString(err.Error(), "main_test.go:LINE")
			for _, w := range c.want {
				if !strings.Contains(got, w) {
					t.Errorf("the error is\n%s\nwant in it\n%s", err, w)
				}
			}
		})
	}
}

// The file and line of a registration are the caller's, through Route and
// through Handle.
func TestPlaceOfRegistration(t *testing.T) {
	var routes []portico.RouteInfo
	porticotest.New(t, portico.Config{OnLoad: func(l portico.Loaded) { routes = l.Routes }}, func(app *portico.App) {
		app.Route("/a", portico.Handlers{GET: say("a")})
		app.Handle("/b", say("b"))
	})
	if len(routes) != 2 {
		t.Fatalf("got %d routes, want 2", len(routes))
	}
	for _, r := range routes {
		if !strings.HasPrefix(r.Source, "routes_test.go:") {
			t.Errorf("%s is declared in %q, want routes_test.go with a line", r.Pattern, r.Source)
		}
	}
	if routes[0].Source == routes[1].Source {
		t.Errorf("both are declared in %s, want different lines", routes[0].Source)
	}
	if got := fmt.Sprint(routes[0].Methods, routes[1].Methods); got != "[GET HEAD OPTIONS] []" {
		t.Errorf("the methods are %s", got)
	}
}

// Go's handlers see the path that the table saw, decoded once.
func TestPathOfGoHandlers(t *testing.T) {
	s := porticotest.New(t, portico.Config{}, func(app *portico.App) {
		app.Route("/files/[...path]", portico.Handlers{GET: func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s|%s|%s", r.URL.Path, r.URL.EscapedPath(), r.PathValue("path"))
		}})
	})
	for path, want := range map[string]string{
		"/files/a/./b":     "/files/a/b|/files/a/b|a/b",
		"/files/a%20b":     "/files/a b|/files/a%20b|a b",
		"/files/a%2Fb":     "/files/a/b|/files/a%2Fb|a/b",
		"/files/%252e":     "/files/%2e|/files/%252e|%2e",
		"/files/x/../y%3F": "/files/y?|/files/y%3F|y?",
	} {
		a := ask(t, s, "GET", path, "")
		if path == "/files/%252e" {
			if a.StatusCode != http.StatusBadRequest { // a dot segment after decoding twice
				t.Errorf("GET %s: got %d %q, want 400", path, a.StatusCode, a.body)
			}
			continue
		}
		if a.body != want {
			t.Errorf("GET %s: got %d %q, want %q", path, a.StatusCode, a.body, want)
		}
	}
}

func TestMiddleware(t *testing.T) {
	var order []string
	note := func(name string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				order = append(order, name)
				next.ServeHTTP(w, r)
			})
		}
	}
	gate := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Header.Get("X-Refuse") != "":
				http.Error(w, "refused", http.StatusForbidden)
				return
			case r.URL.Path == "/old":
				r.URL.Path = "/ts"
			}
			w.Header().Set("X-Gate", "open")
			r.Header.Set("X-User", "ada")
			next.ServeHTTP(w, r)
		})
	}
	s := porticotest.New(t, portico.Config{FS: files(
		"app/ts/route.ts", "export const GET = (request: Request) => new Response('ts ' + request.headers.get('x-user'))",
		"app/fails/route.ts", "export const GET = () => { throw new Error('no') }",
		"app/fails-streaming/route.ts", `
			const body = () => new ReadableStream({ pull() { throw new Error('no') } })
			export const GET = () => new Response(body(), { headers: { 'x-gate': 'script', 'x-own': '1' } })`,
	)},
		func(app *portico.App) {
			app.Use(note("first"), note("second"))
			app.Use(gate)
			app.Route("/go", portico.Handlers{GET: func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, "go "+r.Header.Get("X-User"))
			}})
		})
	for _, c := range []struct {
		path, header string
		status       int
		body, gate   string
	}{
		{"/ts", "", 200, "ts ada", "open"},
		{"/go", "", 200, "go ada", "open"},
		{"/old", "", 200, "ts ada", "open"},
		{"/none", "", 404, "", "open"},
		{"/fails", "", 500, "", "open"},
		{"/fails-streaming", "", 500, "", "open"},
		{"/ts", "X-Refuse", 403, "refused\n", ""},
		{"/go", "X-Refuse", 403, "refused\n", ""},
		{"/none", "X-Refuse", 403, "refused\n", ""},
	} {
		order = nil
		var header []string
		if c.header != "" {
			header = []string{c.header, "1"}
		}
		a := ask(t, s, "GET", c.path, "", header...)
		if a.StatusCode != c.status || c.status < 404 && a.body != c.body || a.Header.Get("X-Gate") != c.gate {
			t.Errorf("GET %s %s: got %d %q with X-Gate %q, want %d %q with %q", c.path, c.header, a.StatusCode, a.body, a.Header.Get("X-Gate"), c.status, c.body, c.gate)
		}
		if got := strings.Join(order, " "); got != "first second" {
			t.Errorf("GET %s: the middleware ran as %q, want the first outermost", c.path, got)
		}
	}
}
