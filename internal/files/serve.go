package files

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/portico-dev/portico/internal/compress"
)

// Serve answers with a file that [Folder.Find] has found. An error means that
// nothing was written: fs.ErrNotExist when the file is gone.
func (f *Folder) Serve(w http.ResponseWriter, r *http.Request, name string) error {
	h := w.Header()
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
		return nil
	default:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		return empty(w, http.StatusMethodNotAllowed)
	}
	fsys, done, err := f.open()
	if err != nil {
		return err
	}
	defer done()
	e := f.list[name]
	if e == nil {
		e = f.look(fsys, name)
	}
	a, err := f.choose(fsys, r, name, e)
	if err != nil {
		return err
	}
	defer a.file.Close()

	if len(e.codings) > 0 {
		compress.Vary(h)
	}
	if f.o.Live || !e.immutable {
		h.Set("Cache-Control", "public, max-age=0")
	} else {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if f.o.Pages && strings.HasPrefix(e.typ, "text/html") {
		h.Set("Cache-Control", "no-cache")
	}
	if !a.modified.IsZero() {
		h.Set("Last-Modified", a.modified.UTC().Format(http.TimeFormat))
	}
	if !f.o.NoETags {
		h.Set("Etag", a.tag)
	}
	body, seekable := a.file.(io.Seeker)
	ranges := seekable && a.coding == ""
	if ranges {
		h.Set("Accept-Ranges", "bytes")
	}
	switch f.precondition(r.Header, a) {
	case http.StatusNotModified:
		w.WriteHeader(http.StatusNotModified)
		return nil
	case http.StatusPreconditionFailed:
		return empty(w, http.StatusPreconditionFailed)
	}
	start, length, status := int64(0), a.size, http.StatusOK
	if ranges {
		if lines := r.Header["Range"]; len(lines) == 1 && f.sameAs(r.Header.Get("If-Range"), a) {
			switch first, n, kind := parseRange(lines[0], a.size); kind {
			case oneRange:
				if _, err := body.Seek(first, io.SeekStart); err != nil {
					return err
				}
				start, length, status = first, n, http.StatusPartialContent
				h.Set("Content-Range", "bytes "+strconv.FormatInt(start, 10)+"-"+strconv.FormatInt(start+length-1, 10)+"/"+strconv.FormatInt(a.size, 10))
			case noRange:
				for _, name := range []string{"Cache-Control", "Last-Modified", "Etag"} {
					delete(h, name) // they are the file's
				}
				h.Set("Content-Range", "bytes */"+strconv.FormatInt(a.size, 10))
				return empty(w, http.StatusRequestedRangeNotSatisfiable)
			}
		}
	}
	h.Set("Content-Type", e.typ)
	if a.coding != "" {
		h.Set("Content-Encoding", a.coding)
	}
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	w.WriteHeader(status)
	if r.Method == http.MethodHead || length == 0 {
		return nil
	}
	// From an *os.File the system copies by itself, if nothing stands between.
	if n, _ := io.CopyN(w, a.file, length); n < length && r.Context().Err() == nil {
		// The file has become shorter or cannot be read: the client must see that
		// something is missing. If it was the client that failed, it sees nothing.
		panic(http.ErrAbortHandler)
	}
	return nil
}

// empty answers with a status and no body.
func empty(w http.ResponseWriter, status int) error {
	h := w.Header()
	h["Content-Type"] = nil
	h.Set("Content-Length", "0")
	w.WriteHeader(status)
	return nil
}

// answer is a representation of a file.
type answer struct {
	file     fs.File
	size     int64
	modified time.Time // of the file; zero is not known
	tag      string
	coding   string // empty is the file itself
}

// choose opens the representation that the client likes best. A range is one of
// the file itself: what a client has of it may have come from any server.
func (f *Folder) choose(fsys fs.FS, r *http.Request, name string, e *entry) (*answer, error) {
	if len(e.codings) > 0 && r.Header["Range"] == nil {
		if c := compress.NegotiateOf(r.Header["Accept-Encoding"], e.codings); c != "" {
			a, err := f.compressed(fsys, name, e, c)
			if a != nil || err != nil {
				return a, err
			}
		}
	}
	file, info, err := regular(fsys, name)
	if err != nil {
		return nil, err
	}
	a := &answer{file: file, size: info.Size(), modified: info.ModTime(), tag: `"` + e.tag + `"`}
	if !a.modified.IsZero() {
		a.tag = weakTag(info, "")
	}
	return a, nil
}

// compressed opens a sibling; nil is that it is not of this file any more.
func (f *Folder) compressed(fsys fs.FS, name string, e *entry, coding string) (*answer, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	file, sibling, err := regular(fsys, name+suffix(coding))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	a := &answer{file: file, size: sibling.Size(), modified: info.ModTime(), coding: coding}
	switch {
	case a.modified.IsZero():
		a.tag = `"` + e.tag + "-" + coding + `"`
	case !e.immutable && older(milliseconds(sibling.ModTime()), milliseconds(a.modified)):
		return nil, file.Close()
	default:
		a.tag = weakTag(sibling, "-"+coding)
	}
	return a, nil
}

