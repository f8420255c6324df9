package next

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/bundle"
	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/cache/cachetest"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
)

// handlerLog is a log that tests read.
type handlerLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *handlerLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

// take gives what was logged since.
func (l *handlerLog) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.b.Reset()
	return l.b.String()
}

// handlerProgram compiles a fixture.
func handlerProgram(t *testing.T, file string) *js.Program {
	t.Helper()
	dir, err := filepath.Abs("testdata/cachehandlers")
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Build(t.Context(), bundle.Options{Dir: dir, Entries: []string{file}, Host: Serves}, js.Check)
	if err != nil {
		t.Fatal(err)
	}
	p, err := js.Compile(bundle.ScriptName, b.Code, b.SourceMap)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func startHandler(t *testing.T, p *js.Program, file string, timeout time.Duration) (*CacheHandler, *handlerLog, error) {
	t.Helper()
	log := &handlerLog{}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	h, err := NewCacheHandler(t.Context(), p, CacheHandlerOptions{
		Entry: file, HandlerTimeout: timeout, MaxMemory: 1 << 20, ServerDir: "/srv/app/.portico/server",
		Web: web.Options{Logger: logger, Client: web.NewClient("test")},
	})
	return h, log, err
}

func openHandler(t *testing.T, file string) (*CacheHandler, *handlerLog) {
	t.Helper()
	h, log, err := startHandler(t, handlerProgram(t, file), file, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if text := log.take(); text != "" {
			t.Errorf("logged:\n%s", text)
		}
	})
	return h, log
}

// A script is a store like any other, whatever it does with what it is given.
func TestCacheHandlerSuite(t *testing.T) {
	for _, file := range []string{"keeps.js", "json.ts", "mutates.js"} {
		t.Run(file, func(t *testing.T) {
			cachetest.Run(t, func(t *testing.T) cache.Store {
				h, _ := openHandler(t, file)
				return h
			})
		})
	}
}

// The handler of Next.js's documentation drops itself what is revalidated.
func TestCacheHandlerOfTheDocumentation(t *testing.T) {
	h, _ := openHandler(t, "map.js")
	c := cache.New(cache.Options{Store: h, Problem: func(err error) { t.Error(err) }})
	defer c.Close()
	for _, e := range []cache.Entry{aRoute, aFetch, aValue} {
		want := func(o cache.Outcome) {
			t.Helper()
			r, err := c.Do(t.Context(), cache.Request{Key: cachetest.Key(e.Name), Kind: e.Kind, Name: e.Name, Tags: []string{"_N_T_/a"},
				Fill: func(context.Context) (*cache.Entry, error) { return &e, nil }})
			if err != nil || r.Outcome != o || !bytes.Equal(r.Entry.Body, e.Body) || !reflect.DeepEqual(r.Entry.Header, e.Header) || r.Entry.Name != e.Name {
				t.Fatalf("%s: got %+v of %+v, %v", e.Name, r, r.Entry, err)
			}
		}
		want(cache.Miss)
		want(cache.HitFresh)
		for _, tag := range []string{"x", "_N_T_/a"} {
			if err := c.Revalidate(t.Context(), []string{tag}, cache.Mark{}); err != nil {
				t.Fatal(err)
			}
			want(cache.Miss)
			want(cache.HitFresh)
		}
		if err := c.Revalidate(t.Context(), []string{cache.Everything}, cache.Mark{}); err != nil {
			t.Fatal(err)
		}
		want(cache.Miss)
	}
}

func handlerEntry(h *CacheHandler, key cache.Key, e cache.Entry) *cache.Entry {
	l, _ := h.Lease(context.Background(), key)
	l.Release()
	e.Made = l.Stamp
	return &e
}

var (
	aRoute = cache.Entry{Kind: cache.Route, Name: "GET /a", Status: 200, Header: http.Header{"Content-Type": {"text/plain"}, "Set-Cookie": {"a=1", "b=2"}, "X": {"caf\xe9"}},
		Body: []byte("body\xff"), Tags: []string{"x", "y"}, Lifetime: cache.Lifetime{Revalidate: time.Minute, Expire: time.Hour}}
	aFetch = cache.Entry{Kind: cache.Fetch, Name: "GET https://up.example/a", URL: "https://up.example/b", Status: 200, Header: http.Header{"Content-Type": {"text/plain"}},
		Body: []byte("body\xff"), Tags: []string{"x"}, Lifetime: cache.Lifetime{Revalidate: cache.Forever, Expire: cache.Forever}}
	aValue = cache.Entry{Kind: cache.Value, Name: "getUser", Body: []byte(`{"id":1}`), Tags: []string{"x"}, Lifetime: cache.Lifetime{Revalidate: 1500 * time.Millisecond, Expire: time.Hour}}
)

