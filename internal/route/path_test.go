package route

import (
	"bufio"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	tests := []struct {
		in, out  string // out is empty when it is in
		redirect bool
	}{
		{in: "/"},
		{in: "/api/users"},
		{in: "/api/users/"},
		// Next.js: escapes stay as they were sent; request.url shows them so.
		{in: "/d/a%20b"},
		{in: "/d/%73tatic"},
		{in: "/d/%e4%bd%a0"},
		{in: "/d/a+b"},
		{in: "/c/a%2Fb/c"},
		{in: "/c/a%252Fb"},
		{in: "/c/a%25252520b"},
		{in: "/d/100%25"},
		{in: "/d/%3F%23"},
		{in: "/go/https%3A%2F%2Fexample.com%2Fa"},
		// These may stand raw.
		{in: "/d/:;,@!$'()*|=[]&+~-._"},
		{in: "/d/[id]"},
		// What the URL Standard encodes in a path.
		{in: `/d/a"b`, out: "/d/a%22b"},
		{in: "/d/a b<c>`{d}^", out: "/d/a%20b%3Cc%3E%60%7Bd%7D%5E"},
		{in: "/d/tär", out: "/d/t%C3%A4r"},
		// Repeated slashes and backslashes: one redirect; one slash at the end stays.
		{in: "/d//1", out: "/d/1", redirect: true},
		{in: "//d/1", out: "/d/1", redirect: true},
		{in: "/c/a//b", out: "/c/a/b", redirect: true},
		{in: `/d/a\b`, out: "/d/a/b", redirect: true},
		{in: `/d\`, out: "/d/", redirect: true},
		{in: "/d/1//", out: "/d/1/", redirect: true},
		{in: "//", out: "/", redirect: true},
		{in: "////", out: "/", redirect: true},
		{in: `/\evil.test/`, out: "/evil.test/", redirect: true},
		{in: "//evil.test", out: "/evil.test", redirect: true},
		{in: `/a//b"`, out: "/a/b%22", redirect: true},
		{in: "//a%2F%2Fb", out: "/a%2F%2Fb", redirect: true},
		// Dot segments, as the URL Standard resolves them.
		{in: "/d/../m/get", out: "/m/get"},
		{in: "/d/.", out: "/d/"},
		{in: "/d/..", out: "/"},
		{in: "/.", out: "/"},
		{in: "/../../etc/passwd", out: "/etc/passwd"},
		{in: "/a/./b/", out: "/a/b/"},
		{in: "/a/b/../c/", out: "/a/c/"},
		{in: "/a/b/../", out: "/a/"},
		// Not dot segments.
		{in: "/..."},
		{in: "/.well-known/x"},
		{in: "/a..b/..c/d.."},
		{in: "/a;b/c"},
		{in: "/a%252e"},
	}
	for _, tt := range tests {
		want := tt.out
		if want == "" {
			want = tt.in
		}
		clean, redirect, err := Clean(tt.in)
		if clean != want || redirect != tt.redirect || err != nil {
			t.Errorf("Clean(%q) = %q, %v, %v; want %q, %v", tt.in, clean, redirect, err, want, tt.redirect)
		}
	}
}

func TestCleanRefuses(t *testing.T) {
	tests := []struct{ in, reason string }{
		{"", "slash"},
		{"*", "slash"},
		{"a/b", "slash"},
		{`\a`, "slash"},
		{"http://foo/ct", "slash"},
		{"/a?b", "raw '?'"},
		{"/a#b", "raw '#'"},
		{"/a\x00", "control"},
		{"/a\nb", "control"},
		{"/a\x7f", "control"},
		{"/%", "malformed"},
		{"/%4", "malformed"},
		{"/%zz", "malformed"},
		{"/d/%FF", "malformed"},
		{"/d/\xff", "malformed"},
		{"/d/%c0%ae%c0%ae", "malformed"}, // overlong full stops
		{"/d/%ed%a0%80", "malformed"},    // a surrogate
		{"/d/a%00b", "NUL"},
		{"/d/a%5cb", "backslash"},
		{"/d/%5C..%5cx", "backslash"},
		{"/%2e", "hidden"},
		{"/d/%2e%2e/x", "hidden"},
		{"/d/%2E./x", "hidden"},
		{"/d/.%2e", "hidden"},
		{"/d/..%2Fx", "hidden"},
		{"/d/..%2fx", "hidden"},
		{"/a%2f..%2fadmin", "hidden"},
		{"/d/x%2F.", "hidden"},
		{"/d/%252e%252e", "hidden"},
		{"/d/..%252fadmin", "hidden"},
		{"/d/a%252F..%252Fb", "hidden"},
		{"/d/%25252e%25252e", "hidden"},
		{"/d/%2525252e%2525252e", "hidden"},
		{"/d/%2525252520", "over and over"},
		{"/d/..%255cx", "hidden"},
		{"/d/%25%32%65%252e", "hidden"},
		{"/a/..;/b", "hidden"},
		{"/a/..;x=y/b", "hidden"},
		{"/a/.;/b", "hidden"},
		{"/a/..%3Bx", "hidden"},
		{"/a//../b", "two readings"},
		{`/a\..\b`, "two readings"},
		{"/./a//b", "two readings"},
		{"//evil.test/%2e%2e", "hidden"},
	}
	for _, tt := range tests {
		clean, redirect, err := Clean(tt.in)
		var e *PathError
		if clean != "" || redirect || !errors.As(err, &e) || !strings.Contains(e.Reason, tt.reason) || e.Path != tt.in {
			t.Errorf("Clean(%q) = %q, %v, %v; want a *PathError with %q", tt.in, clean, redirect, err, tt.reason)
		}
	}
}

func TestCleanDoesNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { _, _, _ = Clean("/api/users/42/posts") }); n != 0 {
		t.Errorf("%v allocations for a plain path, want none", n)
	}
}

