package web

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"runtime"

	"github.com/dop251/goja"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/portico-dev/portico/internal/js"
)

// CompressionStream and DecompressionStream of the Compression standard.
// Differences from Node 20: every failure is a TypeError, as the standard has
// it, with the code that Node's plain Error has; trailing junk is a failure in
// all formats; and a chunk that is no BufferSource fails in place of hanging.

// Chunks up to these sizes, in bytes, are worked on at once on the isolate;
// larger ones off it.
const (
	compressInline   = 32 << 10
	decompressInline = 4 << 10 // it may grow a thousandfold
)

// byteCodec is a compressor or a decompressor. Its methods return the bytes
// that are ready, in pieces that the caller may keep. They are not called by
// two goroutines at once.
type byteCodec interface {
	transform(b []byte) ([][]byte, error)
	flush() ([][]byte, error)
	stop() // lets go of what the codec holds; nothing is called afterwards
}

func (e *Env) compressionStreamClass() *js.Class {
	return class(&e.codecs.compressors, func() *js.Class {
		return e.byteCodecClass("CompressionStream", compressInline, func(format string) byteCodec {
			return &compressor{format: format}
		})
	})
}

func (e *Env) decompressionStreamClass() *js.Class {
	return class(&e.codecs.decompressors, func() *js.Class {
		return e.byteCodecClass("DecompressionStream", decompressInline, func(format string) byteCodec {
			return newDecompressor(format)
		})
	})
}

func (e *Env) byteCodecClass(name string, inline int, make func(format string) byteCodec) *js.Class {
	return e.codecClass(name, 1, func(call goja.ConstructorCall) *codecStream {
		v := call.Argument(0)
		format := ""
		if !absent(v) {
			format = e.text(v)
		}
		switch format {
		case "gzip", "deflate", "deflate-raw":
		default:
			panic(e.nodeError("TypeError", "ERR_INVALID_ARG_VALUE", "The argument 'format' is invalid. Received %s", e.Inspect(v, InspectDefaults())))
		}
		j := &codecJob{e: e, codec: make(format)}
		return e.newCodec(name,
			func(chunk goja.Value) goja.Value {
				b, ok := e.bytes(chunk)
				if !ok {
					panic(e.argType("chunk", "an instance of ArrayBuffer, Buffer, TypedArray, or DataView", chunk))
				}
				if len(b) <= inline {
					return j.finish(j.codec.transform(b))
				}
				b = bytes.Clone(b)
				return j.off(func() ([][]byte, error) { return j.codec.transform(b) })
			},
			func() goja.Value {
				out, err := j.codec.flush()
				j.codec.stop()
				return j.finish(out, err)
			},
			j.cancel)
	})
}

// codecJob runs a codec on the isolate or off it. Its fields are touched on
// the isolate only.
type codecJob struct {
	e         *Env
	codec     byteCodec
	busy      bool // the codec is at work off the isolate
	cancelled bool // while it was busy
}

func (j *codecJob) off(work func() ([][]byte, error)) goja.Value {
	j.busy = true
	return j.e.iso.Go(func() func() (goja.Value, error) {
		out, err := work()
		return func() (goja.Value, error) {
			j.busy = false
			if j.cancelled {
				j.codec.stop()
				return nil, nil
			}
			return j.finish(out, err), nil
		}
	})
}

// finish makes the chunks, and throws err. What came out before a failure is
// dropped with the stream, whose queue an error empties.
func (j *codecJob) finish(out [][]byte, err error) goja.Value {
	if err != nil {
		j.codec.stop()
		panic(j.e.compressionError(err))
	}
	switch len(out) {
	case 0:
		return nil
	case 1:
		return j.e.uint8Array(out[0])
	}
	list := make([]any, len(out))
	for i, b := range out {
		list[i] = j.e.uint8Array(b)
	}
	return j.e.rt.NewArray(list...)
}

func (j *codecJob) cancel() {
	if j.busy {
		j.cancelled = true
		return
	}
	j.codec.stop()
}

// compressor writes to one of the formats' writers, which is made with the
// first bytes: it is large.
type compressor struct {
	format string
	out    bytes.Buffer
	w      io.WriteCloser
}

func (c *compressor) writer() io.WriteCloser {
	if c.w != nil {
		return c.w
	}
	switch c.format {
	case "gzip":
		w := gzip.NewWriter(&c.out)
		w.OS = 3 // Unix, which zlib writes
		c.w = w
	case "deflate":
		c.w = zlib.NewWriter(&c.out)
	default:
		w, err := flate.NewWriter(&c.out, flate.DefaultCompression)
		must(err)
		c.w = w
	}
	return c.w
}

// take is the output so far.
func (c *compressor) take() [][]byte {
	if c.out.Len() == 0 {
		return nil
	}
	b := bytes.Clone(c.out.Bytes())
	c.out.Reset()
	return [][]byte{b}
}

func (c *compressor) transform(b []byte) ([][]byte, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if _, err := c.writer().Write(b); err != nil {
		return nil, err
	}
	return c.take(), nil
}

