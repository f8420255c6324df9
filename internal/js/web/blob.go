package web

import (
	"errors"
	"io"
	"math"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// Blob is immutable binary data with a type, a File when it has a name (File
// API §3, §4). Its data is a list of parts, in memory or behind an
// io.ReaderAt, so that slices and blobs of blobs copy nothing. It may be read
// from any goroutine.
type Blob struct {
	parts []blobPart
	size  int64
	typ   string
	file  *fileInfo // nil for a Blob that is no File
}

type blobPart struct {
	data []byte
	// at and off are used when the data is not in memory.
	at   io.ReaderAt
	off  int64
	size int64
}

type fileInfo struct {
	name     string
	modified int64 // milliseconds since 1970
}

// NewBlob returns a Blob of data, which must not change from then on.
func NewBlob(data []byte, typ string) *Blob {
	b := &Blob{typ: blobType(typ)}
	b.add(blobPart{data: data, size: int64(len(data))})
	return b
}

// NewBlobAt returns a Blob of the first size bytes of r.
func NewBlobAt(r io.ReaderAt, size int64, typ string) *Blob {
	b := &Blob{typ: blobType(typ)}
	b.add(blobPart{at: r, size: size})
	return b
}

// File returns a File with the data and the type of b.
func (b *Blob) File(name string, modified time.Time) *Blob {
	f := *b
	f.file = &fileInfo{name: name, modified: modified.UnixMilli()}
	return &f
}

func (b *Blob) add(p blobPart) {
	if p.size > 0 {
		b.parts = append(b.parts, p)
		b.size += p.size
	}
}

// Size is the number of bytes.
func (b *Blob) Size() int64 { return b.size }

// Type is the MIME type in lower case, or "".
func (b *Blob) Type() string { return b.typ }

// Name is the file's name; isFile is false for a Blob that is no File.
func (b *Blob) Name() (name string, isFile bool) {
	if b.file == nil {
		return "", false
	}
	return b.file.name, true
}

// Slice returns the bytes from start up to end, which are clamped to the size.
func (b *Blob) Slice(start, end int64, typ string) *Blob {
	s := &Blob{typ: blobType(typ)}
	start, end = min(max(start, 0), b.size), min(max(end, 0), b.size)
	for _, p := range b.parts {
		size := p.size
		if from, to := max(start, 0), min(end, size); from < to {
			if p.at == nil {
				p.data = p.data[from:to]
			}
			p.off += from
			p.size = to - from
			s.add(p)
		}
		start -= size
		end -= size
	}
	return s
}

// Open returns a reader of the data from its beginning.
func (b *Blob) Open() io.Reader { return &blobReader{parts: b.parts} }

// inMemory reports whether reading blocks on nothing.
func (b *Blob) inMemory() bool {
	for i := range b.parts {
		if b.parts[i].at != nil {
			return false
		}
	}
	return true
}

// Bytes returns the data; the slice must not be written. The error is that of
// the reader behind a part that is not in memory.
func (b *Blob) Bytes() ([]byte, error) {
	if len(b.parts) == 1 && b.parts[0].at == nil {
		return b.parts[0].data, nil
	}
	return b.copy()
}

func (b *Blob) copy() ([]byte, error) {
	buf := make([]byte, b.size)
	n := int64(0)
	for i := range b.parts {
		p := &b.parts[i]
		if p.at == nil {
			copy(buf[n:], p.data)
		} else if _, err := p.at.ReadAt(buf[n:n+p.size], p.off); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		n += p.size
	}
	return buf, nil
}

// blobReader reads the parts one behind the other.
type blobReader struct {
	parts []blobPart
	done  int64 // bytes of the first part
}

func (r *blobReader) Read(b []byte) (int, error) {
	for len(r.parts) > 0 {
		p := &r.parts[0]
		if r.done == p.size {
			r.parts, r.done = r.parts[1:], 0
			continue
		}
		if p.at == nil {
			n := copy(b, p.data[r.done:])
			r.done += int64(n)
			return n, nil
		}
		b = b[:min(int64(len(b)), p.size-r.done)]
		n, err := p.at.ReadAt(b, p.off+r.done)
		r.done += int64(n)
		if errors.Is(err, io.EOF) {
			err = nil
			if n == 0 {
				err = io.ErrUnexpectedEOF // the file is shorter than the Blob
			}
		}
		return n, err
	}
	return 0, io.EOF
}

// WriteTo writes the parts in memory without copying them.
func (r *blobReader) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for ; len(r.parts) > 0; r.parts, r.done = r.parts[1:], 0 {
		p := &r.parts[0]
		var n int64
		var err error
		if p.at == nil {
			var m int
			m, err = w.Write(p.data[r.done:])
			n = int64(m)
		} else {
			n, err = io.Copy(w, io.NewSectionReader(p.at, p.off+r.done, p.size-r.done))
		}
		total += n
		if err != nil {
			r.done += n
			return total, err
		}
	}
	return total, nil
}