// TestRequestPath sends request lines through net/http's parser: what comes out
// is what was sent, where EscapedPath would have made %2F a slash.
func TestRequestPath(t *testing.T) {
	for _, sent := range []string{
		"/", "/a/b", "//a", "/a%2Fb", `/c/a%2Fb"x`, `/a\b`, "/a%5Cb", "/d/a%2F..%2Fb|", "/tär", "/%74", "/a%20b", "/[x]", "/a;b", "/a%3Fb",
	} {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + sent + "?q=1 HTTP/1.1\r\nHost: x\r\n\r\n")))
		if err != nil {
			t.Errorf("%q: %v", sent, err)
			continue
		}
		got := RequestPath(r.URL)
		if got != sent {
			t.Errorf("RequestPath for %q = %q", sent, got)
		}
		want, _, wantErr := Clean(sent)
		clean, _, err := Clean(got)
		if clean != want || (err == nil) != (wantErr == nil) {
			t.Errorf("%q arrives as %q and is cleaned to %q, %v; want %q, %v", sent, got, clean, err, want, wantErr)
		}
	}
	// Somebody who sets Path alone means Path.
	u := httptest.NewRequest("GET", "/a%2Fb", nil).URL
	u.Path = "/c d"
	if got := RequestPath(u); got != "/c%20d" {
		t.Errorf("RequestPath after Path was set = %q", got)
	}
}

func TestTrailingSlash(t *testing.T) {
	tests := []struct {
		in      string
		off, on string // where to redirect, empty for nowhere
	}{
		{in: "/"},
		{in: "/a", on: "/a/"},
		{in: "/a/", off: "/a"},
		{in: "/nope/", off: "/nope"},
		{in: "/a/b/", off: "/a/b"},
		{in: "/feed.xml"},
		{in: "/feed.xml/", off: "/feed.xml", on: "/feed.xml"},
		{in: "/d/a.b/", off: "/d/a.b", on: "/d/a.b"},
		{in: "/a.b/c", on: "/a.b/c/"},
		{in: "/a.b-c"},
		{in: "/a.b-c/", off: "/a.b-c"},
		{in: "/.hidden/", off: "/.hidden"},
		{in: "/.well-known/x"},
		{in: "/.well-known/x/", off: "/.well-known/x"},
		{in: "/.well-known/x.json/", off: "/.well-known/x.json"},
	}
	for _, tt := range tests {
		for _, on := range []bool{false, true} {
			want := tt.off
			if on {
				want = tt.on
			}
			to, redirect := TrailingSlash(tt.in, on)
			if redirect != (want != "") || redirect && to != want || !redirect && to != tt.in {
				t.Errorf("TrailingSlash(%q, %v) = %q, %v; want %q", tt.in, on, to, redirect, want)
			}
			if again, more := TrailingSlash(to, on); more {
				t.Errorf("TrailingSlash(%q, %v) redirects a second time, to %q", tt.in, on, again)
			}
		}
	}
}

// FuzzClean holds Clean to its promises.
func FuzzClean(f *testing.F) {
	for _, s := range []string{
		"/", "/a/b", "//a", `/a\b`, "/a/../b", "/%2e%2e", "/a%2F..%2Fb", "/%252e", "/d/%FF", `/"`, "/ä", "/.well-known/", "/..;/", "/a%5c", "/%25%32%65",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		clean, redirect, err := Clean(raw)
		if err != nil {
			if clean != "" || redirect {
				t.Fatalf("Clean(%q) = %q, %v with the error %v", raw, clean, redirect, err)
			}
			return
		}
		if again, more, err := Clean(clean); again != clean || more || err != nil {
			t.Fatalf("Clean(%q) = %q, which is cleaned to %q, %v, %v", raw, clean, again, more, err)
		}
		// The place of a redirect stays on this host.
		if !strings.HasPrefix(clean, "/") || strings.HasPrefix(clean, "//") || strings.ContainsAny(clean, "\\?# \"") {
			t.Fatalf("Clean(%q) = %q is no path", raw, clean)
		}
		u, err := url.ParseRequestURI(clean)
		if err != nil || RequestPath(u) != clean {
			t.Fatalf("Clean(%q) = %q, which net/url reads as %q, %v", raw, clean, u, err)
		}
		// Nobody who decodes it, however often and by whichever separators,
		// goes upwards.
		text := clean
		for range len(clean) {
			slashes := strings.ReplaceAll(text, `\`, "/")
			if slashes != "/" && strings.TrimSuffix(path.Clean(slashes), "/") != strings.TrimSuffix(squeeze(slashes), "/") {
				t.Fatalf("Clean(%q) = %q, which decodes to %q with a dot segment", raw, clean, text)
			}
			next := unescapeValid(text)
			if next == text {
				break
			}
			text = next
		}
	})
}

// squeeze makes runs of slashes one.
func squeeze(s string) string {
	for strings.Contains(s, "//") {
		s = strings.ReplaceAll(s, "//", "/")
	}
	return s
}

func BenchmarkClean(b *testing.B) {
	for name, path := range map[string]string{"plain": "/api/users/42/posts", "escapes": "/api/users/a%20b/posts", "redirect": "//api/users"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = Clean(path)
			}
		})
	}
}