func (c *compressor) flush() ([][]byte, error) {
	if err := c.writer().Close(); err != nil {
		return nil, err
	}
	return c.take(), nil
}

func (c *compressor) stop() { c.w = nil }

// errTrailing is the error of bytes behind the end of the compressed data.
var errTrailing = errors.New("Trailing junk found after the end of the compressed stream")

// decompressor turns Go's readers, which ask for their input, into a codec that
// is given it: the reader runs in a coroutine, which stops where input is
// missing. A decompressor that is dropped without an end lets its coroutine go
// when it is collected.
type decompressor struct {
	in   *inflation
	next func() ([]byte, bool)
	done func()
}

// inflation is the coroutine's side. It must not point to the decompressor.
type inflation struct {
	format string
	input  []byte
	last   bool // no more input follows
	yield  func([]byte) bool
	err    error // how it ended, nil for the end of the data
}

func newDecompressor(format string) *decompressor {
	in := &inflation{format: format}
	d := &decompressor{in: in}
	d.next, d.done = iter.Pull(in.run)
	runtime.AddCleanup(d, func(done func()) { done() }, d.done)
	return d
}

// pull runs the coroutine until it has used the input up or has ended.
func (d *decompressor) pull() ([][]byte, error) {
	var out [][]byte
	for {
		b, ok := d.next()
		if !ok {
			if d.in.err == nil && len(d.in.input) > 0 {
				d.in.err = errTrailing
			}
			return out, d.in.err
		}
		if b == nil { // it waits for input
			return out, nil
		}
		out = append(out, b)
	}
}

func (d *decompressor) transform(b []byte) ([][]byte, error) {
	if len(b) == 0 {
		return nil, nil
	}
	d.in.input = b
	return d.pull()
}

func (d *decompressor) flush() ([][]byte, error) {
	d.in.last = true
	return d.pull()
}

func (d *decompressor) stop() { d.done() }

// inflateBlock is how many bytes the coroutine decompresses at a time.
const inflateBlock = 32 << 10

func (in *inflation) run(yield func([]byte) bool) {
	in.yield = yield
	r, err := in.reader()
	if err == nil {
		buf := make([]byte, inflateBlock)
		for err == nil {
			var n int
			if n, err = r.Read(buf); n > 0 && !yield(bytes.Clone(buf[:n])) {
				return
			}
			if z, ok := r.(*gzip.Reader); ok && err == io.EOF {
				err = in.nextMember(z)
			}
		}
	}
	if err == io.EOF && r == nil {
		err = io.ErrUnexpectedEOF // not even a header
	}
	if err != io.EOF {
		in.err = err
	}
}

// nextMember goes on to the next gzip member: several are one stream, as in
// Node. The reader could do so itself, but would hold the last bytes of a
// member back until it knows.
func (in *inflation) nextMember(z *gzip.Reader) error {
	if err := in.wait(); err != nil {
		return err
	}
	err := z.Reset(in)
	if err == gzip.ErrHeader {
		return errTrailing
	}
	z.Multistream(false)
	return err
}

// reader reads the header.
func (in *inflation) reader() (io.Reader, error) {
	switch in.format {
	case "gzip":
		r, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		r.Multistream(false)
		return r, nil
	case "deflate":
		r, err := zlib.NewReader(in)
		if err != nil {
			return nil, err
		}
		return r, nil
	}
	return flate.NewReader(in), nil
}

// errStopped ends the coroutine of a stream that was given up.
var errStopped = errors.New("decompression was stopped")

// wait waits until there is input.
func (in *inflation) wait() error {
	for len(in.input) == 0 {
		if in.last {
			return io.EOF
		}
		if !in.yield(nil) {
			return errStopped
		}
	}
	return nil
}

func (in *inflation) Read(p []byte) (int, error) {
	if err := in.wait(); err != nil {
		return 0, err
	}
	n := copy(p, in.input)
	in.input = in.input[n:]
	return n, nil
}

// ReadByte lets the readers take no byte more than they need.
func (in *inflation) ReadByte() (byte, error) {
	if err := in.wait(); err != nil {
		return 0, err
	}
	c := in.input[0]
	in.input = in.input[1:]
	return c, nil
}

// compressionError words a failure as zlib does.
func (e *Env) compressionError(err error) *goja.Object {
	code, errno, message := "Z_DATA_ERROR", -3, "invalid compressed data"
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		code, errno, message = "Z_BUF_ERROR", -5, "unexpected end of file"
	case errors.Is(err, errTrailing):
		return e.nodeError("TypeError", "ERR_TRAILING_JUNK_AFTER_STREAM_END", "%s", err.Error())
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, zlib.ErrHeader):
		message = "incorrect header check"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zlib.ErrChecksum):
		message = "incorrect data check"
	case errors.Is(err, zlib.ErrDictionary):
		code, errno, message = "Z_NEED_DICT", 2, "Missing dictionary"
	}
	o := e.nodeError("TypeError", code, "%s", message)
	must(o.Set("errno", errno))
	return o
}
