package route

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

func mustRedirect(t testing.TB, spec RuleSpec, o RuleOptions) *Redirect {
	t.Helper()
	if spec.Permanent == nil && spec.StatusCode == 0 {
		spec.Permanent = no()
	}
	d, err := NewRedirect(spec, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustRewrite(t testing.TB, spec RuleSpec, o RuleOptions) *Rewrite {
	t.Helper()
	w, err := NewRewrite(spec, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestRuleProblems(t *testing.T) {
	long := strings.Repeat("a", 4084)
	header := []Field{{"x-a", "1"}}
	for _, c := range []struct {
		kind string
		spec RuleSpec
		want string // "" is none; else all of it, in order, divided by |
	}{
		{"redirect", RuleSpec{Source: "/a", Destination: "/b", Permanent: yes()}, ""},
		{"redirect", RuleSpec{Source: "/a", Destination: "/b", Permanent: yes(), StatusCode: 301}, ""},
		{"redirect", RuleSpec{Source: "/a", Destination: "app://open/x", StatusCode: 301}, ""},
		{"redirect", RuleSpec{Destination: "/b", Permanent: yes()}, "`source` is missing"},
		{"redirect", RuleSpec{Source: "a", Destination: "/b", Permanent: yes()}, "`source` does not start with /"},
		{"redirect", RuleSpec{Source: "/a("}, "`source` parse failed: unbalanced pattern at 2|`destination` is missing|`permanent` is not set to `true` or `false`"},
		{"redirect", RuleSpec{Source: "/é(", Destination: "/b", Permanent: yes()}, "unbalanced pattern at 2"},
		{"redirect", RuleSpec{Source: "/a", Destination: "b", Permanent: yes()}, "`destination` does not start with `/`, `http://`, or `https://`"},
		{"redirect", RuleSpec{Source: "/a", Destination: "javascript:alert(1)", Permanent: yes()}, "`destination` does not start with"},
		{"redirect", RuleSpec{Source: "/a", Destination: "/b", StatusCode: 200}, "`statusCode` is not undefined or valid statusCode"},
		{"redirect", RuleSpec{Source: "/" + long, Destination: "/b", Permanent: yes()}, ""},
		{"redirect", RuleSpec{Source: "/" + long + "a", Destination: "/b", Permanent: yes()}, "`source` exceeds max built length of 4096"},
		{"redirect", RuleSpec{Source: "/a", BasePath: yes(), Locale: yes(), Destination: "/b", Permanent: yes()}, "`basePath` must be undefined or false|`locale` must be undefined or false"},
		{"redirect", RuleSpec{Source: "/a", Locale: no(), BasePath: no(), Destination: "/b", Permanent: yes()}, ""},
		{"redirect", RuleSpec{Source: "/:a(\\d+)/(.*)", Destination: "/:a/:0", Permanent: yes()}, "`destination` has unnamed params :0"},
		{"redirect", RuleSpec{Source: "/:a/:b", Destination: "/:a/:c/:d", Permanent: yes()}, "`destination` has segments not in `source` or `has` (c, d) for route \"/:a/:b\"\nhint: it may use :a, :b"},
		{"redirect", RuleSpec{Source: "/a", Destination: "/:q", Has: []Condition{{Type: "query", Key: "q"}}, Permanent: yes()}, ""},
		{"redirect", RuleSpec{Source: "/a", Destination: "/:ck2", Has: []Condition{{Type: "cookie", Key: "ck2"}}, Permanent: yes()}, "(ck2)"},
		{"redirect", RuleSpec{Source: "/a", Destination: "/:v", Missing: []Condition{{Type: "query", Key: "v"}}, Permanent: yes()}, "(v)"},
		{"redirect", RuleSpec{Source: "/a/:path*", Destination: "/b/:path", Permanent: yes()}, "you must add `*` at the end of the param name"},
		{"redirect", RuleSpec{Source: "/a/:path*", Destination: "/b?p=:path", Permanent: yes()}, "you must add `*` at the end of the param name"},
		{"redirect", RuleSpec{Source: "/a", Destination: "/b/..//c", Permanent: yes()}, "two readings"},
		{"redirect", RuleSpec{Source: "/a", Destination: "//evil.example", Permanent: yes()}, "not normalised"},
		{"redirect", RuleSpec{Source: "/a", Destination: "/\\evil.example", Permanent: yes()}, "holds '\\\\'"},
		{"redirect", RuleSpec{Source: "/a", Destination: "/b\r\nx: y", Permanent: yes()}, "holds '\\r'"},
		{"redirect", RuleSpec{Source: "/a", Destination: "/b%2e%2e/c", Permanent: yes()}, ""},
		{"redirect", RuleSpec{Source: "/a", Destination: "/b/%2e%2e/c", Permanent: yes()}, "no single reading"},
		{"redirect", RuleSpec{Source: "/a", Destination: "/b/*", Permanent: yes()}, "`destination` parse failed: unexpected MODIFIER at 3"},
		{"redirect", RuleSpec{Source: "/a(\\1)", Destination: "/b", Permanent: yes()}, "cannot be matched in linear time"},

		// A destination whose host comes from the request (CVE class: open proxy).
		{"rewrite", RuleSpec{Source: "/:h/:p*", Destination: "https://:h/:p*"}, "`destination` has a parameter in its host \":h\""},
		{"rewrite", RuleSpec{Source: "/:h", Destination: "https://:h.example.com/"}, "parameter in its host"},
		{"rewrite", RuleSpec{Source: "/:h", Destination: "https://api-:h:8080/"}, "parameter in its host"},
		{"rewrite", RuleSpec{Source: "/:port(\\d+)", Destination: "https://example.com::port/"}, "parameter in its host"},
		{"rewrite", RuleSpec{Source: "/:port(\\d+)", Destination: "https://example.com:port/"}, "parameter in its host"},
		{"rewrite", RuleSpec{Source: "/a", Destination: "https://:nobody/"}, "parameter in its host"},
		{"rewrite", RuleSpec{Source: "/a", Destination: "https://(.*)/"}, "parameter in its host"},
		{"rewrite", RuleSpec{Source: "/a", Has: []Condition{{Type: "host", Value: "(?<h>.*)"}}, Destination: "http://:h:80"}, "parameter in its host"},
		{"redirect", RuleSpec{Source: "/a", Has: []Condition{{Type: "host", Value: "(?<h>.*)"}}, Destination: "https://www.:h/", Permanent: yes()}, "parameter in its host"},
		{"rewrite", RuleSpec{Source: "/:a", Destination: "https:///x/:a"}, "no valid host"},
		{"rewrite", RuleSpec{Source: "/:a", Destination: "https://exa mple/:a"}, "no valid host"},
		{"rewrite", RuleSpec{Source: "/:a", Destination: "https://münchen.example/:a"}, "no valid host"},
		{"rewrite", RuleSpec{Source: "/:a", Destination: "https://me:pw@example.com/:a"}, "credentials before its host"},
		{"rewrite", RuleSpec{Source: "/:a", Destination: "https://me@example.com/:a"}, "credentials before its host"},
		{"rewrite", RuleSpec{Source: "/:a", Destination: "https://[::1]:8080/:a"}, ""},
		{"rewrite", RuleSpec{Source: "/:a", Destination: "https://[::1/:a"}, "no valid host"},
		{"rewrite", RuleSpec{Source: "/:a", Destination: "ftp://example.com/:a"}, "`destination` does not start with"},
		{"rewrite", RuleSpec{Source: "/a", BasePath: no(), Destination: "/b"}, "the rule rewrites urls outside of the basePath"},
		{"rewrite", RuleSpec{Source: "/a", BasePath: no(), Destination: "http://127.0.0.1:1/b"}, ""},

		{"header", RuleSpec{Source: "/a", Headers: header}, ""},
		{"header", RuleSpec{Source: "/a"}, "`headers` field cannot be empty"},
		{"header", RuleSpec{Source: "/a", Headers: []Field{{"", "x"}}}, "`key` in header item is not a header's name"},
		{"header", RuleSpec{Source: "/a", Headers: []Field{{"a b", "x"}}}, "`key` in header item is not a header's name"},
		{"header", RuleSpec{Source: "/:a", Headers: []Field{{"x-:a", "x"}}}, ""},
		{"header", RuleSpec{Source: "/a", Headers: []Field{{"x-a", "x\ny"}}}, "holds '\\n'"},
		{"header", RuleSpec{Source: "/:p*", Headers: []Field{{"x-a", ":p"}}}, "you must add `*`"},
		{"header", RuleSpec{Source: "/a", Headers: []Field{{"x-a", ""}}}, ""},

		{"header", RuleSpec{Source: "/a", Headers: header, Has: []Condition{{Type: "foo", Key: "a"}}}, "invalid `has` item: invalid type \"foo\" at has[0]"},
		{"header", RuleSpec{Source: "/a", Headers: header, Missing: []Condition{{Type: "query", Key: "a"}, {Type: "header"}}}, "invalid `missing` item: key is required when type is header, query or cookie at missing[1]"},
		{"header", RuleSpec{Source: "/a", Headers: header, Has: []Condition{{Type: "host"}}}, "value is required for \"host\" type"},
		{"header", RuleSpec{Source: "/a", Headers: header, Has: []Condition{{Type: "host", Value: "("}}}, "invalid regular expression: unterminated group"},
		{"header", RuleSpec{Source: "/a", Headers: header, Has: []Condition{{Type: "query", Key: "a", Value: "(a)\\1"}}}, "cannot be matched in linear time"},
	} {
		c.spec.Place = "next.config.ts: rules[0]"
		var err error
		switch c.kind {
		case "redirect":
			_, err = NewRedirect(c.spec, RuleOptions{})
		case "rewrite":
			_, err = NewRewrite(c.spec, RuleOptions{})
		case "header":
			_, err = NewHeaderRule(c.spec, RuleOptions{})
		}
		if c.want == "" {
			if err != nil {
				t.Errorf("%s %q: %v", c.kind, short(c.spec.Source), err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s %q to %q: no error, want %q", c.kind, c.spec.Source, c.spec.Destination, c.want)
			continue
		}
		rest := err.Error()
		if !strings.HasPrefix(rest, "next.config.ts: rules[0]: ") {
			t.Errorf("%s %q: %q has no place", c.kind, c.spec.Source, rest)
		}
		for want := range strings.SplitSeq(c.want, "|") {
			_, after, ok := strings.Cut(rest, want)
			if !ok {
				t.Errorf("%s %q: %q, want %q in it", c.kind, c.spec.Source, err, c.want)
				break
			}
			rest = after
		}
	}
}

func TestRedirect(t *testing.T) {
	for _, c := range []struct {
		source, dest string
		has          []Condition
		request      Request
		want         string // "" does not match, "400" and "500" are errors
	}{
		{source: "/old/:id", dest: "/new/:id", request: Request{Path: "/old/7"}, want: "/new/7"},
		{source: "/old/:id", dest: "/new/:id", request: Request{Path: "/OLD/7/"}, want: "/new/7"},
		{source: "/old/:id", dest: "/new/:id", request: Request{Path: "/old"}, want: ""},
		// Values go as they came.
		{source: "/old/:id", dest: "/new/:id?id=:id", request: Request{Path: "/old/a%2Fb%C3%A9"}, want: "/new/a%2Fb%C3%A9?id=a%2Fb%C3%A9"},
		{source: "/old/:path*", dest: "/new/:path*", request: Request{Path: "/old"}, want: "/new"},
		{source: "/old/:path*", dest: "/new/:path*", request: Request{Path: "/old/a/b"}, want: "/new/a/b"},
		{source: "/old/:path*", dest: "/:path*", request: Request{Path: "/old"}, want: "/"},
		{source: "/old/:path?", dest: "/new/:path", request: Request{Path: "/old"}, want: "500"},
		{source: "/ü", dest: "/a", request: Request{Path: "/%C3%BC"}, want: ""},
		{source: "/old", dest: "/ü b", request: Request{Path: "/old"}, want: "/%C3%BC%20b"},
		// The query: the request's first, one of the same name in its place.
		{source: "/old", dest: "/new", request: Request{Path: "/old", RawQuery: "x=1&y=%zz&&z"}, want: "/new?x=1&y=%zz&&z"},
		{source: "/old", dest: "/new?a=dest", request: Request{Path: "/old", RawQuery: "a=req&b=2"}, want: "/new?a=dest&b=2"},
		{source: "/old", dest: "/new?from=old", request: Request{Path: "/old", RawQuery: "x=1"}, want: "/new?x=1&from=old"},
		{source: "/old", dest: "/new?k", request: Request{Path: "/old"}, want: "/new?k="},
		{source: "/old", dest: "/new?a=1&a=2", request: Request{Path: "/old", RawQuery: "b=0&%61=9&c=1&a=8"}, want: "/new?b=0&a=1&a=2&c=1"},
		{source: "/old/:id", dest: "/new", request: Request{Path: "/old/7", RawQuery: "x=1"}, want: "/new?x=1"},
		{source: "/old/:id", dest: "/new?id=:id", request: Request{Path: "/old/a&b=c+d;e"}, want: "/new?id=a%26b=c%2Bd%3Be"},
		{source: "/old", dest: "/new", request: Request{Path: "/old", RawQuery: "x=\xe9 <\""}, want: "/new?x=%E9%20%3C%22"},
		{source: "/old/:id", dest: "/new?x=1#f-:id", request: Request{Path: "/old/7", RawQuery: "q=2"}, want: "/new?q=2&x=1#f-7"},
		{source: "/old/:id", dest: "https://EXAMPLE.com:8443/:id", request: Request{Path: "/old/7", RawQuery: "q"}, want: "https://example.com:8443/7?q"},
		{source: "/old", dest: "https://example.com", request: Request{Path: "/old"}, want: "https://example.com/"},
		{source: "/:path*", dest: "/x/:path*", request: Request{Path: "/_next/static/a.js"}, want: ""},
		{source: "/:path*", dest: "/x/:path*", request: Request{Path: "/_nextdoor"}, want: ""},

		// Nothing of a request makes a Location that is another origin's.
		{source: "/:path*", dest: "/:path*", request: Request{Path: "/"}, want: "/"},
		{source: "/:path*", dest: "/:path*", request: Request{Path: "//evil.example"}, want: ""},
		{source: "/:path(.*)", dest: "/:path", request: Request{Path: "//evil.example"}, want: "/evil.example"},
		{source: "/:path(.*)", dest: "/:path", request: Request{Path: `/\evil.example`}, want: "400"},
		{source: "/go", dest: "/:to", has: []Condition{{Type: "query", Key: "to"}}, request: Request{Path: "/go", RawQuery: "to=/evil.example"}, want: "/evil.example?to=/evil.example"},
		{source: "/go", dest: "/:to", has: []Condition{{Type: "query", Key: "to"}}, request: Request{Path: "/go", RawQuery: `to=\evil.example`}, want: "400"},
		{source: "/go", dest: "/:to", has: []Condition{{Type: "query", Key: "to"}}, request: Request{Path: "/go", RawQuery: `to=../x`}, want: "400"},
		{source: "/go", dest: "/:to", has: []Condition{{Type: "query", Key: "to"}}, request: Request{Path: "/go", RawQuery: `to=%252e%252e/x`}, want: "400"},
		{source: "/go", dest: "/a/:to", has: []Condition{{Type: "query", Key: "to"}}, request: Request{Path: "/go", RawQuery: `to=x%3Fy%23z%20%25%0a`}, want: "/a/x%3Fy%23z%20%25%0A?to=x%3Fy%23z%20%25%0a"},
		{source: "/go", dest: "https://example.com/:to", has: []Condition{{Type: "query", Key: "to"}}, request: Request{Path: "/go", RawQuery: `to=@evil.example`}, want: "https://example.com/@evil.example?to=@evil.example"},
		{source: "/go", dest: "/new?x=:to", has: []Condition{{Type: "query", Key: "to"}}, request: Request{Path: "/go", RawQuery: "to=a%26b%3Dc%23d"}, want: "/new?to=a%26b%3Dc%23d&x=a%26b%3Dc%23d"},
		{source: "/go", dest: "/:sub/:to", has: []Condition{{Type: "host", Value: `(?<sub>[a-z]+)\.example\.com`}, {Type: "cookie", Key: "to"}}, request: Request{Path: "/go", Host: "Shop.example.com:80", Header: http.Header{"Cookie": {"to=%C3%A9"}}}, want: "/shop/%C3%A9"},
		// A value is put in once, whatever it looks like.
		{source: "/x/:a/:b", dest: "/new/:a/:b?q=:a", request: Request{Path: "/x/:b/:a"}, want: "/new/:b/:a?q=:b"},
		{source: "/x/:a", dest: "/new/:a", request: Request{Path: "/x/${env.SECRET}"}, want: "400"},
	} {
		d := mustRedirect(t, RuleSpec{Source: c.source, Destination: c.dest, Has: c.has}, RuleOptions{})
		location, status, ok, err := d.Apply(&c.request)
		var path *PathError
		got := location
		switch {
		case errors.As(err, &path):
			got = "400"
		case err != nil:
			got = "500"
		case ok && status != 307:
			t.Errorf("status %d", status)
		}
		if ok != (got != "" && err == nil) || got != c.want {
			t.Errorf("%s to %s on %s?%s: %q (%v, %v), want %q", c.source, c.dest, c.request.Path, c.request.RawQuery, got, ok, err, c.want)
		}
	}
}

func TestRedirectStatus(t *testing.T) {
	for _, c := range []struct {
		spec RuleSpec
		want int
	}{
		{RuleSpec{Permanent: yes()}, 308},
		{RuleSpec{Permanent: no()}, 307},
		{RuleSpec{StatusCode: 301}, 301},
		{RuleSpec{Permanent: yes(), StatusCode: 302}, 302},
	} {
		c.spec.Source, c.spec.Destination = "/a", "/b"
		d := mustRedirect(t, c.spec, RuleOptions{})
		if _, status, _, _ := d.Apply(&Request{Path: "/a"}); status != c.want || d.Status() != c.want {
			t.Errorf("%+v: status %d and %d, want %d", c.spec, status, d.Status(), c.want)
		}
	}
}

func TestRewrite(t *testing.T) {
	for _, c := range []struct {
		source, dest string
		has          []Condition
		request      Request
		want         string // origin, path and query; "400"
	}{
		{source: "/w/:id", dest: "/echo", request: Request{Path: "/w/7"}, want: "/echo?id=7"},
		{source: "/w/:id", dest: "/echo/:id", request: Request{Path: "/w/7"}, want: "/echo/7"},
		{source: "/w/:id/:x", dest: "/echo/:id", request: Request{Path: "/w/7/8", RawQuery: "a=b+c%20d"}, want: "/echo/7?a=b+c%20d"},
		{source: "/w/:id", dest: "/echo?id=:id", request: Request{Path: "/w/7", RawQuery: "id=0&z"}, want: "/echo?id=7&z"},
		{source: "/w/:id", dest: "/echo?x=1", request: Request{Path: "/w/7", RawQuery: "id=0"}, want: "/echo?id=7&x=1"},
		{source: "/w/:path*", dest: "/echo", request: Request{Path: "/w/a/b%26c"}, want: "/echo?path=a&path=b%26c"},
		{source: "/w/(.*)", dest: "/echo", request: Request{Path: "/w/a/b"}, want: "/echo"},
		{source: "/w", dest: "https://api.example.com", request: Request{Path: "/w", RawQuery: "a"}, want: "https://api.example.com/?a"},
		{source: "/w/:path*", dest: "https://api.example.com/v1/:path*", request: Request{Path: "/w/a%2Fb/c"}, want: "https://api.example.com/v1/a%2Fb/c"},
		{source: "/w/extnop/:id", dest: "https://api.example.com/fixed", request: Request{Path: "/w/extnop/7"}, want: "https://api.example.com/fixed?id=7"},
		// What the rule saw is what goes on, whatever a parser thinks of it.
		{source: "/w", dest: "/echo?n=1", request: Request{Path: "/w", RawQuery: "a=1;b=2&c=%zz&&d=4&=&%&a=+"}, want: "/echo?a=1;b=2&c=%zz&&d=4&=&%&a=+&n=1"},
		{source: "/w", dest: "/echo?%61=1", request: Request{Path: "/w", RawQuery: "b=%zz&a=0&%61=3"}, want: "/echo?b=%zz&%61=1"},
		// A value does not leave the part of the tree that the rule gives.
		{source: "/api/orders/:path*", dest: "https://up.example/orders/:path*", request: Request{Path: "/api/orders/..%2fadmin"}, want: "400"},
		{source: "/api/orders/:path*", dest: "https://up.example/orders/:path*", request: Request{Path: "/api/orders/..%252fadmin"}, want: "400"},
		{source: "/api/orders/:path*", dest: "https://up.example/orders/:path*", request: Request{Path: "/api/orders/..;/admin"}, want: "400"},
		{source: "/api/orders/:path*", dest: "https://up.example/orders/:path*", request: Request{Path: "/api/orders/%2e%2e/admin"}, want: "400"},
		{source: "/api/orders/:path*", dest: "https://up.example/orders/:path*", request: Request{Path: "/api/orders/../admin"}, want: "400"},
		{source: "/api/orders/:path(.*)", dest: "https://up.example/orders/:path", request: Request{Path: "/api/orders//admin"}, want: "400"},
		{source: "/api/orders/:path(.*)", dest: "https://up.example/orders/:path", request: Request{Path: `/api/orders/..\admin`}, want: "400"},
		{source: "/api/orders/:path(.*)", dest: "https://up.example/orders/:path", request: Request{Path: `/api/orders/%5c..%5cadmin`}, want: "400"},
		{source: "/api", dest: "https://up.example/t/:xt", has: []Condition{{Type: "header", Key: "X-T"}}, request: Request{Path: "/api", Header: http.Header{"X-T": {"../admin"}}}, want: "400"},
		{source: "/api", dest: "https://up.example/t/.:xt", has: []Condition{{Type: "header", Key: "X-T"}}, request: Request{Path: "/api", Header: http.Header{"X-T": {"./admin"}}}, want: "400"},
		{source: "/api", dest: "https://up.example/t/:xt", has: []Condition{{Type: "header", Key: "X-T"}}, request: Request{Path: "/api", Header: http.Header{"X-T": {"a?b#c%2e@h:1"}}}, want: "https://up.example/t/a%3Fb%23c%252e@h:1"},
	} {
		w := mustRewrite(t, RuleSpec{Source: c.source, Destination: c.dest, Has: c.has}, RuleOptions{})
		target, ok, err := w.Apply(&c.request)
		got := target.Origin + target.Path
		if target.RawQuery != "" {
			got += "?" + target.RawQuery
		}
		var path *PathError
		if errors.As(err, &path) {
			got = "400"
		} else if err != nil || !ok {
			got = "no match"
		}
		if got != c.want || target.External != (target.Origin != "") {
			t.Errorf("%s to %s on %s?%s: %q (%v), want %q", c.source, c.dest, c.request.Path, c.request.RawQuery, got, err, c.want)
		}
	}
}

func TestBasePath(t *testing.T) {
	o := RuleOptions{BasePath: "/docs"}
	for _, c := range []struct {
		source, dest string
		outside      bool
		path, want   string
	}{
		{"/old", "/new", false, "/docs/old", "/docs/new"},
		{"/old", "/new", false, "/old", ""},
		{"/", "/new", false, "/docs", "/docs/new"},
		{"/", "/new", false, "/", ""},
		{"/old", "/", false, "/docs/old", "/docs"},
		{"/old/:p*", "/:p*", false, "/docs/old", "/docs"},
		{"/old/:p*", "/:p*", false, "/docs/old/a", "/docs/a"},
		{"/old", "https://example.com/x", false, "/docs/old", "https://example.com/x"},
		{"/old", "/new", true, "/old", "/new"},
		{"/old", "/new", true, "/docs/old", ""},
		{"/:p*", "/x", false, "/docs/_next/y", ""},
	} {
		spec := RuleSpec{Source: c.source, Destination: c.dest}
		if c.outside {
			spec.BasePath = no()
		}
		got, _, _, err := mustRedirect(t, spec, o).Apply(&Request{Path: c.path})
		if err != nil || got != c.want {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
	w := mustRewrite(t, RuleSpec{Source: "/a/:p*", Destination: "/b/:p*"}, o)
	if target, ok, err := w.Apply(&Request{Path: "/docs/a/x"}); !ok || err != nil || target.Path != "/docs/b/x" {
		t.Errorf("%+v, %v, %v", target, ok, err)
	}
}

func TestHeaderRule(t *testing.T) {
	q := []Condition{{Type: "query", Key: "q"}}
	for _, c := range []struct {
		source  string
		has     []Condition
		fields  []Field
		request Request
		want    string
	}{
		{"/a", nil, []Field{{"X-A", "1"}, {"x-b", ":c"}}, Request{Path: "/a"}, "X-A: 1|x-b: :c"},
		{"/a", nil, []Field{{"X-A", "1"}}, Request{Path: "/b"}, "no match"},
		{"/h/:a", nil, []Field{{"x-:a", "v-:a"}}, Request{Path: "/h/z"}, "x-z: v-z"},
		{"/h/:a/:path*", nil, []Field{{"x-p", ":a|:path*|"}}, Request{Path: "/h/z"}, "x-p: z|:path*|"},
		{"/h/:a/:path*", nil, []Field{{"x-p", ":a|:path*|"}}, Request{Path: "/h/z/1/2"}, "x-p: z|12|"},
		{"/h/:path*", nil, []Field{{"x-p", ":path*"}}, Request{Path: "/h/1/2"}, "x-p: 1/2"},
		{"/h/:path*", nil, []Field{{"x-p", ":path*"}}, Request{Path: "/h"}, "x-p: :path*"},
		{"/h/(.*)", nil, []Field{{"x-p", ":0"}}, Request{Path: "/h/1"}, "x-p: :0"},
		{"/h/:a", nil, []Field{{"csp", "img-src https://*.x:443 :a; (y) {z}?+"}}, Request{Path: "/h/1"}, "csp: img-src https://*.x:443 1; (y) {z}?+"},
		{"/h/:a", nil, []Field{{"x", `\:a is :a`}}, Request{Path: "/h/1"}, "x: :a is 1"},
		{"/h/:a", nil, []Field{{"x", `\d`}}, Request{Path: "/h/1"}, `x: \d`},
		{"/h/:a", nil, []Field{{"x", ":a"}}, Request{Path: "/h/%0d%0aset-cookie:x"}, "x: %0d%0aset-cookie:x"},
		{"/a", q, []Field{{"x", ":q"}}, Request{Path: "/a", RawQuery: "q=${env.X}"}, "x: ${env.X}"},
		{"/a", q, []Field{{"x", ":q"}}, Request{Path: "/a", RawQuery: "q=%0a"}, "500"},
		{"/a", q, []Field{{"x", ":q"}}, Request{Path: "/a", RawQuery: "q=a%0d%0aSet-Cookie:%20x=1"}, "500"},
		{"/a", q, []Field{{"x", ":q"}}, Request{Path: "/a", RawQuery: "q=%00"}, "500"},
		{"/a", q, []Field{{"x-:q", "1"}}, Request{Path: "/a", RawQuery: "q=a:%20b"}, "500"},
		{"/a", q, []Field{{"x", ":q"}}, Request{Path: "/a"}, "no match"},
		{"/a", []Condition{{Type: "query", Key: "q", Value: "(?<v>x)?.*"}}, []Field{{"x", ":v"}}, Request{Path: "/a", RawQuery: "q=1"}, "500"},
	} {
		h, err := NewHeaderRule(RuleSpec{Source: c.source, Has: c.has, Headers: c.fields, Place: "next.config.ts: headers[0]"}, RuleOptions{})
		if err != nil {
			t.Fatal(err)
		}
		fields, ok, err := h.Apply(&c.request)
		var lines []string
		for _, f := range fields {
			lines = append(lines, f.Name+": "+f.Value)
		}
		got := strings.Join(lines, "|")
		if err != nil {
			got = "500"
			if !strings.HasPrefix(err.Error(), "next.config.ts: headers[0]: ") {
				t.Errorf("%v has no place", err)
			}
		} else if !ok {
			got = "no match"
		}
		if got != c.want {
			t.Errorf("%s %v on %s?%s: %q (%v), want %q", c.source, c.fields, c.request.Path, c.request.RawQuery, got, err, c.want)
		}
	}
}

// TestRulesAllocateNothing holds that a rule costs no memory for a request that
// it does not match.
func TestRulesAllocateNothing(t *testing.T) {
	d := mustRedirect(t, RuleSpec{Source: "/old/:path*", Destination: "/new/:path*"}, RuleOptions{})
	w := mustRewrite(t, RuleSpec{Source: "/((?!x).*)/y", Destination: "/z"}, RuleOptions{})
	h, err := NewHeaderRule(RuleSpec{Source: "/:a(.*)z", Headers: []Field{{"x", ":a"}}}, RuleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	on, err := NewHeaderRule(RuleSpec{Source: "/:path*", Headers: []Field{{"x", "1"}}}, RuleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewMatcher(MatcherSpec{Source: "/((?!api|_next).*)"}, RuleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := &Request{Path: "/api/users/42", RawQuery: "a=1", Header: http.Header{"Cookie": {"a=1"}}}
	n := testing.AllocsPerRun(100, func() {
		_, _, redirected, _ := d.Apply(r)
		_, rewritten, _ := w.Apply(r)
		_, set, _ := h.Apply(r)
		_, always, _ := on.Apply(r)
		matched, _ := m.Match(r)
		if redirected || rewritten || set || !always || matched {
			t.Fatal("matched")
		}
	})
	if n >= 1 && !racing { // a collection may empty the pool on the way
		t.Errorf("%v allocations", n)
	}
}
