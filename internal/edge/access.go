package edge

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Access is one line of the access log. It has no path, query, header or
// cookie: what a client sends is in none of it.
type Access struct {
	Method string
	// Route is the pattern of the route; "" when none was found.
	Route  string
	Status int
	// Bytes is the size of the answer's body.
	Bytes int64
	Took  time.Duration
	ID    string
	// Client is the client's address; invalid when it is not known.
	Client netip.Addr
}

// Log writes the line, at level info.
func (a Access) Log(ctx context.Context, l *slog.Logger) {
	if !l.Enabled(ctx, slog.LevelInfo) {
		return
	}
	attrs := make([]slog.Attr, 0, 7)
	attrs = append(attrs, slog.String("method", a.Method[:min(len(a.Method), 32)])) // any token is a method
	if a.Route != "" {
		attrs = append(attrs, slog.String("route", a.Route))
	}
	attrs = append(attrs, slog.Int("status", a.Status), slog.Int64("bytes", a.Bytes), slog.Float64("duration_ms", float64(a.Took.Microseconds())/1000), slog.String("id", a.ID))
	if a.Client.IsValid() {
		attrs = append(attrs, slog.String("client", a.Client.String()))
	}
	l.LogAttrs(ctx, slog.LevelInfo, "request", attrs...)
}

// Writer counts what is written to a ResponseWriter. It is meant to be a field
// of the state that a request has anyway, and then costs no allocation of its
// own. What the inner one can do, it can: Flush, Hijack, ReadFrom, and what
// http.ResponseController finds.
type Writer struct {
	http.ResponseWriter
	status   int
	bytes    int64
	hijacked bool
}

// Init makes w count what goes to inner.
func (w *Writer) Init(inner http.ResponseWriter) { *w = Writer{ResponseWriter: inner} }

// Status is the status of the answer: 200 when nothing has set another, 101
// when the connection was taken over, 0 when there is no answer yet.
func (w *Writer) Status() int {
	if w.status == 0 && w.hijacked {
		return http.StatusSwitchingProtocols
	}
	return w.status
}

// Bytes is the size of the body so far.
func (w *Writer) Bytes() int64 { return w.bytes }

// Hijacked says that the connection was taken over.
func (w *Writer) Hijacked() bool { return w.hijacked }

// Unwrap is for http.ResponseController.
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader notes the final status; those below 200 come before it.
func (w *Writer) WriteHeader(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *Writer) wrote(n int64) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.bytes += n
}

func (w *Writer) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.wrote(int64(n))
	return n, err
}

// WriteString is io.StringWriter.
func (w *Writer) WriteString(s string) (int, error) {
	n, err := io.WriteString(w.ResponseWriter, s)
	w.wrote(int64(n))
	return n, err
}

// ReadFrom lets net/http send a file without a copy.
func (w *Writer) ReadFrom(r io.Reader) (int64, error) {
	var n int64
	var err error
	if rf, ok := w.ResponseWriter.(io.ReaderFrom); ok {
		n, err = rf.ReadFrom(r)
	} else {
		n, err = io.Copy(struct{ io.Writer }{w.ResponseWriter}, r)
	}
	w.wrote(n)
	return n, err
}

// Flush is http.Flusher; a writer that cannot flush is left as it is.
func (w *Writer) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *Writer) FlushError() error {
	err := http.NewResponseController(w.ResponseWriter).Flush()
	if err == nil {
		w.wrote(0)
	}
	return err
}

// Hijack is http.Hijacker.
func (w *Writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.hijacked = w.hijacked || err == nil
	return c, rw, err
}

// Additive reports whether lines of a response header add up, whoever writes
// them; of any other header one writer's take the place of another's.
func Additive(name string) bool {
	switch name {
	case "Set-Cookie", "Vary", "Www-Authenticate", "Proxy-Authenticate":
		return true
	}
	return false
}
