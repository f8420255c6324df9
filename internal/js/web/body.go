package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// Body is the body of a Request or a Response: bytes at hand, a Go reader, or
// a script's ReadableStream. A Go reader that no script looks at never enters
// script: it is copied from Go to Go.
//
// A nil *Body is the standard's null body.
type Body struct {
	data   []byte
	src    io.ReadCloser
	stream *goja.Object
	length int64 // -1 when unknown
	used   bool
}

// BytesBody is a body of bytes that nobody changes any more.
func BytesBody(b []byte) *Body { return &Body{data: b, length: int64(len(b))} }

// ReaderBody is a body that is read from r; length is -1 when it is unknown.
// r is closed when it has been read to its end or is not wanted any more.
func ReaderBody(r io.ReadCloser, length int64) *Body { return &Body{src: r, length: length} }

// Length is the number of bytes, or -1 when it is unknown.
func (b *Body) Length() int64 {
	if b == nil {
		return 0
	}
	return b.length
}

// Touched reports whether a script has begun to read the body, or may do so
// through a stream that it holds.
func (b *Body) Touched() bool { return b != nil && (b.used || b.stream != nil) }

var errBodyUsed = errors.New("body has been used")

// extracted is the result of "extract a body" (Fetch §5.2).
type extracted struct {
	body *Body
	typ  string
}

// extract turns a BodyInit into a body and the content type that it implies.
func (e *Env) extract(v goja.Value) extracted {
	switch h := e.iso.HostValue(v).(type) {
	case *Blob:
		return extracted{&Body{src: io.NopCloser(h.Open()), length: h.Size()}, h.Type()}
	case *SearchParams:
		return extracted{BytesBody([]byte(h.String())), "application/x-www-form-urlencoded;charset=UTF-8"}
	case *FormData:
		boundary := NewBoundary()
		r, n := h.EncodeMultipart(boundary)
		return extracted{&Body{src: io.NopCloser(r), length: n}, "multipart/form-data; boundary=" + boundary}
	}
	if o, ok := v.(*goja.Object); ok {
		if b, ok := e.bytes(o); ok {
			return extracted{BytesBody(bytes.Clone(b)), ""}
		}
		if e.isReadableStream(o) {
			if e.streamUnusable(o) {
				panic(e.iso.TypeError("Response body object should not be disturbed or locked"))
			}
			return extracted{&Body{stream: o, length: -1}, ""}
		}
		// Node: an async iterable that is no string object streams its chunks.
		if it := o.GetSymbol(e.asyncIterator()); it != nil && !goja.IsUndefined(it) && !goja.IsNull(it) {
			return extracted{&Body{stream: e.streamFrom(o), length: -1}, ""}
		}
	}
	return extracted{BytesBody(e.utf8(v)), "text/plain;charset=UTF-8"}
}

// utf8 encodes a script value's text as UTF-8. Lone surrogates become U+FFFD.
func (e *Env) utf8(v goja.Value) []byte {
	if s, ok := v.(goja.String); ok {
		return e.iso.AppendText(nil, s)
	}
	return []byte(e.text(v))
}

// decoded decodes UTF-8 as the standard's "UTF-8 decode": without a byte order
// mark, malformed sequences replaced. b must not be changed afterwards.
func (e *Env) decoded(b []byte) goja.Value {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if len(b) == 0 {
		return e.rt.ToValue("")
	}
	return e.rt.ToValue(decodeUTF8(b))
}

// unusable reports whether the body was read or is being read.
func (e *Env) unusable(b *Body) bool {
	return b != nil && (b.used || b.stream != nil && e.streamUnusable(b.stream))
}

// take gives up the body to Go: bytes, or a reader that is read off the
// isolate. It must be called on the isolate; the body is used afterwards.
func (e *Env) take(b *Body) (data []byte, r io.ReadCloser, err error) {
	switch {
	case b == nil:
		return nil, nil, nil
	case e.unusable(b):
		return nil, nil, errBodyUsed
	}
	b.used = true
	switch {
	case b.stream != nil:
		if src := e.takeSource(b.stream); src != nil {
			return nil, src, nil
		}
		return nil, e.streamReader(b.stream), nil
	case b.src != nil:
		return nil, b.src, nil
	}
	return b.data, nil, nil
}

