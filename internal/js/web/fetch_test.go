package web

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

func TestFetchClasses(t *testing.T) { runCases(t, "fetch") }

// upstream is a server that fetches are tried on.
func upstream(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Method", r.Method)
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		fmt.Fprintf(w, "%s %s host=%s ct=%s auth=%s cookie=%s x=%s len=%d body=%s", r.Method, r.URL.RequestURI(), r.Host, r.Header.Get("Content-Type"),
			r.Header.Get("Authorization"), r.Header.Get("Cookie"), r.Header.Get("X-Test"), r.ContentLength, b)
	})
	mux.HandleFunc("/redirect/{status}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Query().Get("to"))
		n := 0
		fmt.Sscan(r.PathValue("status"), &n)
		w.WriteHeader(n)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/status/{status}", func(w http.ResponseWriter, r *http.Request) {
		n := 0
		fmt.Sscan(r.PathValue("status"), &n)
		w.WriteHeader(n)
	})
	mux.HandleFunc("/coded/{coding}", func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		var c io.WriteCloser
		switch r.PathValue("coding") {
		case "gzip":
			c = gzip.NewWriter(&b)
		case "deflate":
			c = zlib.NewWriter(&b)
		case "br":
			c = brotli.NewWriter(&b)
		case "zstd":
			c, _ = zstd.NewWriter(&b)
		}
		io.WriteString(c, strings.Repeat("coded ", 1000))
		c.Close()
		w.Header().Set("Content-Encoding", r.PathValue("coding"))
		w.Write(b.Bytes())
	})
	mux.HandleFunc("/empty-gzip", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Encoding", "gzip") })
	mux.HandleFunc("/bad-gzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		io.WriteString(w, "this is no gzip")
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "short")
	})
	mux.HandleFunc("/hang", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/hang-body", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "begin")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestFetch(t *testing.T) {
	up := upstream(t)
	other := upstream(t)
	closed := httptest.NewServer(nil)
	closed.Close()
	o := testOptions()
	o.Client = NewClient("test-agent")
	t.Cleanup(o.Client.Close)
	host := strings.TrimPrefix(up.URL, "http://")
	cases := []struct{ name, src, want string }{
		{"get", `const r = await fetch(U + '/echo?a=1#frag'); return [r.status, r.statusText, r.ok, r.url, r.redirected, r.type, r.headers.get('x-method'), r.headers.getSetCookie(), await r.text(), r.bodyUsed]`,
			`[200,"OK",true,"` + up.URL + `/echo?a=1",false,"basic","GET",["a=1","b=2"],"GET /echo?a=1 host=` + host + ` ct= auth= cookie= x= len=0 body=",true]`},
		{"post", `const r = await fetch(U + '/echo', { method: 'POST', body: 'hello', headers: { 'X-Test': 'é' } }); return [await r.text()]`,
			`["POST /echo host=` + host + ` ct=text/plain;charset=UTF-8 auth= cookie= x=` + "\ufffd" + ` len=5 body=hello"]`},
		{"post nothing", `return (await (await fetch(U + '/echo', { method: 'POST' })).text())`, `"POST /echo host=` + host + ` ct= auth= cookie= x= len=0 body="`},
		{"stream up", `const s = new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode('ab')); c.enqueue(new TextEncoder().encode('cd')); c.close() } });
			return (await (await fetch(U + '/echo', { method: 'PUT', body: s, duplex: 'half' })).text())`, `"PUT /echo host=` + host + ` ct= auth= cookie= x= len=-1 body=abcd"`},
		{"request object", `const q = new Request(U + '/echo', { method: 'POST', body: 'x', headers: { authorization: 'me' } }); const r = await fetch(q); return [q.bodyUsed, (await r.text()).includes('auth=me')]`, `[true,true]`},
		{"303", `const r = await fetch(U + '/redirect/303?to=/echo', { method: 'POST', body: 'x' }); return [r.redirected, r.url === U + '/echo', (await r.text()).slice(0, 9)]`, `[true,true,"GET /echo"]`},
		{"307 keeps", `const r = await fetch(U + '/redirect/307?to=/echo', { method: 'POST', body: 'again' }); return (await r.text()).includes('POST /echo') && r.redirected`, `true`},
		{"302 on post", `return (await (await fetch(U + '/redirect/302?to=/echo', { method: 'POST', body: 'x' })).text()).slice(0, 9)`, `"GET /echo"`},
		{"302 on put", `return (await (await fetch(U + '/redirect/302?to=/echo', { method: 'PUT', body: 'x' })).text()).slice(0, 9)`, `"PUT /echo"`},
		{"cross origin", `return (await (await fetch(U + '/redirect/302?to=' + O + '/echo', { headers: { authorization: 'a', cookie: 'c=1', 'x-test': 'kept' } })).text()).replace(/.* auth/, 'auth').replace(/ len.*/, '')`, `"auth= cookie= x=kept"`},
		{"same origin", `return (await (await fetch(U + '/redirect/302?to=/echo', { headers: { authorization: 'a', cookie: 'c=1' } })).text()).replace(/.* auth/, 'auth').replace(/ len.*/, '')`, `"auth=a cookie=c=1 x="`},
		{"manual", `const r = await fetch(U + '/redirect/302?to=/echo', { redirect: 'manual' }); return [r.status, r.headers.get('location'), r.type]`, `[302,"/echo","basic"]`},
		{"error mode", `return outcome(() => fetch(U + '/redirect/302?to=/echo', { redirect: 'error' }).catch(e => { throw new Error(e.message + ': ' + e.cause.message) }))`, `"Error: fetch failed: unexpected redirect"`},
		{"loop", `return outcome(() => fetch(U + '/loop').catch(e => { throw new Error(e.message + ': ' + e.cause.message) }))`, `"Error: fetch failed: redirect count exceeded"`},
		{"null body", `const r = await fetch(U + '/status/204'); return [r.status, r.body, await r.text()]`, `[204,null,""]`},
		{"404", `const r = await fetch(U + '/status/404'); return [r.status, r.ok, r.statusText]`, `[404,false,"Not Found"]`},
		{"gzip", `const r = await fetch(U + '/coded/gzip'); return [(await r.text()).length, r.headers.get('content-encoding')]`, `[6000,"gzip"]`},
		{"deflate", `return (await (await fetch(U + '/coded/deflate')).text()).length`, `6000`},
		{"br", `return (await (await fetch(U + '/coded/br')).text()).length`, `6000`},
		{"zstd", `return (await (await fetch(U + '/coded/zstd')).text()).length`, `6000`},
		{"empty gzip", `return (await (await fetch(U + '/empty-gzip')).text()).length`, `0`},
		{"bad gzip", `return outcome(async () => (await fetch(U + '/bad-gzip')).text())`, `"TypeError: terminated"`},
		{"cut short", `return outcome(async () => (await fetch(U + '/cut')).text())`, `"TypeError: terminated"`},
		{"refused", `try { await fetch(D) } catch (e) { return [e.name, e.message, e.cause.code, e.cause.syscall, e.cause.message.replace(/\d+$/, 'N')] }`, `["TypeError","fetch failed","ECONNREFUSED","connect","connect ECONNREFUSED 127.0.0.1:N"]`},
		{"unknown scheme", `return outcome(() => fetch('gopher://x/'))`, `"TypeError: fetch failed"`},
		{"relative", `return outcome(() => fetch('/x'))`, `"TypeError: Failed to parse URL from /x"`},
		{"none", `return outcome(() => fetch())`, `"TypeError: fetch: 1 argument required, but 0 found."`},
		{"data", `const r = await fetch('data:text/html;base64,aGk='); const p = await fetch('data:,a%20b'); return [await r.text(), r.headers.get('content-type'), await p.text(), p.headers.get('content-type')]`, `["hi","text/html","a b","text/plain;charset=US-ASCII"]`},
		{"aborted before", `const c = new AbortController(); c.abort(); return outcome(() => fetch(U + '/echo', { signal: c.signal }))`, `"AbortError: This operation was aborted"`},
		{"aborted in flight", `const c = new AbortController(); const p = fetch(U + '/hang', { signal: c.signal }); c.abort(new Error('mine')); return outcome(() => p)`, `"Error: mine"`},
		{"aborted in body", `const c = new AbortController(); const r = await fetch(U + '/hang-body', { signal: c.signal }); const p = r.text(); c.abort(new Error('later')); return outcome(() => p)`, `"Error: later"`},
		{"read by chunk", `const r = await fetch(U + '/hang-body'); const rd = r.body.getReader(); const x = await rd.read(); await rd.cancel(); return new TextDecoder().decode(x.value)`, `"begin"`},
		{"clone", `const r = await fetch(U + '/coded/gzip'); const c = r.clone(); return [(await r.text()).length, (await c.text()).length]`, `[6000,6000]`},
		{"host header", `return (await (await fetch(U + '/echo', { headers: { host: 'other.test' } })).text()).includes('host=other.test')`, `false`},
		{"bad port", `try { await fetch('http://127.0.0.1:25/') } catch (e) { return e.cause.message }`, `"bad port"`},
		{"headers can be changed", `const r = await fetch(U + '/echo'); r.headers.set('x-new', '1'); return r.headers.get('x-new')`, `"1"`},
		{"hop by hop", `return (await fetch(U + '/echo', { headers: { connection: 'x-test', 'x-test': 'dropped', 'transfer-encoding': 'chunked', 'content-length': '99' } })).text().then(t => t.includes('x= len=0'))`, `true`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			src := fmt.Sprintf("const U = %q, O = %q, D = %q;\n%s", up.URL, other.URL, closed.URL, c.src)
			if got := runWith(t, o, src); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestConnectionReuse: a response that was read to its end leaves its connection
// for the next.
func TestConnectionReuse(t *testing.T) {
	up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }))
	var conns atomic.Int64
	up.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	up.Start()
	defer up.Close()
	o := testOptions()
	o.Client = NewClient("x")
	defer o.Client.Close()
	got := runWith(t, o, fmt.Sprintf(`let n = 0; for (let i = 0; i < 20; i++) n += (await (await fetch(%q)).text()).length; return n`, up.URL))
	if got != "40" || conns.Load() != 1 {
		t.Errorf("got %s over %d connections, want 40 over 1", got, conns.Load())
	}
}

