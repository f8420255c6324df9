package browser

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A visitor logs in, is known again, reads notes, sees events come one by one
// and follows links: a frontend that was built, and its handlers, at one origin.
func TestVisit(t *testing.T) {
	for _, c := range []struct {
		bundler, scheme, protocol string
	}{
		{"esbuild", "http", "http/1.1"},
		{"esbuild", "https", "h2"},
		{"vite", "http", "http/1.1"},
	} {
		t.Run(c.bundler+" "+c.scheme, func(t *testing.T) {
			p := newTab(t)
			dir := built(t, c.bundler)
			var env []string
			if c.scheme == "https" {
				env = lab.cert
			}
			origin := c.scheme + "://localhost:" + serve(t, "start", dir, env...)

			p.open(origin + "/")
			p.texts("h1", "Good morning")
			first := p.exchange("GET", origin+"/", func(e exchange) bool { return e.wire != 0 })
			if first.wire != 200 || first.protocol != c.protocol || first.get("Cache-Control") != "no-cache" {
				t.Errorf("the page is %+v", first)
			}

			// Each event is there before the next one is sent.
			p.until("document.getElementById('events').dataset.open", "yes")
			var sent []string
			for _, text := range []string{"one", "two", "three"} {
				if n := ask(t, "POST", origin+"/api/events", text, 200); n != "1" {
					t.Errorf("%s listen to the events, want 1", n)
				}
				sent = append(sent, text)
				p.texts("#events li", sent...)
			}

			p.texts("#login button", "Log in")
			p.is("fetch('/api/notes').then(async (r) => r.status + (await r.json()).error)", "401log in first")
			p.write("#name", "Jane <b>")
			p.click("#login button")
			p.texts("#problem", "a name is up to 20 small letters")
			p.write("#name", "jane")
			p.click("#login button")
			p.texts("#user", "Logged in as jane")
			p.texts("#notes li", "buy tea", "read RFC 9111", "water the plants")
			p.is("document.cookie", "") // HttpOnly
			p.shot("visit-" + c.bundler + "-" + c.scheme)

			// The script's router answers, and no server is asked for a page.
			p.click("nav a:last-child")
			p.texts("#note", "read RFC 9111")
			p.is("location.pathname", "/notes/1")
			if n := p.asked(origin + "/notes/1"); n != 0 {
				t.Errorf("the server was asked %d times for a page of the script", n)
			}
			p.reload()
			p.texts("#note", "read RFC 9111") // the cookie is still there
			deep := p.exchange("GET", origin+"/notes/1", func(e exchange) bool { return e.wire != 0 && e.status != 0 })
			if deep.wire != 200 || deep.get("Cache-Control") != "no-cache" || !strings.HasPrefix(deep.get("Content-Type"), "text/html") {
				t.Errorf("a deep link is %+v", deep)
			}
			p.click("nav a:first-child")
			p.texts("#user", "Logged in as jane")
			p.open(origin + "/nowhere/at/all")
			p.texts("#missing", "There is no page /nowhere/at/all")
			p.is("fetch('/assets/old.js').then((r) => r.status)", "404")

			// What has a hash in its name is asked for once, and the page each time.
			assets := strings.Fields(p.eval("[...document.querySelectorAll('script[src], link[rel=stylesheet]')].map((e) => e.src || e.href).join(' ')"))
			if len(assets) != 2 {
				t.Errorf("the page names %v", assets)
			}
			p.open(origin + "/")
			p.texts("h1", "Good morning")
			for _, url := range assets {
				e := p.exchange("GET", url, func(e exchange) bool { return e.status != 0 })
				if !e.cached || e.status != 200 || e.get("Cache-Control") != "public, max-age=31536000, immutable" {
					t.Errorf("%s is %+v", url, e)
				}
			}
			again := p.exchange("GET", origin+"/", func(e exchange) bool { return e.wire != 0 && e.wire != first.wire })
			if again.wire != 304 || again.status != 200 && again.status != 304 {
				t.Errorf("the page is %+v when it is opened again", again)
			}

			// The page goes, and its stream ends.
			p.click("#out")
			p.texts("#login button", "Log in")
			p.is("fetch('/api/session').then((r) => r.text())", `{"user":null}`)
			p.open("about:blank")
			ask(t, "DELETE", origin+"/api/events", "", 204)
		})
	}
}

// An answer that is kept is sent once, and known by its ETag from then on.
func TestKeptAnswer(t *testing.T) {
	p := newTab(t)
	origin := "http://localhost:" + serve(t, "start", built(t, "esbuild"))
	p.open(origin + "/")
	const get = "fetch('/api/rates').then(async (r) => r.status + ' ' + r.headers.get('etag') + ' ' + (await r.json()).length)"
	first := p.eval(get)
	if !strings.HasPrefix(first, "200 ") || !strings.HasSuffix(first, " 200") || strings.Contains(first, "null") {
		t.Errorf("the answer is %s", first)
	}
	if e := p.exchange("GET", origin+"/api/rates", func(e exchange) bool { return e.wire != 0 }); e.wire != 200 || e.get("X-Nextjs-Cache") != "HIT" {
		t.Errorf("the answer is %+v", e)
	}
	p.is(get, first)
	if e := p.exchange("GET", origin+"/api/rates", func(e exchange) bool { return e.wire == 304 }); e.cached {
		t.Errorf("the answer is %+v", e)
	}
}

