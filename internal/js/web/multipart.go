package web

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// FormData is an ordered list of form entries (XHR §4). The zero value is an
// empty form.
type FormData struct {
	Entries []FormEntry
}

// FormEntry is one entry: a text, or a file.
type FormEntry struct {
	Name  string
	Value string
	File  *Blob // nil for a text

	object *goja.Object // the script's File, once there is one
}

// FormLimits bound what a form may cost. Zero values mean the defaults.
type FormLimits struct {
	Parts       int   // entries; the default is 10,000
	HeaderBytes int   // header bytes of one part; the default is 16 KB
	Memory      int64 // bytes of the whole body; the default is 128 MB
}

func (l FormLimits) withDefaults() FormLimits {
	if l.Parts <= 0 {
		l.Parts = 10_000
	}
	if l.HeaderBytes <= 0 {
		l.HeaderBytes = 16 << 10
	}
	if l.Memory <= 0 {
		l.Memory = 128 << 20
	}
	return l
}

// Errors of reading a form.
var (
	// ErrFormType: the content type is not that of a form.
	ErrFormType = errors.New(`Content-Type was not one of "multipart/form-data" or "application/x-www-form-urlencoded".`) //nolint:staticcheck // undici's text, which scripts see
	// ErrFormTooLarge: a limit was passed.
	ErrFormTooLarge = errors.New("form is too large")
)

// FormError is the error of a body that is no form of its content type.
type FormError struct{ Reason string }

func (e *FormError) Error() string { return "malformed form: " + e.Reason }

func malformed(format string, args ...any) error { return &FormError{fmt.Sprintf(format, args...)} }

// ReadFormData reads a form of the given Content-Type from r. size is the
// body's length when that is known, else 0 or less. The error is ErrFormType,
// a *FormError, one that wraps ErrFormTooLarge, or r's own.
func ReadFormData(r io.Reader, size int64, contentType string, limits FormLimits) (*FormData, error) {
	limits = limits.withDefaults()
	if size > limits.Memory {
		return nil, tooLarge(limits)
	}
	s := &formSource{r: r, limits: limits}
	if size > 0 {
		// One byte more, to see the end without growing; and no more than a
		// client that only claims a length should be given.
		s.buf = make([]byte, 0, min(size+1, 1<<20))
	}
	return s.read(contentType)
}

// ParseFormData reads a form from a body in memory, which the files of the
// form keep and which must not change from then on.
func ParseFormData(body []byte, contentType string, limits FormLimits) (*FormData, error) {
	limits = limits.withDefaults()
	if int64(len(body)) > limits.Memory {
		return nil, tooLarge(limits)
	}
	s := &formSource{buf: body, eof: true, limits: limits}
	return s.read(contentType)
}

func tooLarge(l FormLimits) error {
	return fmt.Errorf("%w: more than %d bytes", ErrFormTooLarge, l.Memory)
}

// formSource is a body that is read as far as it was needed.
type formSource struct {
	r      io.Reader
	buf    []byte
	eof    bool
	limits FormLimits
}

