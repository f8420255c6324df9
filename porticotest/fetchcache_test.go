package porticotest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

// fetchServer is a project whose handlers fetch what a test tells them, with an
// upstream that counts.
type fetchServer struct {
	*porticotest.Server
	t   *testing.T
	log *logged

	mu    sync.Mutex
	now   time.Time
	calls map[string]int
	fail  map[string]int // path: the status that it is answered with

	up    *httptest.Server
	gate  chan struct{} // what /gate waits for
	began chan string   // told of each request for /gate
}

// logged is what the server has logged.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// job is what a handler is to do.
type job struct {
	URL  string         `json:"url,omitempty"`
	Init map[string]any `json:"init,omitempty"`
	// Times is how often, one after the other; Parallel how often at a time.
	Times    int `json:"times,omitempty"`
	Parallel int `json:"parallel,omitempty"`
	// How is code in place of fetch(url, init).
	How string `json:"how,omitempty"`
}

type fetched struct {
	Status     int
	StatusText string
	URL        string
	Redirected bool
	Headers    map[string]string
	Body       string
	Error      string
}

const fetchHandler = `
import { revalidateTag, revalidatePath, unstable_cache } from 'next/cache';
import { cookies, draftMode } from 'next/headers';
async function one(f) {
	try {
		const res = await f();
		const body = await res.text();
		return { Status: res.status, StatusText: res.statusText, URL: res.url, Redirected: res.redirected, Headers: Object.fromEntries(res.headers), Body: body };
	} catch (e) {
		return { Error: String(e) + (e.cause ? ' / ' + (e.cause.code ?? e.cause.message) : '') };
	}
}
export async function POST(request) {
	const { url, init, times = 1, parallel = 1, how = 'fetch(url, init)' } = await request.json();
	const scope = { request, url, init, revalidateTag, revalidatePath, unstable_cache, cookies, draftMode };
	const f = new Function(...Object.keys(scope), 'return (async () => { return ' + how + ' })()');
	const out = [];
	for (let i = 0; i < times; i++) {
		out.push(...await Promise.all(Array.from({ length: parallel }, () => one(() => f(...Object.values(scope))))));
	}
	return Response.json(out);
}
`

func newFetchServer(t *testing.T, c portico.Config, files map[string]string) *fetchServer {
	t.Helper()
	s := &fetchServer{t: t, log: &logged{}, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), calls: map[string]int{}, fail: map[string]int{},
		gate: make(chan struct{}), began: make(chan string, 100)}
	s.up = httptest.NewServer(http.HandlerFunc(s.upstream))
	t.Cleanup(s.up.Close)
	fs := fstest.MapFS{"app/f/route.ts": {Data: []byte(fetchHandler)}}
	for name, text := range files {
		fs[name] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(text, "UPSTREAM", s.up.URL))}
	}
	c.FS = fs
	c.Now = func() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.now }
	c.Logger = slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), s.log), nil))
	s.Server = porticotest.New(t, c)
	return s
}

// upstream answers with the number of the call for its path, and with what the
// query asks for.
func (s *fetchServer) upstream(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.calls[r.URL.Path]++
	n := s.calls[r.URL.Path]
	status := s.fail[r.URL.Path]
	s.mu.Unlock()
	q := r.URL.Query()
	if strings.HasPrefix(r.URL.Path, "/gate") {
		s.began <- r.URL.Path
		<-s.gate
	}
	for name, values := range q {
		if k, ok := strings.CutPrefix(name, "h-"); ok {
			w.Header()[http.CanonicalHeaderKey(k)] = values
		}
	}
	if to := q.Get("to"); to != "" {
		http.Redirect(w, r, to, http.StatusFound)
		return
	}
	if status == 0 {
		status, _ = strconv.Atoi(q.Get("status"))
	}
	if status == -1 {
		panic(http.ErrAbortHandler)
	}
	if status == 0 {
		status = 200
	}
	size, _ := strconv.Atoi(q.Get("size"))
	if size > 0 && q.Get("length") != "" {
		w.Header().Set("Content-Length", strconv.Itoa(size))
	}
	w.WriteHeader(status)
	if size > 0 {
		for size > 0 {
			k := min(size, 64<<10)
			_, _ = w.Write(bytes.Repeat([]byte{'x'}, k))
			size -= k
		}
		return
	}
	if status != http.StatusNoContent {
		fmt.Fprintf(w, "%d", n)
		if q.Get("echo") != "" {
			fmt.Fprintf(w, " %s auth=%s cookie=%s %s", r.Method, r.Header.Get("Authorization"), r.Header.Get("Cookie"), body)
		}
	}
}

func (s *fetchServer) count(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[path]
}

func (s *fetchServer) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// break has a path answered with a status; -1 is none at all, 0 as ever.
func (s *fetchServer) breaks(path string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail[path] = status
}

// at has the handler of a route do a job.
func (s *fetchServer) at(route string, j job, header ...string) []fetched {
	s.t.Helper()
	if strings.HasPrefix(j.URL, "/") {
		j.URL = s.up.URL + j.URL
	}
	b, err := json.Marshal(j)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), "POST", s.URL+route, bytes.NewReader(b))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.Client().Do(req)
	if err != nil {
		s.t.Error(err)
		return []fetched{{}}
	}
	defer res.Body.Close()
	var out []fetched
	text, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		s.t.Errorf("%s: %d %.300s: %v", route, res.StatusCode, text, err)
	}
	if len(out) == 0 {
		out = []fetched{{}}
	}
	return out
}