// consume reads the whole body and gives it to then, which makes the value of
// the promise that consume returns.
func (e *Env) consume(b *Body, then func(data []byte) (goja.Value, error)) goja.Value {
	return e.consumeWith(b, func(r io.ReadCloser, length int64) func() (goja.Value, error) {
		data, err := readAll(r, length)
		return func() (goja.Value, error) {
			if err != nil {
				return nil, e.bodyError(err)
			}
			return then(data)
		}
	}, then)
}

// consumeWith is consume with a read of its own for a Go reader: it runs off
// the isolate, closes the reader, and returns what makes the value.
func (e *Env) consumeWith(b *Body, read func(r io.ReadCloser, length int64) func() (goja.Value, error), then func(data []byte) (goja.Value, error)) goja.Value {
	if b == nil {
		return e.iso.Attempt(func() (goja.Value, error) { return then(nil) })
	}
	if e.unusable(b) {
		return e.iso.Rejected(e.iso.TypeError("Body is unusable: Body has already been read"))
	}
	b.used = true
	src := b.src
	if b.stream != nil {
		if src = e.takeSource(b.stream); src == nil {
			p := e.iso.NewPromise()
			e.iso.Await(e.readAllStream(b.stream), func(v goja.Value, err error) {
				p.Settle(func() (goja.Value, error) {
					if err != nil {
						return nil, err
					}
					data, _ := e.bytes(v)
					return then(data)
				})
			})
			return p.Value()
		}
	}
	if src == nil {
		return e.iso.Attempt(func() (goja.Value, error) { return then(b.data) })
	}
	length := b.length
	if l, ok := src.(Limited); ok {
		src = l.Buffered(length)
	}
	return e.iso.Go(func() func() (goja.Value, error) { return read(src, length) })
}

// Limited is a reader that may be of any length as long as it streams, and
// has a limit when all of it is to be held at once.
type Limited interface {
	// Buffered is the reader with that limit; length is what the body is said
	// to have, or -1.
	Buffered(length int64) io.ReadCloser
}

// FailingReader delivers what could be read of a body, and then the error that
// ended it.
func FailingReader(got []byte, err error) io.ReadCloser {
	return io.NopCloser(io.MultiReader(bytes.NewReader(got), errorReader{err}))
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// readAll reads r to its end and closes it; length, if known, sizes the buffer.
func readAll(r io.ReadCloser, length int64) ([]byte, error) {
	defer r.Close()
	if length > 0 && length <= 1<<20 {
		buf := bytes.NewBuffer(make([]byte, 0, length+bytes.MinRead))
		_, err := buf.ReadFrom(r)
		return buf.Bytes(), err
	}
	return io.ReadAll(r)
}

// bodyError turns what went wrong while a body was read into what a script
// sees: Node's "aborted" when the client went away in the middle.
func (e *Env) bodyError(err error) error {
	var own interface {
		ScriptValue(*js.Isolate) goja.Value
	}
	switch {
	case errors.As(err, &own):
		return js.Throw(own.ScriptValue(e.iso))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, http.ErrBodyReadAfterClose), errors.Is(err, os.ErrClosed):
		o := e.iso.NewError("Error", "aborted")
		set(o, "code", e.rt.ToValue("ECONNRESET"))
		return js.Throw(o)
	}
	o := e.iso.TypeError("terminated")
	set(o, "cause", e.iso.NewError("Error", err.Error()))
	return js.Throw(o)
}

// bodyStream returns the body as a ReadableStream, made when first asked for.
func (e *Env) bodyStream(b *Body) goja.Value {
	if b == nil {
		return goja.Null()
	}
	if b.stream == nil {
		src := b.src
		if src == nil {
			src = io.NopCloser(bytes.NewReader(b.data))
		}
		b.stream = e.streamOf(src)
		if b.used {
			e.takeSource(b.stream)
		}
	}
	return b.stream
}

// cloneBody is "clone a body": both bodies deliver the same bytes.
func (e *Env) cloneBody(b *Body) *Body {
	switch {
	case b == nil:
		return nil
	case b.stream != nil:
		if src := e.takeSource(b.stream); src != nil {
			b.stream = nil
			b.src = src
			break
		}
		one, two := e.teeStream(b.stream)
		b.stream = one
		return &Body{stream: two, length: b.length}
	}
	if b.src == nil {
		return &Body{data: b.data, length: b.length}
	}
	one, two := tee(b.src)
	b.src = one
	return &Body{src: two, length: b.length}
}

