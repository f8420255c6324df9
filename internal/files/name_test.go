package files

import (
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	for _, c := range []struct {
		path, name string
		slash      bool
	}{
		{"/", "", true},
		{"/a.txt", "a.txt", false},
		{"/a/b/c.txt", "a/b/c.txt", false},
		{"/a/", "a", true},
		{"/a%20b/c%2Ctxt", "a b/c,txt", false},
		{"/a b", "a b", false},
		{"/a%2520b", "a%20b", false},
		{"/%E2%82%AC.txt", "€.txt", false},
		{"/.well-known/security.txt", ".well-known/security.txt", false},
		{"/a+b", "a+b", false},
		{"/a:b", "", false},
		{"/12:30.png", "12:30.png", false},
		{"/console.js", "console.js", false},
		{"/auxiliary", "auxiliary", false},
		{"/com.js", "com.js", false},
		{"/com10", "com10", false},
		{"/...a", "", false},
	} {
		name, slash, ok := Name(c.path)
		if want := c.name != "" || c.path == "/"; name != c.name || ok != want || ok && slash != c.slash {
			t.Errorf("Name(%q) = %q, %v, %v; want %q, %v, %v", c.path, name, slash, ok, c.name, c.slash, want)
		}
	}
}

// refused are paths that are no file's, whatever system there is.
var refused = []string{
	"", "a", "a/b", "//", "//a", "/a//b", "/a//", "/.", "/..", "/../a", "/a/..", "/a/../b", "/a/./b",
	"/%2e%2e/a", "/%2E%2E/a", "/.%2e/a", "/%2e", "/a%2fb", "/a%2Fb", "/..%2fa", "/%2fetc/passwd", "/a/%2e%2e%2fb",
	`/a\b`, `/..\a`, `/\a`, "/a%5cb", "/..%5ca", "/..%5C..%5Ca", "/%5c%5chost%5cshare", "/a%00b", "/a%00", "/a\x00b", "/a%0ab", "/a%7f",
	"/C:", "/C:/windows", "/c:a", "/C%3A/windows", "/C%3a%5cwindows", "/a/d:/b", "/c:%5ca",
	"/NUL", "/nul", "/a/NUL", "/nul.txt", "/NUL%20", "/nul%20.txt", "/CON", "/con.js", "/prn", "/AUX", "/aux.js", "/a/aux/b", "/COM1", "/com0", "/lpt9.txt", "/COM%C2%B9", "/conin$", "/CONOUT$", "/NUL:", "/nul::$DATA", "/a/CON.",
	"/.env", "/.git/config", "/a/.env", "/.well-known/.env", "/a/.well-known/b", "/.WELL-KNOWN/a", "/%2eenv", "/%2Egit/config", "/.", "/...", "/.htaccess",
	"/%", "/%2", "/%zz", "/a%", "/%ff", "/%c0%ae%c0%ae/a", "/%c0%afa", "/%e0%80%afa", "/%u002e", "/\xff",
}

func TestNameRefused(t *testing.T) {
	for _, path := range refused {
		if name, _, ok := Name(path); ok {
			t.Errorf("Name(%q) is %q, want none", path, name)
		}
	}
}

// FuzzName: a name is one below the folder, to every reader, and has one path.
func FuzzName(f *testing.F) {
	for _, path := range refused {
		f.Add(path)
	}
	for _, path := range []string{"/", "/a/b.txt", "/a%20b", "/.well-known/x", "/a/", "/%E2%82%AC"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		name, slash, ok := Name(path)
		if !ok {
			return
		}
		if name == "" {
			if path != "/" {
				t.Fatalf("%q is the folder itself", path)
			}
			return
		}
		if !fs.ValidPath(name) || !filepath.IsLocal(name) || strings.ContainsAny(name, "\\\x00") {
			t.Fatalf("%q is %q, which is no plain name", path, name)
		}
		for seg := range strings.SplitSeq(name, "/") {
			if seg[0] == '.' && seg != ".well-known" || device(seg) {
				t.Fatalf("%q is %q, with the part %q", path, name, seg)
			}
		}
		again := (&url.URL{Path: "/" + name}).EscapedPath()
		if slash {
			again += "/"
		}
		if n, s, ok := Name(again); n != name || s != slash || !ok {
			t.Fatalf("%q is %q, whose path %q is %q, %v, %v", path, name, again, n, s, ok)
		}
	})
}