func (s *fetchServer) get(j job) fetched { s.t.Helper(); return s.at("/f", j)[0] }

// until asks again until the body is the one: for what goes on in the
// background.
func (s *fetchServer) until(j job, body string) {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
		got := s.get(j)
		if got.Body == body {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("%s is still %+v, want %q", j.URL, got, body)
		}
	}
}

type options = map[string]any

func next(revalidate any, tags ...string) options {
	n := options{}
	if revalidate != nil {
		n["revalidate"] = revalidate
	}
	if tags != nil {
		n["tags"] = tags
	}
	return options{"next": n}
}

func with(a, b options) options {
	c := options{}
	for _, m := range []options{a, b} {
		for k, v := range m {
			c[k] = v
		}
	}
	return c
}

func cacheMode(mode string) options { return options{"cache": mode} }

// What is kept by what a fetch and its route say, as recorded from Next.js.
func TestFetchMatrix(t *testing.T) {
	modes := []string{"", "auto", "default-cache", "default-no-store", "force-no-store", "force-cache", "only-cache", "only-no-store"}
	files := map[string]string{}
	for _, mode := range modes[1:] {
		files["app/"+mode+"/route.ts"] = fetchHandler + "export const fetchCache = '" + mode + "'\n"
	}
	s := newFetchServer(t, portico.Config{}, files)
	const (
		c = "cached"
		n = "not"
		e = "error"
	)
	for i, row := range []struct {
		what string
		init options
		want [8]string // by mode, in their order
	}{
		{"nothing", nil, [8]string{n, c, c, n, n, c, c, n}},
		{"default", cacheMode("default"), [8]string{n, c, c, n, n, c, c, n}},
		{"force-cache", cacheMode("force-cache"), [8]string{c, c, c, c, c, c, c, e}},
		{"no-store", cacheMode("no-store"), [8]string{n, n, n, n, n, c, e, n}},
		{"no-cache", cacheMode("no-cache"), [8]string{n, n, n, n, n, c, n, n}},
		{"reload", cacheMode("reload"), [8]string{c, c, c, n, n, c, c, n}},
		{"revalidate 60", next(60), [8]string{c, c, c, c, n, c, c, n}},
		{"revalidate 0.5", next(0.5), [8]string{c, c, c, c, n, c, c, n}},
		{"revalidate false", next(false), [8]string{c, c, c, c, n, c, c, n}},
		{"revalidate 0", next(0), [8]string{n, n, n, n, n, c, n, n}},
		{"revalidate -0.5", next(-0.5), [8]string{n, n, n, n, n, c, n, n}},
		{"tags", next(nil, "a"), [8]string{n, c, c, n, n, c, c, n}},
		{"force-cache, 60", with(cacheMode("force-cache"), next(60)), [8]string{c, c, c, c, n, c, c, e}},
		{"force-cache, false", with(cacheMode("force-cache"), next(false)), [8]string{c, c, c, c, n, c, c, e}},
		{"conflict force-cache, 0", with(cacheMode("force-cache"), next(0)), [8]string{n, c, c, n, n, c, c, n}},
		{"conflict no-store, 10", with(cacheMode("no-store"), next(10)), [8]string{n, c, c, n, n, c, c, n}},
		{"conflict no-store, false", with(cacheMode("no-store"), next(false)), [8]string{n, c, c, n, n, c, c, n}},
		{"no-store, 0", with(cacheMode("no-store"), next(0)), [8]string{n, n, n, n, n, c, e, n}},
	} {
		for k, mode := range modes {
			route := "/f"
			if mode != "" {
				route = "/" + mode
			}
			path := fmt.Sprintf("/m%d/%d", i, k)
			got := s.at(route, job{URL: path, Init: row.init, Times: 2})
			calls, is := s.count(path), n
			switch {
			case got[0].Error != "":
				is = e
				want := "Error: cache: 'no-store' used on fetch for " + s.up.URL + path + " with 'export const fetchCache = 'only-cache'"
				if mode == "only-no-store" {
					want = "Error: cache: 'force-cache' used on fetch for " + s.up.URL + path + " with 'export const fetchCache = 'only-no-store'"
				}
				if got[0].Error != want {
					t.Errorf("%s with fetchCache %q says %q, want %q", row.what, mode, got[0].Error, want)
				}
			case calls == 1 && got[0].Body == "1" && got[1].Body == "1":
				is = c
			case calls != 2:
				t.Errorf("%s with fetchCache %q: %d calls, %+v", row.what, mode, calls, got)
			}
			if is != row.want[k] {
				t.Errorf("%s with fetchCache %q: %s, want %s", row.what, mode, is, row.want[k])
			}
		}
	}
}

