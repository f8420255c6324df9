package security

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// peak is the most memory that the server has had, in bytes; 0 where that is
// not known.
func (s *server) peak(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		t.Fatal(err)
	}
	kilobytes := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
				t.Fatal(err)
			}
		}
	}
	return kilobytes << 10
}

// TestD1: Hono's and Next.js's body limits went by Content-Length, which a
// chunked body does not have (GHSA-9vqf-7f2p-gf9v, -92vj-g62v-jqhh,
// -rv63-4mwf-qqc2, GHSA-4c39-4ccg-62r3).
func TestD1(t *testing.T) {
	s := serve(t, files{
		"portico.config.ts": "export default { bodyLimit: '64kb', server: { isolates: 1 } }",
		"middleware.ts":     "export const middleware = async (r: Request) => { await r.text() }\nexport const config = { matcher: '/guarded/:path*' }",
		"app/read/[how]/route.ts": `
export const POST = async (r: any, { params }: any) => { const how = (await params).how; const v = await r[how](); return new Response('read ' + (v.length ?? v.byteLength ?? v.size ?? 'it')) }`,
		"app/guarded/[how]/route.ts": "export const POST = async (r: Request) => new Response('read ' + (await r.text()).length)",
		"app/small/route.ts": `
export const bodyLimit = '1kb'
let ran = 0
export const GET = () => new Response(String(ran))
export const POST = async (r: Request) => { ran++; let n = 0; for await (const chunk of r.body as any) n += chunk.length; return new Response('read ' + n) }`,
	})
	limit := strings.Repeat("a", 64<<10)
	for _, path := range []string{"/read/text", "/read/arrayBuffer", "/read/bytes", "/read/blob", "/guarded/text"} {
		s.ask(t, "POST", path, limit).want(t, path+", a body at the limit", 200, "read 65536")
		s.ask(t, "POST", path, chunked(limit), "Transfer-Encoding: chunked").want(t, path+", chunks at the limit", 200, "read 65536")
		s.ask(t, "POST", path, limit+"a").want(t, path+", one byte more", 413)
		s.ask(t, "POST", path, chunked(limit, "a"), "Transfer-Encoding: chunked").want(t, path+", one chunk more", 413)
		s.ask(t, "POST", path, "", "Content-Length: 1000000000000").want(t, path+", a length far over the limit", 413)
		// What is said to be four bytes is, and the rest is no request.
		list := s.raw(t, "POST "+path+" HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"+limit)
		if len(list) == 0 || list[0].status != 200 || list[0].body != "read 4" || len(list) > 1 && list[1].status != 400 && list[1].status != 414 && list[1].status != 431 || len(list) > 2 {
			t.Errorf("%s, an understated length: got %v", path, list)
		}
	}
	s.ask(t, "POST", "/read/json", chunked(`"`+limit+`"`), "Transfer-Encoding: chunked").want(t, "json", 413)
	s.ask(t, "POST", "/read/formData", chunked("a="+limit), "Transfer-Encoding: chunked", "Content-Type: application/x-www-form-urlencoded").want(t, "formData", 413)

	// A route's own limit holds for a body that streams, too, and a declared
	// length is refused before the handler.
	s.ask(t, "POST", "/small", chunked(limit[:1024]), "Transfer-Encoding: chunked").want(t, "a stream at the route's limit", 200, "read 1024")
	s.ask(t, "POST", "/small", chunked(limit[:1024], "a"), "Transfer-Encoding: chunked").want(t, "a stream over the route's limit", 413)
	ran := s.get(t, "/small").body
	s.ask(t, "POST", "/small", limit[:1025]).want(t, "a length over the route's limit", 413)
	s.get(t, "/small").want(t, "the handler has not run", 200, ran)

	// Without an end: the client is told, and its connection closed, before it
	// has sent what nobody keeps.
	before := s.peak(t)
	const much = 256 << 20
	for _, path := range []string{"/read/text", "/read/json", "/guarded/text", "/small"} {
		c := s.dial(t)
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", path)
		sent := make(chan int)
		go func() {
			n := 0
			chunk := fmt.Sprintf("%x\r\n%s\r\n", len(limit), limit)
			for n < much {
				k, err := io.WriteString(c, chunk)
				if n += k; err != nil {
					break
				}
			}
			sent <- n
		}()
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || res.StatusCode != 413 || !res.Close {
			t.Errorf("%s without an end: %v, %v", path, res, err)
		}
		if n := <-sent; n >= much {
			t.Errorf("%s without an end: all was taken", path)
		}
		_ = c.Close()
	}
	if grown := s.peak(t) - before; grown > 64<<20 {
		t.Errorf("the server has grown by %d MiB", grown>>20)
	}
}

