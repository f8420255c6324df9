package edge_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/portico-dev/portico"
)

// start serves the example on a port, since it is about who connects, with a
// catalog behind it.
func start(t *testing.T) string {
	t.Helper()
	catalog := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path+" for "+r.Header.Get("X-Forwarded-For")+" at "+r.Header.Get("X-Forwarded-Proto")+"://"+r.Header.Get("X-Forwarded-Host"))
	}))
	t.Cleanup(catalog.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	app := portico.New(portico.Config{
		Dir: ".", Cache: "memory", Environ: []string{"CATALOG=" + catalog.URL}, Logger: slog.New(slog.DiscardHandler),
		OnListen: func(net.Addr) { close(ready) },
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- app.Serve(ctx, l) }()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

func TestEdge(t *testing.T) {
	base := start(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	proxied := []string{"X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https"}
	cookie := []string{"Cookie", "session=1"}
	for _, c := range []struct {
		name, method, path, host string
		header                   []string // names and values
		body                     string
		status                   int
		want                     []string // "Name: value" lines of the answer
		text                     string   // a part of its body
	}{
		{name: "a client behind the proxy", path: "/api/whoami", header: proxied, status: 200, text: `{"url":"https://shop.example/api/whoami","client":"203.0.113.9"}`},
		{name: "a client's own claim in front of the proxy's", path: "/api/whoami", header: []string{"X-Forwarded-For", "6.6.6.6, 203.0.113.9"}, status: 200, text: `"client":"203.0.113.9"`},
		{name: "another host", path: "/api/whoami", host: "evil.example", status: 421, text: "evil.example"},
		{name: "a preflight", method: "OPTIONS", path: "/api/notes", header: []string{"Origin", "https://app.example", "Access-Control-Request-Method", "POST"},
			status: 204, want: []string{"Access-Control-Allow-Origin: https://app.example", "Access-Control-Allow-Credentials: true", "Access-Control-Max-Age: 600"}},
		{name: "a foreign preflight", method: "OPTIONS", path: "/api/notes", header: []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "POST"},
			status: 204, want: []string{"Access-Control-Allow-Origin: "}},
		{name: "a page of ours", method: "POST", path: "/api/notes", header: append([]string{"Origin", "http://shop.example"}, cookie...), body: "hello", status: 201, text: `{"length":5}`},
		{name: "a page with CORS", method: "POST", path: "/api/notes", header: append([]string{"Origin", "https://app.example", "Sec-Fetch-Site", "cross-site"}, cookie...), body: "hello", status: 201,
			want: []string{"Access-Control-Allow-Origin: https://app.example"}},
		{name: "a trusted page", method: "POST", path: "/api/notes", header: append([]string{"Origin", "https://admin.shop.example", "Sec-Fetch-Site", "same-site"}, cookie...), body: "hello", status: 201},
		{name: "a foreign page", method: "POST", path: "/api/notes", header: append([]string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, cookie...), body: "hello",
			status: 403, text: "csrf: { trustedOrigins: ['https://evil.example'] }"},
		{name: "a webhook", method: "POST", path: "/api/webhook", header: append([]string{"Origin", "https://evil.example"}, cookie...), body: `{"type":"paid"}`, status: 200, text: `{"received":"paid"}`},
		{name: "over the route's limit", method: "POST", path: "/api/notes", body: strings.Repeat("x", 1025), status: 413},
		{name: "over the limit of all", method: "POST", path: "/api/webhook", body: `"` + strings.Repeat("x", 64<<10) + `"`, status: 413},
		{name: "the catalog", path: "/catalog/items/7", header: proxied, status: 200, text: "/items/7 for 203.0.113.9, 127.0.0.1 at https://shop.example"},
		{name: "health", path: "/healthz", status: 200, text: `{"status":"ready"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), c.method, base+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if req.Host = c.host; c.host == "" {
				req.Host = "shop.example"
			}
			for i := 0; i < len(c.header); i += 2 {
				req.Header.Set(c.header[i], c.header[i+1])
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			b, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != c.status || !strings.Contains(string(b), c.text) {
				t.Errorf("got %d %q, want %d and %q", res.StatusCode, b, c.status, c.text)
			}
			for _, line := range c.want {
				name, value, _ := strings.Cut(line, ": ")
				if have := res.Header.Get(name); have != value {
					t.Errorf("%s is %q, want %q", name, have, value)
				}
			}
		})
	}
}