// A handler that keeps Next.js's fields alone has the same entries in this
// process; what it says of an entry that is not known here is enough to use it.
func TestCacheHandlerDrops(t *testing.T) {
	h, _ := openHandler(t, "drops.js")
	for _, c := range []struct {
		set    cache.Entry
		later  cache.Lifetime // for who does not know the entry
		status int
	}{
		{aRoute, cache.Lifetime{Revalidate: time.Minute, Expire: time.Hour}, 200},
		{aFetch, cache.Lifetime{Revalidate: cache.Year, Expire: cache.Forever}, 200},
		{aValue, cache.Lifetime{Revalidate: 1500 * time.Millisecond, Expire: cache.Forever}, 0},
	} {
		key := cachetest.Key(c.set.Name)
		e := handlerEntry(h, key, c.set)
		began := time.Now()
		if err := h.Set(t.Context(), key, e); err != nil {
			t.Fatal(err)
		}
		hit, err := h.Get(t.Context(), key, nil)
		if err != nil || !reflect.DeepEqual(hit.Entry, e) {
			t.Errorf("%s: set %+v, got %+v, %v", e.Name, e, hit.Entry, err)
		}
		h.known = known{}
		hit, err = h.Ask(t.Context(), key, e.Kind, e.Name, nil)
		got := hit.Entry
		if err != nil || got == nil {
			t.Errorf("%s: got nothing, %v", e.Name, err)
			continue
		}
		if age := got.Made.Time().Sub(began); age < -time.Second || age > time.Minute {
			t.Errorf("%s: it was made %s after the test began", e.Name, age)
		}
		want := *e
		want.Made, want.Lifetime = got.Made, c.later
		if !reflect.DeepEqual(got, &want) {
			t.Errorf("%s: got %+v, want %+v", e.Name, got, &want)
		}
		if err := h.Mark(t.Context(), []string{"x"}, cache.Mark{}); err != nil {
			t.Fatal(err)
		}
		if hit, err = h.Get(t.Context(), key, nil); err != nil || hit.Entry != nil && hit.Entry.State(time.Now(), hit.Tags) != cache.Expired {
			t.Errorf("%s: after its tag was revalidated it is %+v, %v", e.Name, hit, err)
		}
	}
}

