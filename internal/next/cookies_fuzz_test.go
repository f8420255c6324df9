package next

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
)

// FuzzCookieHeader reads anything as a cookie header: what a jar writes back
// is read as the same cookies, and holds nothing that ends a line.
func FuzzCookieHeader(f *testing.F) {
	for _, s := range []string{"a=1; b=2; a=3; c; d=; =e; f=%20x; g=\"q\"; h=a=b; i=%zz", "", ";;", "a=%0d%0aX: y", "\xc3\xbc=\xff", "a=b;  c=d"} {
		f.Add(s)
	}
	m := &Modules{} // reading a header makes no objects
	f.Fuzz(func(t *testing.T, text string) {
		seen := map[string]bool{}
		for _, c := range m.requestJar(web.FromHTTP(http.Header{"Cookie": {text}})).cookies {
			if seen[c.name] {
				t.Fatalf("%q: two cookies are named %q", text, c.name)
			}
			seen[c.name] = true
			back, ok := decodeComponent(encodeComponent(c.value))
			if enc := encodeComponent(c.value); !ok || back != strings.ToValidUTF8(c.value, "\uFFFD") || strings.ContainsAny(enc, "\r\n;, \x00") {
				t.Fatalf("%q: the value %q is written as %q and read as %q", text, c.value, enc, back)
			}
		}
	})
}

// FuzzSetCookie reads anything as a set-cookie line: what is written of it is
// one line, and is read as the same name and value.
func FuzzSetCookie(f *testing.F) {
	for _, s := range []string{"a=1; Path=/; HttpOnly; SameSite=lax", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=b; Max-Age=-5; Domain=x.test; Secure; Priority=High; Partitioned", "", "=", "a=%0d%0a", "a=1; path=\x01"} {
		f.Add(s)
	}
	p, err := js.Compile("bundle.js", "(host) => ({})", nil)
	if err != nil {
		f.Fatal(err)
	}
	app, err := New(p, Options{Isolates: 1, Web: web.Options{Logger: slog.New(slog.DiscardHandler), Client: web.NewClient("test")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := app.Close(f.Context()); err != nil && f.Context().Err() == nil {
			f.Error(err)
		}
	})
	iso := app.pool.Isolates()[0]
	f.Fuzz(func(t *testing.T, line string) {
		err := iso.Do(nil, func() {
			m := of(iso)
			name, c, ok := m.parseSetCookie(line)
			if !ok {
				return
			}
			once := m.serialise(c)
			again, c2, ok := m.parseSetCookie(once)
			if !ok || again != name {
				t.Errorf("%q is written as %q and read as %q, %v", line, once, again, ok)
				return
			}
			if v, w := optional(c.Get("value")), optional(c2.Get("value")); v != w || strings.ContainsAny(once, "\r\n\x00") {
				t.Errorf("%q is written as %q: %q became %q", line, once, v, w)
			}
		})
		if err != nil && !strings.Contains(err.Error(), "ended") {
			t.Error(err)
		}
	})
}