// fill reads more; it is false at the end.
func (s *formSource) fill() (bool, error) {
	if s.eof {
		return false, nil
	}
	if cap(s.buf)-len(s.buf) == 0 {
		s.buf = append(s.buf, make([]byte, max(32<<10, len(s.buf)))...)[:len(s.buf)]
	}
	for range 100 {
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		if int64(len(s.buf)) > s.limits.Memory {
			return false, tooLarge(s.limits)
		}
		if errors.Is(err, io.EOF) {
			s.eof = true
			return n > 0, nil
		}
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, io.ErrNoProgress
}

// need reads until there are n bytes from pos on, as far as the body has them.
func (s *formSource) need(pos, n int) error {
	for len(s.buf) < pos+n {
		if more, err := s.fill(); !more {
			return err
		}
	}
	return nil
}

func (s *formSource) read(contentType string) (*FormData, error) {
	m, ok := parseMIMEType(contentType)
	switch {
	case ok && m.essence == "multipart/form-data":
		boundary, _ := m.get("boundary")
		// RFC 2046 §5.1.1: 1 to 70 characters.
		if boundary == "" || len(boundary) > 70 {
			return nil, malformed("the content type has no boundary")
		}
		return s.multipart(boundary)
	case ok && m.essence == "application/x-www-form-urlencoded":
		return s.urlencoded()
	}
	return nil, ErrFormType
}

func (s *formSource) urlencoded() (*FormData, error) {
	for {
		if more, err := s.fill(); err != nil {
			return nil, err
		} else if !more {
			break
		}
	}
	p := ParseSearchParams(string(s.buf))
	if p.Size() > s.limits.Parts {
		return nil, fmt.Errorf("%w: more than %d entries", ErrFormTooLarge, s.limits.Parts)
	}
	p.parse()
	fd := &FormData{Entries: make([]FormEntry, len(p.list))}
	for i, q := range p.list {
		fd.Entries[i] = FormEntry{Name: q.name, Value: q.value}
	}
	return fd, nil
}

// formPart is a part that was found: its place is kept, because the buffer may
// still grow and move.
type formPart struct {
	name, filename string
	isFile, base64 bool
	typ            string
	start, end     int
}

// multipart reads multipart/form-data. It takes what undici takes, and beyond
// that what other clients write and what can be read in one way only: names
// that are not quoted, parameters in any order and case, parameters it does
// not know, filename* among them, which are ignored.
func (s *formSource) multipart(boundary string) (*FormData, error) {
	delimiter := []byte("\r\n--" + boundary)
	dash := delimiter[2:]
	pos := 0
	for { // line breaks before the first boundary
		if err := s.need(pos, 2); err != nil {
			return nil, err
		}
		if !bytes.HasPrefix(s.buf[pos:], crlf) {
			break
		}
		pos += 2
		if pos > s.limits.HeaderBytes {
			return nil, malformed("it does not begin with the boundary")
		}
	}
	if err := s.need(pos, len(dash)); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(s.buf[pos:], dash) {
		return nil, malformed("it does not begin with the boundary")
	}
	pos += len(dash)
	var parts []formPart
	for {
		if err := s.need(pos, 2); err != nil {
			return nil, err
		}
		if bytes.HasPrefix(s.buf[pos:], []byte("--")) {
			if err := s.end(pos + 2); err != nil {
				return nil, err
			}
			return s.form(parts), nil
		}
		if !bytes.HasPrefix(s.buf[pos:], crlf) {
			if len(s.buf) < pos+2 {
				return nil, malformed("it ends without the closing boundary")
			}
			return nil, malformed("a boundary is followed by other text")
		}
		pos += 2
		if len(parts) == s.limits.Parts {
			return nil, fmt.Errorf("%w: more than %d parts", ErrFormTooLarge, s.limits.Parts)
		}
		p, body, err := s.header(pos)
		if err != nil {
			return nil, err
		}
		p.start = body
		// A body may be empty: its line break is then that of the header's end.
		if p.end, err = s.find(body-2, delimiter); err != nil {
			return nil, err
		}
		if p.end < 0 {
			return nil, malformed("it ends without the closing boundary")
		}
		pos = p.end + len(delimiter)
		p.end = max(p.end, body)
		parts = append(parts, p)
	}
}

// end checks what follows the closing boundary: nothing but line breaks.
func (s *formSource) end(pos int) error {
	for {
		if err := s.need(pos, 2); err != nil || len(s.buf) == pos {
			return err
		}
		if !bytes.HasPrefix(s.buf[pos:], crlf) {
			return malformed("text follows the closing boundary")
		}
		pos += 2
	}
}

// find returns where needle is at or behind pos, or -1.
func (s *formSource) find(pos int, needle []byte) (int, error) {
	for {
		if i := bytes.Index(s.buf[pos:], needle); i >= 0 {
			return pos + i, nil
		}
		pos = max(pos, len(s.buf)-len(needle)+1)
		if more, err := s.fill(); !more {
			return -1, err
		}
	}
}

// header reads a part's header from pos on and returns where its body begins.
func (s *formSource) header(pos int) (p formPart, body int, err error) {
	limit := pos + s.limits.HeaderBytes
	disposed, typed := false, false
	for {
		end, err := s.line(pos, limit)
		if err != nil {
			return p, 0, err
		}
		line := string(s.buf[pos:end])
		pos = end + 2
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		name = strings.Trim(name, " \t")
		if !ok || !isToken(name) {
			return p, 0, malformed("a part's header line has no name")
		}
		value = strings.Trim(value, " \t")
		switch strings.ToLower(name) {
		case "content-disposition":
			if disposed {
				return p, 0, malformed("a part has two content-dispositions")
			}
			disposed = true
			if err := p.dispose(value); err != nil {
				return p, 0, err
			}
		case "content-type":
			p.typ, typed = value, true
		case "content-transfer-encoding":
			p.base64 = strings.EqualFold(value, "base64")
		}
	}
	if !disposed {
		return p, 0, malformed("a part has no content-disposition")
	}
	if !typed {
		p.typ = "text/plain" // RFC 7578 §4.4
	}
	return p, pos, nil
}

// line returns where the line that begins at pos ends, which is before limit.
func (s *formSource) line(pos, limit int) (int, error) {
	from := pos
	for {
		if i := bytes.Index(s.buf[from:min(len(s.buf), limit+2)], crlf); i >= 0 {
			return from + i, nil
		}
		if len(s.buf) >= limit+2 {
			return 0, fmt.Errorf("%w: a part's header has more than %d bytes", ErrFormTooLarge, s.limits.HeaderBytes)
		}
		from = max(from, len(s.buf)-1)
		more, err := s.fill()
		if err != nil {
			return 0, err
		}
		if !more {
			return 0, malformed("it ends in a part's header")
		}
	}
}

var crlf = []byte("\r\n")

// dispose reads the value of Content-Disposition.
func (p *formPart) dispose(s string) error {
	typ, rest, more := strings.Cut(s, ";")
	if !strings.EqualFold(strings.TrimRight(typ, " \t"), "form-data") {
		return malformed("a part's content-disposition is not form-data")
	}
	named := false
	for more {
		rest = strings.TrimLeft(rest, " \t")
		if rest == "" {
			break
		}
		i := strings.IndexByte(rest, '=')
		if i < 0 {
			return malformed("a parameter of content-disposition has no value")
		}
		name := strings.ToLower(strings.TrimRight(rest[:i], " \t"))
		rest = strings.TrimLeft(rest[i+1:], " \t")
		var value string
		if strings.HasPrefix(rest, `"`) {
			// Browsers escape what would end the value as a URL does; there is
			// no backslash escape (HTML, multipart form data).
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				return malformed("a parameter of content-disposition has no closing quote")
			}
			value = formUnescape.Replace(rest[1 : 1+end])
			rest = strings.TrimLeft(rest[end+2:], " \t")
			if rest != "" && rest[0] != ';' {
				return malformed("text follows a parameter of content-disposition")
			}
			_, rest, more = strings.Cut(rest, ";")
		} else {
			value, rest, more = strings.Cut(rest, ";")
			value = strings.TrimRight(value, " \t")
			if !isToken(name) || value == "" || strings.ContainsRune(value, '"') {
				return malformed("a parameter of content-disposition is malformed")
			}
		}
		value = decodeUTF8String(strings.TrimPrefix(value, "\uFEFF"))
		switch name {
		case "name":
			if named {
				return malformed("a part has two names")
			}
			p.name, named = value, true
		case "filename":
			if p.isFile {
				return malformed("a part has two filenames")
			}
			p.filename, p.isFile = value, true
		}
	}
	if !named {
		return malformed("a part has no name")
	}
	return nil
}