// TestD2: Go parsed as many cookies as a header could hold, each an allocation
// (CVE-2025-58186).
func TestD2(t *testing.T) {
	s := serve(t, files{"app/count/route.ts": "import { cookies } from 'next/headers'\nexport const GET = async () => new Response(String((await cookies()).getAll().length))"})
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%x=;", i)
		}
		return b.String()
	}
	s.get(t, "/count", "Cookie: "+many(2000)).want(t, "2000 cookies", 200, "2000")
	s.get(t, "/count", "Cookie: "+many(50_000)).want(t, "50,000 cookies", 431)
	lines := make([]string, 50_000)
	for i := range lines {
		lines[i] = fmt.Sprintf("Cookie: %x=", i)
	}
	s.get(t, "/count", lines...).want(t, "50,000 Cookie lines", 431)
	for i := range lines {
		lines[i] = fmt.Sprintf("X-%x: ", i)
	}
	s.get(t, "/count", lines...).want(t, "50,000 headers", 431)
	s.get(t, "/count?"+strings.Repeat("a=&", 20_000)).want(t, "20,000 parameters", 414)
	s.get(t, "/"+strings.Repeat("a/", 20_000)).want(t, "20,000 segments", 414)
}

// quick fails when an answer takes so long that something is worse than linear.
func quick(t *testing.T, what string, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("%s took %v", what, took)
	}
}

// TestD4: golang.org/x/text needed time quadratic in an Accept-Language
// (CVE-2022-32149).
func TestD4(t *testing.T) {
	s := serve(t, files{
		"middleware.ts":     "import { userAgent } from 'next/server'\nexport const middleware = (r: any) => { userAgent(r) }",
		"app/echo/route.ts": echo,
	})
	for _, name := range []string{"Accept-Language", "Accept", "Accept-Encoding", "Accept-Charset", "User-Agent", "If-None-Match", "Range", "Content-Type", "Cache-Control", "Forwarded", "X-Forwarded-For", "Authorization", "Link"} {
		for _, unit := range []string{"a-", "-", ",", ";q=", "en-US,", "x-a-b-c-", " ", "\"", "(", "bytes=0-,", "/", "Mozilla/5.0 (", "1.1.1.1, ", "for=\""} {
			quick(t, name+" of "+unit, func() {
				if a := s.get(t, "/echo", name+": "+strings.Repeat(unit, 12_000/len(unit))); a.status != 200 && a.status != 400 {
					t.Errorf("%s of %q: got %v", name, unit, a)
				}
			})
		}
		s.get(t, "/echo", name+": "+strings.Repeat("a-", 500_000)).want(t, "a megabyte of "+name, 431)
	}
}

// TestD5: rs/cors and Hono took a preflight's list of headers apart, in time and
// memory that a client chose (CVE-2025-47908).
func TestD5(t *testing.T) {
	s := serve(t, files{
		"portico.config.ts": "export default { cors: { origins: ['https://a.test'], credentials: true, headers: ['x-a'] } }",
		"app/x/route.ts":    "export const GET = () => new Response('')",
	})
	for _, unit := range []string{",", "a,", " ,", "x-a,", "x-a ", "\t", "a"} {
		for _, name := range []string{"Access-Control-Request-Headers", "Access-Control-Request-Method", "Access-Control-Request-Private-Network", "Vary"} {
			quick(t, name+" of "+unit, func() {
				lines := []string{"Origin: https://a.test", name + ": " + strings.Repeat(unit, 12_000/len(unit))}
				if name != "Access-Control-Request-Method" {
					lines = append(lines, "Access-Control-Request-Method: GET")
				}
				a := s.ask(t, "OPTIONS", "/x", "", lines...)
				size := len(a.body)
				for name, values := range a.header {
					size += len(name) + len(strings.Join(values, ""))
				}
				if a.status != 204 || size > 1000 {
					t.Errorf("%s of %q: got %d bytes, %v", name, unit, size, a)
				}
			})
		}
	}
	s.ask(t, "OPTIONS", "/x", "", "Origin: https://a.test", "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: "+strings.Repeat("a,", 500_000)).want(t, "a megabyte", 431)
	quick(t, "a long origin", func() {
		if a := s.get(t, "/x", "Origin: https://"+strings.Repeat("a.", 5000)+"test"); a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("a long origin: got %v", a)
		}
	})
}

