package spa_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

// asked is an answer, read whole.
type asked struct {
	status int
	header http.Header
	body   string
}

func ask(t *testing.T, s *porticotest.Server, method, path, body string, lines ...string) asked {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return asked{res.StatusCode, res.Header, string(b)}
}

const navigation = "Accept: text/html"

func TestPages(t *testing.T) {
	s := porticotest.New(t, portico.Config{Dir: "."})
	index := ask(t, s, "GET", "/", "", navigation)
	if index.status != 200 || index.header.Get("Cache-Control") != "no-cache" || !strings.Contains(index.body, "<main") {
		t.Fatalf("the page is %+v", index)
	}
	// Whatever the page names is there.
	names := regexp.MustCompile(`(?:href|src)="(/[^"]*\.\w+)"`).FindAllStringSubmatch(index.body, -1)
	if len(names) != 3 {
		t.Errorf("the page names %v", names)
	}
	for _, m := range names {
		if a := ask(t, s, "GET", m[1], ""); a.status != 200 || strings.HasPrefix(m[1], "/assets/") != strings.HasSuffix(a.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s is %d %v", m[1], a.status, a.header)
		}
	}
	for _, c := range []struct {
		path, line string
		status     int
		page       bool
	}{
		{"/about", navigation, 200, true},
		{"/notes/7", navigation, 200, true},
		{"/about", "Accept: */*", 404, false},
		{"/assets/old.js", navigation, 404, false},
		{"/robots.txt", navigation, 200, false},
		{"/api/session", navigation, 200, false},
	} {
		if a := ask(t, s, "GET", c.path, "", c.line); a.status != c.status || (a.body == index.body) != c.page {
			t.Errorf("%s %s is %d %.50q", c.path, c.line, a.status, a.body)
		}
	}
}

// A visitor logs in, keeps the cookie, writes a note and sees events come.
func TestVisit(t *testing.T) {
	s := porticotest.New(t, portico.Config{Dir: "."})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Client().Jar = jar
	for _, step := range []struct {
		method, path, send string
		status             int
		want               string
	}{
		{"GET", "/api/notes", "", 401, `{"error":"log in first"}`},
		{"POST", "/api/session", `{"name":"Jane <b>"}`, 400, `{"error":"a name is up to 20 small letters"}`},
		{"POST", "/api/session", `{"name":"jane"}`, 201, `{"user":"jane"}`},
		{"GET", "/api/session", "", 200, `{"user":"jane"}`},
		{"POST", "/api/notes", `{"text":"hello"}`, 201, `{"user":"jane","text":"hello"}`},
		{"GET", "/api/notes", "", 200, `[{"user":"jane","text":"hello"}]`},
		{"DELETE", "/api/session", "", 204, ""},
		{"GET", "/api/session", "", 200, `{"user":null}`},
	} {
		if a := ask(t, s, step.method, step.path, step.send, "Origin: "+s.URL); a.status != step.status || a.body != step.want {
			t.Errorf("%s %s: got %d %s, want %d %s", step.method, step.path, a.status, a.body, step.status, step.want)
		}
	}
	res, err := s.Client().Get(s.URL + "/api/ticks")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewReader(res.Body)
	for n := 1; n <= 2; n++ {
		if line, err := lines.ReadString('\n'); err != nil || line != fmt.Sprintf("data: %d\n", n) {
			t.Fatalf("event %d is %q, %v", n, line, err)
		}
		if line, err := lines.ReadString('\n'); err != nil || line != "\n" {
			t.Fatalf("after event %d: %q, %v", n, line, err)
		}
	}
}

// In development the page comes from the frontend's own server.
func TestDevelopment(t *testing.T) {
	vite := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "vite "+r.URL.Path) }))
	defer vite.Close()
	s := porticotest.New(t, portico.Config{Dir: ".", Dev: true, Environ: []string{"FRONTEND=" + vite.URL}})
	for path, want := range map[string]string{"/": "vite /", "/src/main.ts": "vite /src/main.ts", "/api/session": `{"user":null}`} {
		if a := ask(t, s, "GET", path, "", navigation); a.status != 200 || a.body != want {
			t.Errorf("%s is %d %s", path, a.status, a.body)
		}
	}
}
