package portico_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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

// cacheAnswer is what a test looks at of an answer.
type cacheAnswer struct {
	status int
	body   string
	h      http.Header
}

func fetch(t *testing.T, s *porticotest.Server, path string, headers ...string) cacheAnswer {
	t.Helper()
	return send(t, s, http.MethodGet, path, headers...)
}

func send(t *testing.T, s *porticotest.Server, method, path string, headers ...string) cacheAnswer {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return cacheAnswer{res.StatusCode, string(b), res.Header}
}

// A Go handler's answers are kept as a script's are: fresh, then given once
// more while a new one is made, and the last good one when that fails.
func TestHandlersRevalidate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		var failing atomic.Bool
		s := porticotest.New(t, portico.Config{}, func(app *portico.App) {
			app.Route("/items/[id]", portico.Handlers{Revalidate: time.Minute, Tags: []string{"items"}, GET: func(w http.ResponseWriter, r *http.Request) {
				if failing.Load() {
					http.Error(w, "no", http.StatusInternalServerError)
					return
				}
				fmt.Fprintf(w, "%d %s %s%s%s", n.Add(1), r.PathValue("id"), r.URL.RawQuery, r.Header.Get("Cookie"), r.RemoteAddr)
			}})
		})
		want := func(path, body, state string) {
			t.Helper()
			if a := fetch(t, s, path, "Cookie", "user=1"); a.status != 200 || a.body != body || a.h.Get("X-Nextjs-Cache") != state {
				t.Errorf("%s: %d %q %s, want %q %s", path, a.status, a.body, a.h.Get("X-Nextjs-Cache"), body, state)
			}
			synctest.Wait() // for what goes on in the background
		}
		want("/items/a?q=1", "1 a ", "MISS")
		want("/items/a", "1 a ", "HIT")
		want("/items/b", "2 b ", "MISS")
		time.Sleep(61 * time.Second) // of the bubble
		want("/items/a", "1 a ", "STALE")
		want("/items/a", "3 a ", "HIT")
		failing.Store(true)
		time.Sleep(61 * time.Second) // of the bubble
		want("/items/a", "3 a ", "STALE")
		want("/items/a", "3 a ", "HIT") // for a while; then it is tried again
		failing.Store(false)
		time.Sleep(31 * time.Second) // of the bubble
		want("/items/a", "3 a ", "STALE")
		want("/items/a", "4 a ", "HIT")
		if err := s.App.RevalidateTag(t.Context(), "items"); err != nil {
			t.Fatal(err)
		}
		want("/items/a", "5 a ", "MISS")
		if err := s.App.RevalidatePath(t.Context(), "/items/a"); err != nil {
			t.Fatal(err)
		}
		want("/items/a", "6 a ", "MISS")
		want("/items/b", "7 b ", "MISS")
		if err := s.App.RefreshTag(t.Context(), "items"); err != nil {
			t.Fatal(err)
		}
		want("/items/b", "7 b ", "STALE")
		want("/items/b", "8 b ", "HIT")

		a := fetch(t, s, "/items/b")
		if got := a.h.Get("Cache-Control"); got != "s-maxage=60, stale-while-revalidate=31535940" {
			t.Errorf("Cache-Control: %s", got)
		}
		if got := a.h.Get("Cache-Status"); got != "Portico; hit; ttl=60" {
			t.Errorf("Cache-Status: %s", got)
		}
		etag := a.h.Get("ETag")
		for _, c := range []struct {
			line   string
			status int
		}{{etag, 304}, {"W/" + etag, 304}, {`"x", ` + etag, 304}, {"*", 304}, {`"x"`, 200}, {strings.Trim(etag, `"`), 200}} {
			if a := fetch(t, s, "/items/b", "If-None-Match", c.line); a.status != c.status || a.status == 304 && (a.body != "" || a.h.Get("ETag") != etag || a.h.Get("Content-Type") != "") {
				t.Errorf("If-None-Match: %s: %d %q %v, want %d", c.line, a.status, a.body, a.h, c.status)
			}
		}
		if a := send(t, s, http.MethodHead, "/items/b"); a.status != 200 || a.body != "" || a.h.Get("Content-Length") != "4" || a.h.Get("ETag") != etag {
			t.Errorf("HEAD: %d %q %v", a.status, a.body, a.h)
		}
	})
}