// Browsers take brotli and zstd only where nobody can be between: over TLS and
// at localhost. Elsewhere gzip is what they say, and get.
func TestEncodings(t *testing.T) {
	dir := built(t, "esbuild")
	for name, want := range map[string][]string{
		"http://localhost":  {"br", "zstd"},
		"https://localhost": {"br", "zstd"},
		"http://app.test":   {"gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newTab(t)
			var env []string
			if strings.HasPrefix(name, "https:") {
				env = lab.cert
			}
			origin := name + ":" + serve(t, "start", dir, env...)
			p.open(origin + "/")
			p.texts("h1", "Good morning")
			p.is("fetch('/api/rates').then(async (r) => (await r.json()).length)", "200")
			script := p.eval("document.querySelector('script[src]').src")
			for _, url := range []string{origin + "/api/rates", script} {
				e := p.exchange("GET", url, func(e exchange) bool { return e.status != 0 })
				if !slices.Contains(want, e.get("Content-Encoding")) || !strings.Contains(strings.ToLower(e.get("Vary")), "accept-encoding") {
					t.Errorf("%s is %v, want %v", url, e.header, want)
				}
			}
		})
	}
}

// The example visits itself: its frontend needs no build.
func TestExample(t *testing.T) {
	p := newTab(t)
	origin := "http://localhost:" + serve(t, "start", project(t, "../../examples/spa"))
	p.open(origin + "/")
	p.texts("form button", "Log in")
	p.write("input", "jane")
	p.click("form button")
	p.texts("form button", "Note")
	p.write("input", "hello")
	p.click("form button")
	p.texts("li", "janehello")
	p.until("/^\\d+ s$/.test(document.getElementById('ticks').textContent)", "true")
	p.shot("example")
	p.click("nav a:nth-child(2)")
	p.texts("#app p", "The page, its script and its API are of one origin.")
	p.reload()
	p.texts("#app p", "The page, its script and its API are of one origin.")
	p.is("location.pathname", "/about")
}

// In development Vite's own server stands behind: what is edited is replaced in
// the page, which is not loaded again.
func TestHotReplacement(t *testing.T) {
	p := newTab(t)
	dir := project(t, fixture)
	web := filepath.Join(dir, "web")
	behind := start(t, vite(t, web, "--host", "127.0.0.1", "--port", "0", "--strictPort"), regexp.MustCompile(`Local:\s+http://127\.0\.0\.1:(\d+)/`))
	port := serve(t, "dev", dir, "FRONTEND=http://127.0.0.1:"+behind)
	origin := "http://localhost:" + port

	p.open(origin + "/notes/1")
	p.texts("h1", "Good morning")
	p.texts("#note", "log in first") // our handler
	p.is("globalThis.stays = 'yes'", "yes")
	p.receives("ws://localhost:"+port+"/", `{"type":"connected"}`)

	edit(t, filepath.Join(web, "src", "greeting.ts"), "Good morning", "Good evening")
	p.texts("h1", "Good evening")
	p.is("getComputedStyle(document.querySelector('h1')).color", "rgb(0, 90, 160)")
	edit(t, filepath.Join(web, "src", "style.css"), "rgb(0, 90, 160)", "rgb(160, 40, 0)")
	p.until("getComputedStyle(document.querySelector('h1')).color", "rgb(160, 40, 0)")
	p.is("globalThis.stays", "yes")
	p.shot("vite")
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sockets {
		if !strings.HasPrefix(s.url, "ws://localhost:"+port+"/") {
			t.Errorf("the page has a WebSocket to %s, past Portico", s.url)
		}
	}
}

func edit(t *testing.T, file, old, text string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), old) {
		t.Fatalf("%s has no %s", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(b), old, text)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A handler that throws in development shows where, in a page for people.
func TestErrorPage(t *testing.T) {
	p := newTab(t)
	dir := built(t, "esbuild")
	if err := os.MkdirAll(filepath.Join(dir, "app", "broken"), 0o755); err != nil {
		t.Fatal(err)
	}
	source := "function total(prices: number[] | undefined) {\n  return prices!.reduce((a, b) => a + b)\n}\n\nexport async function GET() {\n  return Response.json({ total: total(undefined) })\n}\n"
	file := filepath.Join(dir, "app", "broken", "route.ts")
	if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	origin := "http://localhost:" + serve(t, "dev", dir)
	p.open(origin + "/broken")
	p.shot("error")
	if text := p.eval("document.body.innerText"); !strings.Contains(text, "app/broken/route.ts:2:") || !strings.Contains(text, "TypeError") || !strings.Contains(text, "prices!.reduce") {
		t.Errorf("the page of the error is %s", text)
	}
}
