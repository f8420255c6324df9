package portico_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

// An App without a project serves Go routes; before Load it says that it is
// not there yet.
func TestHandler(t *testing.T) {
	app := portico.New(portico.Config{})
	app.Route("/hello/[id]", portico.Handlers{GET: func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s", r.PathValue("id"))
	}})
	get := func() (int, string) {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", "/hello/you", nil))
		return w.Code, w.Body.String()
	}
	if code, _ := get(); code != 503 {
		t.Errorf("before Load: got %d, want 503", code)
	}
	if err := app.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code, body := get(); code != 200 || body != "hello you" {
		t.Errorf("got %d %q", code, body)
	}
	if err := app.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code, _ := get(); code != 503 {
		t.Errorf("after Close: got %d, want 503", code)
	}
	if err := app.Load(t.Context()); !errors.Is(err, portico.ErrClosed) {
		t.Errorf("Load after Close gives %v, want ErrClosed", err)
	}
	if err := app.Close(t.Context()); err != nil {
		t.Errorf("the second Close gives %v", err)
	}
}

// A registration counts from the next Load on.
func TestRegisterLater(t *testing.T) {
	s := porticotest.New(t, portico.Config{FS: files("app/ts/route.ts", `
		export const GET = () => new Response('ts')`)}, func(app *portico.App) {
		app.Route("/one", portico.Handlers{GET: say("one")})
	})
	s.App.Route("/two", portico.Handlers{GET: say("two")})
	if a := ask(t, s, "GET", "/two", ""); a.StatusCode != 404 {
		t.Errorf("before Load: got %d, want 404", a.StatusCode)
	}
	if err := s.App.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two", "ts"} {
		if a := ask(t, s, "GET", "/"+name, ""); a.body != name {
			t.Errorf("/%s answers %d %q", name, a.StatusCode, a.body)
		}
	}
	// A load that fails leaves all as it is.
	s.App.Route("/ts", portico.Handlers{GET: say("go")})
	if err := s.App.Load(t.Context()); err == nil {
		t.Fatal("a conflict loads")
	}
	if a := ask(t, s, "GET", "/ts", ""); a.body != "ts" {
		t.Errorf("after the failed load /ts answers %d %q", a.StatusCode, a.body)
	}
}

