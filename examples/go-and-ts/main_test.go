package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

func start(t *testing.T) *porticotest.Server {
	return porticotest.New(t, portico.Config{FS: project}, func(app *portico.App) { register(app, newLibrary()) })
}

// ask sends a request and reads its answer.
func ask(t *testing.T, s *porticotest.Server, method, path, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
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
	return res, string(b)
}

func TestRoutes(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		method, path string
		status       int
		typ, body    string // body is a part of it
	}{
		{"GET", "/api/books", 200, "application/json", `{"id":1,"title":"The Left Hand of Darkness"`},
		{"GET", "/api/books/2", 200, "application/json", `"The Dispossessed"`},
		{"GET", "/api/books/99", 404, "application/json", `there is no such book`},
		{"GET", "/api/books/export", 200, "text/csv; charset=utf-8", "id,title\n1,\"The Left Hand of Darkness\"\n"},
		{"GET", "/api/books/3/cover", 200, "image/svg+xml", "Invisible Cities"},
		{"GET", "/api/books/99/cover", 404, "application/json", `there is no book 99`},
		{"GET", "/api/authors/le%20guin", 200, "application/json", `[{"title":"The Left Hand of Darkness","decade":"1960s"},{"title":"The Dispossessed","decade":"1970s"}]`},
		{"GET", "/api/authors/nobody", 404, "application/json", `nothing by nobody`},
		{"GET", "/.well-known/api-catalog", 200, "application/linkset+json", `"anchor":"http://app.test/api/books"`},
		{"POST", "/api/books/2", 405, "", ""},
		{"POST", "/api/books/2/cover", 405, "", ""},
		{"HEAD", "/api/books/2/cover", 200, "image/svg+xml", ""},
		{"GET", "/api/nothing", 404, "text/plain; charset=utf-8", "Not Found"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			res, body := ask(t, s, c.method, c.path, "")
			if res.StatusCode != c.status || res.Header.Get("Content-Type") != c.typ || !strings.Contains(body, c.body) {
				t.Errorf("got %d %s %s\nwant %d %s with %s", res.StatusCode, res.Header.Get("Content-Type"), body, c.status, c.typ, c.body)
			}
			if got := res.Header.Get("X-Served-By"); got != "the library" {
				t.Errorf("the middleware did not see this request: X-Served-By is %q", got)
			}
		})
	}
}

// What Go stores, TypeScript finds.
func TestOneStore(t *testing.T) {
	s := start(t)
	res, body := ask(t, s, "POST", "/api/books", `{"title":"<Kindred>","author":"Octavia E. Butler","year":1979}`)
	var b book
	if err := json.Unmarshal([]byte(body), &b); err != nil || res.StatusCode != 201 || b.ID == 0 {
		t.Fatalf("got %d %s, %v", res.StatusCode, body, err)
	}
	at := res.Header.Get("Location")
	if _, body := ask(t, s, "GET", "/api/authors/butler", ""); body != `[{"title":"<Kindred>","decade":"1970s"}]` {
		t.Errorf("TypeScript finds %s", body)
	}
	if _, body := ask(t, s, "GET", at+"/cover", ""); !strings.Contains(body, "&lt;Kindred&gt;") {
		t.Errorf("the cover is %s", body)
	}
	if res, _ := ask(t, s, "DELETE", at, ""); res.StatusCode != 204 {
		t.Errorf("DELETE gives %d", res.StatusCode)
	}
	if res, _ := ask(t, s, "GET", at+"/cover", ""); res.StatusCode != 404 {
		t.Errorf("the cover of a book that is gone gives %d", res.StatusCode)
	}
	for _, bad := range []string{`{`, `{"title":"x"}`, `{"nonsense":1}`} {
		if res, body := ask(t, s, "POST", "/api/books", bad); res.StatusCode/100 != 4 {
			t.Errorf("%s gives %d %s", bad, res.StatusCode, body)
		}
	}
}
