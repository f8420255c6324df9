package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// exchange is a request of a page and what came of it.
type exchange struct {
	method, url string
	header      network.Headers // as the page sees it
	status      int64           // as the page sees it, 0 until then
	wire        int64           // as the server sent it: 304, where the page sees 200
	cached      bool            // no server was asked
	protocol    string          // "h2"
	failed      string          // why there is no answer
}

// get returns a header of the answer, or "".
func (e exchange) get(name string) string {
	for k, v := range e.header {
		if strings.EqualFold(k, name) {
			return fmt.Sprint(v)
		}
	}
	return ""
}

// socket is a WebSocket of a page.
type socket struct {
	url      string
	received []string
}

// tab is a page in Chromium, with cookies and a cache of its own.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	byID     map[network.RequestID]*exchange
	all      []*exchange
	sockets  map[network.RequestID]*socket
	problems []string      // what no script has caught
	changed  chan struct{} // closed when any of these changes
}

// newTab opens one, or skips the test. It is closed when the test is over, which
// fails if a script of the page threw.
func newTab(t *testing.T) *tab {
	t.Helper()
	if lab.chromium == nil {
		t.Skip("needs Chromium, which is not here")
	}
	p := &tab{t: t, byID: map[network.RequestID]*exchange{}, sockets: map[network.RequestID]*socket{}, changed: make(chan struct{})}
	ctx, closeTab := chromedp.NewContext(lab.chromium, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.hear))
	p.ctx = ctx
	t.Cleanup(func() {
		if t.Failed() {
			p.mu.Lock()
			for _, e := range p.all {
				t.Logf("%s %s: %d, on the wire %d, cached %v %s", e.method, e.url, e.status, e.wire, e.cached, e.failed)
			}
			p.mu.Unlock()
		}
		closeTab()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, problem := range p.problems {
			t.Errorf("the page threw: %s", problem)
		}
	})
	if err := chromedp.Do(ctx); err != nil { // it lives as long as this context
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, func(ctx context.Context, target *chromedp.Target) (cdp.Empty, error) {
		return cdp.Call(ctx, target, network.Enable, network.EnableParams{})
	}); err != nil {
		t.Fatal(err)
	}
	return p
}

// hear notes what Chromium tells of the page.
func (p *tab) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := func(id network.RequestID) *exchange {
		e := p.byID[id]
		if e == nil { // the answer on the wire may be told first
			e = &exchange{}
			p.byID[id] = e
		}
		return e
	}
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		e := of(event.RequestID)
		e.method, e.url = event.Request.Method, event.Request.URL
		p.all = append(p.all, e)
	case *network.EventResponseReceived:
		e := of(event.RequestID)
		e.status, e.header, e.protocol = event.Response.Status, event.Response.Headers, event.Response.Protocol
		e.cached = e.cached || event.Response.FromDiskCache
	case *network.EventResponseReceivedExtraInfo:
		of(event.RequestID).wire = event.StatusCode
	case *network.EventRequestServedFromCache:
		of(event.RequestID).cached = true
	case *network.EventLoadingFailed:
		e := of(event.RequestID)
		e.failed = event.ErrorText
		if event.CorsErrorStatus != nil {
			e.failed = string(event.CorsErrorStatus.CorsError)
		}
	case *network.EventWebSocketCreated:
		p.sockets[event.RequestID] = &socket{url: event.URL}
	case *network.EventWebSocketFrameReceived:
		if s := p.sockets[event.RequestID]; s != nil {
			s.received = append(s.received, string(event.Response.PayloadData))
		}
	case *runtime.EventExceptionThrown:
		problem := event.ExceptionDetails.Text
		if thrown := event.ExceptionDetails.Exception; thrown != nil {
			problem += " " + thrown.Description
		}
		p.problems = append(p.problems, problem)
	default:
		return
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// exchange waits for the latest request to a URL until it is as it must be.
func (p *tab) exchange(method, url string, ok func(exchange) bool) exchange {
	p.t.Helper()
	late := time.After(patience)
	for {
		p.mu.Lock()
		var last exchange
		for _, e := range p.all {
			if e.method == method && e.url == url {
				last = *e
			}
		}
		changed := p.changed
		p.mu.Unlock()
		if ok(last) {
			return last
		}
		select {
		case <-changed:
		case <-late:
			p.t.Fatalf("%s %s is %+v", method, url, last)
		}
	}
}

// receives waits for a message on a WebSocket.
func (p *tab) receives(url, message string) {
	p.t.Helper()
	late := time.After(patience)
	for {
		p.mu.Lock()
		all, there := "", false
		for _, s := range p.sockets {
			all += fmt.Sprintf("%s %q\n", s.url, s.received)
			there = there || strings.HasPrefix(s.url, url) && slices.Contains(s.received, message)
		}
		changed := p.changed
		p.mu.Unlock()
		if there {
			return
		}
		select {
		case <-changed:
		case <-late:
			p.t.Fatalf("no WebSocket to %s has received %s: %s", url, message, all)
		}
	}
}

// asked counts the requests to a URL.
func (p *tab) asked(url string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.all {
		if e.url == url {
			n++
		}
	}
	return n
}

// do runs steps in order.
func (p *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

func (p *tab) open(url string) {
	p.t.Helper()
	p.do("opening "+url, chromedp.Navigate(url))
}

func (p *tab) reload() {
	p.t.Helper()
	p.do("reloading", chromedp.Reload())
}

func (p *tab) click(id string) {
	p.t.Helper()
	p.do("clicking on "+id, chromedp.Click(chromedp.CSS(id)))
}

func (p *tab) write(id, text string) {
	p.t.Helper()
	p.do("writing into "+id, chromedp.SetValue(chromedp.CSS(id), text))
}

// eval returns what an expression is in the page, promises awaited, as a string.
func (p *tab) eval(expression string) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string]("(async () => String(await ("+expression+")))()", chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return got
}

func (p *tab) is(expression, want string) {
	p.t.Helper()
	if got := p.eval(expression); got != want {
		p.t.Errorf("%s is %q, want %q", expression, got, want)
	}
}

// until waits for the document to change until an expression is what it must be.
func (p *tab) until(expression, want string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf(`new Promise((done) => {
		const look = () => {
			if (String(%s) !== %s) return
			observer.disconnect()
			done(true)
		}
		const observer = new MutationObserver(look)
		observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true })
		look()
	})`, expression, quote(want)), chromedp.EvalAwaitPromise))
	if err == nil {
		return
	}
	got := "?"
	if ctx.Err() != nil {
		got = p.eval(expression) + " in " + p.eval("document.body.innerText")
	}
	p.t.Fatalf("%s is %q, and not %q: %v", expression, got, want, err)
}

// texts waits until the elements of a selector have these texts.
func (p *tab) texts(selector string, want ...string) {
	p.t.Helper()
	p.until("[...document.querySelectorAll("+quote(selector)+")].map((e) => e.textContent).join('|')", strings.Join(want, "|"))
}

// shot takes a picture, if somebody wants it.
func (p *tab) shot(name string) {
	p.t.Helper()
	dir := os.Getenv("PORTICO_SCREENSHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// quote writes a string as a script has it.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings can be written
	}
	return string(b)
}
