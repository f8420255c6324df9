package portico_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portico-dev/portico"
)

// These tests prove what the engine room promises, through the whole of it:
// sockets, pipeline, isolates.

// serve loads a project made of files and serves it on a loopback port.
func serve(t *testing.T, c portico.Config, files map[string]string) *httptest.Server {
	t.Helper()
	return serveWith(t, c, files, func(*portico.App) {})
}

// serveWith is serve of an app that Go code has a part in.
func serveWith(t *testing.T, c portico.Config, files map[string]string, setup func(*portico.App)) *httptest.Server {
	t.Helper()
	c.Dir = t.TempDir()
	for name, text := range files {
		p := filepath.Join(c.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	app := portico.New(c)
	setup(app)
	if err := app.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(app)
	t.Cleanup(func() {
		s.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := app.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// TestRequestsAreApart: 1,000 interleaved requests of two users never see each
// other's cookies(), headers() or AsyncLocalStorage.
func TestRequestsAreApart(t *testing.T) {
	s := serve(t, portico.Config{}, map[string]string{"app/me/route.ts": `
		import { cookies, headers } from 'next/headers'
		import { AsyncLocalStorage } from 'node:async_hooks'
		const als = new AsyncLocalStorage<{ user: string }>()
		const sleep = (ms: number) => new Promise(r => setTimeout(r, ms))
		async function check(user: string, where: string) {
			const c = (await cookies()).get('user')?.value, h = (await headers()).get('x-user'), a = als.getStore()?.user
			if (c !== user || h !== user || a !== user) throw new Error(where + ': ' + user + ' saw ' + [c, h, a])
		}
		const thenable = (user: string) => ({ then(ok: (v: unknown) => void) { check(user, 'thenable').then(ok) } })
		export async function GET(request: Request) {
			const user = new URL(request.url).searchParams.get('user')!
			return als.run({ user }, async () => {
				for (let i = 0; i < 4; i++) {
					await check(user, 'start'); await sleep(i); await check(user, 'timer')
					await Promise.all([1, 2].map(async () => { await null; await check(user, 'all') }))
					await new Promise<void>((ok, no) => queueMicrotask(() => check(user, 'microtask').then(ok, no)))
					await thenable(user)
					;(await cookies()).set('seen', user)
				}
				return new Response(user)
			})
		}`})
	var wg sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 200, MaxIdleConnsPerHost: 200}}
	defer client.CloseIdleConnections()
	for i := range 1000 {
		user := []string{"alice", "bob"}[i%2]
		wg.Go(func() {
			r, err := http.NewRequest("GET", s.URL+"/me?user="+user, nil)
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("X-User", user)
			r.AddCookie(&http.Cookie{Name: "user", Value: user})
			res, err := client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			b, _ := io.ReadAll(res.Body)
			if res.StatusCode != 200 || string(b) != user || res.Header.Get("Set-Cookie") != "seen="+user+"; Path=/" {
				t.Errorf("%s: %d %q %q", user, res.StatusCode, b, res.Header["Set-Cookie"])
			}
		})
	}
	wg.Wait()
}

// TestRunawayHandlers: a handler that computes for ever, recurses for ever,
// never settles or panics in Go ends alone; its neighbours answer.
func TestRunawayHandlers(t *testing.T) {
	var logged logs
	c := portico.Config{Isolates: 1, JobLimit: time.Second, HandlerTimeout: 5 * time.Second, Logger: slog.New(&logged)}
	s := serve(t, c, map[string]string{
		"app/loop/route.ts":    `export function GET() { for (;;) {} }`,
		"app/flood/route.ts":   `export async function GET() { for (;;) await 1 }`,
		"app/deep/route.ts":    `const f = (n: number): number => f(n + 1) + 1; export async function GET() { await 1; return new Response(String(f(0))) }`,
		"app/never/route.ts":   `export function GET() { return new Promise(() => {}) }`,
		"app/json/route.ts":    `export async function POST(r: Request) { try { await r.json() } catch (e) { return new Response((e as Error).name) } return new Response('parsed') }`,
		"app/wait/route.ts":    `export async function GET() { await new Promise(r => setTimeout(r, 20)); return new Response('waited') }`,
		"app/reject/route.ts":  "export async function GET() {\n\tPromise.reject(new TypeError('nobody cares'))\n\treturn new Response('fine') }",
		"app/late/route.ts":    `export async function GET() { setTimeout(() => { throw new Error('in a timer') }, 1); return new Response('fine') }`,
		"app/promise/route.ts": `export async function GET() { const p = Promise.reject(new Error('x')); try { await p } catch { return new Response('caught') } }`,
	})
	neighbours := make(chan string, 100)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			for range 10 {
				status, body := get(t, s.URL+"/wait")
				neighbours <- fmt.Sprint(status, " ", body)
			}
		})
	}
	for path, want := range map[string]int{"/loop": 503, "/flood": 503, "/deep": 500, "/never": 504, "/reject": 200, "/late": 200, "/promise": 200} {
		if status, body := get(t, s.URL+path); status != want {
			t.Errorf("%s: %d %q, want %d", path, status, body, want)
		}
	}
	res, err := http.Post(s.URL+"/json", "application/json", strings.NewReader(strings.Repeat("[", 1<<20)))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if string(b) != "SyntaxError" && string(b) != "RangeError" {
		t.Errorf("deep JSON: %d %q", res.StatusCode, b)
	}
	wg.Wait()
	close(neighbours)
	for n := range neighbours {
		if n != "200 waited" {
			t.Errorf("a neighbour got %q", n)
		}
	}
	for _, want := range []string{"TypeError: nobody cares\n    at GET (app/reject/route.ts:2:", "Error: in a timer\n    at "} {
		if !logged.has(want) {
			t.Errorf("the log has no %q", want)
		}
	}
}