var formUnescape = strings.NewReplacer("%22", `"`, "%0A", "\n", "%0a", "\n", "%0D", "\r", "%0d", "\r")

// form makes the form of the parts, now that all of the body is there.
func (s *formSource) form(parts []formPart) *FormData {
	fd := &FormData{Entries: make([]FormEntry, len(parts))}
	for i := range parts {
		p := &parts[i]
		data := s.buf[p.start:p.end:p.end]
		if p.base64 {
			data = forgivingBase64(data)
		}
		e := FormEntry{Name: p.name}
		if p.isFile {
			e.File = NewBlob(data, p.typ).File(p.filename, time.Now())
		} else {
			e.Value = decodeUTF8(withoutBOM(data))
		}
		fd.Entries[i] = e
	}
	return fd
}

// forgivingBase64 decodes as Node's Buffer does: both alphabets, what is in
// neither is skipped, and padding ends the data.
func forgivingBase64(b []byte) []byte {
	digits := make([]byte, 0, len(b))
	for _, c := range b {
		switch {
		case c == '-':
			c = '+'
		case c == '_':
			c = '/'
		}
		if c == '=' {
			break
		}
		if c == '+' || c == '/' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			digits = append(digits, c)
		}
	}
	if len(digits)%4 == 1 {
		digits = digits[:len(digits)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(digits)))
	n, _ := base64.RawStdEncoding.Decode(out, digits) // only digits, and no lone one: it cannot fail
	return out[:n]
}

