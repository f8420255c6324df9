package pipeline

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/portico-dev/portico/internal/route"
)

// shelf has files by their paths; what is nil is there and cannot be read, what
// is empty is gone when it is asked for.
type shelf struct {
	name  string
	files map[string]*string
	pages bool
}

func (s shelf) Find(path string) (string, bool) {
	_, ok := s.files[path]
	return strings.TrimPrefix(path, "/"), ok
}

func (s shelf) Page(r *http.Request, path string) (string, bool) {
	return "page", s.pages && r.Header.Get("Accept") == "text/html"
}

func (s shelf) Serve(w http.ResponseWriter, r *http.Request, name string) error {
	text := s.files["/"+name]
	switch {
	case name == "page":
		_, err := io.WriteString(w, s.name+" page")
		return err
	case text == nil:
		return errors.New("the disk is on fire")
	case *text == "":
		return &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	_, err := io.WriteString(w, s.name+" "+*text)
	return err
}

func newShelf(name string, pages bool, paths ...string) shelf {
	s := shelf{name: name, files: map[string]*string{}, pages: pages}
	for _, p := range paths {
		s.files[p] = &p
	}
	return s
}

// Files have their place in the order: public/ behind middleware and
// beforeFiles and before all routes, the frontend behind everything.
func TestFiles(t *testing.T) {
	public := newShelf("public", false, "/file", "/exact", "/dynamic/file", "/after", "/last", "/guarded", "/mw/file")
	public.files["/gone"] = new(string)
	public.files["/broken"] = nil
	frontend := newShelf("frontend", true, "/file", "/front", "/exact/2", "/dynamic/front", "/fallback/file", "/moved")
	frontend.files["/lost"] = new(string)
	for _, base := range []string{"", "/base"} {
		below := func(paths ...string) (list []string) {
			for _, p := range paths {
				list = append(list, base+p)
			}
			return list
		}
		g := &guard{run: func(x *Exchange) (*Verdict, error) {
			switch strings.TrimPrefix(x.Path, base) {
			case "/guarded":
				return &Verdict{Answer: func(w http.ResponseWriter) error { _, err := io.WriteString(w, "middleware"); return err }}, nil
			case "/mw":
				return &Verdict{Rewrite: &url.URL{Path: base + "/mw/file"}}, nil
			case "/front":
				return &Verdict{Header: http.Header{"X-Middleware": {"yes"}}}, nil
			}
			return nil, nil
		}}
		p := pipeline(t, Config{
			BasePath: base, Public: public, Frontend: frontend, Script: g,
			Redirects:   redirects(t, below("/moved", "/x")...),
			Headers:     []*route.HeaderRule{headerRule(t, base+"/file", "X-Rule", "yes"), headerRule(t, base+"/users", "X-Rule", "page")},
			BeforeFiles: rewrites(t, below("/before", "/file")...),
			AfterFiles:  rewrites(t, below("/file", "/never", "/to-after", "/after", "/to-front", "/front")...),
			Fallback:    rewrites(t, below("/to-last", "/last", "/fallback/file", "/exact/1")...),
		}, entry(t, "/exact", get()), entry(t, "/exact/1", get()), entry(t, "/exact/2", get()), entry(t, "/gone", get()), entry(t, "/dynamic/[id]", get()))
		for _, c := range []struct {
			target, accept string
			status         int
			body           string
			header         string
		}{
			{"/file", "", 200, "public /file", "X-Rule: yes"},
			{"/exact", "", 200, "public /exact", ""},
			{"/dynamic/file", "", 200, "public /dynamic/file", ""},
			{"/guarded", "", 200, "middleware", ""},
			{"/mw", "", 200, "public /mw/file", ""},
			{"/before", "", 200, "public /file", ""},
			{"/to-after", "", 200, "public /after", ""},
			{"/to-last", "", 200, "public /last", ""},
			{"/gone", "", 200, "GET /gone http://example.com/gone", ""},
			{"/broken", "", 500, "*", ""},
			{"/front", "", 200, "frontend /front", "X-Middleware: yes"},
			{"/to-front", "", 200, "frontend /front", ""},
			{"/exact/2", "", 200, "GET /exact/2 http://example.com/exact/2", ""},
			{"/dynamic/front", "", 200, "GET /dynamic/[id] http://example.com/dynamic/front id=front", ""},
			{"/fallback/file", "", 200, "GET /exact/1 http://example.com/fallback/file", ""},
			{"/moved", "", 308, "*", ""},
			{"/users", "text/html", 200, "frontend page", "Vary: Accept, Sec-Fetch-Dest"},
			{"/users", "text/html", 200, "frontend page", "X-Rule: page"},
			{"/users", "*/*", 404, "*", ""},
			{"/lost", "text/html", 404, "*", ""},
		} {
			w := request(p, "GET", base+c.target, "Accept", c.accept)
			name, value, _ := strings.Cut(c.header, ": ")
			if w.Code != c.status || c.body != "*" && w.Body.String() != c.body || c.header != "" && w.Header().Get(name) != value {
				t.Errorf("%s %s: got %d %q %v, want %d %q %s", base+c.target, c.accept, w.Code, w.Body, w.Header(), c.status, c.body, c.header)
			}
		}
		if base != "" {
			for _, target := range []string{"/file", "/front", "/users"} {
				if w := request(p, "GET", target, "Accept", "text/html"); w.Code != 404 {
					t.Errorf("%s: got %d %q", target, w.Code, w.Body)
				}
			}
		}
		g.done(t)
	}
}