// TestFetchEarlyBody: a small body is received with its header, but nobody waits
// for one that does not come.
func TestFetchEarlyBody(t *testing.T) {
	release := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "8")
		io.WriteString(w, "abcd")
		http.NewResponseController(w).Flush()
		<-release
		io.WriteString(w, "efgh")
	})
	mux.HandleFunc("/release", func(http.ResponseWriter, *http.Request) { close(release) })
	up := httptest.NewServer(mux)
	defer up.Close()
	o := testOptions()
	o.Client = NewClient("x")
	defer o.Client.Close()
	got := runWith(t, o, fmt.Sprintf(`const U = %q; const r = await fetch(U + '/slow'); const rd = r.body.getReader();
		const first = (await rd.read()).value; await fetch(U + '/release'); let rest = ''; for (;;) { const { value, done } = await rd.read(); if (done) break; rest += new TextDecoder().decode(value) }
		return new TextDecoder().decode(first) + ' ' + rest`, up.URL))
	if got != `"abcd efgh"` {
		t.Errorf("got %s", got)
	}
}

// TestFetchDropped: the connection of a response that nobody reads is given
// back, and not that of one whose stream alone is kept.
func TestFetchDropped(t *testing.T) {
	const n = 20
	gone := make(chan struct{}, n)
	kept := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/hang", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "begin")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
		gone <- struct{}{}
	})
	mux.HandleFunc("/kept", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "first ")
		http.NewResponseController(w).Flush()
		select {
		case <-kept:
			io.WriteString(w, "last")
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/collect", func(w http.ResponseWriter, r *http.Request) {
		for left := n / 2; left > 0; runtime.GC() { // some may still lie on the engine's stack
			select {
			case <-gone:
				left--
			case <-r.Context().Done():
				return
			default:
			}
		}
		close(kept)
		io.WriteString(w, "collected")
	})
	up := httptest.NewServer(mux)
	defer up.Close()
	o := testOptions()
	o.Client = NewClient("x")
	defer o.Client.Close()
	got := runWith(t, o, fmt.Sprintf(`const U = %q; for (let i = 0; i < %d; i++) await fetch(U + '/hang');
		const { body } = await fetch(U + '/kept');
		return [await (await fetch(U + '/collect')).text(), await new Response(body).text()]`, up.URL, n))
	if got != `["collected","first last"]` {
		t.Errorf("got %s", got)
	}
}

func TestSpoolAndTee(t *testing.T) {
	const size = 3 << 20
	data := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	a, b := tee(io.NopCloser(bytes.NewReader(data)))
	first, err := io.ReadAll(a)
	if err != nil || !bytes.Equal(first, data) {
		t.Fatal("first branch", err, len(first))
	}
	second, err := io.ReadAll(b)
	if err != nil || !bytes.Equal(second, data) {
		t.Fatal("second branch", err, len(second))
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Read(make([]byte, 1)); err == nil {
		t.Error("a closed branch still reads")
	}
	// Both at once, each at its own pace.
	a, b = tee(io.NopCloser(io.LimitReader(bytes.NewReader(data), size)))
	sums := make(chan int64, 2)
	for _, r := range []io.Reader{a, b} {
		go func() {
			n, _ := io.Copy(io.Discard, r)
			sums <- n
		}()
	}
	if x, y := <-sums, <-sums; x != size || y != size {
		t.Error(x, y)
	}
}