// What tells one fetch from another.
func TestFetchKey(t *testing.T) {
	s := newFetchServer(t, portico.Config{}, nil)
	fc := func(more options) options { return with(cacheMode("force-cache"), more) }
	header := func(name, value string) options { return fc(options{"headers": options{name: value}}) }
	post := func(body string) options { return fc(options{"method": "POST", "body": body}) }
	for i, pair := range []struct {
		what string
		a, b job
		same bool
	}{
		{"the same", job{Init: fc(nil)}, job{Init: fc(nil)}, true},
		{"another query", job{URL: "?a=1", Init: fc(nil)}, job{URL: "?a=2", Init: fc(nil)}, false},
		{"another hash", job{URL: "#a", Init: fc(nil)}, job{URL: "#b", Init: fc(nil)}, false},
		{"another header", job{Init: header("x-a", "1")}, job{Init: header("x-a", "2")}, false},
		{"a header in other letters", job{Init: header("x-a", "1")}, job{Init: header("X-A", "1")}, true},
		{"another name of a header", job{Init: header("x-a", "1")}, job{Init: header("x-b", "1")}, false},
		{"another trace", job{Init: header("traceparent", "1")}, job{Init: header("traceparent", "2")}, true},
		{"another state of a trace", job{Init: header("tracestate", "1")}, job{Init: header("tracestate", "2")}, true},
		{"another credential", job{Init: header("authorization", "Bearer a")}, job{Init: header("authorization", "Bearer b")}, false},
		{"another scheme of one credential", job{Init: header("authorization", "Bearer a")}, job{Init: header("authorization", "Basic a")}, false},
		{"another cookie", job{Init: header("cookie", "s=1")}, job{Init: header("cookie", "s=2")}, false},
		{"the same body", job{Init: post("a")}, job{Init: post("a")}, true},
		{"another body", job{Init: post("a")}, job{Init: post("b")}, false},
		{"another method", job{Init: post("")}, job{Init: fc(options{"method": "PUT", "body": ""})}, false},
		{"another mode", job{Init: fc(options{"mode": "cors"})}, job{Init: fc(options{"mode": "no-cors"})}, false},
		{"another redirect", job{Init: fc(nil)}, job{Init: fc(options{"redirect": "error"})}, false},
		{"another credentials", job{Init: fc(nil)}, job{Init: fc(options{"credentials": "omit"})}, false},
		{"another referrer", job{Init: fc(nil)}, job{Init: fc(options{"referrer": "https://a.example/"})}, false},
		{"another integrity", job{Init: fc(nil)}, job{Init: fc(options{"integrity": "sha256-"})}, false},
		{"another cache", job{Init: fc(nil)}, job{Init: next(false)}, false},
		{"another lifetime", job{Init: next(10)}, job{Init: next(20)}, true},
		{"other tags", job{Init: next(10, "a")}, job{Init: next(10, "b")}, true},
		{"a URL", job{Init: fc(nil)}, job{Init: fc(nil), How: "fetch(new URL(url), init)"}, true},
		{"a Request", job{Init: fc(nil)}, job{Init: fc(nil), How: "fetch(new Request(url), init)"}, true},
		{"a Request with the options", job{Init: fc(nil)}, job{Init: fc(nil), How: "fetch(new Request(url, init))"}, true},
		{"a Request that has next", job{Init: next(10)}, job{Init: next(10), How: "fetch(Object.assign(new Request(url), { next: init.next }))"}, true},
		{"a stream of the same body", job{Init: post("ab")}, job{Init: post("ab"), How: `fetch(url, { ...init, headers: { 'content-type': 'text/plain;charset=UTF-8' }, duplex: 'half', body: new Blob(['a', 'b']).stream() })`}, true},
		{"a stream of another body", job{Init: post("ab")}, job{Init: post("ab"), How: `fetch(url, { ...init, headers: { 'content-type': 'text/plain;charset=UTF-8' }, duplex: 'half', body: new Blob(['a', 'c']).stream() })`}, false},
		// GHSA-68g3-v927-f742: a Request and options with a body of their own (card C2).
		{"a Request with another body than its options", job{Init: post("a")}, job{Init: post("b"), How: `fetch(new Request(url, { method: 'POST', body: 'a' }), init)`}, false},
		{"a Request with the body of its options", job{Init: post("a")}, job{Init: post("a"), How: `fetch(new Request(url, { method: 'POST', body: 'b' }), init)`}, true},
	} {
		path := "/k" + strconv.Itoa(i)
		pair.a.URL, pair.b.URL = path+pair.a.URL, path+pair.b.URL
		if pair.b.URL == path {
			pair.b.URL = pair.a.URL
		}
		for _, j := range []job{pair.a, pair.b, pair.a, pair.b} {
			if got := s.get(j); got.Error != "" || got.Status != 200 {
				t.Errorf("%s: %+v", pair.what, got)
			}
		}
		want := 2
		if pair.same {
			want = 1
		}
		if n := s.count(path); n != want {
			t.Errorf("%s: %d calls, want %d", pair.what, n, want)
		}
	}
}

// A kept answer is the one that was there, but for the status text, as in
// Next.js.
func TestFetchKeptAnswer(t *testing.T) {
	s := newFetchServer(t, portico.Config{}, nil)
	got := s.at("/f", job{URL: "/from?to=/to%3Fh-x-a%3D1%26h-x-a%3D2%23hash", Init: cacheMode("force-cache"), Times: 2})
	for i, r := range got {
		want := fetched{Status: 200, StatusText: [2]string{"OK", ""}[i], URL: s.up.URL + "/to?h-x-a=1&h-x-a=2", Redirected: true, Body: "1"}
		h := r.Headers
		r.Headers = nil
		if fmt.Sprint(r) != fmt.Sprint(want) || h["x-a"] != "1, 2" || h["content-type"] != "text/plain; charset=utf-8" {
			t.Errorf("%d: got %+v %v, want %+v", i, r, h, want)
		}
	}
	head := s.at("/f", job{URL: "/head?h-x-a=1", Init: options{"cache": "force-cache", "method": "HEAD"}, Times: 2})
	if s.count("/head") != 1 || head[1].Headers["x-a"] != "1" || head[1].Body != "" {
		t.Errorf("HEAD: %d calls, %+v", s.count("/head"), head)
	}
	// What a script does to one is not seen by the next.
	how := `(async () => { const res = await fetch(url, init); res.headers.append('x-mine', '1'); new Uint8Array(await res.clone().arrayBuffer()).fill(0); return res })()`
	for range 2 {
		if got := s.get(job{URL: "/mine", Init: next(60), How: how}); got.Body != "1" || got.Headers["x-mine"] != "1" {
			t.Errorf("got %+v", got)
		}
	}
}