// What is for one client is not kept.
func TestHandlersRevalidatePrivate(t *testing.T) {
	for name, line := range map[string][2]string{"cookie": {"Set-Cookie", "a=b"}, "private": {"Cache-Control", "max-age=60, Private"}, "no-store": {"Cache-Control", "no-store"}} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int64
			s := porticotest.New(t, portico.Config{}, func(app *portico.App) {
				app.Route("/x", portico.Handlers{Revalidate: portico.Forever, GET: func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set(line[0], line[1])
					fmt.Fprint(w, n.Add(1))
				}})
			})
			first := fetch(t, s, "/x")
			second := fetch(t, s, "/x")
			if first.body == second.body || second.h.Get("X-Nextjs-Cache") != "" {
				t.Errorf("%q, then %q %v: it was kept", first.body, second.body, second.h)
			}
		})
	}
}

// One path that is for one client alone does not cost the others their cache.
func TestHandlersRevalidateMixed(t *testing.T) {
	var n atomic.Int64
	s := porticotest.New(t, portico.Config{}, func(app *portico.App) {
		app.Route("/x/[id]", portico.Handlers{Revalidate: portico.Forever, GET: func(w http.ResponseWriter, r *http.Request) {
			if r.PathValue("id") == "own" {
				w.Header().Set("Set-Cookie", "a=b")
			}
			fmt.Fprint(w, n.Add(1))
		}})
	})
	for i, want := range []string{"1", "2", "3", "4", "4", "5"} {
		path := "/x/own"
		if i == 3 || i == 4 {
			path = "/x/all"
		}
		if a := fetch(t, s, path); a.body != want {
			t.Errorf("request %d, %s: %q, want %q", i, path, a.body, want)
		}
	}
}

// A tag that a script sets drops what Go keeps, and the other way round.
func TestSharedTags(t *testing.T) {
	var n atomic.Int64
	project := fstest.MapFS{
		"app/report/route.ts": {Data: []byte(`import { count } from 'go:test';
			export const dynamic = 'force-static';
			export async function GET() { return new Response('script ' + await count(null)); }`)},
		"app/drop/route.ts": {Data: []byte(`import { revalidateTag } from 'next/cache';
			export async function POST() { revalidateTag('numbers'); return new Response('dropped'); }`)},
	}
	s := porticotest.New(t, portico.Config{FS: project}, func(app *portico.App) {
		app.Expose("test", portico.Funcs{"count": portico.Func(func(context.Context, any) (int64, error) { return n.Add(1), nil })})
		app.Route("/go", portico.Handlers{Revalidate: portico.Forever, GET: func(w http.ResponseWriter, r *http.Request) {
			v, err := portico.Cached(r.Context(), "number", portico.CacheOptions{Tags: []string{"numbers"}}, func(context.Context) (int64, error) { return n.Add(1), nil })
			fmt.Fprint(w, "go ", v, err)
		}})
		app.Route("/go/drop", portico.Handlers{POST: func(w http.ResponseWriter, r *http.Request) {
			if err := portico.RevalidatePath(r.Context(), "/report"); err != nil {
				t.Error(err)
			}
		}})
	})
	want := func(path, body string) {
		t.Helper()
		if a := fetch(t, s, path); a.body != body {
			t.Errorf("%s: %q, want %q", path, a.body, body)
		}
	}
	want("/report", "script 1")
	want("/go", "go 2 <nil>")
	want("/report", "script 1")
	want("/go", "go 2 <nil>")
	send(t, s, http.MethodPost, "/go/drop")
	want("/report", "script 3")
	want("/go", "go 2 <nil>")
	if a := send(t, s, http.MethodPost, "/drop"); a.body != "dropped" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	want("/go", "go 4 <nil>") // the tag of the value inside is the answer's, too
	want("/report", "script 3")
}