// logs keeps what is logged, errors with their stacks.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Enabled(context.Context, slog.Level) bool { return true }
func (l *logs) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logs) WithGroup(string) slog.Handler            { return l }
func (l *logs) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(&l.text, r.Message)
	r.Attrs(func(a slog.Attr) bool {
		var d interface{ Detail() string }
		if err, ok := a.Value.Any().(error); ok && errors.As(err, &d) {
			fmt.Fprintln(&l.text, a.Key, d.Detail())
		} else {
			fmt.Fprintln(&l.text, a.Key, a.Value)
		}
		return true
	})
	return nil
}

func (l *logs) has(s string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), s)
}

// TestLeavingClients: clients that hang up, in a wait, in a stream and in an
// upload, leave nothing behind and are told to the handler.
func TestLeavingClients(t *testing.T) {
	left := make(chan string, 1000)
	told := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { left <- r.URL.Path[1:] }))
	defer told.Close()
	s := serve(t, portico.Config{Environ: []string{"TOLD=" + told.URL}}, map[string]string{
		"app/wait/route.ts": `export async function GET(r: Request) {
			await new Promise(ok => r.signal.addEventListener('abort', ok))
			await fetch(process.env.TOLD + '/wait-' + (r.signal.reason as Error).name)
			return new Response('nobody reads this') }`,
		"app/stream/route.ts": `export function GET() {
			let timer: any
			return new Response(new ReadableStream({
				start(c) { timer = setInterval(() => c.enqueue(new TextEncoder().encode('tick\n')), 2) },
				cancel() { clearInterval(timer); return fetch(process.env.TOLD + '/stream').then(() => {}) } })) }`,
		"app/upload/route.ts": `export async function POST(r: Request) {
			try { await r.text() } catch (e) { await fetch(process.env.TOLD + '/upload-' + (e as any).code) }
			return new Response('x') }`,
	})
	host := strings.TrimPrefix(s.URL, "http://")
	hangUp := func(request string, after string) {
		t.Helper()
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(conn)
		for after != "" {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(line, after) {
				return
			}
		}
	}
	warm := func(n int) {
		for range n {
			hangUp("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n", "")
			hangUp("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n", "tick")
			hangUp("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc", "")
		}
		count := map[string]int{}
		for range 3 * n {
			select {
			case l := <-left:
				count[l]++
			case <-time.After(20 * time.Second):
				t.Fatalf("handlers were not told of all clients: %v", count)
			}
		}
		if count["wait-ResponseAborted"] != n || count["stream"] != n || count["upload-ECONNRESET"] != n {
			t.Fatalf("told: %v", count)
		}
	}
	warm(5)
	before := settledGoroutines()
	warm(40)
	after := settledGoroutines()
	// Some more connections of fetch may be waiting for their next request, three
	// goroutines each; a client that leaves one behind would make it 120.
	if after > before+40 {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines before, %d after 120 clients left\n%s", before, after, buf[:runtime.Stack(buf, true)])
	}
}

// settledGoroutines counts goroutines when their number has stopped falling.
func settledGoroutines() int {
	http.DefaultClient.CloseIdleConnections()
	n := runtime.NumGoroutine()
	for range 200 {
		time.Sleep(5 * time.Millisecond) // goroutines end when they end: there is no event to wait for
		m := runtime.NumGoroutine()
		if m >= n {
			n = min(n, m)
			continue
		}
		n = m
	}
	return n
}

// TestProxyMemory: 1 GiB through a handler, down and up, raises memory by less
// than 16 MiB.
func TestProxyMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("moves 2 GiB")
	}
	const size = 1 << 30
	var received atomic.Int64
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			n, _ := io.Copy(io.Discard, r.Body)
			received.Store(n)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(size))
		_, _ = io.Copy(w, io.LimitReader(zeros{}, size))
	}))
	defer up.Close()
	s := serve(t, portico.Config{Environ: []string{"UP=" + up.URL}}, map[string]string{"app/proxy/route.ts": `
		export function GET(request: Request) { return fetch(new Request(process.env.UP + '/x', request)) }
		export function POST(request: Request) { return fetch(new Request(process.env.UP + '/x', request)) }`})
	peak := watchHeap()
	res, err := http.Get(s.URL + "/proxy")
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, res.Body)
	res.Body.Close()
	if err != nil || n != size {
		t.Fatalf("down: %d bytes, %v", n, err)
	}
	if grew := peak(); grew > 16<<20 {
		t.Errorf("down: the heap grew by %d MiB", grew>>20)
	}
	peak = watchHeap()
	res, err = http.Post(s.URL+"/proxy", "application/octet-stream", io.LimitReader(zeros{}, size))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if received.Load() != size || res.StatusCode != 200 {
		t.Fatalf("up: %d bytes, status %d", received.Load(), res.StatusCode)
	}
	if grew := peak(); grew > 16<<20 {
		t.Errorf("up: the heap grew by %d MiB", grew>>20)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// watchHeap samples the heap until the returned function is called, which tells
// by how much it grew at most.
func watchHeap() func() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	base := int64(m.HeapInuse)
	stop, done := make(chan struct{}), make(chan int64)
	go func() {
		var most int64
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				done <- most
				return
			case <-tick.C:
				runtime.ReadMemStats(&m)
				most = max(most, int64(m.HeapInuse)-base)
			}
		}
	}()
	return func() int64 { close(stop); return <-done }
}