func TestFetchNotKept(t *testing.T) {
	s := newFetchServer(t, portico.Config{}, map[string]string{
		"app/default-cache/route.ts": fetchHandler + "export const fetchCache = 'default-cache'\n",
	})
	const limit = 2 << 20
	for i, c := range []struct {
		what, query string
		route       string
		init        options
		kept        bool
		size        int // of the body, where it is not the number of the call
	}{
		{what: "404", query: "status=404"},
		{what: "500", query: "status=500"},
		{what: "an empty 204", query: "status=204", size: -1}, // CVE-2025-49826, card C4
		{what: "201", query: "status=201"},
		{what: "a cookie", query: "h-set-cookie=a%3D1"},
		{what: "Vary: *", query: "h-vary=*"},
		{what: "Vary with a name", query: "h-vary=accept", kept: true},
		{what: "events", query: "h-content-type=text/event-stream"},
		{what: "2 MB", query: "size=" + strconv.Itoa(limit), size: limit, kept: true},
		{what: "more than 2 MB", query: "length=1&size=" + strconv.Itoa(limit+1), size: limit + 1},
		{what: "more than 2 MB of unknown length", query: "size=" + strconv.Itoa(limit*2), size: limit * 2},
		{what: "private where the fetch asks", query: "h-cache-control=private", kept: true},
		{what: "no-store where the fetch asks", query: "h-cache-control=no-store", init: next(10), kept: true},
		{what: "private by default", query: "h-cache-control=max-age%3D1,+Private", route: "/default-cache", init: options{}},
		{what: "no-store by default", query: "h-cache-control=no-store", route: "/default-cache", init: options{}},
		{what: "public by default", query: "h-cache-control=public", route: "/default-cache", init: options{}, kept: true},
		{what: "a cookie by default", route: "/default-cache", init: options{"headers": options{"cookie": "a=1"}}},
		{what: "authorization by default", route: "/default-cache", init: options{"headers": options{"authorization": "Bearer a"}}},
		{what: "authorization by reload", init: options{"cache": "reload", "headers": options{"authorization": "Bearer a"}}},
		{what: "authorization where the fetch asks", route: "/default-cache", init: options{"cache": "force-cache", "headers": options{"authorization": "Bearer a"}}, kept: true},
	} {
		path := "/n" + strconv.Itoa(i)
		if c.init == nil {
			c.init = cacheMode("force-cache")
		}
		if c.route == "" {
			c.route = "/f"
		}
		got := s.at(c.route, job{URL: path + "?" + c.query, Init: c.init, Times: 2})
		want := 2
		if c.kept {
			want = 1
		}
		if n := s.count(path); n != want {
			t.Errorf("%s: %d calls, want %d", c.what, n, want)
		}
		for k, r := range got {
			body := strconv.Itoa(min(k+1, want))
			switch {
			case r.Error != "":
				t.Errorf("%s: %+v", c.what, r)
			case c.size > 0 && len(r.Body) != c.size:
				t.Errorf("%s: %d bytes, want %d", c.what, len(r.Body), c.size)
			case c.size == 0 && r.Body != body:
				t.Errorf("%s: %q, want %q", c.what, r.Body, body)
			}
		}
	}
	for _, text := range []string{"/n9?length=1&size=2097153, items over 2MB can not be cached (2097153 bytes)", "items over 2MB can not be cached (more than 2097152 bytes)"} {
		if !strings.Contains(s.log.String(), "Failed to set Next.js data cache for ") || !strings.Contains(s.log.String(), text) {
			t.Errorf("nobody was told of %s", text)
		}
	}
}

// A request body that is too large for a key arrives whole all the same.
func TestFetchLargeRequest(t *testing.T) {
	s := newFetchServer(t, portico.Config{}, nil)
	for name, body := range map[string]string{
		"bytes":             "new Uint8Array(3 << 20).fill(97)",
		"a stream":          "new Blob([new Uint8Array(3 << 20).fill(97)]).stream()",
		"a script's stream": "new ReadableStream({ n: 0, pull(c) { this.n++ < 48 ? c.enqueue(new Uint8Array(64 << 10).fill(97)) : c.close() } })",
	} {
		path := "/large/" + strings.ReplaceAll(name, " ", "")
		for i := range 2 {
			got := s.get(job{URL: path + "?echo=1", Init: cacheMode("force-cache"), How: "fetch(url, { ...init, method: 'POST', duplex: 'half', body: " + body + " })"})
			if want := strconv.Itoa(i+1) + " POST auth= cookie= " + strings.Repeat("a", 3<<20); got.Body != want {
				t.Errorf("%s: got %d bytes %.40s %s", name, len(got.Body), got.Body, got.Error)
			}
		}
	}
	got := s.get(job{URL: "/broken", Init: cacheMode("force-cache"), How: "fetch(url, { ...init, method: 'POST', duplex: 'half', body: new ReadableStream({ pull() { throw new Error('mine') } }) })"})
	if !strings.HasPrefix(got.Error, "TypeError: fetch failed") || s.count("/broken") != 0 {
		t.Errorf("a body that fails: %+v, %d calls", got, s.count("/broken"))
	}
}