// blobType normalises a type: printable ASCII in lower case, or nothing.
func blobType(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7E {
			return ""
		}
	}
	return strings.ToLower(s)
}

// nativeEndings turns every line ending into a line feed (File API §3.1.1).
func nativeEndings(s string) string {
	if !strings.Contains(s, "\r") {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

type blobClasses struct {
	blobs, files *js.Class
}

func installBlob(e *Env) {
	e.global("Blob", e.blobClass)
	e.global("File", e.fileClass)
}

// NewBlob makes a script's Blob, or its File when b is one.
func (e *Env) NewBlob(b *Blob) *goja.Object {
	if b.file != nil {
		return e.fileClass().New(b)
	}
	return e.blobClass().New(b)
}

// BlobOf returns the Blob behind a script's Blob or File.
func (e *Env) BlobOf(v goja.Value) (*Blob, bool) { return js.Host[Blob](e.iso, v) }

func (e *Env) invalidThis(class string) *goja.Object {
	return e.nodeError("TypeError", "ERR_INVALID_THIS", `Value of "this" must be of type %s`, class)
}

func (e *Env) thisBlob(v goja.Value) *Blob {
	b, ok := e.BlobOf(v)
	if !ok {
		panic(e.invalidThis("Blob"))
	}
	return b
}

func (e *Env) blobClass() *js.Class {
	return class(&e.blob.blobs, func() *js.Class {
		rt := e.rt
		c := e.iso.Class("Blob", 0, nil, func(call goja.ConstructorCall) any {
			return e.makeBlob(call.Argument(0), func() blobBag { return e.blobOptions(call.Argument(1)) })
		})
		c.Getter("size", func(call goja.FunctionCall) goja.Value { return rt.ToValue(e.thisBlob(call.This).size) })
		c.Getter("type", func(call goja.FunctionCall) goja.Value { return rt.ToValue(e.thisBlob(call.This).typ) })
		c.Method("slice", 0, func(call goja.FunctionCall) goja.Value {
			b := e.thisBlob(call.This)
			start, end := sliceIndex(call.Argument(0), 0, b.size), sliceIndex(call.Argument(1), b.size, b.size)
			typ := ""
			if v := call.Argument(2); !absent(v) {
				typ = e.text(v)
			}
			return e.NewBlob(b.Slice(start, end, typ))
		})
		// read is an operation that resolves with what make makes of the data;
		// private asks for a copy that make may give away.
		read := func(name string, private bool, make func([]byte) goja.Value) {
			c.Method(name, 0, func(call goja.FunctionCall) goja.Value {
				return e.iso.Attempt(func() (goja.Value, error) {
					b := e.thisBlob(call.This)
					get := b.Bytes
					if private {
						get = b.copy
					}
					if b.inMemory() {
						data, err := get()
						return make(data), err
					}
					return e.iso.Go(func() func() (goja.Value, error) {
						data, err := get()
						return func() (goja.Value, error) {
							if err != nil {
								return nil, js.Throw(e.domException("NotReadableError", "The blob could not be read"))
							}
							return make(data), nil
						}
					}), nil
				})
			})
		}
		read("text", false, func(b []byte) goja.Value { return rt.ToValue(decodeUTF8(withoutBOM(b))) })
		read("arrayBuffer", true, e.arrayBuffer)
		read("bytes", true, e.uint8Array)
		c.Method("stream", 0, func(call goja.FunctionCall) goja.Value {
			b := e.thisBlob(call.This)
			return e.streamOf(io.NopCloser(b.Open()))
		})
		return c
	})
}

// withoutBOM drops a leading byte order mark, as "UTF-8 decode" does.
func withoutBOM(b []byte) []byte {
	if len(b) >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF {
		return b[3:]
	}
	return b
}

// sliceIndex converts an argument of slice: [Clamp] long long, counted from
// the end when it is negative.
func sliceIndex(v goja.Value, absentIs, size int64) int64 {
	if absent(v) {
		return absentIs
	}
	f := toNumber(v)
	if math.IsNaN(f) {
		return 0
	}
	f = math.RoundToEven(math.Min(math.Max(f, -maxSafe), maxSafe)) // as [Clamp] rounds
	if f < 0 {
		return max(size+int64(f), 0)
	}
	return min(int64(f), size)
}

// blobBag is a BlobPropertyBag, with the member that a FilePropertyBag adds.
type blobBag struct {
	typ      string
	native   bool
	modified goja.Value
}

func (e *Env) blobOptions(v goja.Value) (bag blobBag) {
	if absent(v) || goja.IsNull(v) {
		return bag
	}
	o, ok := v.(*goja.Object)
	if !ok {
		panic(e.nodeError("TypeError", "ERR_INVALID_ARG_TYPE", `The "options" argument must be a dictionary. Received %s`, e.received(v)))
	}
	if v, ok := member(o, "endings"); ok {
		switch s := e.text(v); s {
		case "native":
			bag.native = true
		case "transparent":
		default:
			panic(e.nodeError("TypeError", "ERR_INVALID_ARG_VALUE", "The property 'options.endings' is invalid. Received '%s'", s))
		}
	}
	if t, ok := member(o, "type"); ok {
		bag.typ = e.text(t)
	}
	return bag
}

// makeBlob is the constructors' conversion of their arguments, from left to
// right: the parts, and then what options reads.
func (e *Env) makeBlob(sources goja.Value, options func() blobBag) *Blob {
	b := &Blob{}
	if absent(sources) {
		b.typ = blobType(options().typ)
		return b
	}
	o, ok := sources.(*goja.Object)
	var iterator goja.Callable
	if ok {
		iterator, ok = goja.AssertFunction(o.GetSymbol(goja.SymIterator))
	}
	if !ok {
		panic(e.nodeError("TypeError", "ERR_INVALID_ARG_TYPE", `The "sources" argument must be a sequence. Received %s`, e.received(sources)))
	}
	type source struct {
		parts []blobPart
		text  string
	}
	var list []source
	e.sequence(o, iterator, func(v goja.Value) bool {
		if p, ok := e.BlobOf(v); ok {
			list = append(list, source{parts: p.parts})
		} else if data, ok := e.bytesCopy(v); ok {
			list = append(list, source{parts: []blobPart{{data: data, size: int64(len(data))}}})
		} else {
			list = append(list, source{text: e.text(v)})
		}
		return true
	})
	bag := options()
	b.typ = blobType(bag.typ)
	for _, s := range list {
		for _, part := range s.parts {
			b.add(part)
		}
		if s.text != "" {
			if bag.native {
				s.text = nativeEndings(s.text)
			}
			b.add(blobPart{data: unsafeBytes(s.text), size: int64(len(s.text))})
		}
	}
	return b
}

func (e *Env) fileClass() *js.Class {
	return class(&e.blob.files, func() *js.Class {
		rt := e.rt
		c := e.iso.Class("File", 2, e.blobClass(), func(call goja.ConstructorCall) any {
			if len(call.Arguments) < 2 {
				panic(e.missingArguments("fileBits", "fileName"))
			}
			file := &fileInfo{modified: time.Now().UnixMilli()}
			b := e.makeBlob(call.Argument(0), func() blobBag {
				file.name = e.text(call.Argument(1))
				bag := e.blobOptions(call.Argument(2))
				if o, ok := call.Argument(2).(*goja.Object); ok {
					if v, ok := member(o, "lastModified"); ok {
						file.modified = toInteger(v)
					}
				}
				return bag
			})
			b.file = file
			return b
		})
		this := func(v goja.Value) *fileInfo {
			b, ok := e.BlobOf(v)
			if !ok || b.file == nil {
				panic(e.invalidThis("File"))
			}
			return b.file
		}
		c.Getter("name", func(call goja.FunctionCall) goja.Value { return rt.ToValue(this(call.This).name) })
		c.Getter("lastModified", func(call goja.FunctionCall) goja.Value { return rt.ToValue(this(call.This).modified) })
		return c
	})
}

// toInteger converts to a long long: truncated, 0 for what is no number or too large.
func toInteger(v goja.Value) int64 {
	f := math.Trunc(toNumber(v))
	if math.IsNaN(f) || math.Abs(f) > maxSafe {
		return 0
	}
	return int64(f)
}
