package security

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestF3: Hono's export wrote where generateStaticParams said (GHSA-xf4j-xp2r-rqqx).
func TestF3(t *testing.T) {
	const handler = "export const dynamic = 'force-static'\nexport const GET = () => new Response('WRITTEN')\nexport const generateStaticParams = () => "
	below := func(dir string) (written []string) {
		err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err == nil && string(b) == "WRITTEN" {
				written = append(written, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return written
	}
	for _, c := range []struct{ route, params string }{
		{"app/[id]/route.ts", `[{ id: '../../x' }]`},
		{"app/[id]/route.ts", `[{ id: '..' }]`},
		{"app/[id]/route.ts", `[{ id: '..\\..\\x' }]`},
		{"app/[id]/route.ts", `[{ id: '/etc/portico' }, { id: '../x' }]`},
		{"app/[id]/route.ts", `[{ id: 'a\0' }]`},
		{"app/a/[...id]/route.ts", `[{ id: ['..', '..', '..', 'x'] }]`},
		{"app/a/[...id]/route.ts", `[{ id: ['.', 'x'] }]`},
		{"app/a/[...id]/route.ts", `[{ id: ['b/../../../x'] }]`},
	} {
		dir := files{"sub/" + c.route: handler + c.params}.write(t)
		out, err := exec.Command(portico, "export", filepath.Join(dir, "sub"), "-o", filepath.Join(dir, "sub", "out")).CombinedOutput()
		if err == nil {
			t.Errorf("%s with %s was exported:\n%s", c.route, c.params, out)
		}
		if !strings.Contains(string(out), "hint: ") || !strings.Contains(string(out), c.route) {
			t.Errorf("%s with %s: it says\n%s", c.route, c.params, out)
		}
		if written := below(filepath.Dir(dir)); written != nil {
			t.Errorf("%s with %s wrote %q", c.route, c.params, written)
		}
	}
	// A link in the folder that is written leads nowhere: the folder is new.
	dir := files{"sub/app/a/x/route.ts": "export const dynamic = 'force-static'\nexport const GET = () => new Response('WRITTEN')", "sub/out/.portico-export": "", "outside/keep": ""}.write(t)
	if err := os.Symlink(filepath.Join(dir, "outside"), filepath.Join(dir, "sub", "out", "a")); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(portico, "export", filepath.Join(dir, "sub"), "-o", filepath.Join(dir, "sub", "out")).CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	if written := below(filepath.Join(dir, "outside")); written != nil {
		t.Errorf("outside: %q", written)
	}
	if written := below(filepath.Join(dir, "sub", "out")); len(written) != 1 || written[0] != "a/x" {
		t.Errorf("in the export: %q", written)
	}
}
