// Package compress encodes answers on their way to clients that can decode
// them: zstd, brotli or gzip, by what the client prefers.
package compress

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// minLength is the shortest body of known length that is worth it: below it the
// packet is as large, and the time is lost.
const minLength = 1024

// codings are those that are offered, the best first: of those that a client
// likes equally the first is taken.
var codings = []string{"zstd", "br", "gzip"}

// levels are those of answers that are made on the fly: about as fast as the
// wire, where higher ones take several times as long for a few percent.
const (
	brotliLevel = 4
	gzipLevel   = 5
)

// Negotiate is the coding that an Accept-Encoding asks for, "" for none
// (RFC 9110 §12.5.3). Its lines are read up to 1 KiB: no client has more.
func Negotiate(lines []string) string { return negotiate(lines, codings) }

// NegotiateOf is Negotiate among the codings that there are.
func NegotiateOf(lines []string, have []string) string { return negotiate(lines, have) }

func negotiate(lines []string, have []string) string {
	if len(lines) == 0 {
		return ""
	}
	var quality [8]float64 // of have; -1 where it is not named
	for i := range have {
		quality[i] = -1
	}
	any, plain, left := -1.0, -1.0, 1024
	for _, line := range lines {
		if left -= len(line); left < 0 {
			break
		}
		for item := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(item, ";")
			name = strings.TrimSpace(name)
			q := weight(params)
			switch {
			case name == "*":
				any = q
			case strings.EqualFold(name, "identity"):
				plain = q
			case strings.EqualFold(name, "x-gzip"): // RFC 9110 §8.4.1.3
				name = "gzip"
				fallthrough
			default:
				for i, c := range have {
					if strings.EqualFold(name, c) {
						quality[i] = q
					}
				}
			}
		}
	}
	best, q := "", 0.0
	for i, c := range have {
		own := quality[i]
		if own < 0 {
			own = any
		}
		if own > q {
			best, q = c, own
		}
	}
	if plain > q {
		return ""
	}
	return best
}

// weight is the q of an item's parameters, 1 where it has none; what is
// malformed is not accepted.
func weight(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, value, ok := strings.Cut(strings.TrimSpace(p), "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}

// Compressible reports whether a Content-Type is of what gets smaller.
func Compressible(contentType string) bool {
	typ, _, _ := strings.Cut(contentType, ";")
	typ = strings.ToLower(strings.TrimSpace(typ))
	if strings.HasPrefix(typ, "text/") || strings.HasSuffix(typ, "+json") || strings.HasSuffix(typ, "+xml") || strings.HasSuffix(typ, "+text") {
		return true
	}
	switch typ {
	case "application/json", "application/javascript", "application/xml", "application/ecmascript", "application/wasm", "application/graphql", "application/x-ndjson", "application/json-seq",
		"application/x-www-form-urlencoded", "application/manifest+json", "application/rtf", "application/x-javascript", "application/yaml", "application/toml", "application/sql",
		"application/vnd.ms-fontobject", "font/ttf", "font/otf", "font/collection", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon", "model/gltf-binary":
		return true
	}
	return false
}

// Eligible reports whether an answer may be encoded at all, by its header: it
// is not encoded, no part, of a type that gets smaller, not too short, and
// nobody says that it must stay as it is.
func Eligible(status int, h http.Header) bool {
	if n := h["Content-Length"]; len(n) > 0 { // most answers are short, which is seen at once
		if length, err := strconv.ParseInt(n[0], 10, 64); err != nil || length < minLength {
			return false
		}
	}
	switch {
	case status < 200, status == http.StatusNoContent, status == http.StatusResetContent, status == http.StatusPartialContent, status == http.StatusNotModified,
		len(h["Content-Encoding"]) > 0, len(h["Content-Range"]) > 0, len(h["Content-Type"]) == 0, !Compressible(h["Content-Type"][0]):
		return false
	}
	for _, line := range h["Cache-Control"] {
		for d := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(d), "no-transform") {
				return false
			}
		}
	}
	return true
}

var acceptEncoding = []string{"Accept-Encoding"}

// Vary has a header say that the answer depends on Accept-Encoding.
func Vary(h http.Header) {
	for _, line := range h["Vary"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, "Accept-Encoding") {
				return
			}
		}
	}
	if len(h["Vary"]) == 0 {
		h["Vary"] = acceptEncoding[:1:1] // what adds to it copies it
		return
	}
	// A slice of its own: the old one may be shared with other answers.
	h["Vary"] = append(append(make([]string, 0, len(h["Vary"])+1), h["Vary"]...), "Accept-Encoding")
}

// Encoded has a header describe the answer in a coding. A strong entity tag
// becomes a weak one: it is not for the same bytes any more, and says still that
// they mean the same (RFC 9110 §8.8.1).
func Encoded(h http.Header, coding string, length int) {
	h["Content-Encoding"] = []string{coding}
	if length < 0 {
		delete(h, "Content-Length")
	} else {
		h["Content-Length"] = []string{strconv.Itoa(length)}
	}
	delete(h, "Accept-Ranges")
	if tag := h.Get("Etag"); strings.HasPrefix(tag, `"`) {
		h["Etag"] = []string{"W/" + tag}
	}
}