// TestD6: HTTP/2 let one client have a server work on streams that it had reset,
// and on a header without an end (CVE-2023-39325, CVE-2023-45288,
// GO-2026-4918, GO-2026-4559).
func TestD6(t *testing.T) {
	s := serve(t, certificate(t).with(files{
		"portico.config.ts": "export default { server: { tls: { cert: 'cert.pem', key: 'key.pem' } } }",
		"app/x/route.ts":    "export const GET = () => new Response('x')",
	}))
	open := func() (net.Conn, *http2.Framer) { return s.open2(t) }
	// ended reads until the connection is, or the ping is answered.
	ended := func(f *http2.Framer) (status string, over, alive bool) {
		for {
			frame, err := f.ReadFrame()
			switch frame := frame.(type) {
			case *http2.GoAwayFrame:
				return frame.ErrCode.String(), true, false
			case *http2.PingFrame:
				if frame.IsAck() {
					return "", false, true
				}
			}
			if err != nil {
				return err.Error(), !os.IsTimeout(err), false
			}
		}
	}
	well := func(after string) {
		t.Helper()
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}, Timeout: patience}
		defer client.CloseIdleConnections()
		res, err := client.Get("https://" + s.addr + "/x")
		if err != nil {
			t.Fatalf("after %s: %v", after, err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != 200 || string(body) != "x" || res.ProtoMajor != 2 {
			t.Errorf("after %s: got %s %d %q %v", after, res.Proto, res.StatusCode, body, err)
		}
	}
	head := func(path string) []byte {
		var b bytes.Buffer
		e := hpack.NewEncoder(&b)
		for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", s.addr}, {":path", path}} {
			if err := e.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
				t.Fatal(err)
			}
		}
		return b.Bytes()
	}
	well("nothing")

	c, f := open()
	go func() {
		block := head("/x")
		for id := uint32(1); id < 20_000; id += 2 {
			if f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndStream: true, EndHeaders: true}) != nil || f.WriteRSTStream(id, http2.ErrCodeCancel) != nil {
				return
			}
		}
		_ = f.WritePing(false, [8]byte{1}) // the connection may be over
	}()
	if why, over, alive := ended(f); !over && !alive {
		t.Errorf("rapid resets: %s", why)
	}
	_ = c.Close()
	well("rapid resets")

	c, f = open()
	go func() {
		if f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: head("/x"), EndStream: true}) != nil {
			return
		}
		junk := bytes.Repeat([]byte{0, 1, 'a', 1, 'b'}, 3000) // a: b, not indexed
		for range 5000 {
			if f.WriteContinuation(1, false, junk) != nil {
				return
			}
		}
	}()
	if why, over, _ := ended(f); !over {
		t.Errorf("a header without an end: %s", why)
	}
	_ = c.Close()
	well("a header without an end")

	// A small block that the table of names makes large.
	c, f = open()
	var block bytes.Buffer
	block.Write(head("/x"))
	e := hpack.NewEncoder(&block)
	for range 3000 {
		if err := e.WriteField(hpack.HeaderField{Name: "x-bomb", Value: strings.Repeat("a", 3000)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true}); err != nil {
		t.Fatal(err)
	}
	_ = f.WritePing(false, [8]byte{1})
	if why, over, alive := ended(f); !over && !alive {
		t.Errorf("a header that grows: %s", why)
	}
	_ = c.Close()
	well("a header that grows")
}

