package portico_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

// counting is a project whose static route counts how often it is made, on one
// isolate.
const counting = `
	export const revalidate = 60
	let n = 0
	export const GET = () => new Response(String(++n))
`

func writeFiles(t *testing.T, dir string, nameAndText ...string) {
	t.Helper()
	for i := 0; i < len(nameAndText); i += 2 {
		file := filepath.Join(dir, filepath.FromSlash(nameAndText[i]))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(nameAndText[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func body(t *testing.T, s *porticotest.Server, path string) string {
	t.Helper()
	res, err := s.Client().Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("%s: %d %s, %v", path, res.StatusCode, b, err)
	}
	return string(b)
}

// What is kept outlives a load, and a registration after it, which makes a new
// loader.
func TestKeptOverLoads(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, "app/a/route.ts", "export const dynamic = 'force-static'\nexport const GET = () => new Response(crypto.randomUUID())", "app/b/route.ts", "export const GET = () => new Response('1')")
	s := porticotest.New(t, portico.Config{Dir: dir, CacheDir: "kept", Isolates: 1})
	first := body(t, s, "/a")
	s.App.Route("/c", portico.Handlers{GET: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "go") }})
	if err := s.App.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := body(t, s, "/a") + body(t, s, "/c"); got != first+"go" {
		t.Errorf("after another load: %s", got)
	}
	writeFiles(t, dir, "app/b/route.ts", "export const GET = ")
	if err := s.App.Load(t.Context()); err == nil {
		t.Fatal("a broken file loads")
	}
	if got := body(t, s, "/a") + body(t, s, "/b"); got != first+"1" {
		t.Errorf("after a load that failed: %s", got)
	}
	if err := s.App.RevalidatePath(t.Context(), "/a"); err != nil {
		t.Fatal(err)
	}
	if got := body(t, s, "/a"); got == first {
		t.Error("what was revalidated is given")
	}
}

// The clock of a test makes entries old.
func TestAdvance(t *testing.T) {
	s := porticotest.New(t, portico.Config{FS: files("app/a/route.ts", counting), Isolates: 1})
	for _, step := range []struct {
		by   time.Duration
		want string
	}{{0, "1"}, {59 * time.Second, "1"}, {400 * 24 * time.Hour, "2"}} { // over expireTime: nobody is given the old one
		s.Advance(step.by)
		if got := body(t, s, "/a"); got != step.want {
			t.Errorf("after %v: %s, want %s", step.by, got, step.want)
		}
	}
}

// A file of the cache is there again in the next process, whatever ended the
// one before, and is no part of a test that does not ask for it.
func TestKeptOnDisk(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, "app/a/route.ts", "export const dynamic = 'force-static'\nexport const GET = () => new Response(process.env.RUN)",
		"portico.config.json", `{"cache": "disk"}`)
	made := func(run string, c portico.Config) string {
		t.Helper()
		c.Dir, c.Logger = dir, slog.New(slog.DiscardHandler)
		c.Environ = []string{"RUN=" + run}
		var got string
		t.Run(run, func(t *testing.T) { got = body(t, porticotest.New(t, c), "/a") })
		return got
	}
	if got := made("in memory", portico.Config{}); got != "in memory" {
		t.Fatalf("got %s", got)
	}
	if _, err := os.Stat(filepath.Join(dir, ".portico")); err == nil {
		t.Error("a test has left something in the project")
	}
	first, second := made("same", portico.Config{Cache: "disk"}), made("same", portico.Config{Cache: "disk"})
	if first != "same" || second != "same" {
		t.Errorf("got %s, %s", first, second)
	}
	if _, err := os.Stat(filepath.Join(dir, ".portico", "cache", "entries.db")); err != nil {
		t.Error(err)
	}
}

// With Redis away the server is ready, and says what is wrong.
func TestHealthOfTheCache(t *testing.T) {
	server := miniredis.RunT(t)
	server.RequireAuth("word")
	s := porticotest.New(t, portico.Config{FS: files("app/a/route.ts", counting), Cache: "redis://:hidden@" + server.Addr(), Isolates: 1, Logger: slog.New(slog.DiscardHandler)})
	away := body(t, s, "/healthz") // one that refuses is as good as away
	if !strings.HasPrefix(away, `{"status":"ready","cache":"redis: away since `) || strings.Contains(away, "hidden") || strings.Contains(away, server.Addr()) {
		t.Errorf("with a server that refuses: %s", away)
	}
	if got := body(t, s, "/a") + body(t, s, "/a"); got != "11" {
		t.Errorf("from memory: %s", got)
	}
	well := porticotest.New(t, portico.Config{FS: files("app/a/route.ts", counting), Cache: "redis://:word@" + server.Addr(), Isolates: 1})
	if got := body(t, well, "/healthz"); got != `{"status":"ready"}`+"\n" {
		t.Errorf("when all is well: %s", got)
	}
	dead := porticotest.New(t, portico.Config{Dir: brokenFolder(t), Cache: "disk", Logger: slog.New(slog.DiscardHandler)})
	if got := body(t, dead, "/healthz"); got != `{"status":"ready","cache":"memory: the file cannot be used"}`+"\n" {
		t.Errorf("without a file: %s", got)
	}
}

// brokenFolder is a project in which the cache cannot be.
func brokenFolder(t *testing.T) string {
	dir := t.TempDir()
	writeFiles(t, dir, "app/a/route.ts", counting, ".portico", "a file")
	return dir
}

// The configuration's profiles are those of cacheLife().
func TestCacheLifeOfTheConfiguration(t *testing.T) {
	s := porticotest.New(t, portico.Config{Isolates: 1, FS: files(
		"portico.config.ts", "export default { cacheLife: { often: { revalidate: 10, expire: 20 }, ever: { revalidate: Infinity, expire: Infinity } } }",
		"app/[life]/route.ts", `
			import { cacheLife } from 'next/cache'
			let n = 0
			async function count(life: string) { 'use cache'; cacheLife(life); return ++n }
			export const GET = async (request: Request, { params }) => new Response(String(await count((await params).life)))`,
	)})
	for _, step := range []struct {
		path string
		by   time.Duration
		want string
	}{{"/often", 0, "1"}, {"/ever", 0, "2"}, {"/often", 9 * time.Second, "1"}, {"/often", 12 * time.Second, "3"}, {"/ever", 10000 * time.Hour, "2"}} {
		s.Advance(step.by)
		if got := body(t, s, step.path); got != step.want {
			t.Errorf("%s after %v more: %s, want %s", step.path, step.by, got, step.want)
		}
	}
}

// A wrong store is an error of Load, which does not say what it was.
func TestWrongStore(t *testing.T) {
	app := portico.New(portico.Config{Cache: "redis//:hidden@host"})
	defer app.Close(context.Background())
	err := app.Load(t.Context())
	if err == nil || strings.Contains(err.Error(), "hidden") || !strings.HasPrefix(err.Error(), "Config.Cache: this names no store\nhint: ") {
		t.Errorf("got %v", err)
	}
}
