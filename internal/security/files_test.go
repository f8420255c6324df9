package security

import (
	"strings"
	"testing"
)

// served is a project with files of every kind: those of public/, a frontend
// whose page answers navigations, and what nobody may see beside them.
var served = files{
	"public/a.txt":               "public",
	"public/dir/b.txt":           "below",
	"public/.hidden":             "SECRET",
	"public/dir/.env":            "SECRET",
	"public/.git/config":         "SECRET",
	"dist/index.html":            "page",
	"dist/assets/app.js":         "script",
	"dist/.vite/manifest.json":   "SECRET",
	"dist/.env":                  "SECRET",
	"app/x/route.ts":             "// SECRET\nexport const GET = () => new Response('x')",
	"lib/a.ts":                   "// SECRET",
	".env":                       "KEY=SECRET",
	"package.json":               `{ "name": "SECRET" }`,
	"portico.config.ts":          "// SECRET\nexport default { frontend: { dir: 'dist' } }",
	"secret.txt":                 "SECRET",
	"publicity/secret.txt":       "SECRET",
	"public.txt":                 "SECRET",
	"dist-of-another/secret.txt": "SECRET",
}

// TestF1: static files of Hono, Caddy and Echo were reached, or others in their
// place, by what Windows reads as a separator, a drive or a device, and by
// escapes that are decoded once too often (GHSA-wwfh-h76j-fc44, CVE-2026-52844).
func TestF1(t *testing.T) {
	for _, mode := range []string{"start", "dev"} {
		s := serve(t, served, settings{mode: mode})
		s.get(t, "/a.txt").want(t, mode, 200, "public")
		s.get(t, "/dir/b.txt").want(t, mode, 200, "below")
		s.get(t, "/assets/app.js").want(t, mode, 200, "script")
		for _, root := range []string{"", "/dir", "/assets", "/none"} {
			for _, tail := range []string{
				"/..%5csecret.txt", "/..%5Csecret.txt", "/..\\secret.txt", "/..\\..\\secret.txt", "/..%5c..%5csecret.txt", "/%5c..%5csecret.txt", "/dir%5c..%5c..%5csecret.txt", "\\..\\secret.txt",
				"/../secret.txt", "/../../secret.txt", "/../../../../../../../../etc/passwd", "/%2e%2e/secret.txt", "/%2e%2e%2fsecret.txt", "/..%2fsecret.txt", "/..%2f..%2f..%2fetc%2fpasswd", "/.%2e/secret.txt", "/%252e%252e/secret.txt", "/..%252fsecret.txt", "/%252e%252e%252fsecret.txt", "/..;/secret.txt",
				"/%c0%ae%c0%ae/secret.txt", "/..%c0%afsecret.txt", "/%e0%80%ae%e0%80%ae/secret.txt", "/..%ef%bc%8fsecret.txt", "/%uff0e%uff0e/secret.txt", "/....//secret.txt", "/..././secret.txt", "/.../secret.txt",
				"/C:/secret.txt", "/C:secret.txt", "/C%3a/secret.txt", "/c%3A%5csecret.txt", "/C:", "/C:%5cWindows%5cwin.ini", "/file:///etc/passwd", "//etc/passwd", "/%2fetc/passwd", "/%2Fetc%2Fpasswd", "//evil.test/secret.txt", "/%5c%5cevil.test%5cshare", "/%5c%5c%3f%5cC:%5csecret.txt", "/GLOBALROOT/Device",
				"/NUL", "/nul", "/nul.txt", "/NUL%20", "/con", "/CON.js", "/aux", "/prn.html", "/COM1", "/lpt1.css", "/CONIN$", "/a.txt::$DATA", "/a.txt%3a%3a$DATA", "/a.txt:stream", "/DIR~1", "/a.txt.", "/a.txt%20", "/a.txt...", "/a.txt%2e", "/A.TXT", "/%61.TXT",
				"/a.txt%00", "/a.txt%00.js", "/%00", "/a%00.txt", "/a.txt%0a", "/a.txt%0d%0a", "/a.txt/", "/a.txt/.", "/a.txt/../../secret.txt", "/a.txt%2f", "/a.txt%5c", "/a.txt/x", "/dir%2fb.txt", "/dir%5cb.txt", "/./dir%2f..%2fa.txt",
				"/.hidden", "/%2ehidden", "/.env", "/%2Eenv", "/.git/config", "/%2egit/config", "/.vite/manifest.json", "/secret.txt", "/public/a.txt", "/public/../secret.txt", "/dist/index.html", "/dist-of-another/secret.txt", "/publicity/secret.txt", "/public.txt",
			} {
				for _, lines := range [][]string{nil, {"Sec-Fetch-Dest: script"}, {"Range: bytes=0-"}, {"Accept-Encoding: br, gzip"}} {
					// Some lead, redirected, to a.txt after all, which everybody may see.
					if a := s.hidden(t, "GET", root+tail, lines...); a.status != 404 && a.status != 400 && a.body != "public" {
						t.Errorf("%s: %s %v: got %v, want 404 or 400", mode, root+tail, lines, a)
					}
				}
				// Whoever asks for a page may get the frontend's, and nothing else.
				if a := s.hidden(t, "GET", root+tail, "Accept: text/html"); a.status == 200 && a.body != "page" && a.body != "public" {
					t.Errorf("%s: %s as a page: got %v", mode, root+tail, a)
				}
			}
		}
	}
	// No spelling of a file's path is a way around its matcher.
	s := serve(t, files{"middleware.ts": guarded["middleware.ts"], "app/app/[[...path]]/route.ts": guarded["app/app/[[...path]]/route.ts"], "public/admin/panel": "SECRET", "public/app/x": "x"})
	s.get(t, "/admin/panel", "Authorization: Bearer ok").want(t, "with the token", 200, "SECRET")
	for _, target := range spellings {
		s.hidden(t, "GET", target)
		s.hidden(t, "POST", target)
	}
}

