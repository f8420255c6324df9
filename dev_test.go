package portico_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

// devProject is a project on disk that is served in development.
type devProject struct {
	*testing.T
	dir   string
	s     *porticotest.Server
	loads chan portico.Loaded
}

func newDevProject(t *testing.T, setup func(*portico.App), nameAndText ...string) *devProject {
	p := &devProject{T: t, dir: t.TempDir(), loads: make(chan portico.Loaded, 100)}
	for i := 0; i < len(nameAndText); i += 2 {
		p.write(nameAndText[i], nameAndText[i+1])
	}
	p.s = porticotest.New(t, portico.Config{Dir: p.dir, Dev: true, Isolates: 1, Environ: []string{}, OnLoad: func(l portico.Loaded) { p.loads <- l }}, func(app *portico.App) {
		if setup != nil {
			setup(app)
		}
	})
	return p
}

func (p *devProject) write(name, text string) {
	p.Helper()
	file := filepath.Join(p.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		p.Fatal(err)
	}
}

func (p *devProject) remove(name string) {
	p.Helper()
	if err := os.RemoveAll(filepath.Join(p.dir, filepath.FromSlash(name))); err != nil {
		p.Fatal(err)
	}
}

// await asks for a path after each load until the answer is the wanted one.
func (p *devProject) await(path string, status int, want string) answer {
	p.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for {
		a := ask(p, p.s, "GET", path, "")
		if a.StatusCode == status && strings.Contains(a.body, want) {
			return a
		}
		select {
		case <-p.loads:
		case <-limit.C:
			p.Fatalf("GET %s still answers %d %s\nwant %d with %s", path, a.StatusCode, a.body, status, want)
		}
	}
}

func handler(text string) string { return "export const GET = () => new Response(`" + text + "`)" }

// In development a change of any file that counts is served soon after.
func TestDev(t *testing.T) {
	p := newDevProject(t, func(app *portico.App) { app.Route("/go", portico.Handlers{GET: say("go")}) },
		"app/a/route.ts", handler("a1"),
		"app/env/route.ts", "export const GET = () => Response.json([process.env.PLAIN, process.env.NEXT_PUBLIC_X, process.env.NODE_ENV])",
		"app/lib/route.ts", "import { text } from '../../lib/text'\nexport const GET = () => new Response(text)",
		"lib/text.ts", "export const text = 'lib1'",
		".env", "PLAIN=one\nNEXT_PUBLIC_X=one",
	)
	p.await("/a", 200, "a1")
	p.await("/env", 200, `["one","one","development"]`)

	p.write("app/a/route.ts", handler("a2"))
	p.await("/a", 200, "a2")

	p.write("lib/text.ts", "export const text = 'lib2'")
	p.await("/lib", 200, "lib2")

	p.write("app/new/deep/[id]/route.ts", script)
	p.await("/new/deep/7", 200, `{"id":"7"}`)

	p.write("app/new/deep/other/route.ts", handler("other"))
	p.await("/new/deep/other", 200, "other")

	p.remove("app/new/deep/other")
	p.await("/new/deep/other", 200, `{"id":"other"}`)

	p.remove("app/new")
	p.await("/new/deep/7", 404, "")

	p.write(".env", "PLAIN=two\nNEXT_PUBLIC_X=two")
	p.await("/env", 200, `["two","two","development"]`)

	p.write(".env.local", "PLAIN=three")
	p.await("/env", 200, `["three","two","development"]`)

	p.remove(".env.local")
	p.await("/env", 200, `["two","two","development"]`)

	// An editor that writes a new file and puts it in the old one's place.
	p.write("app/a/route.ts.tmp", handler("a3"))
	if err := os.Rename(filepath.Join(p.dir, "app/a/route.ts.tmp"), filepath.Join(p.dir, "app/a/route.ts")); err != nil {
		t.Fatal(err)
	}
	p.await("/a", 200, "a3")
	p.write("app/a/route.ts", handler("a4"))
	p.await("/a", 200, "a4")
	p.await("/go", 200, "go")
}

