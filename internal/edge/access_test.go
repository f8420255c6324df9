package edge

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestAccessLog(t *testing.T) {
	var b strings.Builder
	l := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	Access{Method: "GET", Route: "/api/[id]", Status: 200, Bytes: 12, Took: 1500 * time.Microsecond, ID: "x-1", Client: netip.MustParseAddr("1.2.3.4")}.Log(context.Background(), l)
	Access{Method: strings.Repeat("M", 5000), Status: 404, ID: "x-2"}.Log(context.Background(), l)
	want := `level=INFO msg=request method=GET route=/api/[id] status=200 bytes=12 duration_ms=1.5 id=x-1 client=1.2.3.4
level=INFO msg=request method=` + strings.Repeat("M", 32) + ` status=404 bytes=0 duration_ms=0 id=x-2
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	b.Reset()
	Access{}.Log(context.Background(), slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if b.Len() > 0 {
		t.Error("a line is logged that nobody wants")
	}
}

// reads is a ResponseWriter that notes how it was written to.
type reads struct {
	*httptest.ResponseRecorder
	how string
}

func (w *reads) ReadFrom(r io.Reader) (int64, error) {
	w.how = "ReadFrom"
	return io.Copy(w.ResponseRecorder, r)
}

func TestWriter(t *testing.T) {
	var w Writer
	inner := &reads{ResponseRecorder: httptest.NewRecorder()}
	w.Init(inner)
	if w.Status() != 0 {
		t.Errorf("status %d before all", w.Status())
	}
	w.WriteHeader(http.StatusTeapot)
	if _, err := io.WriteString(&w, "ab"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("cd")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(&w, io.LimitReader(strings.NewReader("efgh"), 3)); err != nil {
		t.Fatal(err)
	}
	if w.Status() != http.StatusTeapot || w.Bytes() != 7 || inner.how != "ReadFrom" || inner.Body.String() != "abcdefg" {
		t.Errorf("status %d, %d bytes, by %s: %s", w.Status(), w.Bytes(), inner.how, inner.Body)
	}
	var plain Writer
	plain.Init(httptest.NewRecorder()) // no io.ReaderFrom
	if n, err := io.Copy(&plain, strings.NewReader("xyz")); n != 3 || err != nil || plain.Bytes() != 3 || plain.Status() != 200 {
		t.Errorf("copied %d, %v: %d bytes, status %d", n, err, plain.Bytes(), plain.Status())
	}
}

// Behind a real server, everything that net/http's writer can do is there.
func TestWriterKeepsAbilities(t *testing.T) {
	seen := make(chan *Writer, 2)
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w := &Writer{}
		w.Init(rw)
		defer func() { seen <- w }()
		if r.URL.Path == "/hijack" {
			c, _, err := w.Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			return
		}
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusEarlyHints)
		http.Flusher(w).Flush()
	}))
	defer s.Close()
	res, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if w := <-seen; w.Status() != 200 || res.ContentLength != -1 {
		t.Errorf("status %d, length %d", w.Status(), res.ContentLength)
	}
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET /hijack HTTP/1.1\r\nHost: a\r\n\r\n")
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || line != "HTTP/1.1 101 Switching Protocols\r\n" {
		t.Errorf("got %q, %v", line, err)
	}
	if w := <-seen; w.Status() != 101 || !w.Hijacked() {
		t.Errorf("status %d", w.Status())
	}
}