// A project in an fs.FS has all that a folder has: configuration, .env files,
// modules beside app; and errors name its files and lines.
func TestFS(t *testing.T) {
	project := files(
		"src/app/a/route.ts", `
			import { greet } from '@/lib/greet'
			import data from '../../data.json'
			export const GET = () => Response.json([greet(data.name), process.env.NEXT_PUBLIC_MOOD])`,
		"src/lib/greet.ts", "export const greet = (name: string) => `hello ${name}`",
		"src/data.json", `{"name":"Ada"}`,
		"tsconfig.json", `{"compilerOptions":{"paths":{"@/*":["./src/*"]}}}`,
		".env", "NEXT_PUBLIC_MOOD=fine",
	)
	var loaded portico.Loaded
	s := porticotest.New(t, portico.Config{FS: project, OnLoad: func(l portico.Loaded) { loaded = l }})
	if got, want := ask(t, s, "GET", "/a", "").body, `["hello Ada","fine"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := fmt.Sprint(loaded.EnvFiles, loaded.Routes); got != "[.env] [{/a src/app/a/route.ts [GET HEAD OPTIONS] false }]" {
		t.Errorf("the load reports %s", got)
	}

	delete(project, "src/data.json")
	err := s.App.Load(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), `src/app/a/route.ts:3:21: cannot resolve "../../data.json"`) {
		t.Errorf("without the file the error is %v", err)
	}
}

// What is wrong with a project is told with its place and a hint, all of it.
func TestLoadErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		files fstest.MapFS
		want  []string
	}{
		{"no app", files("readme.md", "hi"), []string{"the embedded project: there is no app folder here, nor src/app\nhint: name the folder that holds app/, or begin with app/api/hello/route.ts"}},
		{"app one level down", files("web/app/a/route.ts", script), []string{"the embedded project: there is no app folder here, nor src/app\nhint: name the folder that holds app/; there is one in web"}},
		{"syntax", files("app/a/route.ts", "export function GET( {\n  return 1\n}\n"), []string{"app/a/route.ts:2:10: expected"}},
		{"unresolved", files("app/a/route.ts", "import { x } from './x'\nexport const GET = () => x"), []string{"app/a/route.ts:1:19: cannot resolve \"./x\"\nhint: there is no \"x\" in app/a"}},
		{"bad export", files("app/a/route.ts", "const a = 1\nexport const GET = {}"), []string{"app/a/route.ts:2:14: export GET is not a function but an object\nhint: export async function GET(request: Request) { … }"}},
		{"throws", files("app/a/route.ts", "export const GET = () => null\nlet x: any\nx.y"), []string{"app/a/route.ts:3:3: the module threw while it was loaded: TypeError: Cannot read properties of undefined (reading 'y')", "\nhint: code outside the handlers runs once when the server starts"}},
		{"env", files("app/a/route.ts", script, ".env", "A=$A"), []string{".env:1: "}},
		{"two files", files("app/a/route.ts", script, "app/a/route.js", script), []string{"app/a/route.ts: this folder has another route file, route.js\nhint: keep one route file in a folder"}},
		{"names", files("app/[a]/route.ts", script, "app/[b]/x/route.ts", script), []string{"you cannot use different slug names", "app/[a]/route.ts", "app/[b]/x/route.ts"}},
		{"all at once", files("app/a/route.ts", "export const GET = 1", "app/b/route.ts", "export const POST = 2"), []string{"app/a/route.ts:1:14", "app/b/route.ts:1:14"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := portico.New(portico.Config{FS: c.files})
			defer app.Close(t.Context())
			err := app.Load(t.Context())
			if err == nil {
				t.Fatal("the app loads, want an error")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error is\n%v\nwant in it\n%s", err, w)
				}
			}
		})
	}
}

// Two Apps in one process share nothing.
func TestTwoApps(t *testing.T) {
	start := func(name string) *porticotest.Server {
		return porticotest.New(t, portico.Config{
			FS: files(
				"app/who/route.ts", `
					import { name } from 'go:app'
					let n = 0
					export const GET = async () => Response.json([await name(), process.env.NAME, process.env.NEXT_PUBLIC_NAME, ++n])`,
				".env", "NEXT_PUBLIC_NAME="+name),
			Environ:  []string{"NAME=" + name},
			Isolates: 1,
		}, func(app *portico.App) {
			app.Expose("app", portico.Funcs{"name": portico.Func(func(context.Context, any) (string, error) { return name, nil })})
			app.Route("/"+name, portico.Handlers{GET: say(name)})
		})
	}
	a, b := start("a"), start("b")
	for n := 1; n <= 3; n++ {
		for s, name := range map[*porticotest.Server]string{a: "a", b: "b"} {
			want := fmt.Sprintf(`["%s","%s","%s",%d]`, name, name, name, n)
			if got := ask(t, s, "GET", "/who", "").body; got != want {
				t.Errorf("app %s answers %s, want %s", name, got, want)
			}
		}
	}
	if x, y := ask(t, a, "GET", "/b", ""), ask(t, b, "GET", "/a", ""); x.StatusCode != 404 || y.StatusCode != 404 {
		t.Errorf("an app answers for the other: %d %d", x.StatusCode, y.StatusCode)
	}
}

// generations is a project that is another one at each load.
type generations struct{ n atomic.Int64 }

func (g *generations) Open(name string) (fs.File, error) {
	n := g.n.Load()
	return files(
		"version.ts", fmt.Sprintf("export const version = %d", n),
		"app/one/[id]/route.ts", `
			import { version } from '../../../version'
			import { pause } from 'go:test'
			import { other } from '../../other'
			export async function GET(request: Request, { params }: any) {
				const before = version
				await pause()
				return Response.json([(await params).id, before, version, other()])
			}`,
		"app/other.ts", fmt.Sprintf("import { version } from '../version'\nexport const other = () => version === %d ? version : -1", n),
	).Open(name)
}

// A thousand requests while the site is replaced again and again: none fails,
// and each sees one generation only, no older than what was loaded before it
// was sent.
func TestSwapUnderLoad(t *testing.T) {
	project := &generations{}
	project.n.Store(1)
	s := porticotest.New(t, portico.Config{FS: project}, func(app *portico.App) {
		app.Expose("test", portico.Funcs{"pause": portico.Func(func(context.Context, any) (any, error) { return nil, nil })})
	})
	const requests, loads, clients = 1000, 20, 20
	var loaded, sent atomic.Int64
	var enough atomic.Bool
	loaded.Store(1)
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for !enough.Load() {
				i, least := sent.Add(1), loaded.Load()
				a := ask(t, s, "GET", fmt.Sprintf("/one/%d", i), "")
				var id, before, after, other int64
				if _, err := fmt.Sscanf(a.body, `["%d",%d,%d,%d]`, &id, &before, &after, &other); err != nil || a.StatusCode != 200 {
					t.Errorf("request %d: got %d %s", i, a.StatusCode, a.body)
					continue
				}
				if id != i || before != after || before != other || before < least {
					t.Errorf("request %d, sent when generation %d was loaded, got %s", i, least, a.body)
				}
			}
		})
	}
	for n := int64(2); n < 2+loads || sent.Load() < requests && !t.Failed(); n++ {
		project.n.Store(n)
		if err := s.App.Load(t.Context()); err != nil {
			t.Error(err)
			break
		}
		loaded.Store(n)
	}
	enough.Store(true)
	wg.Wait()
}

// A site that was replaced goes on for the requests that began on it, and
// closes when the last of them has ended. The sites beat once a second as long
// as they are open; time is the bubble's.
func TestOldSiteCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		beats := map[int]int{}
		gate := make(chan struct{})
		project := files("app/wait/route.ts", "")
		write := func(generation int) {
			project["app/wait/route.ts"].Data = fmt.Appendf(nil, `
				import { beat, wait } from 'go:test'
				setInterval(() => beat(%[1]d), 1000)
				export async function GET() {
					await wait()
					return new Response('generation %[1]d')
				}`, generation)
		}
		write(1)
		s := porticotest.New(t, portico.Config{FS: project, Isolates: 1, HandlerTimeout: time.Hour, DrainTimeout: time.Minute}, func(app *portico.App) {
			app.Expose("test", portico.Funcs{
				"beat": portico.Func(func(_ context.Context, generation int) (any, error) {
					mu.Lock()
					beats[generation]++
					mu.Unlock()
					return nil, nil
				}),
				"wait": portico.Func(func(context.Context, any) (any, error) { <-gate; return nil, nil }),
			})
		})
		beating := func() string {
			mu.Lock()
			clear(beats)
			mu.Unlock()
			time.Sleep(3500 * time.Millisecond) // of the bubble's time
			mu.Lock()
			defer mu.Unlock()
			return fmt.Sprint(beats[1] > 0, beats[2] > 0)
		}
		if got := beating(); got != "true false" {
			t.Errorf("at first the generations that beat are %s", got)
		}
		answers := make(chan string)
		begin := func() {
			go func() { answers <- ask(t, s, "GET", "/wait", "").body }()
			synctest.Wait() // it waits for the gate
		}
		begin()
		begin()
		write(2)
		if err := s.App.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		begin()
		if got := beating(); got != "true true" {
			t.Errorf("while requests are under way on both, the generations that beat are %s", got)
		}
		close(gate)
		got := map[string]int{}
		for range 3 {
			got[<-answers]++
		}
		if got["generation 1"] != 2 || got["generation 2"] != 1 {
			t.Errorf("the answers are %v, want two of generation 1 and one of 2", got)
		}
		if got := beating(); got != "false true" {
			t.Errorf("at last the generations that beat are %s", got)
		}
	})
}

// Close waits for what after() was given, and for requests under way.
func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var done atomic.Bool
		s := porticotest.New(t, portico.Config{DrainTimeout: time.Hour, HandlerTimeout: time.Hour, FS: files("app/a/route.ts", `
			import { after } from 'next/server'
			import { finish } from 'go:test'
			export function GET() {
				after(async () => {
					await new Promise((r) => setTimeout(r, 60000))
					await finish()
				})
				return new Response('answered')
			}`)}, func(app *portico.App) {
			app.Expose("test", portico.Funcs{"finish": portico.Func(func(context.Context, any) (any, error) { done.Store(true); return nil, nil })})
		})
		start := time.Now()
		if got := ask(t, s, "GET", "/a", "").body; got != "answered" || time.Since(start) != 0 {
			t.Errorf("got %q after %v, want the answer at once", got, time.Since(start))
		}
		if done.Load() {
			t.Error("after() ran before its time")
		}
		if err := s.App.Close(t.Context()); err != nil {
			t.Errorf("Close gives %v", err)
		}
		if !done.Load() || time.Since(start) != time.Minute {
			t.Errorf("Close came back after %v, after() done: %v", time.Since(start), done.Load())
		}
	})
}

// Close does not wait for ever: when its context ends, scripts are stopped.
func TestCloseGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lockedText
		app := portico.New(portico.Config{DrainTimeout: time.Hour, Logger: log.logger(), FS: files("app/a/route.ts", `
			import { after } from 'next/server'
			export function GET() {
				after(() => new Promise(() => {}))
				return new Response('answered')
			}`)})
		if err := app.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", "/a", nil))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := app.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("Close gives %v after %v, want the context's error after a minute", err, time.Since(start))
		}
		synctest.Wait()
		if !strings.Contains(log.String(), "was not done in time") {
			t.Errorf("the log does not say that work was ended: %s", log.String())
		}
	})
}

// Serve ends when its context does: it finishes what runs, and stops accepting.
func TestServe(t *testing.T) {
	entered, gate := make(chan struct{}), make(chan struct{})
	listening := make(chan net.Addr, 1)
	app := portico.New(portico.Config{Addr: "127.0.0.1:0", OnListen: func(a net.Addr) { listening <- a }})
	app.Route("/slow", portico.Handlers{GET: func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-gate
		_, _ = io.WriteString(w, "done")
	}})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	addr := (<-listening).String()

	type outcome struct {
		body string
		err  error
	}
	answered := make(chan outcome, 1)
	go func() {
		res, err := http.Get("http://" + addr + "/slow")
		if err != nil {
			answered <- outcome{err: err}
			return
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		answered <- outcome{string(b), err}
	}()
	<-entered
	stop()
	// The port is closed while the request goes on.
	for {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		c.Close()
	}
	select {
	case err := <-ended:
		t.Fatalf("Run ended with %v while a request was under way", err)
	default:
	}
	close(gate)
	if o := <-answered; o.err != nil || o.body != "done" {
		t.Errorf("the request got %q, %v", o.body, o.err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run gives %v", err)
	}
}

func TestServeDrainTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		s := &pipeListener{accept: make(chan net.Conn), closed: make(chan struct{})}
		app := portico.New(portico.Config{DrainTimeout: time.Minute, Logger: new(lockedText).logger()})
		app.Route("/stuck", portico.Handlers{GET: func(http.ResponseWriter, *http.Request) { <-release }})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- app.Serve(ctx, s) }()
		client, server := net.Pipe()
		s.accept <- server
		if _, err := io.WriteString(client, "GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		start := time.Now()
		stop()
		err := <-ended
		if err == nil || err.Error() != "requests were still under way after 1m0s and were ended" || time.Since(start) != time.Minute {
			t.Errorf("Serve gives %v after %v", err, time.Since(start))
		}
	})
}

func TestRunErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	err = portico.New(portico.Config{Addr: l.Addr().String()}).Run(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "127.0.0.1:"+port+": the port is taken by another program\nhint: ") {
		t.Errorf("a port that is taken gives %v", err)
	}
	err = portico.New(portico.Config{Addr: "127.0.0.1:0", FS: files()}).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "there is no app folder here") {
		t.Errorf("a project that does not load gives %v", err)
	}
	app := portico.New(portico.Config{Addr: "127.0.0.1:0"})
	if err := app.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.Run(t.Context()); !errors.Is(err, portico.ErrClosed) {
		t.Errorf("Run after Close gives %v, want ErrClosed", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := portico.New(portico.Config{Addr: "127.0.0.1:0", FS: files("app/a/route.ts", script)}).Run(ended); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Run with a context that is over gives %v", err)
	}
}
