package browser

import "testing"

// A second server is another origin of the same site: cookies go there, and
// only CORS lets a page read what comes back.
func TestOtherOrigin(t *testing.T) {
	dir := built(t, "esbuild")
	p := newTab(t)
	port := serve(t, "start", dir)
	page := "http://localhost:" + port
	other := "http://localhost:" + serve(t, "start", dir, "PARTNER="+page)

	p.open(page + "/")
	p.texts("h1", "Good morning")
	p.is("fetch('/api/session', { method: 'POST', body: JSON.stringify({ name: 'jane' }) }).then((r) => r.status)", "201")

	const tell = ".then(async (r) => `${r.status} ${await r.text()}`, (e) => `${e.name}: ${e.message}`)"
	const refused = "TypeError: Failed to fetch"
	fetch := func(path, init string) string { return "fetch(" + quote(other+path) + ", " + init + ")" + tell }

	// Without CORS there is nothing to read, though the server has answered.
	p.is(fetch("/api/session", "{ credentials: 'include' }"), refused)
	if e := p.exchange("GET", other+"/api/session", func(e exchange) bool { return e.wire != 0 && e.failed != "" }); e.wire != 200 || e.failed != "MissingAllowOriginHeader" {
		t.Errorf("without CORS: %+v", e)
	}
	// A preflight that fails: the request itself is never sent.
	p.is(fetch("/api/notes", "{ method: 'PUT', body: '{}' }"), refused)

	// With it there is, and who asks is known.
	p.is(fetch("/partner", "{ credentials: 'include' }"), `200 {"user":"jane"}`)
	p.is(fetch("/partner", "{}"), `200 {"user":null}`)
	p.is(fetch("/partner", "{ method: 'PUT', credentials: 'include', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ n: 1 }) }"), `200 {"put":{"n":1}}`)
	if e := p.exchange("OPTIONS", other+"/partner", func(e exchange) bool { return e.status != 0 }); e.status != 204 {
		t.Errorf("the preflight is %+v", e)
	}
	// A header that is not among the allowed ones.
	p.is(fetch("/partner", "{ headers: { 'x-other': '1' } }"), refused)

	// A form needs no CORS to be sent, and the cookie goes with it: it is our own
	// check that refuses it.
	p.is(fetch("/api/notes", "{ method: 'POST', mode: 'no-cors', credentials: 'include', body: 'forged' }"), "0 ")
	if e := p.exchange("POST", other+"/api/notes", func(e exchange) bool { return e.wire != 0 }); e.wire != 403 {
		t.Errorf("a form of another origin is %d", e.wire)
	}

	// At an origin that is not allowed, the same answer stays unread.
	stranger := "http://127.0.0.1:" + port
	p.open(stranger + "/")
	p.texts("h1", "Good morning")
	p.is(fetch("/partner", "{}"), refused)
	p.is("fetch('/partner').then((r) => r.status)", "200")
	p.is(fetch("/api/notes", "{ method: 'POST', mode: 'no-cors', credentials: 'include', body: 'forged' }"), "0 ")

	if e := p.exchange("POST", other+"/api/notes", func(e exchange) bool { return e.wire != 0 && e.wire != 403 }); e.wire != 401 {
		t.Errorf("a form of another site, which has no cookie of ours, is %d", e.wire)
	}
	p.open(other + "/")
	p.texts("#notes li", "buy tea", "read RFC 9111", "water the plants")
}