// hasBody is what Request and Response have in common for the body mixin.
type hasBody interface {
	theBody() *Body
	contentType() string
}

// guardBody tells a request that its body is wanted.
func guardBody(h hasBody, name string) {
	if r, ok := h.(*Request); ok {
		r.guard(name)
	}
}

// bodyMixin defines the members of the standard's Body mixin.
func (e *Env) bodyMixin(c *js.Class) {
	self := func(c goja.FunctionCall) hasBody {
		h, ok := e.iso.HostValue(c.This).(hasBody)
		if !ok {
			panic(e.iso.TypeError("Illegal invocation"))
		}
		return h
	}
	read := func(name string, then func(h hasBody, data []byte) (goja.Value, error)) {
		c.Method(name, 0, func(c goja.FunctionCall) goja.Value {
			h, ok := e.iso.HostValue(c.This).(hasBody)
			if !ok {
				return e.iso.Rejected(e.iso.TypeError("Illegal invocation"))
			}
			guardBody(h, name)
			return e.consume(h.theBody(), func(data []byte) (goja.Value, error) { return then(h, data) })
		})
	}
	c.Getter("body", func(c goja.FunctionCall) goja.Value {
		h := self(c)
		guardBody(h, "body")
		return e.bodyStream(h.theBody())
	})
	c.Getter("bodyUsed", func(c goja.FunctionCall) goja.Value {
		b := self(c).theBody()
		return e.rt.ToValue(b != nil && (b.used || b.stream != nil && e.streamDisturbed(b.stream)))
	})
	read("arrayBuffer", func(_ hasBody, data []byte) (goja.Value, error) { return e.arrayBuffer(bytes.Clone(data)), nil })
	read("bytes", func(_ hasBody, data []byte) (goja.Value, error) { return e.uint8Array(bytes.Clone(data)), nil })
	read("text", func(_ hasBody, data []byte) (goja.Value, error) { return e.decoded(data), nil })
	read("json", func(_ hasBody, data []byte) (goja.Value, error) { return e.iso.ParseJSON(data) })
	read("blob", func(h hasBody, data []byte) (goja.Value, error) {
		return e.NewBlob(NewBlob(data, bodyType(h.contentType()))), nil
	})
	c.Method("formData", 0, func(c goja.FunctionCall) goja.Value {
		h, ok := e.iso.HostValue(c.This).(hasBody)
		if !ok {
			return e.iso.Rejected(e.iso.TypeError("Illegal invocation"))
		}
		guardBody(h, "formData")
		ct := h.contentType()
		return e.consumeWith(h.theBody(), func(r io.ReadCloser, length int64) func() (goja.Value, error) {
			defer r.Close()
			fd, err := ReadFormData(r, length, ct, FormLimits{})
			return func() (goja.Value, error) { return e.formResult(fd, err) }
		}, func(data []byte) (goja.Value, error) {
			return e.formResult(ParseFormData(data, ct, FormLimits{}))
		})
	})
}

// bodyType is the content type of a blob made from a body: its MIME type, or
// empty when that is none.
func bodyType(ct string) string {
	m, ok := parseMIMEType(ct)
	if !ok {
		return ""
	}
	return m.String()
}

// Text makes a script string of a Latin-1 text, as headers hold it.
func (e *Env) Text(s string) goja.Value { return e.fromBytes(s) }

// UTF8Text makes a script string of UTF-8 text.
func (e *Env) UTF8Text(s string) goja.Value { return e.rt.ToValue(s) }

// URLError is the TypeError for a text that is no URL.
func (e *Env) URLError(input string) *goja.Object { return e.invalidURL(input, nil) }

// Bytes are the bytes of a body that is at hand; ok is false for any other. A
// null body has none.
func (b *Body) Bytes() (data []byte, ok bool) {
	if b == nil || b.src != nil || b.stream != nil {
		return nil, false
	}
	return b.data, true
}

// Reader is the reader of a body that was made of one, and its length.
func (b *Body) Reader() (io.ReadCloser, int64) { return b.src, b.length }

// BytesReader is a reader of bytes at hand that requestBody of a later stage
// recognises, so that they are not copied again.
func BytesReader(data []byte) *HeldBytes {
	return &HeldBytes{Reader: bytes.NewReader(data), Data: data}
}

// HeldBytes is a body that was read before.
type HeldBytes struct {
	*bytes.Reader
	Data []byte
}

// Close does nothing.
func (*HeldBytes) Close() error { return nil }