// TestF4: os.Root followed a symbolic link out of its folder when a slash stood
// behind it (Go's CVE-2026-39822).
func TestF4(t *testing.T) {
	outside := files{"secret.txt": "SECRET", "dir/secret.txt": "SECRET", "index.html": "SECRET", "dir/index.html": "SECRET"}.write(t)
	links := map[string]string{}
	for _, folder := range []string{"public", "dist"} {
		for name, to := range map[string]string{
			"out": outside, "outslash": outside + "/", "file": outside + "/secret.txt", "fileslash": outside + "/secret.txt/", "dir": outside + "/dir", "up": "..", "upslash": "../", "up2": "../../", "root": "/",
			"app": "../app", "env": "../.env", "chain": "out", "chainslash": "out/", "self": "self", "inside": "assets",
		} {
			links[folder+"/"+name+"-"+folder] = to
		}
	}
	for _, mode := range []string{"start", "dev"} {
		s := serve(t, files{
			"public/a.txt": "public", "public/assets/a.txt": "linked", "dist/index.html": "page", "dist/assets/app.js": "script", ".env": "SECRET", "secret.txt": "SECRET",
			"app/x/route.ts": "// SECRET\nexport const GET = () => new Response('x')", "portico.config.ts": "// SECRET\nexport default { frontend: 'dist', skipTrailingSlashRedirect: true }",
		}, settings{mode: mode, links: links})
		s.get(t, "/a.txt").want(t, mode, 200, "public")
		s.get(t, "/inside-public/a.txt").want(t, mode, 200, "linked")
		s.get(t, "/inside-dist/app.js").want(t, mode, 200, "script")
		for link := range links {
			_, name, _ := strings.Cut(link, "/")
			for _, tail := range []string{"", "/", "/.", "/./", "//", "/secret.txt", "/secret.txt/", "/dir/secret.txt", "/index.html", "/dir/", "/dir", "/x/route.ts", "/etc/passwd", "/.env", "/../secret.txt", "%2f", "%2fsecret.txt", "/%2e", "/%2e/secret.txt", "/..%2fsecret.txt"} {
				if a := s.hidden(t, "GET", "/"+name+tail); a.status != 404 && a.status != 400 {
					t.Errorf("%s: /%s%s: got %v, want 404", mode, name, tail, a)
				}
			}
		}
	}
}