// A tag that Go revalidates drops a script's value, and the answer of the handler
// that was made of it.
func TestTagFromGo(t *testing.T) {
	var n atomic.Int64
	s := porticotest.New(t, portico.Config{FS: sources("app/sum/route.ts", `import { unstable_cache } from 'next/cache';
		import { count } from 'go:test';
		const sum = unstable_cache(() => count(null), ['sum'], { tags: ['sums'] });
		export const dynamic = 'force-static';
		export async function GET() { return new Response('sum ' + await sum()); }`)}, func(app *portico.App) {
		app.Expose("test", portico.Funcs{"count": portico.Func(func(context.Context, any) (int64, error) { return n.Add(1), nil })})
		app.Route("/drop", portico.Handlers{POST: func(w http.ResponseWriter, r *http.Request) {
			if err := portico.RevalidateTag(r.Context(), "sums"); err != nil {
				t.Error(err)
			}
		}})
	})
	for _, want := range []string{"sum 1", "sum 1"} {
		if a := fetch(t, s, "/sum"); a.body != want {
			t.Errorf("%q, want %q", a.body, want)
		}
	}
	send(t, s, http.MethodPost, "/drop")
	if a := fetch(t, s, "/sum"); a.body != "sum 2" {
		t.Errorf("after the tag was revalidated: %q", a.body)
	}
}

// Cached makes a value once however many ask, and keeps no errors.
func TestCached(t *testing.T) {
	type value struct{ N int64 }
	var n atomic.Int64
	fail := errors.New("no")
	begun, open := make(chan bool), make(chan bool)
	app := func(app *portico.App) {
		app.Route("/one", portico.Handlers{GET: func(w http.ResponseWriter, r *http.Request) {
			ctx := context.WithValue(r.Context(), ctxKey{}, "secret of one request")
			v, err := portico.Cached(ctx, "one", portico.CacheOptions{}, func(ctx context.Context) (value, error) {
				if ctx.Value(ctxKey{}) != nil {
					t.Error("the function sees a value of the request that came first")
				}
				begun <- true
				<-open
				return value{n.Add(1)}, nil
			})
			fmt.Fprint(w, v.N, err)
		}})
		app.Route("/bad", portico.Handlers{GET: func(w http.ResponseWriter, r *http.Request) {
			_, err := portico.Cached(r.Context(), "bad", portico.CacheOptions{}, func(context.Context) (value, error) { return value{n.Add(1)}, fail })
			fmt.Fprint(w, errors.Is(err, fail))
		}})
	}
	s := porticotest.New(t, portico.Config{}, app)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if a := fetch(t, s, "/one"); a.body != "1 <nil>" {
				t.Errorf("%q", a.body)
			}
		})
	}
	<-begun
	close(open)
	wg.Wait()
	for range 2 {
		if a := fetch(t, s, "/bad"); a.body != "true" {
			t.Errorf("%q", a.body)
		}
	}
	if n.Load() != 3 {
		t.Errorf("%d calls, want 1 that is kept and 2 that failed", n.Load())
	}
	if _, err := portico.Cached(t.Context(), "x", portico.CacheOptions{}, func(context.Context) (int, error) { return 1, nil }); !errors.Is(err, portico.ErrNoApp) {
		t.Errorf("outside of a request: %v", err)
	}
	if err := portico.RevalidateTag(t.Context(), "x"); !errors.Is(err, portico.ErrNoApp) {
		t.Errorf("outside of a request: %v", err)
	}
	if err := s.App.RevalidateTag(t.Context(), strings.Repeat("x", 257)); err == nil {
		t.Error("a tag of 257 characters was taken")
	}
}

type ctxKey struct{}