// TestD7: Go's and Traefik's servers waited without a limit for clients that
// said nothing more: in a preface, a header, a body that they had announced
// (CVE-2026-56853, GO-2024-2963).
func TestD7(t *testing.T) {
	s := serve(t, files{
		"portico.config.ts":    "export default { bodyLimit: '1kb', server: { headerTimeout: '200ms', bodyTimeout: '200ms', idleTimeout: '200ms' } }",
		"app/read/route.ts":    "export const POST = async (r: Request) => new Response('read ' + (await r.text()).length)",
		"app/limited/route.ts": "export const bodyLimit = '1kb'\nexport const POST = async (r: Request) => new Response('read ' + (await r.text()).length)",
	})
	cases := []struct {
		sent   string
		status int // 0 is none
	}{
		{"", 0},
		{"G", 0},
		{"GET / HTTP/1.1\r\nHost: a\r\n", 0},
		{"GET / HTTP/1.1\r\nHost: a\r\nX-A: ", 0},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n", 505},
		{"PRI * HT", 0},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400}, // TLS on a plain port
		{"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfour", 408},
		{"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n", 408},
		{"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4", 408},
		{"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n", 408},
		{"POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n", 404},
		{"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\nExpect: 100-continue\r\n\r\n", 413},
		{"POST /limited HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\nExpect: 100-continue\r\n\r\n", 413},
		{"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 200-ok\r\n\r\n", 417},
	}
	conns := make([]net.Conn, len(cases)) // all at once, as they only wait
	for i, c := range cases {
		conns[i] = s.dial(t)
		if _, err := io.WriteString(conns[i], c.sent); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range cases {
		conn := conns[i]
		got, err := io.ReadAll(conn)
		if os.IsTimeout(err) {
			t.Errorf("%q: the connection is kept; it said %q", c.sent, got)
		}
		text := string(got)
		continued := strings.HasPrefix(text, "HTTP/1.1 100 ")
		if continued && c.status != 408 {
			t.Errorf("%q: the client was told to go on: %q", c.sent, text)
		}
		if _, rest, ok := strings.Cut(text, "\r\n\r\n"); ok && continued {
			text = rest
		}
		if want := fmt.Sprintf("HTTP/1.1 %d ", c.status); c.status != 0 && !strings.HasPrefix(text, want) && !(c.status == 505 && strings.HasPrefix(text, "HTTP/1.1 400 ")) {
			t.Errorf("%q: got %q, want %s", c.sent, text, want)
		} else if strings.HasPrefix(text, "HTTP/1.1 200") {
			t.Errorf("%q: got %q", c.sent, text)
		}
		_ = conn.Close()
	}

	// Drop by drop: a header's time does not begin anew with each.
	for _, drop := range []string{"X-A: b\r\n", "a"} {
		conn := s.dial(t)
		if _, err := io.WriteString(conn, "GET /read HTTP/1.1\r\nHost: a\r\n"); err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		go func() {
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for range tick.C {
				if _, err := io.WriteString(conn, drop); err != nil {
					break
				}
			}
			close(over)
		}()
		if _, err := io.ReadAll(conn); os.IsTimeout(err) {
			t.Errorf("a header in drops of %q is waited for", drop)
		}
		_ = conn.Close()
		<-over
	}
}

// TestD8: on Next.js many open requests for one route kept all others from being
// answered (GHSA-mg66-mrh9-m8jx).
func TestD8(t *testing.T) {
	gate, arrived := make(chan struct{}), make(chan struct{}, 10)
	up := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-gate:
		case <-r.Context().Done():
		}
	})
	s := serve(t, files{
		"portico.config.ts":  "export default { maxConcurrency: 2 }",
		"app/held/route.ts":  "export const GET = async () => { await fetch(process.env.UP!); return new Response('done') }",
		"app/other/route.ts": "export const GET = () => new Response('other')",
	}, settings{env: []string{"UP=" + up.url}})
	held := make(chan []answer)
	for range 2 {
		go func() {
			c, err := net.Dial("tcp", s.addr)
			if err != nil {
				t.Error(err)
				held <- nil
				return
			}
			defer c.Close()
			_, _ = io.WriteString(c, s.text("GET", "/held", ""))
			_ = c.SetReadDeadline(time.Now().Add(patience))
			held <- answers(t, c, "GET /held")
		}()
		select {
		case <-arrived:
		case <-time.After(patience):
			t.Fatal("the handler does not run")
		}
	}
	for range 20 {
		a := s.get(t, "/held")
		if a.status != 503 || a.header.Get("Retry-After") == "" {
			t.Errorf("one more: got %v, want 503 with Retry-After", a)
		}
	}
	s.get(t, "/other").want(t, "another route", 200, "other")
	close(gate)
	for range 2 {
		if list := <-held; len(list) != 1 || list[0].body != "done" {
			t.Errorf("a request that was held: %v", list)
		}
	}
	s.get(t, "/held").want(t, "when they are over", 200, "done")
}

