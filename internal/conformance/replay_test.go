package conformance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// answer serves one canned answer to every connection, byte for byte.
func answer(t *testing.T, raw string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if req, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = io.Copy(io.Discard, req.Body)
			}
			_, _ = io.WriteString(conn, raw)
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

// one makes a transcript of one entry.
func one(t *testing.T, directives, want string) *Transcript {
	t.Helper()
	var lines strings.Builder
	for line := range strings.SplitSeq(want, "\n") {
		lines.WriteString(strings.TrimSuffix("< "+line, " ") + "\n")
	}
	tr, err := parse("t", "@recorded next@1.0.0\n== a\n"+directives+"> GET /\n< next 1.0.0\n"+lines.String())
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestReplayCompares(t *testing.T) {
	const plain = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: x\r\nContent-Length: 2\r\n\r\nok"
	const want = "200\ncontent-type: text/plain\n\nok"
	for _, c := range []struct{ name, directives, raw, want, diff string }{
		{"same", "", plain, want, ""},
		{"status", "", plain, "201\ncontent-type: text/plain\n\nok", "status:"},
		{"reason not compared", "", strings.Replace(plain, "OK", "Fine", 1), want, ""},
		{"reason compared", "", plain, "200 Fine\ncontent-type: text/plain\n\nok", "status text:"},
		{"header missing", "", plain, "200\ncontent-type: text/plain\nx-a: 1\n\nok", "header x-a:"},
		{"header too many", "", plain, "200\n\nok", "header content-type:"},
		{"header differs", "", plain, "200\ncontent-type: text/html\n\nok", "header content-type:"},
		{"body", "", plain, "200\ncontent-type: text/plain\n\nno", "body:"},
		{"inside kept in", "", plain, "200\ncontent-type: text/plain\nx-middleware-rewrite: /a\n\nok", ""},
		{"inside let out", "", strings.Replace(plain, "Date: x", "X-Middleware-Rewrite: /a", 1), "200\ncontent-type: text/plain\nx-middleware-rewrite: /a\n\nok", "header x-middleware-rewrite:"},
		{"waiting for ever", "", plain, "@stuck", "Next.js leaves the client waiting"},
		{"another protocol", "", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nits words", "101\nupgrade: x\n\nits words", ""},
		{"another protocol differs", "", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nits words", "101\nupgrade: x\n\nother words", "body:"},
		{"body digest", "", plain, "200\ncontent-type: text/plain\n\n@sha256 2689367b205c16ce32ed4200942b8b8b1e262dfc70d9bc9fbc77c49699a4f1df 2", ""},
		{"body digest differs", "", plain, "200\ncontent-type: text/plain\n\n@sha256 00 2", "body:"},
		{"lines are a list", "", "HTTP/1.1 204 No Content\r\nX-A: 1\r\nX-A: 2\r\n\r\n", "204\nx-a: 1, 2", ""},
		{"cookies are not", "", "HTTP/1.1 204 No Content\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n", "204\nset-cookie: a=1\nset-cookie: b=2", ""},
		{"cookies in order", "", "HTTP/1.1 204 No Content\r\nSet-Cookie: b=2\r\nSet-Cookie: a=1\r\n\r\n", "204\nset-cookie: a=1\nset-cookie: b=2", "header set-cookie:"},
		{"vary of React", "", "HTTP/1.1 204 No Content\r\nVary: RSC, Next-Router-State-Tree, Accept-Encoding\r\n\r\n", "204", ""},
		{"vary otherwise", "", "HTTP/1.1 204 No Content\r\nVary: RSC, Cookie\r\n\r\n", "204\nvary: Cookie", ""},
		{"vary checked", "@check vary\n", "HTTP/1.1 204 No Content\r\nVary: RSC, Accept-Encoding\r\n\r\n", "204\nvary: Accept-Encoding", ""},
		{"length checked", "@check content-length\n", plain, "200\ncontent-type: text/plain\ncontent-length: 3\n\nok", "header content-length:"},
		{"mask", "@mask id=([0-9]+) -> id\n", "HTTP/1.1 200 OK\r\nX-A: id=12\r\nContent-Length: 5\r\n\r\nid=34", "200\nx-a: id={{id}}\n\nid={{id}}", ""},
		{"mask without group", "@mask [0-9]+ -> n\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na1b22", "200\n\na{{n}}b{{n}}", ""},
		{"escapes", "", "HTTP/1.1 200 OK\r\nX-A: a\\b\xe9\r\nContent-Length: 4\r\n\r\n\r\n\xff ", "200\nx-a: a\\\\b\\xe9\n\n\\r\n\\xff\\x20", ""},
		{"directive-like body", "", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n@a", "200\n\n\\x40a", ""},
		{"page", "", "HTTP/1.1 404 Not Found\r\nContent-Type: text/x\r\nContent-Length: 1\r\n\r\nx", "404\n@page html", ""},
		{"page without a body", "", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404\n@page html", "body:"},
		{"failure with id", "", "HTTP/1.1 500 Internal Server Error\r\nX-Request-Id: 1\r\nContent-Length: 0\r\n\r\n", "500", ""},
		{"failure that tells", "", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 6\r\n\r\nsecret", "500", "body:"},
		{"cut", "", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", "@cut\n200\n\nab", ""},
		{"cut unexpectedly", "", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", "200\n\nab", "end of the body:"},
		{"closed", "", "", "@closed", ""},
		{"closed unexpectedly", "", "", "200", "connection:"},
		{"interim", "", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "204", ""},
		{"chunked", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n", "200\n\nab", ""},
		{"not HTTP", "", "nonsense\r\n\r\n", "200", "not an HTTP answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			failures := Replay(t.Context(), answer(t, c.raw), one(t, c.directives, c.want), Options{})
			switch {
			case c.diff == "" && len(failures) > 0:
				t.Error(failures[0])
			case c.diff != "" && (len(failures) == 0 || !strings.HasPrefix(failures[0].Diff[0], c.diff)):
				t.Errorf("got %v, want a difference in %s", failures, c.diff)
			}
		})
	}
}

// What Portico says of a kept answer beyond Next.js must be right.
func TestReplayComparesKeptAnswers(t *testing.T) {
	raw := func(lines ...string) string {
		return "HTTP/1.1 200 OK\r\n" + strings.Join(lines, "\r\n") + "\r\nContent-Length: 2\r\n\r\nok"
	}
	for _, c := range []struct{ name, raw, want, diff string }{
		{"hit", raw(`Etag: "a"`, "Cache-Status: Portico; hit; ttl=5", "X-Nextjs-Cache: HIT"), "200\nx-nextjs-cache: HIT\n\nok", ""},
		{"stale", raw(`Etag: "a"`, "Cache-Status: Portico; hit; ttl=-5", "X-Nextjs-Cache: STALE"), "200\nx-nextjs-cache: STALE\n\nok", ""},
		{"miss", raw(`Etag: "a"`, "Cache-Status: Portico; fwd=uri-miss; stored", "X-Nextjs-Cache: MISS"), "200\nx-nextjs-cache: MISS\n\nok", ""},
		{"stale and hit", raw(`Etag: "a"`, "Cache-Status: Portico; hit; ttl=5", "X-Nextjs-Cache: STALE"), "200\nx-nextjs-cache: STALE\n\nok", "header cache-status:"},
		{"no status", raw(`Etag: "a"`, "X-Nextjs-Cache: HIT"), "200\nx-nextjs-cache: HIT\n\nok", "header cache-status:"},
		{"no validator", raw("Cache-Status: Portico; hit", "X-Nextjs-Cache: HIT"), "200\nx-nextjs-cache: HIT\n\nok", "header etag:"},
		{"weak validator", raw(`Etag: W/"a"`, "Cache-Status: Portico; hit", "X-Nextjs-Cache: HIT"), "200\nx-nextjs-cache: HIT\n\nok", "header etag:"},
		{"the handler's validator", raw(`Etag: "b"`, "Cache-Status: Portico; hit", "X-Nextjs-Cache: HIT"), "200\netag: \"a\"\nx-nextjs-cache: HIT\n\nok", "header etag:"},
		{"not kept", raw("Cache-Status: Portico; hit"), "200\n\nok", "header cache-status:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			failures := Replay(t.Context(), answer(t, c.raw), one(t, "", c.want), Options{})
			switch {
			case c.diff == "" && len(failures) > 0:
				t.Error(failures[0])
			case c.diff != "" && (len(failures) == 0 || !strings.HasPrefix(failures[0].Diff[0], c.diff)):
				t.Errorf("got %v, want a difference in %s", failures, c.diff)
			}
		})
	}
}

// A server whose answers change: the entries move its clock, wait for the
// upstream, ask until, ask at once, and hand on what they have seen.
func TestReplayTakesItsTime(t *testing.T) {
	upstream, err := StartUpstream()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := upstream.Close(); err != nil {
			t.Error(err)
		}
	}()
	var clock, polls, crowd atomic.Int64
	together := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil
		switch r.URL.Path {
		case "/clock":
			fmt.Fprint(w, time.Duration(clock.Load()))
		case "/work":
			// The answer comes first.
			_ = http.NewResponseController(w).Flush()
			go func() {
				res, err := http.Get("http://" + upstream.Addr() + "/counter/work")
				if err != nil {
					t.Error(err)
					return
				}
				_ = res.Body.Close()
			}()
		case "/poll":
			fmt.Fprintf(w, "n=%d", polls.Add(1))
		case "/crowd":
			if crowd.Add(1) == 4 {
				close(together)
			}
			<-together
		case "/secret":
			w.Header().Set("X-Secret", "key=s3cret")
		case "/told":
			fmt.Fprint(w, r.Header.Get("X-Key"))
		}
	}))
	defer s.Close()
	const next = "< next 1.0.0\n< 200\n"
	tr, err := parse("t", "@recorded next@1.0.0\n"+
		"== clock\n@advance 1h30m\n> GET /clock\n"+next+"<\n< 1h30m0s\n"+
		"== later\n@advance 1s\n> GET /clock\n"+next+"<\n< 1h30m1s\n"+
		"== work\n> GET /work\n"+next+
		"== worked\n@to upstream\n@after work 1\n> GET /counter/work\n"+next+"< content-type: application/json\n<\n< {\"count\":2}\n"+
		"== poll\n@until n=3\n> GET /poll\n"+next+"<\n< n=3\n"+
		"== crowd\n@times 4\n> GET /crowd\n"+next+
		"== secret\n@capture key key=([0-9a-z]+)\n> GET /secret\n"+next+"< x-secret: key={{key}}\n"+
		"== told\n> GET /told\n> X-Key: {{key}}\n"+next+"<\n< {{key}}\n")
	if err != nil {
		t.Fatal(err)
	}
	if !tr.Clocked() {
		t.Error("the transcript moves the clock")
	}
	o := Options{Upstream: upstream, Advance: func(d time.Duration) { clock.Add(int64(d)) }}
	for _, f := range Replay(t.Context(), s.Listener.Addr().String(), tr, o) {
		t.Error(f)
	}
	if f := Replay(t.Context(), s.Listener.Addr().String(), tr, Options{Upstream: upstream, Only: func(id string) bool { return id == "clock" }}); len(f) != 1 || f[0].Diff[0] != "the entry needs a clock" {
		t.Errorf("without a clock: %v", f)
	}
}

func TestKnownFailures(t *testing.T) {
	addr := answer(t, "HTTP/1.1 204 No Content\r\n\r\n")
	right, wrong := one(t, "", "204"), one(t, "", "205")
	for _, c := range []struct {
		name             string
		tr               *Transcript
		known            map[string]string
		failed, expected bool
	}{
		{"right", right, nil, false, false},
		{"wrong", wrong, nil, true, false},
		{"known", wrong, map[string]string{"a": "why"}, true, true},
		{"known but right", right, map[string]string{"a": "why"}, true, false},
		{"the whole app", wrong, map[string]string{wholeApp: "why"}, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.tr.Known = c.known
			failures := Replay(t.Context(), addr, c.tr, Options{})
			if got := len(failures) > 0; got != c.failed {
				t.Fatalf("failed is %v, want %v", got, c.failed)
			}
			if c.failed && failures[0].Expected() != c.expected {
				t.Errorf("expected is %v, want %v: %v", !c.expected, c.expected, failures[0])
			}
		})
	}
}

// A gate is opened by what has come so far, and a hang-up leaves the rest.
func TestReplayStreams(t *testing.T) {
	u, err := StartUpstream()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := u.Close(); err != nil {
			t.Error(err)
		}
	}()
	left := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		send(w, "text/plain", "first ")
		if r.URL.Path == "/forever" {
			<-r.Context().Done()
			close(left)
			return
		}
		res, err := http.Get("http://" + u.Addr() + "/gate/g")
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Error(err)
		}
		send(w, "text/plain", string(b))
	}))
	defer server.Close()
	tr, err := parse("t", `@recorded next@1.0.0
== gated
@open g when first
> GET /
< next 1.0.0
< 200
< content-type: text/plain
<
< first open
== left
@hangup first
> GET /forever
< next 1.0.0
< @cut
< 200
< content-type: text/plain
<
< first\x20
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Replay(t.Context(), server.Listener.Addr().String(), tr, Options{Upstream: u}) {
		t.Error(f)
	}
	<-left
}

func TestCheckLoad(t *testing.T) {
	const head = "@recorded next@1.0.0\n== load\n@build\n< next 1.0.0\n"
	for _, c := range []struct {
		name, text, output string
		notLoaded, failed  bool
	}{
		{"loads", "< @loads\n", "", false, false},
		{"loads not", "< @loads\n", "", true, true},
		{"fails", "< @fails build\n<\n< Error: of Next\n", "ours", true, false},
		{"fails not", "< @fails build\n", "", false, true},
		{"says why", "< @loads\n! reason: r\n! @fails start\n!\n! app/x\n! hint:\n", "error: app/x: no\nhint: yes", true, false},
		{"says not why", "< @loads\n! reason: r\n! @fails start\n!\n! app/x\n! hint:\n", "error: app/x: no", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, err := parse("t", head+c.text)
			if err != nil {
				t.Fatal(err)
			}
			failures := CheckLoad(tr, c.output, Options{NotLoaded: c.notLoaded})
			if got := len(failures) > 0; got != c.failed {
				t.Errorf("failed is %v, want %v: %v", got, c.failed, failures)
			}
		})
	}
}

// Every difference that a transcript claims is a line of docs/differences.md.
func TestDifferencesAreDocumented(t *testing.T) {
	var reasons []string
	for _, file := range transcripts(t) {
		tr, err := Load(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range tr.Entries {
			if e.portico != nil {
				reasons = append(reasons, e.portico.reason)
			}
		}
	}
	slices.Sort(reasons)
	reasons = slices.Compact(reasons)
	for _, r := range reasons {
		t.Log(r)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "differences.md"))
	if os.IsNotExist(err) {
		t.Skip("docs/differences.md not in tree yet")
	}
	if err != nil {
		t.Fatal(err)
	}
	// The page may break its lines where it likes.
	text := strings.Join(strings.Fields(string(page)), " ")
	for _, r := range reasons {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(r)) {
			t.Error(fmt.Errorf("docs/differences.md does not have: %s", r))
		}
	}
}