// NewBoundary makes a boundary of the form that undici makes.
func NewBoundary() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1e11))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return fmt.Sprintf("----formdata-undici-0%011d", n)
}

// EncodeMultipart returns the form as a multipart/form-data body with the
// boundary, and the body's length (HTML, multipart form data). Files are read
// as the body is read.
func (fd *FormData) EncodeMultipart(boundary string) (body io.Reader, size int64) {
	b := fd.multipart(boundary)
	return b.Open(), b.Size()
}

// multipart is the encoded form. What lies between files is one piece.
func (fd *FormData) multipart(boundary string) *Blob {
	b := &Blob{}
	var text []byte
	flush := func() {
		b.add(blobPart{data: text[:len(text):len(text)], size: int64(len(text))})
		text = text[len(text):]
	}
	for i := range fd.Entries {
		e := &fd.Entries[i]
		text = append(text, "--"...)
		text = append(text, boundary...)
		text = append(text, "\r\nContent-Disposition: form-data; name=\""...)
		text = append(text, formEscape.Replace(crlfEndings(e.Name))...)
		if e.File == nil {
			text = append(text, "\"\r\n\r\n"...)
			text = append(text, crlfEndings(e.Value)...)
			text = append(text, crlf...)
			continue
		}
		name, _ := e.File.Name()
		typ := e.File.typ
		if typ == "" {
			typ = "application/octet-stream"
		}
		text = append(text, "\"; filename=\""...)
		text = append(text, formEscape.Replace(name)...)
		text = append(text, "\"\r\nContent-Type: "...)
		text = append(text, typ...)
		text = append(text, "\r\n\r\n"...)
		if e.File.size <= 4<<10 && e.File.inMemory() {
			for _, p := range e.File.parts {
				text = append(text, p.data...)
			}
		} else {
			flush()
			for _, p := range e.File.parts {
				b.add(p)
			}
		}
		text = append(text, crlf...)
	}
	text = append(text, "--"...)
	text = append(text, boundary...)
	text = append(text, "--\r\n"...)
	flush()
	return b
}

var formEscape = strings.NewReplacer("\n", "%0A", "\r", "%0D", `"`, "%22")

// crlfEndings makes every line ending a CRLF.
func crlfEndings(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	b := make([]byte, 0, len(s)+16)
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\r':
			if i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
			b = append(b, crlf...)
		case '\n':
			b = append(b, crlf...)
		default:
			b = append(b, s[i])
		}
	}
	return unsafeString(b)
}