// TestD9: OpenTelemetry parsed whatever length of baggage and traceparent it was
// sent (CVE-2026-29181, CVE-2026-41178).
func TestD9(t *testing.T) {
	s := serve(t, files{"app/x/route.ts": "export const GET = () => new Response('x')"})
	plain := s.get(t, "/x")
	for _, name := range []string{"baggage", "traceparent", "tracestate", "b3", "x-b3-traceid", "uber-trace-id", "x-request-id", "x-correlation-id", "sentry-trace", "x-cloud-trace-context", "x-amzn-trace-id"} {
		for _, value := range []string{strings.Repeat("a=b,", 3500), strings.Repeat("a", 14_000), strings.Repeat(",", 14_000), "00-" + strings.Repeat("f", 32) + "-" + strings.Repeat("f", 16) + "-01", "00-" + strings.Repeat("0", 5000), "ff", "\"", "%00"} {
			quick(t, name, func() {
				a := s.get(t, "/x", name+": "+value)
				a.want(t, name, 200, "x")
				if len(a.header) != len(plain.header) {
					t.Errorf("%s: the answer has other headers: %v", name, a)
				}
			})
		}
		s.get(t, "/x", name+": "+strings.Repeat("a=b,", 250_000)).want(t, "a megabyte of "+name, 431)
	}
}

// TestD11: servers that inflate a request's body by themselves take a megabyte
// for a gigabyte (CVE-2025-30153).
func TestD11(t *testing.T) {
	s := serve(t, files{
		"portico.config.ts": "export default { bodyLimit: '64kb' }",
		"app/read/route.ts": `
export const POST = async (r: Request) => new Response('read ' + (await r.arrayBuffer()).byteLength)
export const PUT = async (r: Request) => { try { return Response.json(await r.json()) } catch (e: any) { return new Response(e.name, { status: 418 }) } }`,
	})
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, `"`+strings.Repeat("a", 32<<20)+`"`); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	before := s.peak(t)
	for _, coding := range []string{"gzip", "deflate", "br", "zstd", "x-gzip", "gzip, gzip", "identity", "none"} {
		line := "Content-Encoding: " + coding
		s.ask(t, "POST", "/read", b.String(), line).want(t, coding, 200, fmt.Sprintf("read %d", b.Len()))
		s.ask(t, "PUT", "/read", b.String(), line, "Content-Type: application/json").want(t, coding+" as JSON", 418, "SyntaxError")
	}
	if grown := s.peak(t) - before; grown > 24<<20 {
		t.Errorf("the server has grown by %d MiB", grown>>20)
	}
}

// TestD12: one handler that does not end, or wants all memory, was the end of
// servers that run scripts.
func TestD12(t *testing.T) {
	evil := `
const f = (n: number): number => 1 + f(n + 1)
const evil: Record<string, () => unknown> = {
  loop: () => { while (true); },
  caught: () => { for (;;) try { while (true); } catch {} finally { continue } },
  string: () => { let s = 'x'; while (true) s += s },
  repeat: () => 'x'.repeat(2 ** 31).length,
  pad: () => 'x'.padEnd(2 ** 31, 'abc').length,
  buffer: () => new Uint8Array(2 ** 33).length,
  recursion: () => f(0),
  regexp: () => /^(a+)+$/.test('a'.repeat(50) + '!'),
  replace: () => 'a'.repeat(50).replace(/(a|aa)+b/, ''),
  json: () => JSON.parse('['.repeat(3_000_000)),
  promises: async () => { while (true) await null },
  then: () => { const again = (): any => Promise.resolve().then(again); return again() },
  timers: async () => { while (true) await new Promise((r) => setTimeout(r)) },
  never: () => new Promise(() => {}),
  getter: () => ({ get then() { while (true); } }),
  string2: () => ({ toString() { while (true); } }) + '',
  sort: () => [1, 2, 3].sort(() => { while (true); }),
  late: () => { queueMicrotask(() => { while (true); }); return new Promise(() => {}) },
}
`
	s := serve(t, files{
		"portico.config.ts":        "export default { server: { isolates: 1, jobLimit: '100ms', handlerTimeout: '400ms' } }",
		"app/evil/[name]/route.ts": evil + "export const GET = async (_: Request, { params }: any) => new Response('survived ' + await evil[(await params).name]())",
		"app/ok/route.ts":          "export const GET = () => new Response('ok')",
		"middleware.ts": evil + `
export async function middleware(request: any) {
  await evil[request.nextUrl.searchParams.get('evil')]()
}
export const config = { matcher: '/admin' }`,
		"app/admin/route.ts": "export const GET = () => new Response('SECRET')",
	})
	for _, name := range []string{"loop", "caught", "string", "repeat", "pad", "buffer", "recursion", "regexp", "replace", "json", "promises", "then", "timers", "never", "getter", "string2", "sort", "late"} {
		quick(t, name, func() {
			a := s.get(t, "/evil/"+name)
			if a.status != 500 && a.status != 503 && a.status != 504 && !(name == "replace" || name == "regexp") {
				t.Errorf("%s: got %v, want 500, 503 or 504", name, a)
			}
			s.get(t, "/ok").want(t, "after "+name, 200, "ok")
		})
		// In middleware none of it means "go on".
		if name == "replace" || name == "regexp" {
			continue // they may well be fast
		}
		quick(t, name+" in middleware", func() {
			if a := s.hidden(t, "GET", "/admin?evil="+name); a.status != 500 && a.status != 503 && a.status != 504 {
				t.Errorf("%s in middleware: got %v", name, a)
			}
		})
	}
	s.get(t, "/ok").want(t, "after all", 200, "ok")
}

