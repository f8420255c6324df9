package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

func TestFormDataScripts(t *testing.T) { runCases(t, "formdata") }

func multipartType(boundary string) string { return "multipart/form-data; boundary=" + boundary }

// sameForm compares a form with what was read from its encoding. Encoding
// makes line endings of texts CRLF, and no name survives with an escape in it.
func sameForm(want, got *FormData) error {
	if len(got.Entries) != len(want.Entries) {
		return fmt.Errorf("%d entries, want %d", len(got.Entries), len(want.Entries))
	}
	for i := range want.Entries {
		w, g := want.Entries[i], got.Entries[i]
		if name := formUnescape.Replace(crlfEndings(w.Name)); g.Name != name {
			return fmt.Errorf("entry %d is called %q, want %q", i, g.Name, name)
		}
		if (g.File == nil) != (w.File == nil) {
			return fmt.Errorf("entry %d: a text became a file or a file a text", i)
		}
		if w.File == nil {
			if v := crlfEndings(w.Value); g.Value != v {
				return fmt.Errorf("entry %d is %q, want %q", i, g.Value, v)
			}
			continue
		}
		wn, _ := w.File.Name()
		gn, _ := g.File.Name()
		if gn != formUnescape.Replace(wn) {
			return fmt.Errorf("entry %d: file %q, want %q", i, gn, wn)
		}
		wt := w.File.Type()
		if wt == "" {
			wt = "application/octet-stream"
		}
		if g.File.Type() != wt {
			return fmt.Errorf("entry %d: type %q, want %q", i, g.File.Type(), wt)
		}
		wb, err := w.File.Bytes()
		if err != nil {
			return err
		}
		gb, err := g.File.Bytes()
		if err != nil || !bytes.Equal(wb, gb) {
			return fmt.Errorf("entry %d: %d bytes %v, want %d", i, len(gb), err, len(wb))
		}
	}
	return nil
}

func TestMultipartRoundTrip(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z"%0AD\r\n -]{0,12}`)).Filter(func(s string) bool { return !strings.HasPrefix(s, "\uFEFF") })
	rapid.Check(t, func(t *rapid.T) {
		boundary := NewBoundary()
		fd := &FormData{}
		for range rapid.IntRange(0, 4).Draw(t, "entries") {
			e := FormEntry{Name: text.Draw(t, "name")}
			if rapid.Bool().Draw(t, "file") {
				data := rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "data")
				if rapid.Bool().Draw(t, "large") {
					data = bytes.Repeat(append(data, "\r\n--"+boundary[:8]...), 1000)
				}
				e.File = NewBlob(data, rapid.SampledFrom([]string{"", "text/plain", "a/b; c=d"}).Draw(t, "type")).File(text.Draw(t, "filename"), time.UnixMilli(0))
			} else {
				e.Value = text.Draw(t, "value")
			}
			fd.Entries = append(fd.Entries, e)
		}
		r, size := fd.EncodeMultipart(boundary)
		body, err := io.ReadAll(r)
		if err != nil || int64(len(body)) != size {
			t.Fatalf("%d bytes %v, announced as %d", len(body), err, size)
		}
		readers := map[string]func() (*FormData, error){
			"whole": func() (*FormData, error) { return ParseFormData(body, multipartType(boundary), FormLimits{}) },
			"stream": func() (*FormData, error) {
				return ReadFormData(bytes.NewReader(body), 0, multipartType(boundary), FormLimits{})
			},
			"with size": func() (*FormData, error) {
				return ReadFormData(iotest.DataErrReader(bytes.NewReader(body)), size, multipartType(boundary), FormLimits{})
			},
			"in halves": func() (*FormData, error) {
				return ReadFormData(iotest.HalfReader(bytes.NewReader(body)), 0, multipartType(boundary), FormLimits{})
			},
			"wrong size": func() (*FormData, error) {
				return ReadFormData(bytes.NewReader(body), 3, multipartType(boundary), FormLimits{})
			},
		}
		for name, read := range readers {
			got, err := read()
			if err != nil {
				t.Fatalf("%s: %v\n%q", name, err, body)
			}
			if err := sameForm(fd, got); err != nil {
				t.Fatalf("%s: %v\n%q", name, err, body)
			}
		}
	})
}

