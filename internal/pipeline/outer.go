package pipeline

import (
	"bufio"
	"io"
	"net"
	"net/http"

	"github.com/portico-dev/portico/internal/edge"
)

// outerWriter puts headers of the configuration and of middleware on an answer
// at the moment when it begins.
type outerWriter struct {
	http.ResponseWriter
	// strong headers win over the answer's own of the same name, weak ones give
	// way; those that are additive are added in front.
	strong, weak http.Header
	begun        bool
}

func (w *outerWriter) begin() {
	w.begun = true
	h := w.Header()
	for name, values := range w.strong {
		if edge.Additive(name) && len(h[name]) > 0 {
			// A third slice: both may be shared with other requests.
			h[name] = append(append(make([]string, 0, len(values)+len(h[name])), values...), h[name]...)
			continue
		}
		h[name] = values
	}
	for name, values := range w.weak {
		if len(h[name]) == 0 {
			h[name] = values
		} else if name == "Vary" {
			h[name] = append(append(make([]string, 0, len(values)+len(h[name])), values...), h[name]...)
		}
	}
}

// WriteHeader begins the answer.
func (w *outerWriter) WriteHeader(status int) {
	if !w.begun && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.begin()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *outerWriter) Write(p []byte) (int, error) {
	if !w.begun {
		w.begin()
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom keeps the way from file to socket open.
func (w *outerWriter) ReadFrom(r io.Reader) (int64, error) {
	if !w.begun {
		w.begin()
	}
	if rf, ok := w.ResponseWriter.(io.ReaderFrom); ok {
		return rf.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{w.ResponseWriter}, r)
}

// Flush sends what there is.
func (w *outerWriter) Flush() {
	if !w.begun {
		w.begin()
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush() // a writer that cannot needs none
}

// Hijack gives the connection away.
func (w *outerWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap is for http.ResponseController.
func (w *outerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