// Whoever asks first, and with what: nothing of it is in what the next is given.
// What differs by who asks is by its key.
func TestKeptForNobody(t *testing.T) {
	var made atomic.Int64
	s := porticotest.New(t, portico.Config{}, func(app *portico.App) {
		app.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if who := r.Header.Get("X-Who"); who != "" {
					w.Header().Set("X-For", who)
					http.SetCookie(w, &http.Cookie{Name: "for", Value: who})
					r = r.WithContext(context.WithValue(r.Context(), ctxKey{}, who))
				}
				next.ServeHTTP(w, r)
			})
		})
		app.Route("/kept/[id]", portico.Handlers{Revalidate: portico.Forever, GET: func(w http.ResponseWriter, r *http.Request) {
			made.Add(1)
			body, err := io.ReadAll(r.Body)
			_, _, basic := r.BasicAuth()
			fmt.Fprint(w, r.Method, r.URL, r.PathValue("id"), r.Header, r.Host == "evil.test", r.Cookies(), r.RemoteAddr, r.URL.RawQuery, r.FormValue("q"), string(body), err, basic, r.Context().Value(ctxKey{}), r.TLS, r.Trailer)
		}})
		app.Route("/value/[id]", portico.Handlers{GET: func(w http.ResponseWriter, r *http.Request) {
			who := r.Header.Get("Authorization") + "|" + r.Header.Get("Cookie")
			v, err := portico.Cached(r.Context(), r.PathValue("id")+" "+who, portico.CacheOptions{}, func(ctx context.Context) (string, error) {
				if ctx.Value(ctxKey{}) != nil {
					t.Error("the function sees a value of a request")
				}
				return "for " + who, nil
			})
			fmt.Fprint(w, v, err)
		}})
	})
	plain := fetch(t, s, "/kept/plain")
	for i, headers := range [][]string{
		{"Cookie", "evil=1"}, {"Authorization", "Bearer evil"}, {"Authorization", "Basic ZXZpbDpldmls"}, {"X-Who", "evil"}, {"X-Forwarded-Host", "evil.test"}, {"X-Forwarded-For", "6.6.6.6"}, {"Forwarded", "for=6.6.6.6;host=evil.test"}, {"X-Middleware-Rewrite", "/evil"}, {"X-Matched-Path", "/evil"}, {"Range", "bytes=0-1"}, {"If-None-Match", "*"}, {"Cookie", "__prerender_bypass=evil"}, {"Cache-Control", "no-store"}, {"Accept-Encoding", "gzip"},
	} {
		path := fmt.Sprintf("/kept/%d", i)
		before := made.Load()
		fetch(t, s, path+"?q=evil", headers...)
		a := fetch(t, s, path)
		if want := strings.ReplaceAll(plain.body, "plain", fmt.Sprint(i)); a.status != 200 || a.body != want || made.Load() != before+1 || a.h.Get("X-For")+a.h.Get("Set-Cookie") != "" || a.h.Get("Cache-Control") != plain.h.Get("Cache-Control") || a.h.Get("X-Nextjs-Cache") != "HIT" {
			t.Errorf("%q was the first, and another gets %d %v %s; want %s", headers, a.status, a.h, a.body, want)
		}
		if a := fetch(t, s, path+"?q=evil", "X-Who", "me"); a.h.Get("X-For") != "me" {
			t.Errorf("a kept answer is without what middleware adds: %v", a.h)
		}
	}
	var wg sync.WaitGroup
	for range 3 {
		for _, who := range []string{"Bearer a", "Basic a", "Bearer b", ""} {
			for _, cookie := range []string{"s=a", "s=b", ""} {
				wg.Go(func() {
					if a := fetch(t, s, "/value/x", "Authorization", who, "Cookie", cookie, "X-Who", who); a.body != "for "+who+"|"+cookie+"<nil>" {
						t.Errorf("%s %s: %q", who, cookie, a.body)
					}
				})
			}
		}
	}
	wg.Wait()
}