func TestFormLimits(t *testing.T) {
	part := "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
	cases := []struct {
		name, body string
		limits     FormLimits
		ok         bool
	}{
		{"parts", strings.Repeat(part, 3), FormLimits{Parts: 3}, true},
		{"too many parts", strings.Repeat(part, 4), FormLimits{Parts: 3}, false},
		{"header", part, FormLimits{HeaderBytes: 60}, true},
		{"header too long", part, FormLimits{HeaderBytes: 30}, false},
		{"header without end", "--X\r\nA: " + strings.Repeat("b", 100), FormLimits{HeaderBytes: 50}, false},
		{"many header lines", "--X\r\n" + strings.Repeat("A: b\r\n", 100), FormLimits{HeaderBytes: 100}, false},
		{"memory", part, FormLimits{Memory: int64(len(part)) + 7}, true},
		{"too much memory", part, FormLimits{Memory: int64(len(part)) + 6}, false},
	}
	for _, c := range cases {
		body := c.body + "--X--\r\n"
		_, err := ReadFormData(strings.NewReader(body), 0, multipartType("X"), c.limits)
		if c.ok && err != nil || !c.ok && !errors.Is(err, ErrFormTooLarge) {
			t.Errorf("%s: %v", c.name, err)
		}
		_, err = ParseFormData([]byte(body), multipartType("X"), c.limits)
		if c.ok && err != nil || !c.ok && !errors.Is(err, ErrFormTooLarge) {
			t.Errorf("%s, in memory: %v", c.name, err)
		}
	}
	if _, err := ReadFormData(strings.NewReader(""), 11, multipartType("X"), FormLimits{Memory: 10}); !errors.Is(err, ErrFormTooLarge) {
		t.Errorf("announced size: %v", err)
	}
	if _, err := ParseFormData([]byte("a&b&c"), "application/x-www-form-urlencoded", FormLimits{Parts: 2}); !errors.Is(err, ErrFormTooLarge) {
		t.Errorf("urlencoded: %v", err)
	}
	broken := io.MultiReader(strings.NewReader(part), iotest.ErrReader(io.ErrClosedPipe))
	if _, err := ReadFormData(broken, 0, multipartType("X"), FormLimits{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a reader's error: %v", err)
	}
	var bad *FormError
	if _, err := ReadFormData(strings.NewReader(part), 0, multipartType("X"), FormLimits{}); !errors.As(err, &bad) || bad.Reason != "it ends without the closing boundary" {
		t.Errorf("a body that is cut: %v", err)
	}
	// The limit holds before the body is read to its end.
	endless := io.MultiReader(strings.NewReader("--X\r\n"), zeros{})
	if _, err := ReadFormData(endless, 0, multipartType("X"), FormLimits{}); !errors.Is(err, ErrFormTooLarge) {
		t.Errorf("endless header: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// Whatever the body, reading it in pieces gives what reading it whole gives.
func FuzzMultipart(f *testing.F) {
	f.Add([]byte("--X\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\nContent-Type: a/b\r\n\r\n1\r\n--X--\r\n"), "X")
	f.Add([]byte("\r\n--a b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ=\r\n--a b--"), `"a b"`)
	f.Fuzz(func(t *testing.T, body []byte, boundary string) {
		ct := multipartType(boundary)
		limits := FormLimits{Parts: 50, HeaderBytes: 200}
		whole, err := ParseFormData(body, ct, limits)
		pieces, err2 := ReadFormData(iotest.OneByteReader(bytes.NewReader(body)), 0, ct, limits)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("whole: %v, in pieces: %v", err, err2)
		}
		if err != nil {
			return
		}
		if len(whole.Entries) != len(pieces.Entries) {
			t.Fatalf("%d entries whole, %d in pieces", len(whole.Entries), len(pieces.Entries))
		}
		for i := range whole.Entries {
			if s, u := whole.Entries[i].Value, pieces.Entries[i].Value; s != u {
				t.Fatalf("entry %d: %q whole, %q in pieces", i, s, u)
			}
		}
		b := NewBoundary()
		r, _ := whole.EncodeMultipart(b)
		again, err := ReadFormData(r, 0, multipartType(b), FormLimits{})
		if err != nil {
			t.Fatalf("what was read is written so that it cannot be read: %v", err)
		}
		if len(again.Entries) != len(whole.Entries) {
			t.Fatalf("%d entries read again, %d at first", len(again.Entries), len(whole.Entries))
		}
	})
}

func TestMIMEType(t *testing.T) {
	cases := []struct{ in, want string }{
		{"text/html", "text/html"},
		{" Text/HTML ; Charset=UTF-8 ", "text/html charset=UTF-8"},
		{`text/html;charset="a\"b;c";x=y`, `text/html charset=a"b;c x=y`},
		{"text/html;a=1;A=2;;b", "text/html a=1"},
		{`text/html;a="`, "text/html a="},
		{`text/html;a="x"junk;b=2`, "text/html a=x b=2"},
		{"text/html;a=;b= x ", "text/html b= x"},
		{"text/html; =x;a b=c;d=\x01", "text/html"},
		{"text", "no"}, {"", "no"}, {"/x", "no"}, {"a/", "no"}, {"a b/c", "no"}, {"a/b c", "no"}, {";a=b", "no"},
	}
	for _, c := range cases {
		m, ok := parseMIMEType(c.in)
		got := "no"
		if ok {
			got = m.essence
			for _, p := range m.params {
				got += " " + p.name + "=" + p.value
			}
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func largeForm() []byte {
	fd := &FormData{}
	for i := range 20 {
		fd.Entries = append(fd.Entries, FormEntry{Name: fmt.Sprint("text", i), Value: "some value of a field"})
	}
	fd.Entries = append(fd.Entries, FormEntry{Name: "file", File: NewBlob(bytes.Repeat([]byte("0123456789\r\n-ab"), 1<<16), "a/b").File("f", time.UnixMilli(0))})
	r, _ := fd.EncodeMultipart("----formdata-undici-012345678901")
	b, err := io.ReadAll(r)
	if err != nil {
		panic(err)
	}
	return b
}

func BenchmarkMultipart1MB(b *testing.B) {
	body := largeForm()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadFormData(bytes.NewReader(body), int64(len(body)), multipartType("----formdata-undici-012345678901"), FormLimits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMultipartInMemory1MB(b *testing.B) {
	body := largeForm()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseFormData(body, multipartType("----formdata-undici-012345678901"), FormLimits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeMultipart1MB(b *testing.B) {
	fd, err := ParseFormData(largeForm(), multipartType("----formdata-undici-012345678901"), FormLimits{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r, size := fd.EncodeMultipart("b")
		b.SetBytes(size)
		if _, err := io.Copy(io.Discard, r); err != nil {
			b.Fatal(err)
		}
	}
}

// A body that Go reads becomes a form off the isolate; it is closed whatever
// comes of it, and what goes wrong in it is not what goes wrong in the form.
func TestFormOfReader(t *testing.T) {
	form := "--X\r\nContent-Disposition: form-data; name=\"a\"; filename=\"ä\"\r\n\r\n1\r\n--X--\r\n"
	cases := []struct {
		name string
		body io.Reader
		typ  string
		want string
	}{
		{"multipart", strings.NewReader(form), "multipart/form-data; boundary=X", `[["a","ä",1]]`},
		{"urlencoded", strings.NewReader("a=1&b=%C3%A4"), "application/x-www-form-urlencoded", `[["a","1"],["b","ä"]]`},
		{"malformed", strings.NewReader(form[:40]), "multipart/form-data; boundary=X", `"TypeError: Failed to parse body as FormData. / malformed form: it ends in a part's header"`},
		{"no form", strings.NewReader(form), "text/plain", `"TypeError: Content-Type was not one of \"multipart/form-data\" or \"application/x-www-form-urlencoded\". / undefined"`},
		{"broken", io.MultiReader(strings.NewReader(form[:40]), iotest.ErrReader(errors.New("reset"))), "multipart/form-data; boundary=X", `"TypeError: terminated / reset"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			pool := newPool(t, testOptions(), `
				const r = globalThis.response;
				const form = await r.formData().catch(e => e.name + ': ' + e.message + ' / ' + e.cause?.message);
				return typeof form === 'string' ? form : [...form].map(([k, v]) => typeof v === 'string' ? [k, v] : [k, v.name, v.size])`)
			iso := pool.Isolates()[0]
			body := &closeCounter{Reader: c.body}
			if err := iso.Do(nil, func() {
				e := Of(iso)
				r := NewResponse(200)
				r.Headers().Set("content-type", c.typ)
				r.Body = ReaderBody(body, -1)
				must(e.rt.Set("response", e.NewResponseObject(r)))
			}); err != nil {
				t.Fatal(err)
			}
			got, err := runMain(t, pool)
			if err != nil || got != c.want {
				t.Errorf("%s %v\nwant %s", got, err, c.want)
			}
			if body.closed.Load() != 1 {
				t.Errorf("closed %d times", body.closed.Load())
			}
		})
	}
}

type closeCounter struct {
	io.Reader
	closed atomic.Int32
}

func (c *closeCounter) Close() error { c.closed.Add(1); return nil }