// regular opens a file that is one.
func regular(fsys fs.FS, name string) (fs.File, fs.FileInfo, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		_ = file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// milliseconds is a time of change as Node has it, rounded.
func milliseconds(t time.Time) int64 { return t.Add(500 * time.Microsecond).UnixMilli() }

// weakTag is an entity tag as Next.js makes it, of size and time of change.
func weakTag(info fs.FileInfo, suffix string) string {
	var b [64]byte
	tag := strconv.AppendInt(append(b[:0], `W/"`...), info.Size(), 16)
	tag = strconv.AppendInt(append(tag, '-'), milliseconds(info.ModTime()), 16)
	return string(append(append(tag, suffix...), '"'))
}

// precondition evaluates a request's conditions (RFC 9110 §13.2.2): 412, 304, or
// 0 to go on. Entity tags are compared weakly throughout, as Next.js does: a
// weak one is all that a client can have got.
func (f *Folder) precondition(h http.Header, a *answer) int {
	if lines := h["If-Match"]; lines != nil {
		if !f.lists(lines, a) {
			return http.StatusPreconditionFailed
		}
	} else if since, ok := date(h, "If-Unmodified-Since"); ok && after(a.modified, since) {
		return http.StatusPreconditionFailed
	}
	for _, line := range h["Cache-Control"] {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), "no-cache") {
				return 0 // whoever says so does not want to be told of what it has
			}
		}
	}
	if lines := h["If-None-Match"]; lines != nil {
		if f.lists(lines, a) {
			return http.StatusNotModified
		}
		return 0
	}
	if since, ok := date(h, "If-Modified-Since"); ok && !a.modified.IsZero() && !after(a.modified, since) {
		return http.StatusNotModified
	}
	return 0
}

// date reads a header with a date; one that is none does not count.
func date(h http.Header, name string) (time.Time, bool) {
	v := h.Get(name)
	if v == "" {
		return time.Time{}, false
	}
	t, err := http.ParseTime(v)
	return t, err == nil
}

// after compares with the seconds that a header has.
func after(modified, t time.Time) bool { return modified.Truncate(time.Second).After(t) }

// lists reports whether a list of entity tags, or a *, has that of a
// representation.
func (f *Folder) lists(lines []string, a *answer) bool {
	for _, line := range lines {
		if strings.TrimSpace(line) == "*" {
			return true
		}
		for rest := line; ; {
			rest = strings.TrimPrefix(strings.TrimLeft(rest, " \t,"), "W/")
			if rest == "" || rest[0] != '"' {
				break
			}
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				break
			}
			if rest[:end+2] == strings.TrimPrefix(a.tag, "W/") && !f.o.NoETags {
				return true
			}
			rest = rest[end+2:]
		}
	}
	return false
}

// sameAs reports whether If-Range, if there is one, names this representation.
func (f *Folder) sameAs(ifRange string, a *answer) bool {
	if ifRange == "" {
		return true
	}
	if strings.Contains(ifRange, `"`) {
		// A weak tag is none to RFC 9110 §13.1.5, but all that Next.js gives, and takes.
		return ifRange == a.tag && !f.o.NoETags
	}
	t, err := http.ParseTime(ifRange)
	return err == nil && !a.modified.IsZero() && a.modified.Truncate(time.Second).Equal(t) // exactly: RFC 9110 §13.1.5
}

// Page is the file that answers a navigation to a path which is no file: the
// single page whose script knows the path. It is none for what asks for
// something else, a missing script for one, which a page would only confuse.
func (f *Folder) Page(r *http.Request, path string) (name string, ok bool) {
	if f.o.Fallback == "" || r.Method != http.MethodGet && r.Method != http.MethodHead || !navigation(r.Header, path) {
		return "", false
	}
	if _, _, ok := Name(path); !ok {
		return "", false // nobody's page has such a path, but for those who look for secrets
	}
	return f.o.Fallback, f.Has(f.o.Fallback)
}

// navigation reports whether a browser wants a page: it says so (Fetch
// Metadata), or takes HTML by name. A path that ends like a file of a known type
// is none in any case.
func navigation(h http.Header, p string) bool {
	if ext := extension(p); ext != "html" && ext != "htm" {
		if _, known := types[ext]; known {
			return false
		}
	}
	if dest := h.Get("Sec-Fetch-Dest"); dest != "" {
		return dest == "document" || dest == "iframe" || dest == "frame"
	}
	for _, line := range h["Accept"] {
		for part := range strings.SplitSeq(line, ",") {
			t, _, _ := strings.Cut(part, ";")
			if t = strings.TrimSpace(t); strings.EqualFold(t, "text/html") || strings.EqualFold(t, "application/xhtml+xml") {
				return true
			}
		}
	}
	return false
}

// Has reports whether there is a file of a name, such as the fallback's.
func (f *Folder) Has(name string) bool {
	if !fs.ValidPath(name) || path.Base(name) == "." {
		return false
	}
	if f.list != nil {
		return f.list[name] != nil
	}
	fsys, done, err := f.open()
	if err != nil {
		return false
	}
	defer done()
	return f.has(fsys, name)
}