// An answer that is not kept because it is too large is not held back until it
// is whole, either.
func TestFetchStreamsOn(t *testing.T) {
	s := newFetchServer(t, portico.Config{}, nil)
	got := s.get(job{URL: "/stream?h-content-type=text/event-stream&size=100", Init: next(60), How: `(async () => {
		const res = await fetch(url, init);
		const reader = res.body.getReader();
		let n = 0;
		for (;;) { const { value, done } = await reader.read(); if (done) break; n += value.length }
		return new Response(String(n));
	})()`})
	if got.Body != "100" {
		t.Errorf("got %+v", got)
	}
}

func TestFetchRevalidate(t *testing.T) {
	s := newFetchServer(t, portico.Config{}, nil)
	j := job{URL: "/r", Init: next(10)}
	want := func(body string, calls int) {
		t.Helper()
		if got := s.get(j); got.Body != body {
			t.Errorf("got %+v, want %q", got, body)
		}
		if n := s.count("/r"); calls >= 0 && n != calls {
			t.Errorf("%d calls, want %d", n, calls)
		}
	}
	want("1", 1)
	s.advance(9 * time.Second)
	want("1", 1)
	s.advance(2 * time.Second)
	want("1", -1) // stale
	s.until(j, "2")
	want("2", 2)

	// Others may ask for what is newer or older.
	s.advance(5 * time.Second)
	newer := job{URL: "/r", Init: next(3)}
	if got := s.get(newer); got.Body != "2" {
		t.Errorf("got %+v", got)
	}
	s.until(newer, "3")
	s.advance(time.Hour)
	if got := s.get(job{URL: "/r", Init: next(false)}); got.Body != "3" || s.count("/r") != 3 {
		t.Errorf("got %+v after %d calls", got, s.count("/r"))
	}

	// What fails keeps the last good one, however it fails.
	for i, status := range []int{500, -1, 404} {
		s.breaks("/r", status)
		before := s.count("/r")
		want("3", -1)
		for s.count("/r") == before || !strings.Contains(s.log.String(), "anew") { // until it has been tried
			want("3", -1)
		}
		s.advance(time.Duration(20+i) * time.Second)
	}
	s.breaks("/r", 0)
	n := s.count("/r")
	want("3", -1)
	s.until(j, strconv.Itoa(n+1))
}

func TestFetchFails(t *testing.T) {
	s := newFetchServer(t, portico.Config{}, nil)
	s.breaks("/gone", -1)
	if got := s.get(job{URL: "/gone", Init: next(60)}); !strings.HasPrefix(got.Error, "TypeError: fetch failed / ") {
		t.Errorf("got %+v", got)
	}
	s.breaks("/gone", 0)
	if got := s.get(job{URL: "/gone", Init: next(60)}); got.Body != "2" {
		t.Errorf("an error was kept: %+v", got)
	}
	if got := s.get(job{URL: "http://127.0.0.1:1/", Init: next(60)}); got.Error != "TypeError: fetch failed / bad port" && !strings.Contains(got.Error, "ECONNREFUSED") {
		t.Errorf("got %+v", got)
	}
	for _, c := range []struct{ value, text string }{{`'x'`, "x"}, {"-1", "-1"}, {"NaN", "NaN"}, {"null", "null"}, {"true", "true"}, {"{}", "[object Object]"}} {
		got := s.get(job{URL: "/invalid", How: "fetch(url, { next: { revalidate: " + c.value + " } })"})
		if want := `Error: Invalid revalidate value "` + c.text + `" on "/f", must be a non-negative number or false`; got.Error != want {
			t.Errorf("revalidate %s: %q, want %q", c.value, got.Error, want)
		}
	}
	if n := s.count("/invalid"); n != 0 {
		t.Errorf("%d calls for what is invalid", n)
	}
}