// A broken file answers with the error until it is mended. Requests that began
// before end on the site they began on.
func TestDevError(t *testing.T) {
	entered, gate := make(chan struct{}), make(chan struct{})
	p := newDevProject(t, func(app *portico.App) {
		app.Expose("test", portico.Funcs{"wait": portico.Func(func(context.Context, any) (any, error) {
			close(entered)
			<-gate
			return nil, nil
		})})
	},
		"app/a/route.ts", handler("a1"),
		"app/wait/route.ts", "import { wait } from 'go:test'\nexport async function GET() { await wait(); return new Response('waited') }",
	)
	waited := make(chan string, 1)
	go func() { waited <- ask(p, p.s, "GET", "/wait", "").body }()
	<-entered

	p.write("app/a/route.ts", "export const GET = () => {\n  return new Response('a'\n}\n")
	a := p.await("/a", 500, `app/a/route.ts:3:1: expected ")" but found "}"`)
	if got := a.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("for a client that takes anything the answer is %s", got)
	}
	p.await("/anything", 500, "app/a/route.ts:3:1")
	close(gate)
	if got := <-waited; got != "waited" {
		t.Errorf("the request that was under way got %q", got)
	}

	page := ask(t, p.s, "GET", "/a", "", "Accept", "text/html,*/*;q=0.8").body
	for _, want := range []string{
		`<h2>expected &#34;)&#34; but found &#34;}&#34;</h2>`,
		`<code>app/a/route.ts:3:1</code>`,
		`<i>2 </i>  return new Response(&#39;a&#39;`,
		`<span class="hit"><i>3 </i>}`,
		`<span class="caret"><i>  </i>^`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s:\n%s", want, page)
		}
	}

	p.write("app/a/route.ts", handler("a2"))
	p.await("/a", 200, "a2")

	// A file that is missing is looked for where nothing has been imported yet.
	p.write("app/a/route.ts", "import { x } from '../../helpers/deep/x'\nexport const GET = () => new Response(x)")
	p.await("/a", 500, `cannot resolve "../../helpers/deep/x"`)
	p.write("helpers/deep/x.ts", "export const x = 'found'")
	p.await("/a", 200, "found")
	p.write("helpers/deep/x.ts", "export const x = 'found again'")
	p.await("/a", 200, "found again")

	// Without its app directory a project is mended too.
	if err := os.Rename(filepath.Join(p.dir, "app"), filepath.Join(p.dir, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	p.await("/a", 500, "there is no app folder here")
	if err := os.Rename(filepath.Join(p.dir, "elsewhere"), filepath.Join(p.dir, "app")); err != nil {
		t.Fatal(err)
	}
	p.await("/a", 200, "found again")
	p.write("app/a/route.ts", handler("a3"))
	p.await("/a", 200, "a3")
}

// What a handler does wrong is shown in development, with its lines, and not in
// production.
func TestErrorOfHandler(t *testing.T) {
	p := newDevProject(t, nil, "app/a/route.ts", "function inner(x: any) {\n\treturn x.nope.deeper\n}\nexport const GET = () => Response.json(inner(undefined))")
	a := ask(t, p.s, "GET", "/a", "", "Accept", "text/html")
	for _, want := range []string{
		"<h2>TypeError: Cannot read properties of undefined (reading &#39;nope&#39;)</h2>",
		"<code>app/a/route.ts:2:11</code>",
		"<span class=\"hit\"><i>2 </i>\treturn x.nope.deeper",
		"<span class=\"caret\"><i>  </i>\t         ^",
		"at GET (app/a/route.ts:4:",
		a.Header.Get("X-Request-Id"),
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page has no %s:\n%s", want, a.body)
		}
	}
	if a.StatusCode != 500 {
		t.Errorf("got status %d", a.StatusCode)
	}

	var log lockedText
	s := porticotest.New(t, portico.Config{FS: os.DirFS(p.dir), Logger: log.logger()})
	for _, accept := range []string{"text/html", "application/json", "*/*"} {
		a := ask(t, s, "GET", "/a", "", "Accept", accept)
		if a.StatusCode != 500 || a.body != "" {
			t.Errorf("in production a client gets %d %q, want 500 and nothing", a.StatusCode, a.body)
		}
		if id := a.Header.Get("X-Request-Id"); id == "" || !strings.Contains(log.String(), "id="+id) || !strings.Contains(log.String(), "at inner (app/a/route.ts:2:11)") {
			t.Errorf("the log has no line of request %q with the place:\n%s", id, log.String())
		}
	}
}

// The middleware and the configuration are part of what is watched: they come,
// change, break and go.
func TestDevRules(t *testing.T) {
	p := newDevProject(t, nil, "app/a/route.ts", handler("a"), "lib/to.mjs", "export const to = '/a'")
	p.await("/a", 200, "a")
	p.await("/x", 404, "")

	p.write("next.config.mjs", "import { to } from './lib/to.mjs'\nexport default { rewrites: async () => [{ source: '/x', destination: to }] }")
	p.await("/x", 200, "a")

	p.write("middleware.ts", "export const middleware = () => new Response('guarded', { status: 401 })\nexport const config = { matcher: '/x' }")
	p.await("/x", 401, "guarded")
	p.await("/a", 200, "a")

	p.write("middleware.ts", "const m = '/x'\nexport const middleware = () => new Response('guarded', { status: 401 })\nexport const config = { matcher: m }")
	p.await("/a", 500, "middleware.ts:3:")

	p.remove("middleware.ts")
	p.await("/x", 200, "a")

	p.write("lib/to.mjs", "export const to = '/none'") // the configuration imports it
	p.await("/x", 404, "")

	p.write("next.config.mjs", "export default { rewrite: async () => [] }")
	p.await("/a", 500, "did you mean rewrites")

	p.remove("next.config.mjs")
	p.await("/a", 200, "a")

	p.write("portico.config.json", `{"basePath": "/docs"}`)
	p.await("/docs/a", 200, "a")
}