// TestD13: path-to-regexp and others made patterns of rules whose matching took
// time exponential in the path that a client chose.
func TestD13(t *testing.T) {
	s := serve(t, files{
		"next.config.ts": `
const sources = ['/r1/:x((?:a+)+)z', '/r2/:x((?:a|a)*)z', '/r3/:x((?:a|aa)+)z', '/r4/:x((?:.*)*)z', '/r5/:a-:b-:c-:d-:e-:f-:g-:h-:i-:j', '/r6/:a*/x/:b*/y/:c*/z', '/r7/((?!(?:a+)+z).*)', '/r8/:x(a{0,100}a{0,100}a{0,100})z', '/r9{/:a}?{/:b}?{/:c}?{/:d}?/z']
export default {
  redirects: async () => sources.map((source) => ({ source: '/redirect' + source, destination: '/x', permanent: false })),
  headers: async () => sources.map((source) => ({ source: '/header' + source, headers: [{ key: 'x-a', value: 'b' }] })),
  rewrites: async () => [
    ...sources.map((source) => ({ source: '/rewrite' + source, destination: '/x' })),
    { source: '/has', has: [{ type: 'header', key: 'x-a', value: '(a+)+z' }], destination: '/x' },
    { source: '/has', has: [{ type: 'cookie', key: 'a', value: '(?:a|aa)+z' }], destination: '/x' },
    { source: '/has', has: [{ type: 'query', key: 'a', value: '(.*)*z' }], destination: '/x' },
    { source: '/has', has: [{ type: 'host', value: '(?:a+)+z' }], destination: '/x' },
  ],
}`,
		"middleware.ts": `
export const middleware = (r: any) => new Response('matched', { status: 401 })
export const config = { matcher: ['/mw/r1/:x((?:a+)+)z', '/mw/r3/:x((?:a|aa)+)z', '/mw/r6/:a*/x/:b*/y/:c*/z', '/mw/back/((?:a+)+)/(\\1)'] }`,
		"app/x/route.ts":            "export const GET = () => new Response('x')",
		"app/mw/[...path]/route.ts": "export const GET = () => new Response('reached')",
	})
	long := strings.Repeat("a", 8000)
	for _, prefix := range []string{"/redirect", "/header", "/rewrite", "/mw"} {
		for i := range 10 {
			for _, rest := range []string{long, long + "!", strings.Repeat("a-", 4000), strings.Repeat("a/", 4000) + "a", strings.Repeat("x/y/", 2000) + "a", strings.Repeat("a/x/", 1000) + strings.Repeat("y/", 1000) + "b", strings.Repeat("%61", 2500)} {
				target := fmt.Sprintf("%s/r%d/%s", prefix, i, rest)
				quick(t, target[:40], func() {
					if list := s.raw(t, s.text("GET", target, "")); len(list) != 1 || list[0].status >= 500 {
						t.Errorf("%.40s…: got %v", target, list)
					}
				})
			}
		}
	}
	for _, lines := range [][]string{{"X-A: " + long}, {"Cookie: a=" + long}, {"Host: " + strings.Repeat("a", 60)}} {
		quick(t, lines[0][:10], func() { s.raw(t, s.text("GET", "/has?a="+long[:4000], "", lines...)) })
	}
	// What cannot be matched in linear time has a limit, is said at load, and
	// means that the guard is asked.
	quick(t, "a pattern that needs backtracking", func() {
		s.get(t, "/mw/back/"+strings.Repeat("a", 60)+"!").want(t, "a pattern that needs backtracking", 401, "matched")
	})
	if !strings.Contains(s.output.String(), "linear time") {
		t.Errorf("the load does not say so:\n%s", s.output)
	}
}
