package pipeline

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"strings"
)

// StatusError is an error with the status that answers it.
type StatusError struct {
	Status int
	// Err is the cause. Only the log and, in development, the page show it.
	Err error
	// Quiet says that nobody is there to be answered.
	Quiet bool
}

func (e *StatusError) Error() string {
	if e.Err == nil {
		return http.StatusText(e.Status)
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *StatusError) Unwrap() error { return e.Err }

// detailed is an error that has more to tell a developer than its first line.
type detailed interface{ Detail() string }

func (p *Pipeline) notFound(w http.ResponseWriter, r *http.Request) {
	p.fail(w, r, &StatusError{Status: http.StatusNotFound})
}

// answer writes an error: a page, JSON or text, by what the client accepts. In
// production it has the status and the request's id and nothing else; and an
// error of a handler has no body at all, as in Next.js.
func (p *Pipeline) answer(w http.ResponseWriter, r *http.Request, se *StatusError, id string, handler bool) {
	h := w.Header()
	clear(h)
	h.Set("Cache-Control", "private, no-cache, no-store, max-age=0, must-revalidate")
	if se.Status >= 500 {
		h.Set("X-Request-Id", id)
	}
	if se.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	if handler && !p.c.Dev {
		h["Content-Type"] = nil
		h.Set("Content-Length", "0")
		w.WriteHeader(se.Status)
		return
	}
	body, typ := p.errorBody(r, se, id)
	h.Set("Content-Type", typ)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(se.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

//go:embed error.html
var errorPage string

var errorTemplate = template.Must(template.New("error").Parse(errorPage))

type errorView struct {
	Status int
	Text   string
	ID     string
	Title  string // development only
	Detail string
}

func (p *Pipeline) errorBody(r *http.Request, se *StatusError, id string) (body []byte, typ string) {
	v := errorView{Status: se.Status, Text: http.StatusText(se.Status)}
	if se.Status >= 500 {
		v.ID = id
	}
	if p.c.Dev && se.Err != nil {
		v.Title, _, _ = strings.Cut(se.Err.Error(), "\n")
		v.Detail = se.Err.Error()
		if d, ok := se.Err.(detailed); ok {
			v.Detail = d.Detail()
		}
	}
	switch preferred(r.Header.Get("Accept")) {
	case "html":
		var b strings.Builder
		if err := errorTemplate.Execute(&b, v); err == nil {
			return []byte(b.String()), "text/html; charset=utf-8"
		}
	case "json":
		m := map[string]any{"error": v.Text, "status": v.Status}
		if v.ID != "" {
			m["id"] = v.ID
		}
		if v.Detail != "" {
			m["detail"] = v.Detail
		}
		if b, err := json.Marshal(m); err == nil {
			return append(b, '\n'), "application/json"
		}
	}
	text := v.Text
	if v.ID != "" {
		text += " (" + v.ID + ")"
	}
	if v.Detail != "" {
		text += "\n\n" + v.Detail
	}
	return []byte(text + "\n"), "text/plain; charset=utf-8"
}

// preferred is "html", "json" or "text": the first of them that Accept names.
// What names none, such as */*, is text.
func preferred(accept string) string {
	for part := range strings.SplitSeq(accept, ",") {
		t, _, _ := strings.Cut(part, ";")
		switch t = strings.ToLower(strings.TrimSpace(t)); {
		case t == "text/html", t == "application/xhtml+xml":
			return "html"
		case t == "application/json", strings.HasSuffix(t, "+json"):
			return "json"
		case t == "text/plain":
			return "text"
		}
	}
	return "text"
}

// ErrorAnswer writes an error that happened outside any pipeline: a site that
// did not load, in development.
func ErrorAnswer(w http.ResponseWriter, r *http.Request, status int, err error) {
	p := &Pipeline{c: Config{Dev: true}}
	p.answer(w, r, &StatusError{Status: status, Err: err}, newID(), false)
}