func TestFetchTags(t *testing.T) {
	s := newFetchServer(t, portico.Config{}, map[string]string{
		"app/(shop)/items/[id]/route.ts": fetchHandler,
	})
	tagged := job{URL: "/t", Init: next(false, "a")}
	also := job{URL: "/t", Init: next(false, "b")}
	mark := func(call string) { s.t.Helper(); s.get(job{How: "(" + call + ", new Response('done'))"}) }
	for _, c := range []struct {
		what string
		do   func()
		ask  job
		want string
	}{
		{"first", func() {}, tagged, "1"},
		{"kept", func() {}, tagged, "1"},
		{"its tag", func() { mark("revalidateTag('a')") }, tagged, "2"},
		{"a tag of who asks", func() { mark("revalidateTag('b')") }, also, "3"},
		{"another tag", func() { mark("revalidateTag('c')") }, tagged, "3"},
		{"a path", func() { mark("revalidatePath('/f')") }, tagged, "4"},
		{"another path", func() { mark("revalidatePath('/g')") }, tagged, "4"},
		{"everything", func() { mark("revalidatePath('/', 'layout')") }, tagged, "5"},
	} {
		c.do()
		if got := s.get(c.ask); got.Body != c.want {
			t.Errorf("%s: %+v, want %s", c.what, got, c.want)
		}
	}
	mark("revalidateTag('a', 'max')")
	if got := s.get(tagged); got.Body != "5" {
		t.Errorf("stale by a profile: %+v", got)
	}
	s.until(tagged, "6")

	// Of the route that asks, whichever way its path is said.
	item := job{URL: "/u", Init: next(false)}
	for i, c := range []struct{ path, want string }{
		{"", "1"}, {"'/items/1'", "2"}, {"'/items/2'", "2"}, {"'/items'", "2"}, {"'/items/', 'layout'", "2"}, {"'/(shop)/items/[id]', 'route'", "3"},
		{"'/(shop)/items', 'layout'", "4"}, {"'/items/[id]', 'page'", "4"}, {"'/items/1/'", "5"},
	} {
		if c.path != "" {
			mark("revalidatePath(" + c.path + ")")
		}
		if got := s.at("/items/1", item)[0]; got.Body != c.want {
			t.Errorf("%d: after revalidatePath(%s) %+v, want %s", i, c.path, got, c.want)
		}
	}
	if got := s.get(item); got.Body != "5" {
		t.Errorf("another route has its own call: %+v", got)
	}

	// The base path is no part of a path, nor is how it is escaped.
	based := newFetchServer(t, portico.Config{}, map[string]string{"next.config.js": "module.exports = { basePath: '/base' }", "app/[name]/route.ts": fetchHandler})
	for i, want := range []string{"1", "1", "2", "3"} {
		if i > 1 {
			based.at("/base/f", job{How: "(revalidatePath('" + []string{"/ä b", "/%C3%A4%20b"}[i-2] + "'), new Response())"})
		}
		if got := based.at("/base/%C3%A4%20b", item)[0]; got.Body != want {
			t.Errorf("below a base path: %+v, want %s", got, want)
		}
	}

	// Who has revalidated a tag sees what is new at once, and keeps nothing old.
	own := s.get(job{URL: "/t", Init: next(false, "a"), How: "(revalidateTag('a'), fetch(url, init))"})
	if own.Body != "7" {
		t.Errorf("after its own revalidation: %+v", own)
	}

	for _, c := range []struct{ tags, text string }{
		{"[1]", "Warning: invalid tags passed to fetch "},
		{"['" + strings.Repeat("x", 257) + "']", "Warning: invalid tags passed to fetch "},
		{"Array.from({ length: 130 }, (_, i) => 't' + i)", "tag"},
	} {
		if got := s.get(job{URL: "/w", How: "fetch(url, { next: { tags: " + c.tags + " } })"}); got.Status != 200 {
			t.Errorf("tags %.20s: %+v", c.tags, got)
		}
		if !strings.Contains(s.log.String(), c.text) {
			t.Errorf("tags %.20s: nobody was warned", c.tags)
		}
	}
}

