package ratelimit_test

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

func TestRateLimit(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s := porticotest.New(t, portico.Config{Dir: ".", Cache: "memory", Now: func() time.Time { return now }, TrustedProxies: []string{"192.0.2.1"}})
	login := func(email string) string { return `{"email":"` + email + `","password":"guess"}` }
	for _, c := range []struct {
		name   string
		times  int
		pass   time.Duration // before them
		method string
		target string
		from   string
		key    string // X-Api-Key
		body   string
		status int
		header string // "Name: value" of the last answer
		text   string // a part of its body
	}{
		{name: "the guide's handler", times: 10, method: "POST", target: "/resource", status: 204},
		{name: "once too often", times: 1, method: "POST", target: "/resource", status: 429, text: `{"error":"Rate limit exceeded"}`},
		{name: "somebody else", times: 1, method: "POST", target: "/resource", from: "203.0.113.10", status: 204},
		{name: "a little later", times: 1, pass: 6 * time.Second, method: "POST", target: "/resource", status: 204},
		{name: "a search for all shops", times: 1, method: "GET", target: "/api/search", key: "key-of-ann", status: 200, header: `RateLimit: "/api/search";r=20;t=4`},
		{name: "searches in one", times: 20, method: "GET", target: "/api/search?shop=1", key: "key-of-ann", status: 200, header: `RateLimit: "/api/search";r=0;t=10`},
		{name: "one too many", times: 1, method: "GET", target: "/api/search?shop=1", key: "key-of-ann", status: 429, header: "Retry-After: 1"},
		{name: "the same address with another key", times: 1, method: "GET", target: "/api/search", key: "key-of-bob", status: 200},
		{name: "made-up keys", times: 3, method: "GET", target: "/api/search", key: "made-up", status: 200},
		{name: "another made-up key", times: 1, method: "GET", target: "/api/search", key: "made-up-too", status: 429},
		{name: "guesses from one address", times: 4, method: "POST", target: "/api/login", from: "203.0.113.20", body: login("ann@example.com"), status: 401, header: `RateLimit: "login";r=6;t=360`},
		{name: "from another", times: 1, method: "POST", target: "/api/login", from: "203.0.113.21", body: login("ANN@example.com "), status: 401},
		{name: "from a third", times: 1, method: "POST", target: "/api/login", from: "203.0.113.22", body: login("ann@example.com"), status: 429, header: "Retry-After: 180", text: "try again in 180 seconds"},
		{name: "all that an address may try", times: 4, method: "POST", target: "/api/login", from: "203.0.113.20", body: login("bob@example.com"), status: 401},
		{name: "of another account", times: 2, method: "POST", target: "/api/login", from: "203.0.113.20", body: login("eve@example.com"), status: 401},
		{name: "and no more", times: 1, method: "POST", target: "/api/login", from: "203.0.113.20", body: login("zoe@example.com"), status: 429, header: `RateLimit-Policy: "login";q=10;w=900`, text: "Too Many Requests"},
	} {
		now = now.Add(c.pass)
		for i := range c.times {
			req, err := http.NewRequest(c.method, s.URL+c.target, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if c.from == "" {
				c.from = "203.0.113.9"
			}
			req.Header.Set("X-Forwarded-For", c.from)
			if c.key != "" {
				req.Header.Set("X-Api-Key", c.key)
			}
			res, err := s.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			name, value, _ := strings.Cut(c.header, ": ")
			last := i == c.times-1
			if res.StatusCode != c.status || last && (res.Header.Get(name) != value || !strings.Contains(string(b), c.text)) {
				t.Errorf("%s, %d: %d %v %s", c.name, i, res.StatusCode, res.Header, b)
			}
		}
	}
}

// The README shows the file that is there.
func TestReadme(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	line, err := os.ReadFile("lib/rate-limit.ts")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```ts\n"+string(line)+"```") {
		t.Error("README.md has another lib/rate-limit.ts")
	}
}
