package compress

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func TestNegotiate(t *testing.T) {
	for _, c := range []struct{ accept, want string }{
		{"", ""}, {"gzip", "gzip"}, {"GZip", "gzip"}, {"x-gzip", "gzip"}, {"deflate", ""}, {"gzip, deflate, br", "br"}, {"gzip, deflate, br, zstd", "zstd"},
		{"gzip;q=1, br;q=0.9", "gzip"}, {"gzip;q=0", ""}, {"*", "zstd"}, {"*;q=0", ""}, {"zstd;q=0, *", "br"}, {"*;q=0.1, gzip;q=0.2", "gzip"},
		{"identity", ""}, {"identity;q=0.5, gzip;q=0.4", ""}, {"identity;q=0.5, gzip", "gzip"}, {"identity, gzip", "gzip"}, {"gzip;q=x", ""}, {"gzip;q=2", ""}, {"gzip;q=NaN", ""},
		{"gzip ; q=0.5 , br; Q = 0.4", "gzip"}, {"br;level=4;q=0.3, gzip;q=0.2", "br"}, {",,gzip,,", "gzip"}, {strings.Repeat("a,", 600) + "gzip", ""},
	} {
		var lines []string
		if c.accept != "" {
			lines = []string{c.accept}
		}
		if got := Negotiate(lines); got != c.want {
			t.Errorf("%.60q: %q, want %q", c.accept, got, c.want)
		}
	}
	if got := NegotiateOf([]string{"br, gzip"}, []string{"gzip"}); got != "gzip" {
		t.Errorf("among gzip alone: %q", got)
	}
}

func FuzzNegotiate(f *testing.F) {
	f.Add("gzip;q=0.5, *;q=0")
	f.Fuzz(func(t *testing.T, line string) {
		switch c := Negotiate([]string{line}); c {
		case "", "zstd", "br", "gzip":
		default:
			t.Errorf("%q gives %q", line, c)
		}
	})
}

// decode reads a body in a coding.
func decode(t *testing.T, coding string, b []byte) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(b)
	switch coding {
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	case "br":
		r = brotli.NewReader(r)
	case "zstd":
		z, err := zstd.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestWriter(t *testing.T) {
	long := strings.Repeat("all the same ", 200)
	for _, c := range []struct {
		name, accept string
		status       int
		header       []string
		body         string
		coding       string
		vary         bool
	}{
		{"json", "zstd", 200, []string{"Content-Type", "application/json", "Content-Length", "2600"}, long, "zstd", true},
		{"br", "br", 200, []string{"Content-Type", "text/html; charset=utf-8"}, long, "br", true},
		{"gzip", "gzip", 404, []string{"Content-Type", "application/problem+json"}, long, "gzip", true},
		{"short of unknown length", "gzip", 200, []string{"Content-Type", "text/plain"}, "x", "", false},
		{"long of unknown length", "gzip", 201, []string{"Content-Type", "text/plain"}, long, "gzip", true},
		{"nothing", "gzip", 200, []string{"Content-Type", "text/plain"}, "", "", false},
		{"short", "gzip", 200, []string{"Content-Type", "text/plain", "Content-Length", "1"}, "x", "", false},
		{"no client", "", 200, []string{"Content-Type", "text/plain"}, long, "", true},
		{"image", "gzip", 200, []string{"Content-Type", "image/png"}, long, "", false},
		{"vector image", "gzip", 200, []string{"Content-Type", "image/svg+xml"}, long, "gzip", true},
		{"no type", "gzip", 200, []string{"Content-Type", ""}, long, "", false},
		{"encoded", "gzip", 200, []string{"Content-Type", "text/plain", "Content-Encoding", "br"}, long, "", false},
		{"no-transform", "gzip", 200, []string{"Content-Type", "text/plain", "Cache-Control", "max-age=1, No-Transform"}, long, "", false},
		{"part", "gzip", 206, []string{"Content-Type", "text/plain", "Content-Range", "bytes 0-1/2"}, long, "", false},
		{"events", "gzip", 200, []string{"Content-Type", "text/event-stream"}, long, "gzip", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "/", nil)
			if c.accept != "" {
				r.Header.Set("Accept-Encoding", c.accept)
			}
			var w Writer
			w.Init(rec, r)
			w.Header().Set("ETag", `"a"`)
			w.Header().Set("Vary", "Origin")
			for i := 0; i < len(c.header); i += 2 {
				w.Header().Set(c.header[i], c.header[i+1])
			}
			w.WriteHeader(c.status)
			if _, err := io.WriteString(&w, c.body); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if rec.Code != c.status {
				t.Errorf("status %d, want %d", rec.Code, c.status)
			}
			h := rec.Header()
			given := ""
			if c.name == "encoded" {
				given = "br"
			}
			if got := h.Get("Content-Encoding"); got != c.coding+given {
				t.Errorf("Content-Encoding: %q, want %q", got, c.coding)
			}
			if got := decode(t, c.coding, rec.Body.Bytes()); got != c.body {
				t.Errorf("body of %d bytes, want %d", len(got), len(c.body))
			}
			if got := strings.Join(h["Vary"], ", "); (got == "Origin, Accept-Encoding") != c.vary {
				t.Errorf("Vary: %s", got)
			}
			tag, length := `"a"`, h.Get("Content-Length")
			if c.coding != "" {
				tag = `W/"a"`
				if length != "" {
					t.Errorf("Content-Length: %s", length)
				}
			}
			if h.Get("Etag") != tag {
				t.Errorf("ETag: %s, want %s", h.Get("Etag"), tag)
			}
		})
	}
}

// Each event arrives when it is flushed.
func TestWriterFlush(t *testing.T) {
	for _, coding := range codings {
		rec := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Encoding", coding)
		var w Writer
		w.Init(rec, r)
		w.Header().Set("Content-Type", "text/event-stream")
		sent := 0
		for i := range 3 {
			io.WriteString(&w, "data: "+strings.Repeat("x", i)+"\n\n")
			w.Flush()
			if rec.Body.Len() <= sent {
				t.Errorf("%s: event %d was held back", coding, i)
			}
			sent = rec.Body.Len()
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := decode(t, coding, rec.Body.Bytes()); got != "data: \n\ndata: x\n\ndata: xx\n\n" {
			t.Errorf("%s: %q", coding, got)
		}
	}
}

// A kept body is encoded once, and one that gets no shorter is remembered.
func TestPacked(t *testing.T) {
	p := NewPacked[int](1 << 20)
	body := []byte(strings.Repeat("all the same ", 200))
	for _, coding := range codings {
		first, ok, err := p.Body(1, coding, body)
		if err != nil || !ok || decode(t, coding, first) != string(body) {
			t.Fatalf("%s: %v %v", coding, ok, err)
		}
		second, _, _ := p.Body(1, coding, nil)
		if &first[0] != &second[0] {
			t.Errorf("%s: it was encoded again", coding)
		}
	}
	for range 2 {
		if _, ok, err := p.Body(2, "gzip", []byte("x")); ok || err != nil {
			t.Errorf("one byte became shorter: %v", err)
		}
	}
}

var _ http.Flusher = (*Writer)(nil)
