package pipeline

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// StatusError is an error with the status that answers it.
type StatusError struct {
	Status int
	// Err is the cause. Only the log and, in development, the page show it.
	Err error
	// Reason is what the client may be told beyond the status; empty is nothing.
	Reason string
	// RetryAfter is when to come back, for a 503; 0 is a second.
	RetryAfter time.Duration
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

// unrouted says in development which routes there are instead.
func (p *Pipeline) unrouted(path string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "no route matches %s", path)
	all := p.c.Table.All()
	if len(all) == 0 {
		b.WriteString("\nhint: there are no routes yet; begin with app/api/hello/route.ts")
	}
	for _, e := range all {
		fmt.Fprintf(&b, "\n%s  (%s)", e.Pattern, e.Source)
	}
	return errors.New(b.String())
}

// answer writes an error: a page, JSON or text, by what the client accepts. In
// production it has the status and the request's id and nothing else; and an
// error of a handler has no body at all, as in Next.js.
func (p *Pipeline) answer(x *Exchange, se *StatusError, handler bool) {
	w, r, id := x.W, x.R, x.ID
	h := w.Header()
	// What middleware has set stays (CORS, for one); what describes another body goes.
	for _, name := range []string{"Cache-Control", "Content-Type", "Content-Encoding", "Content-Disposition", "Content-Language", "Content-Range", "Etag", "Last-Modified", "Expires"} {
		delete(h, name)
		if o, ok := w.(*outerWriter); ok {
			delete(o.strong, name)
			delete(o.weak, name)
		}
	}
	if !handler || p.c.Dev {
		h.Set("Cache-Control", "private, no-cache, no-store, max-age=0, must-revalidate")
	}
	if se.Status >= 500 {
		h.Set("X-Request-Id", id)
	}
	if se.Status == http.StatusServiceUnavailable && (se.RetryAfter > 0 || h["Retry-After"] == nil) {
		h.Set("Retry-After", strconv.Itoa(max(1, int(se.RetryAfter/time.Second))))
	}
	if se.Status == http.StatusRequestEntityTooLarge || se.Status == http.StatusRequestTimeout {
		h.Set("Connection", "close") // what is left of the body is not waited for
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
	Status   int
	Text     string
	Reason   string
	ID       string
	Problems []problem // development only
}

func (p *Pipeline) errorBody(r *http.Request, se *StatusError, id string) (body []byte, typ string) {
	v := errorView{Status: se.Status, Text: http.StatusText(se.Status), Reason: se.Reason}
	if se.Status >= 500 {
		v.ID = id
	}
	var why string
	if p.c.Dev && se.Err != nil {
		why = detail(se.Err)
	}
	switch preferred(r.Header.Get("Accept")) {
	case "html":
		if why != "" {
			v.Problems = problems(se.Err, p.c.Source)
		}
		var b strings.Builder
		if err := errorTemplate.Execute(&b, v); err == nil {
			return []byte(b.String()), "text/html; charset=utf-8"
		}
	case "json":
		m := map[string]any{"error": v.Text, "status": v.Status}
		if v.Reason != "" {
			m["reason"] = v.Reason
		}
		if v.ID != "" {
			m["id"] = v.ID
		}
		if why != "" {
			m["detail"] = why
		}
		if b, err := json.Marshal(m); err == nil {
			return append(b, '\n'), "application/json"
		}
	}
	text := v.Text
	if v.Reason != "" {
		text += ": " + v.Reason
	}
	if v.ID != "" {
		text += " (" + v.ID + ")"
	}
	if why != "" {
		text += "\n\n" + why
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
// did not load, in development. source has the project's files, or is nil.
func ErrorAnswer(w http.ResponseWriter, r *http.Request, source fs.FS, err error) {
	p := &Pipeline{c: Config{Dev: true, Source: source}}
	p.answer(p.exchange(w, r), &StatusError{Status: http.StatusInternalServerError, Err: err}, false)
}