// encoder is a stream's.
type encoder interface {
	io.WriteCloser
	Flush() error
	Reset(io.Writer)
}

// pools are of encoders that are not in use: they are large.
var pools = map[string]*sync.Pool{
	"zstd": {New: func() any {
		// One goroutine: many answers are encoded side by side. The window is what
		// every client must be able to have (RFC 9659).
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20), zstd.WithEncoderLevel(zstd.SpeedDefault))
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	}},
	"br": {New: func() any { return brotli.NewWriterOptions(nil, brotli.WriterOptions{Quality: brotliLevel, LGWin: 18}) }},
	"gzip": {New: func() any {
		w, err := gzip.NewWriterLevel(nil, gzipLevel)
		if err != nil {
			panic(err)
		}
		return w
	}},
}

func take(coding string, to io.Writer) encoder {
	e := pools[coding].Get().(encoder)
	e.Reset(to)
	return e
}

func give(coding string, e encoder) {
	e.Reset(io.Discard) // it holds on to nothing of the request's
	pools[coding].Put(e)
}

// Writer is a ResponseWriter that encodes what is worth it. It is a field of
// what lives as long as the request. What the inner one can do, it can: Flush,
// Hijack, ReadFrom, and what http.ResponseController finds.
type Writer struct {
	http.ResponseWriter
	accept []string // the client's Accept-Encoding
	head   bool     // there is no body, whatever is written
	begun  bool
	coding string
	enc    encoder
	// status is that of an answer whose length is not known yet: whether it is
	// worth a coding is seen by its first bytes, which are held.
	status int
	held   []byte
}

// Init makes w encode for the client of r what goes to inner. Close ends it.
func (w *Writer) Init(inner http.ResponseWriter, r *http.Request) {
	*w = Writer{ResponseWriter: inner, accept: r.Header["Accept-Encoding"], head: r.Method == http.MethodHead}
}

// Pass sends the answer on as it comes: it is another server's.
func (w *Writer) Pass() { w.begun = true }

// WriteHeader begins the answer.
func (w *Writer) WriteHeader(status int) {
	if w.begun || status < 200 && status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if w.status != 0 {
		return // as net/http: the first one counts
	}
	w.begun = true
	h := w.Header()
	if !Eligible(status, h) {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	// As in Next.js, HEAD says what the answer is without a coding.
	if !w.head {
		w.coding = Negotiate(w.accept)
	}
	if h["Content-Length"] == nil {
		w.begun, w.status = false, status
		return
	}
	w.long(status)
}

// long sends the header of an answer that is worth a coding.
func (w *Writer) long(status int) {
	h := w.Header()
	Vary(h)
	if w.coding != "" {
		Encoded(h, w.coding, -1)
		w.enc = take(w.coding, w.ResponseWriter)
	}
	w.ResponseWriter.WriteHeader(status)
}

// release begins an answer whose first bytes were held: as one that is worth a
// coding, or as one that is over already.
func (w *Writer) release(long bool) error {
	status, held := w.status, w.held
	w.begun, w.status, w.held = true, 0, nil
	if long {
		w.long(status)
	} else {
		w.ResponseWriter.WriteHeader(status)
	}
	if len(held) == 0 {
		return nil
	}
	var err error
	if w.enc != nil {
		_, err = w.enc.Write(held)
	} else {
		_, err = w.ResponseWriter.Write(held)
	}
	return err
}

func (w *Writer) Write(b []byte) (int, error) {
	if !w.begun && w.status == 0 {
		w.sniff(b)
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.enc != nil:
		return w.enc.Write(b)
	case w.begun:
		return w.ResponseWriter.Write(b)
	}
	w.held = append(w.held, b...)
	if len(w.held) < minLength {
		return len(b), nil
	}
	if err := w.release(true); err != nil {
		return 0, err
	}
	return len(b), nil
}

// sniff gives an answer without a type the one that net/http would guess: from
// the encoded bytes it would guess another.
func (w *Writer) sniff(b []byte) {
	h := w.Header()
	if _, set := h["Content-Type"]; !set && len(b) > 0 {
		h["Content-Type"] = []string{http.DetectContentType(b)}
	}
}

// ReadFrom keeps the way from file to socket open for what is not encoded.
func (w *Writer) ReadFrom(r io.Reader) (int64, error) {
	if w.begun && w.enc == nil {
		if rf, ok := w.ResponseWriter.(io.ReaderFrom); ok {
			return rf.ReadFrom(r)
		}
	}
	return io.Copy(struct{ io.Writer }{w}, r)
}

// Flush sends what there is, so that an event arrives when it is written.
func (w *Writer) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *Writer) FlushError() error {
	if !w.begun && w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.status != 0 { // what comes in pieces is long
		if err := w.release(true); err != nil {
			return err
		}
	}
	if w.enc != nil {
		if err := w.enc.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack gives the connection away.
func (w *Writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap is for http.ResponseController.
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Close writes the end of an encoded answer. It is not called for one that
// breaks off: its end must be missing, so that the client sees that.
func (w *Writer) Close() error {
	if w.status != 0 {
		return w.release(false)
	}
	if w.enc == nil {
		return nil
	}
	err := w.enc.Close()
	give(w.coding, w.enc)
	w.enc = nil
	return err
}