// One upstream call serves all who ask at a time, on whichever isolate.
func TestFetchSingleFlight(t *testing.T) {
	s := newFetchServer(t, portico.Config{Isolates: 4}, nil)
	var wg sync.WaitGroup
	bodies := make(chan string, 100)
	for i := range 50 {
		wg.Go(func() {
			j := job{URL: "/gate/one", Init: next(60)}
			if i%2 == 0 {
				j.Parallel = 2
			}
			for _, r := range s.at("/f", j) {
				bodies <- r.Body + r.Error
			}
		})
	}
	<-s.began
	close(s.gate)
	wg.Wait()
	close(bodies)
	for b := range bodies {
		if b != "1" {
			t.Errorf("got %q", b)
		}
	}
	if n := s.count("/gate/one"); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// An answer that is not for sharing is not shared with those who wait, either.
func TestFetchNotShared(t *testing.T) {
	s := newFetchServer(t, portico.Config{Isolates: 2}, nil)
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	for range 10 {
		wg.Go(func() {
			got := s.at("/f", job{URL: "/gate/cookie?h-set-cookie=a%3D1", Init: next(60)})[0]
			mu.Lock()
			seen[got.Body+got.Error]++
			mu.Unlock()
		})
	}
	<-s.began
	close(s.gate)
	wg.Wait()
	for body, n := range seen {
		if n != 1 {
			t.Errorf("%d got %q", n, body)
		}
	}
	if len(seen) != 10 {
		t.Errorf("got %v", seen)
	}
}

// Who aborts leaves alone: the fetch goes on for the others, and is kept.
func TestFetchAbort(t *testing.T) {
	s := newFetchServer(t, portico.Config{Isolates: 1}, nil)
	left := make(chan fetched, 1)
	go func() {
		left <- s.at("/f", job{URL: "/gate/abort", Init: next(60), How: `(() => {
			const c = globalThis.controller = new AbortController();
			return fetch(url, { ...init, signal: c.signal });
		})()`})[0]
	}()
	<-s.began
	stayed := make(chan fetched, 1)
	go func() { stayed <- s.at("/f", job{URL: "/gate/abort", Init: next(60)})[0] }()
	s.get(job{How: "(globalThis.controller.abort(new Error('enough')), new Response())"})
	if got := <-left; got.Error != "Error: enough" {
		t.Errorf("who left got %+v", got)
	}
	close(s.gate)
	if got := <-stayed; got.Body != "1" {
		t.Errorf("who stayed got %+v", got)
	}
	if got := s.get(job{URL: "/gate/abort", Init: next(60)}); got.Body != "1" || s.count("/gate/abort") != 1 {
		t.Errorf("after that %+v, %d calls", got, s.count("/gate/abort"))
	}
	before := s.get(job{URL: "/gate/abort", Init: next(60), How: "fetch(url, { ...init, signal: AbortSignal.abort(new Error('before')) })"})
	if before.Error != "Error: before" {
		t.Errorf("got %+v", before)
	}
}

// Cards C1, C9 and C10: what one user's credentials have fetched is no other's,
// also when both ask at a time.
func TestFetchCredentials(t *testing.T) {
	s := newFetchServer(t, portico.Config{Isolates: 4}, nil)
	users := []options{
		{"authorization": "Bearer a"}, {"authorization": "Bearer b"}, {"authorization": "Basic a"}, {"authorization": "Bearer a "},
		{"authorization": "bearer a"}, {"cookie": "s=1"}, {"cookie": "s=2"}, {"cookie": "s=1; t=1"}, {"authorization": "Bearer a", "cookie": "s=1"}, {},
	}
	var wg sync.WaitGroup
	for range 3 {
		for _, user := range users {
			for _, path := range []string{"/whose?echo=1", "/whose?echo=1&h-cache-control=private", "/whose?echo=1&h-vary=cookie"} {
				wg.Go(func() {
					got := s.at("/f", job{URL: path, Init: with(next(60), options{"headers": user})})[0]
					auth, cookie := "", ""
					if v, ok := user["authorization"].(string); ok {
						auth = strings.TrimSpace(v)
					}
					if v, ok := user["cookie"].(string); ok {
						cookie = v
					}
					if want := " GET auth=" + auth + " cookie=" + cookie + " "; !strings.HasSuffix(got.Body, want) {
						t.Errorf("%v got %q", user, got.Body)
					}
				})
			}
		}
	}
	wg.Wait()
	// "Bearer a " is "Bearer a": white space around a value is none of it.
	if n := s.count("/whose"); n != 3*(len(users)-1) {
		t.Errorf("%d calls", n)
	}
}

func TestFetchDraft(t *testing.T) {
	s := newFetchServer(t, portico.Config{}, nil)
	if got := s.get(job{URL: "/d", Init: next(60)}); got.Body != "1" {
		t.Fatalf("got %+v", got)
	}
	draft := job{URL: "/d", Init: next(60), How: "(async () => { (await draftMode()).enable(); return fetch(url, init) })()"}
	for _, want := range []string{"2", "3"} {
		if got := s.get(draft); got.Body != want {
			t.Errorf("in draft mode %+v, want %s", got, want)
		}
	}
	if got := s.get(job{URL: "/d", Init: next(60)}); got.Body != "1" {
		t.Errorf("draft mode has left %+v", got)
	}
}

func TestFetchInMiddleware(t *testing.T) {
	s := newFetchServer(t, portico.Config{}, map[string]string{"middleware.ts": `
		export async function middleware() {
			const res = await fetch('UPSTREAM/mw', { cache: 'force-cache', next: { revalidate: 60 } });
			return new Response(await res.text());
		}
		export const config = { matcher: '/mw' }`})
	for _, want := range []string{"1", "2"} {
		res, err := s.Client().Get(s.URL + "/mw")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if string(body) != want {
			t.Errorf("got %s, want %s", body, want)
		}
	}
}

// In development a reload without the browser's cache fetches anew.
func TestFetchInDevelopment(t *testing.T) {
	s := newFetchServer(t, portico.Config{Dev: true}, nil)
	j := job{URL: "/dev", Init: next(60)}
	for i, c := range []struct{ header, want string }{{"", "1"}, {"", "1"}, {"no-cache", "2"}, {"", "2"}, {"no-cache", "3"}, {"max-age=0", "3"}} {
		if got := s.at("/f", j, "Cache-Control", c.header)[0]; got.Body != c.want {
			t.Errorf("%d: %+v, want %s", i, got, c.want)
		}
	}
	s.get(job{URL: "/dev", Init: with(cacheMode("no-store"), next(10))})
	if !strings.Contains(s.log.String(), "only one should be specified") {
		t.Error("nobody was told of options that contradict each other")
	}
}

func TestFetchOff(t *testing.T) {
	s := newFetchServer(t, portico.Config{Cache: "off"}, nil)
	for _, want := range []string{"1", "2"} {
		if got := s.get(job{URL: "/off", Init: next(60)}); got.Body != want {
			t.Errorf("got %+v, want %s", got, want)
		}
	}
}

// Fetches in a static handler: what they do to it, and it to them.
func TestFetchInStatic(t *testing.T) {
	route := func(config, fetch string) string {
		return config + "\nexport async function GET() { return new Response(await (await " + fetch + ").text()) }\n"
	}
	s := newFetchServer(t, portico.Config{}, map[string]string{
		"app/plain/route.ts":    route("export const revalidate = 60", "fetch('UPSTREAM/plain')"),
		"app/short/route.ts":    route("export const revalidate = 60", "fetch('UPSTREAM/short', { next: { revalidate: 10, tags: ['short'] } })"),
		"app/long/route.ts":     route("export const revalidate = 60", "fetch('UPSTREAM/long', { next: { revalidate: 100 } })"),
		"app/forever/route.ts":  route("export const revalidate = false", "fetch('UPSTREAM/forever', { next: { revalidate: 10 } })"),
		"app/never/route.ts":    route("export const revalidate = 60", "fetch('UPSTREAM/never', { cache: 'no-store' })"),
		"app/zero/route.ts":     route("export const revalidate = 60", "fetch('UPSTREAM/zero', { next: { revalidate: 0 } })"),
		"app/caught/route.ts":   "export const revalidate = 60\nexport async function GET() { try { await fetch('UPSTREAM/caught', { cache: 'no-store' }) } catch {} return new Response('x') }\n",
		"app/frozen/route.ts":   route("export const dynamic = 'force-static'", "fetch('UPSTREAM/frozen', { cache: 'no-store' })"),
		"app/tagged/route.ts":   route("export const revalidate = false", "fetch('UPSTREAM/tagged', { next: { tags: ['tagged'] } })"),
		"app/conflict/route.ts": route("export const revalidate = 60", "fetch('UPSTREAM/conflict', { cache: 'no-store', next: { revalidate: 5 } })"),
	})
	get := func(path string) (string, string) {
		t.Helper()
		res, err := s.Client().Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return string(b), res.Header.Get("Cache-Control")
	}
	for path, cc := range map[string]string{
		"/plain":    "s-maxage=60, stale-while-revalidate=31535940",
		"/short":    "s-maxage=10, stale-while-revalidate=31535990",
		"/long":     "s-maxage=60, stale-while-revalidate=31535940",
		"/forever":  "s-maxage=10, stale-while-revalidate=31535990",
		"/frozen":   "s-maxage=31536000",
		"/tagged":   "s-maxage=31536000",
		"/never":    "",
		"/zero":     "",
		"/caught":   "",
		"/conflict": "",
	} {
		first, got := get(path)
		if got != cc {
			t.Errorf("%s has Cache-Control %q, want %q", path, got, cc)
		}
		second, _ := get(path)
		if kept := cc != ""; path != "/caught" && (first == second) != kept {
			t.Errorf("%s answered %s and %s", path, first, second)
		}
	}
	// A kept answer is made anew of what is new, however long the fetch would
	// have held itself.
	s.advance(11 * time.Second)
	for _, path := range []string{"/short", "/forever"} {
		if body, _ := get(path); body != "1" {
			t.Errorf("%s: %s, want the stale 1", path, body)
		}
		for end := time.Now().Add(10 * time.Second); ; {
			if body, _ := get(path); body == "2" {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s stays old", path)
			}
		}
	}
	s.advance(60 * time.Second)
	for _, path := range []string{"/plain"} {
		for end := time.Now().Add(10 * time.Second); ; {
			if body, _ := get(path); body == "2" {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s stays old", path)
			}
		}
	}
	// The route dies with the tags of what went into it, kept by itself or not.
	for _, path := range []string{"/tagged", "/short"} {
		before, _ := get(path)
		s.get(job{How: "(revalidateTag('" + path[1:] + "'), new Response())"})
		if after, _ := get(path); after == before {
			t.Errorf("%s is still %s", path, after)
		}
	}

	app := portico.New(portico.Config{FS: fstest.MapFS{"app/e/route.ts": {Data: []byte(route("export const dynamic = 'error'", "fetch('"+s.up.URL+"/e', { cache: 'no-store' })"))}}, Cache: "memory", Logger: slog.New(slog.DiscardHandler)})
	err := app.Load(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no-store fetch "+s.up.URL+"/e /e") {
		t.Errorf("dynamic = 'error' with a no-store fetch: %v", err)
	}
	_ = app.Close(t.Context())
}

// Inside of cached functions.
func TestFetchInFunctions(t *testing.T) {
	s := newFetchServer(t, portico.Config{}, nil)
	for i, c := range []struct{ init, want string }{
		{"{}", "12"}, {"{ next: { revalidate: 60 } }", "12"}, {"{ cache: 'force-cache' }", "11"}, {"{ cache: 'no-store' }", "12"}, {"{ next: { revalidate: 60, tags: ['a'] } }", "12"},
	} {
		got := s.get(job{URL: "/uc" + strconv.Itoa(i), How: `(async () => {
			const f = async () => (await fetch(url, ` + c.init + `)).text();
			return new Response(await unstable_cache(f, [url, 'a'])() + await unstable_cache(f, [url, 'b'])());
		})()`})
		if got.Body != c.want {
			t.Errorf("%s: %+v, want %s", c.init, got, c.want)
		}
	}
}

// BenchmarkFetch is a handler's fetch, kept and not.
func BenchmarkFetch(b *testing.B) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"a":1}`) }))
	defer up.Close()
	fs := fstest.MapFS{}
	for name, init := range map[string]string{"plain": "", "cached": ", { next: { revalidate: 3600, tags: ['a'] } }"} {
		fs["app/"+name+"/route.ts"] = &fstest.MapFile{Data: []byte("export async function GET() { const res = await fetch('" + up.URL + "'" + init + "); return Response.json(await res.json()) }")}
	}
	fs["app/none/route.ts"] = &fstest.MapFile{Data: []byte("export async function GET() { return Response.json({ a: 1 }) }")}
	app := portico.New(portico.Config{FS: fs, Cache: "memory", Logger: slog.New(slog.DiscardHandler)})
	if err := app.Load(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer app.Close(b.Context())
	for _, name := range []string{"none", "cached", "plain"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				app.ServeHTTP(w, httptest.NewRequest("GET", "/"+name, nil))
				if w.Body.String() != `{"a":1}` {
					b.Fatalf("got %d %s", w.Code, w.Body)
				}
			}
		})
	}
}

// What was fetched is there after a restart.
func TestFetchSurvives(t *testing.T) {
	var n atomic.Int32
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-A", "1")
		fmt.Fprint(w, n.Add(1))
	}))
	defer up.Close()
	c := portico.Config{Cache: "disk", CacheDir: t.TempDir(), FS: fstest.MapFS{"app/r/route.ts": {Data: []byte(`
		export async function GET() {
			const res = await fetch('` + up.URL + `/r#hash', { next: { revalidate: 3600 } });
			return Response.json([res.status, res.url, res.headers.get('x-a'), await res.text()]);
		}`)}}}
	for i := range 3 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			s := porticotest.New(t, c)
			res, err := s.Client().Get(s.URL + "/r")
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if b, _ := io.ReadAll(res.Body); string(b) != `[200,"`+up.URL+`/r","1","1"]` {
				t.Errorf("got %s", b)
			}
		})
	}
}