// What a script is given, argument by argument.
func TestCacheHandlerCalls(t *testing.T) {
	h, _ := openHandler(t, "records.js")
	set := func(e cache.Entry) {
		t.Helper()
		e.Made = 1763854464000000
		if err := h.Set(t.Context(), cachetest.Key(e.Name), &e); err != nil {
			t.Fatal(err)
		}
	}
	set(aRoute)
	set(aFetch)
	set(aValue)
	for _, m := range []cache.Mark{{}, {Stale: true, Expire: time.Hour}, {Stale: true, Expire: cache.Forever}} {
		if err := h.Mark(t.Context(), []string{"x", "y"}, m); err != nil {
			t.Fatal(err)
		}
	}
	key := cachetest.Key("asked")
	ask := func(kind cache.Kind, name string, further ...string) cache.Hit {
		t.Helper()
		hit, err := h.Ask(t.Context(), key, kind, name, further)
		if err != nil || hit.Entry == nil {
			t.Fatalf("got %+v, %v", hit, err)
		}
		h.known = known{}
		return hit
	}
	ask(cache.Route, "GET /b", "_N_T_/b")
	ask(cache.Value, "getUser", "_N_T_/b")
	hit := ask(cache.Fetch, "GET https://up.example/a?b=c")
	if err := h.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	hit = ask(0, "")
	var calls []json.RawMessage
	if err := json.Unmarshal(hit.Entry.Body, &calls); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, c := range calls {
		b.WriteString(strings.ReplaceAll(string(c), key.String(), "KEY") + "\n")
	}
	got := b.String()
	for _, e := range []cache.Entry{aRoute, aFetch, aValue} {
		got = strings.ReplaceAll(got, cachetest.Key(e.Name).String(), "KEY of "+e.Name)
	}
	file := filepath.Join("testdata", "cachehandlers", "calls.golden")
	want, err := os.ReadFile(file)
	if err != nil && os.Getenv("UPDATE") == "" {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != string(want) {
		t.Errorf("the script was given\n%s\nwant (UPDATE=1 writes it)\n%s", got, want)
	}
}

// A script that throws costs nobody an answer, and says so once.
func TestCacheHandlerThrows(t *testing.T) {
	h, log, err := startHandler(t, handlerProgram(t, "throws.js"), "throws.js", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	c := cache.New(cache.Options{Store: h, Problem: func(err error) { t.Error(err) }})
	defer c.Close()
	for range 3 {
		r, err := c.Do(t.Context(), cache.Request{Key: cachetest.Key("a"), Kind: cache.Route, Fill: func(context.Context) (*cache.Entry, error) { return &aRoute, nil }})
		if err != nil || string(r.Entry.Body) != string(aRoute.Body) || r.Outcome != cache.Miss {
			t.Fatalf("got %+v, %v", r, err)
		}
		if err := c.Revalidate(t.Context(), []string{"x"}, cache.Mark{}); err != nil {
			t.Fatal(err)
		}
	}
	text := log.take()
	for _, want := range []string{
		"throws.js:3:11: get() of the cache handler threw; requests go on without it",
		"throws.js:7:11: set() of the cache handler threw; requests go on without it",
		"throws.js: revalidateTag() of the cache handler threw; requests go on without it",
		"throws.js:15:11: resetRequestCache() of the cache handler threw; requests go on without it",
		"TypeError: no connection",
	} {
		if strings.Count(text, want) != 1 {
			t.Errorf("want once %q in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "level="); n != 4 {
		t.Errorf("%d lines were logged:\n%s", n, text)
	}
}

// A get that never settles is waited for once; the others go on at once until it
// is tried again.
func TestCacheHandlerNeverAnswers(t *testing.T) {
	p := handlerProgram(t, "never.js")
	synctest.Test(t, func(t *testing.T) {
		h, log, err := startHandler(t, p, "never.js", 0)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		took := func(n int, want time.Duration) {
			t.Helper()
			began := time.Now()
			var wg sync.WaitGroup
			for range n {
				wg.Go(func() {
					if hit, err := h.Get(t.Context(), cachetest.Key("a"), nil); err != nil || hit.Entry != nil {
						t.Errorf("got %+v, %v", hit, err)
					}
				})
			}
			wg.Wait()
			if d := time.Since(began); d != want {
				t.Errorf("%d gets took %s, want %s", n, d, want)
			}
		}
		took(5, handlerTimeout)
		if n := strings.Count(log.take(), "never.js: get() of the cache handler did not answer within 5s; requests go on without it"); n != 1 {
			t.Errorf("it was said %d times", n)
		}
		if err := h.Err(); err == nil || err.Error() != "never.js: the cache handler did not answer in time" {
			t.Errorf("Err is %v", err)
		}
		took(5, 0)
		if err := h.Each(t.Context(), func(cache.Key, *cache.Entry) bool { return true }); err != nil {
			t.Errorf("nothing is known to be listed, and Each gave %v", err)
		}
		time.Sleep(handlerTimeout) // of the bubble
		took(5, handlerTimeout)    // one of them tries it again
		took(1, 0)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := h.Mark(ctx, []string{"y"}, cache.Mark{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a mark whose caller has gone gave %v", err)
		}
		if hit, err := h.Get(t.Context(), cachetest.Key("a"), []string{"y"}); err != nil || hit.Tags.Expired == 0 {
			t.Errorf("the mark does not hold: %+v, %v", hit, err)
		}
		if err := h.Mark(t.Context(), []string{"answer"}, cache.Mark{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(handlerTimeout) // of the bubble
		took(1, 0)
		if err := h.Err(); err != nil {
			t.Errorf("it answers, and Err is %v", err)
		}
		log.take()
		time.Sleep(time.Minute) // of the bubble
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		took(2, 0)
		if text := log.take(); text != "" {
			t.Errorf("after Close was logged:\n%s", text)
		}
	})
}

// A script that computes without an end is interrupted; what waits meanwhile
// waits no longer than that.
func TestCacheHandlerComputes(t *testing.T) {
	h, log, err := startHandler(t, handlerProgram(t, "never.js"), "never.js", 300*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c"} {
		wg.Go(func() {
			key := cachetest.Key(name)
			if err := h.Set(t.Context(), key, handlerEntry(h, key, aRoute)); err != nil {
				t.Error(err)
			}
			if hit, err := h.Get(t.Context(), key, nil); err != nil || hit.Entry != nil {
				t.Errorf("got %+v, %v", hit, err)
			}
		})
	}
	wg.Wait()
	if text := log.take(); !strings.Contains(text, "set() of the cache handler") {
		t.Errorf("logged:\n%s", text)
	}
}

// What get gives is an entry or none, never a failure.
func TestCacheHandlerGarbage(t *testing.T) {
	h, log, err := startHandler(t, handlerProgram(t, "garbage.js"), "garbage.js", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	second := cache.Lifetime{Revalidate: time.Second, Expire: cache.Forever}
	route := func(body string) *cache.Entry {
		return &cache.Entry{Kind: cache.Route, Name: "asked", Status: 200, Body: []byte(body), Lifetime: second}
	}
	const own = `portico: { version: 1, kind: 'route', name: 'n', made: 5, revalidate: '1s', expire: false, tags: [] }`
	for _, c := range []struct {
		result, problem string
		want            *cache.Entry
	}{
		{result: `undefined`},
		{result: `null`},
		{result: `({})`},
		{result: `({ value: null, lastModified: 5 })`},
		{result: `({ value: { kind: 'APP_ROUTE', status: 200, body: '' }, lastModified: -1 })`},
		{result: `5`, problem: "get() gave a number, want { value, lastModified } or null"},
		{result: `({ value: 'x' })`, problem: "get() gave a value that is a string"},
		{result: `({ value: {} })`, problem: `get() gave a value of kind \"undefined\"`},
		{result: `({ value: { kind: 'APP_PAGE', html: '' } })`, problem: `get() gave a value of kind \"APP_PAGE\"`},
		{result: `({ value: { kind: 'APP_ROUTE' } })`, problem: "body has no bytes"},
		{result: `({ value: { kind: 'APP_ROUTE', body: { type: 'Buffer', data: 'x' }, status: 200 } })`, problem: "body has no bytes"},
		{result: `({ value: { kind: 'APP_ROUTE', body: '', status: '200' } })`, problem: "status is no status"},
		{result: `({ value: { kind: 'APP_ROUTE', body: '', status: 200, headers: 'x' } })`, problem: "headers are a string"},
		{result: `({ value: { kind: 'APP_ROUTE', body: '', status: 200, headers: { a: {} } } })`, problem: `a header \"a\" that is no text`},
		{result: `({ value: { kind: 'APP_ROUTE', body: '', status: 200, headers: { a: 'b\r\nc: d' } } })`, problem: `a header \"a\" that cannot be sent`},
		{result: `({ value: { kind: 'APP_ROUTE', body: '', status: 200, headers: { a: '\u20ac' } } })`, problem: `a header \"a\" that is no text`},
		{result: `({ value: { kind: 'FETCH' } })`, problem: "a FETCH value without data"},
		{result: `({ value: { kind: 'FETCH', data: { body: {} } } })`, problem: "whose body is no string"},
		{result: `({ value: { kind: 'FETCH', data: { body: '%', status: 200 } } })`, problem: "whose body is not base64"},
		{result: `({ get value() { throw new RangeError('far') } })`, problem: "RangeError: far"},
		{result: `new Proxy({}, { get() { throw 7 } })`, problem: "uncaught 7"},
		{result: `Promise.reject(new Error('away'))`, problem: "Error: away"},
		{result: `({ then() { throw new Error('thenable') } })`, problem: "Error: thenable"},
		{result: `(function f() { return f() + 1 })()`, problem: "call stack"},

		{result: `({ value: { kind: 'APP_ROUTE', status: 200, body: 'text \u00e9' } })`, want: route("text \u00e9")},
		{result: `({ value: { kind: 'APP_ROUTE', status: 200, body: { type: 'Buffer', data: [1, 255] } } })`, want: route("\x01\xff")},
		{result: `({ value: { kind: 'APP_ROUTE', status: 200, body: new Uint8Array([1, 255]).buffer } })`, want: route("\x01\xff")},
		{result: `({ then(f) { f({ value: { kind: 'APP_ROUTE', status: 200, body: '' } }) } })`, want: route("")},
		{result: `({ value: { kind: 'APP_ROUTE', status: 200, body: '', headers: { 'x-next-cache-tags': 'a,b', n: 1000000, u: undefined } } })`,
			want: &cache.Entry{Kind: cache.Route, Name: "asked", Status: 200, Body: []byte{}, Lifetime: second, Tags: []string{"a", "b"}, Header: http.Header{"N": {"1000000"}}}},
		{result: `({ value: { kind: 'APP_ROUTE', status: 200, body: '' }, cacheControl: { revalidate: false, expire: 60 } })`,
			want: &cache.Entry{Kind: cache.Route, Name: "asked", Status: 200, Body: []byte{}, Lifetime: cache.Lifetime{Revalidate: cache.Forever, Expire: time.Minute}}},
		{result: `({ value: { kind: 'APP_ROUTE', status: 200, body: '', ` + own + ` } })`,
			want: &cache.Entry{Kind: cache.Route, Name: "n", Made: 5, Status: 200, Body: []byte{}, Lifetime: second}},
		// Our field is taken as a whole or not at all.
		{result: `({ value: { kind: 'APP_ROUTE', status: 200, body: '', ` + strings.Replace(own, "'route'", "'fetch'", 1) + ` } })`, want: route("")},
		{result: `({ value: { kind: 'APP_ROUTE', status: 200, body: '', ` + strings.Replace(own, "made: 5", "made: 9e15", 1) + ` } })`, want: route("")},
		{result: `({ value: { kind: 'APP_ROUTE', status: 200, body: '', ` + strings.Replace(own, "'1s'", "1", 1) + ` } })`, want: route("")},
		{result: `({ value: { kind: 'APP_ROUTE', status: 200, body: '', ` + strings.Replace(own, "[]", "[1]", 1) + ` } })`, want: route("")},
		{result: `({ value: { kind: 'APP_ROUTE', status: 200, body: '', ` + strings.Replace(own, "version: 1", "version: 2", 1) + ` } })`, want: route("")},
	} {
		key := cachetest.Key(c.result)
		if err := h.Set(t.Context(), key, handlerEntry(h, key, cache.Entry{Kind: cache.Route, Body: []byte(c.result)})); err != nil {
			t.Fatal(err)
		}
		h.known, h.failures = known{}, map[string]*failure{}
		hit, err := h.Ask(t.Context(), key, cache.Route, "asked", nil)
		if err != nil {
			t.Errorf("%s: %v", c.result, err)
		}
		text := log.take()
		if c.problem == "" && text != "" || !strings.Contains(text, c.problem) {
			t.Errorf("%s: logged %q, want %q", c.result, text, c.problem)
		}
		got := hit.Entry
		if got != nil && c.want != nil && c.want.Made == 0 {
			got.Made = 0
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.result, got, c.want)
		}
	}
}

// What is wrong with a script is said when it is loaded.
func TestCacheHandlerLoad(t *testing.T) {
	for _, c := range []struct{ file, text string }{
		{"empty.js", "empty.js: there is no default export, want the cache handler's class"},
		{"object.js", "object.js: the default export is an object, want the cache handler's class"},
		{"getless.js", "getless.js: the cache handler has no method get()"},
		{"constructor.js", "TypeError: Cannot read properties of undefined (reading 'url')"},
	} {
		h, _, err := startHandler(t, handlerProgram(t, c.file), c.file, 0)
		if err == nil {
			h.Close()
			t.Errorf("%s: it was loaded", c.file)
			continue
		}
		if err.Error() != c.text {
			t.Errorf("%s: got %q, want %q", c.file, err, c.text)
		}
	}
	var thrown *js.ScriptError
	_, _, err := startHandler(t, handlerProgram(t, "constructor.js"), "constructor.js", 0)
	if !errors.As(err, &thrown) || thrown.Place() != "constructor.js:3:43" {
		t.Errorf("the place is %q", thrown.Place())
	}
}

// A deletion that the script does not do holds nevertheless.
func TestCacheHandlerDeletesItself(t *testing.T) {
	h, log, err := startHandler(t, handlerProgram(t, "garbage.js"), "garbage.js", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	key := cachetest.Key("a")
	set := func() {
		t.Helper()
		body := `({ value: { kind: 'APP_ROUTE', status: 200, body: '' } })`
		if err := h.Set(t.Context(), key, handlerEntry(h, key, cache.Entry{Kind: cache.Route, Body: []byte(body)})); err != nil {
			t.Fatal(err)
		}
	}
	there := func() bool {
		t.Helper()
		hit, err := h.Get(t.Context(), key, nil)
		if err != nil {
			t.Fatal(err)
		}
		return hit.Entry != nil
	}
	set()
	if !there() {
		t.Fatal("the entry is not there")
	}
	if err := h.Delete(t.Context(), key); err != nil { // data.body of null throws
		t.Fatal(err)
	}
	if text := log.take(); !strings.Contains(text, "garbage.js:10:27: set() of the cache handler threw") {
		t.Errorf("logged %q", text)
	}
	if set(); !there() {
		t.Fatal("a new entry is not there")
	}
}

func TestKnownIsBounded(t *testing.T) {
	var k known
	for i := range 5 * knownMax {
		k.put(cache.NewKey("test").Number(int64(i)).Key(), knownEntry{made: 1})
	}
	if n := len(k.all()); n > 2*knownMax || n < knownMax {
		t.Errorf("%d entries are remembered", n)
	}
}

func BenchmarkCacheHandlerGet(b *testing.B) {
	dir, err := filepath.Abs("testdata/cachehandlers")
	if err != nil {
		b.Fatal(err)
	}
	built, err := bundle.Build(b.Context(), bundle.Options{Dir: dir, Entries: []string{"map.js"}, Host: Serves}, js.Check)
	if err != nil {
		b.Fatal(err)
	}
	p, err := js.Compile(bundle.ScriptName, built.Code, built.SourceMap)
	if err != nil {
		b.Fatal(err)
	}
	h, err := NewCacheHandler(b.Context(), p, CacheHandlerOptions{Entry: "map.js", Web: web.Options{Logger: slog.New(slog.DiscardHandler), Client: web.NewClient("test")}})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	key := cachetest.Key("a")
	if err := h.Set(b.Context(), key, handlerEntry(h, key, aRoute)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if hit, err := h.Get(b.Context(), key, nil); err != nil || hit.Entry == nil {
			b.Fatal(hit, err)
		}
	}
}

// Whatever a script keeps for us, reading it gives an entry, nothing or an error,
// and an entry is one that can be kept and read again.
func FuzzCacheHandlerResult(f *testing.F) {
	p, err := js.Compile("fuzz.js", `(function () { return { "fuzz.js": function () { return Promise.resolve({ default: class {
		set(key, data) { this.data = data }
		get(key) { return key === "" ? null : { value: this.data } }
	} }) } } })`, nil)
	if err != nil {
		f.Fatal(err)
	}
	h, err := NewCacheHandler(f.Context(), p, CacheHandlerOptions{Entry: "fuzz.js", Web: web.Options{Logger: slog.New(slog.DiscardHandler), Client: web.NewClient("test")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { h.Close() })
	f.Add(`{"value":{"kind":"APP_ROUTE","body":{"type":"Buffer","data":[1,2]},"status":200,"headers":{"a":"b","c":["d",5]}},"lastModified":5}`)
	f.Add(`{"value":{"kind":"FETCH","data":{"body":"eA==","status":200,"headers":{},"url":"https://a/"},"revalidate":60,"tags":["x"]},"cacheControl":{"revalidate":1,"expire":2}}`)
	f.Add(`{"value":{"kind":"APP_ROUTE","body":"","status":1,"portico":{"version":1,"kind":"route","name":"n","made":5,"checked":6,"revalidate":"1s","expire":false,"tags":["t"],"names":{"a":"A"}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		key := cachetest.Key("a")
		var e *cache.Entry
		err := h.run(t.Context(), &handlerCall{method: "get", args: func(*handlerInstance) []goja.Value { return []goja.Value{goja.Null()} }, take: func(in *handlerInstance, _ goja.Value) error {
			v, err := in.m.iso.ParseJSON([]byte(text))
			if err != nil {
				return err
			}
			e, err = in.entryOf(v, question{}, time.Now())
			return err
		}})
		if err != nil || e == nil {
			return
		}
		if e.Body == nil || e.Status < 0 || e.Made < 0 || e.Lifetime.Revalidate < 0 || e.Lifetime.Expire < 0 {
			t.Fatalf("%s: got %+v", text, e)
		}
		h.known = known{}
		if err := h.Set(t.Context(), key, e); err != nil {
			t.Fatal(err)
		}
		h.known = known{}
		hit, err := h.Get(t.Context(), key, nil)
		if err != nil || !reflect.DeepEqual(hit.Entry, e) {
			t.Fatalf("%s: set %+v, got %+v, %v", text, e, hit.Entry, err)
		}
	})
}

// httpStore is a store on another machine, as simple as one can be.
type httpStore struct {
	mu      sync.Mutex
	entries map[string]string
	tags    map[string][]string
	away    bool
}

func (s *httpStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil || s.away {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	switch key := r.URL.Path; r.Method {
	case "GET":
		text, ok := s.entries[key]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		io.WriteString(w, text)
	case "PUT":
		s.entries[key], s.tags[key] = string(body), r.URL.Query()["tag"]
	case "DELETE":
		delete(s.entries, key)
	case "POST":
		var tags []string
		if json.Unmarshal(body, &tags) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for key, own := range s.tags {
			if slices.ContainsFunc(own, func(tag string) bool { return slices.Contains(tags, tag) }) {
				delete(s.entries, key)
			}
		}
	}
}

// Nodes with a handler that keeps entries elsewhere share them, and what such a
// handler makes of tags.
func TestCacheHandlerOverHTTP(t *testing.T) {
	shared := &httpStore{entries: map[string]string{}, tags: map[string][]string{}}
	server := httptest.NewServer(shared)
	defer server.Close()
	p := handlerProgram(t, "http.ts")
	log := &handlerLog{}
	node := func(t *testing.T, revalidates string) *CacheHandler {
		h, err := NewCacheHandler(t.Context(), p, CacheHandlerOptions{Entry: "http.ts", Web: web.Options{
			Logger: slog.New(slog.NewTextHandler(log, nil)), Client: web.NewClient("test"), Vars: map[string]string{"STORE": server.URL, "REVALIDATES": revalidates},
		}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.Close() })
		return h
	}
	cachetest.Run(t, func(t *testing.T) cache.Store {
		shared.mu.Lock()
		clear(shared.entries)
		shared.mu.Unlock()
		return node(t, "") // the suite asks what became of entries that it would drop
	})
	a, b := node(t, "yes"), node(t, "yes")
	for _, e := range []cache.Entry{aRoute, aFetch, aValue} {
		key := cachetest.Key(e.Name)
		set := handlerEntry(a, key, e)
		if err := a.Set(t.Context(), key, set); err != nil {
			t.Fatal(err)
		}
		if hit, err := b.Get(t.Context(), key, nil); err != nil || !reflect.DeepEqual(hit.Entry, set) {
			t.Errorf("%s: one node set %+v, another got %+v, %v", e.Name, set, hit.Entry, err)
		}
		if err := a.Mark(t.Context(), []string{"x"}, cache.Mark{}); err != nil {
			t.Fatal(err)
		}
		if hit, err := b.Get(t.Context(), key, nil); err != nil || hit.Entry != nil {
			t.Errorf("%s: after another node's revalidation there is %+v, %v", e.Name, hit.Entry, err)
		}
	}
	if text := log.take(); text != "" {
		t.Errorf("logged:\n%s", text)
	}
	shared.mu.Lock()
	shared.away = true
	shared.mu.Unlock()
	key := cachetest.Key("away")
	if err := a.Set(t.Context(), key, handlerEntry(a, key, aRoute)); err != nil {
		t.Fatal(err)
	}
	if hit, err := a.Get(t.Context(), key, nil); err != nil || hit.Entry != nil {
		t.Errorf("while the store is away there is %+v, %v", hit.Entry, err)
	}
	if text := log.take(); !strings.Contains(text, "http.ts:20:29: set() of the cache handler threw; requests go on without it") || !strings.Contains(text, "the store says 503") {
		t.Errorf("logged:\n%s", text)
	}
}
