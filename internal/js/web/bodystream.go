package web

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// This file joins Go's readers and the streams of streams.js.

var streamsPrograms = sync.OnceValue(func() []*js.Program {
	var out []*js.Program
	for _, s := range streamsScripts {
		out = append(out, js.MustCompile(s.name, s.source))
	}
	return out
})

// streamsKit is what the streams scripts made on this isolate.
type streamsKit struct {
	all       *goja.Object
	internals *goja.Object
	source    *js.Class
	fns       map[string]goja.Callable
}

// streams evaluates the scripts when the first stream is needed.
func (e *Env) streams() *streamsKit {
	if e.kit != nil {
		return e.kit
	}
	rt := e.rt
	host := rt.NewObject()
	lazy := func(name string) {
		e.iso.LazyOn(host, name, func() goja.Value { return rt.Get(name) })
	}
	for _, n := range []string{"AbortController", "AbortSignal", "structuredClone"} {
		lazy(n)
	}
	set(host, "queueMicrotask", e.iso.Func("queueMicrotask", 1, func(c goja.FunctionCall) goja.Value {
		f, _ := goja.AssertFunction(c.Argument(0))
		e.iso.Microtask(func() {
			if _, err := e.iso.Call(f, goja.Undefined()); err != nil {
				panic(err)
			}
		})
		return goja.Undefined()
	}))
	set(host, "asyncIterator", e.asyncIterator())
	set(host, "asyncIteratorPrototype", e.iso.AsyncIteratorPrototype())
	set(host, "addAbortAlgorithm", e.iso.Func("addAbortAlgorithm", 2, func(c goja.FunctionCall) goja.Value {
		s, ok := e.SignalOf(c.Argument(0))
		if !ok {
			panic(e.iso.TypeError("the signal is not an AbortSignal"))
		}
		f, _ := goja.AssertFunction(c.Argument(1))
		remove := s.OnAbort(func() {
			if _, err := e.iso.Call(f, goja.Undefined()); err != nil {
				panic(err)
			}
		})
		return e.iso.Func("", 0, func(goja.FunctionCall) goja.Value { remove(); return goja.Undefined() })
	}))
	set(host, "transferArrayBuffer", e.iso.Func("transferArrayBuffer", 1, func(c goja.FunctionCall) goja.Value {
		ab, ok := e.exportBuffer(c.Argument(0))
		if !ok {
			panic(e.iso.TypeError("not an ArrayBuffer"))
		}
		if ab.Detached() {
			panic(e.iso.TypeError("Cannot transfer a detached ArrayBuffer"))
		}
		b := ab.Bytes()
		ab.Detach()
		return rt.ToValue(rt.NewArrayBuffer(b))
	}))
	set(host, "isDetached", e.iso.Func("isDetached", 1, func(c goja.FunctionCall) goja.Value {
		ab, ok := e.exportBuffer(c.Argument(0))
		return rt.ToValue(ok && ab.Detached())
	}))
	set(host, "copyBytes", e.iso.Func("copyBytes", 5, func(c goja.FunctionCall) goja.Value {
		to, toOK := e.exportBuffer(c.Argument(0))
		from, fromOK := e.exportBuffer(c.Argument(2))
		if !toOK || !fromOK {
			panic(e.iso.TypeError("not an ArrayBuffer"))
		}
		n := int(c.Argument(4).ToInteger())
		copy(to.Bytes()[c.Argument(1).ToInteger():][:n], from.Bytes()[c.Argument(3).ToInteger():])
		return goja.Undefined()
	}))
	set(host, "entangle", e.iso.Func("entangle", 0, func(goja.FunctionCall) goja.Value {
		one, two := e.entangle()
		return rt.NewArray(one, two)
	}))
	shared := rt.NewObject()
	for _, p := range streamsPrograms() {
		v, err := e.iso.Run(p)
		must(err)
		f, ok := goja.AssertFunction(v)
		if !ok {
			panic("a streams script is not a function")
		}
		_, err = e.iso.Call(f, goja.Undefined(), host, shared)
		must(err)
	}
	k := &streamsKit{all: shared.Get("exports").(*goja.Object), fns: map[string]goja.Callable{}}
	k.internals = k.all.Get("internals").(*goja.Object)
	e.kit = k
	return k
}

// exportBuffer returns the ArrayBuffer behind a value that is one.
func (e *Env) exportBuffer(v goja.Value) (goja.ArrayBuffer, bool) {
	o, ok := v.(*goja.Object)
	if !ok || o.ExportType() != typeArrayBuffer || e.iso.HostValue(o) != nil {
		return goja.ArrayBuffer{}, false
	}
	ab, ok := o.Export().(goja.ArrayBuffer)
	return ab, ok
}

// call calls one of streams.js's internals.
func (k *streamsKit) call(e *Env, name string, args ...goja.Value) goja.Value {
	f, ok := k.fns[name]
	if !ok {
		f, ok = goja.AssertFunction(k.internals.Get(name))
		if !ok {
			panic("streams.js has no " + name)
		}
		k.fns[name] = f
	}
	v, err := e.iso.Call(f, goja.Undefined(), args...)
	if err != nil {
		panic(err)
	}
	return v
}

func (e *Env) asyncIterator() *goja.Symbol {
	s, _ := e.rt.Get("Symbol").(*goja.Object).Get("asyncIterator").(*goja.Symbol)
	return s
}

func (e *Env) isReadableStream(v goja.Value) bool {
	if e.kit == nil { // no stream was ever made on this isolate
		return false
	}
	_, ok := v.(*goja.Object)
	return ok && e.kit.call(e, "isReadableStream", v).ToBoolean()
}

// isStream reports whether v is a readable, a writable or a transform stream.
func (e *Env) isStream(v goja.Value) bool {
	return e.kit != nil && e.kit.call(e, "isStream", v).ToBoolean()
}

// streamTransfer is a stream that changes hands.
type streamTransfer struct {
	object *goja.Object // takes its place
	commit goja.Callable
}

// transferStream begins the transfer of a stream; ok is false for what is none.
// The stream is not touched before finish.
func (e *Env) transferStream(o *goja.Object) (t streamTransfer, ok bool) {
	if e.kit == nil || !e.isStream(o) {
		return t, false
	}
	moved := e.kit.call(e, "transfer", o).(*goja.Object)
	t.object = moved.Get("object").(*goja.Object)
	t.commit, _ = goja.AssertFunction(moved.Get("commit"))
	return t, true
}

// finish is the stream's transfer steps: it is locked from then on.
func (t streamTransfer) finish(e *Env) {
	locked, err := e.iso.Call(t.commit, goja.Undefined())
	must(err)
	if !goja.IsUndefined(locked) {
		panic(e.domException("DataCloneError", "Cannot transfer a locked "+locked.String()))
	}
}

// cancelBody cancels the stream of a body that will not be sent ("abort a fetch()
// call", Fetch §5.6).
func (e *Env) cancelBody(b *Body, reason goja.Value) {
	if b == nil || b.stream == nil || e.unusable(b) {
		return
	}
	b.used = true
	if src := e.takeSource(b.stream); src != nil {
		src.Close()
		return
	}
	reader := e.streams().call(e, "reader", b.stream).(*goja.Object)
	cancel, _ := goja.AssertFunction(reader.Get("cancel"))
	if v, err := e.iso.Call(cancel, reader, reason); err == nil {
		e.iso.Await(v, func(goja.Value, error) {}) // what cancel says does not change the outcome
	}
}

func (e *Env) streamDisturbed(s *goja.Object) bool {
	return e.streams().call(e, "isDisturbed", s).ToBoolean()
}

func (e *Env) streamUnusable(s *goja.Object) bool {
	return e.streams().call(e, "isLocked", s).ToBoolean() || e.streamDisturbed(s)
}

// streamFrom is ReadableStream.from.
func (e *Env) streamFrom(v goja.Value) *goja.Object {
	rs := e.streams().all.Get("ReadableStream").(*goja.Object)
	f, _ := goja.AssertFunction(rs.Get("from"))
	s, err := e.iso.Call(f, rs, v)
	if err != nil {
		panic(err)
	}
	return s.(*goja.Object)
}

// proxyStream makes a stream that reads from another, which is locked by it.
func (e *Env) proxyStream(s *goja.Object) *goja.Object { return e.streamFrom(s) }

func (e *Env) readAllStream(s *goja.Object) goja.Value { return e.streams().call(e, "readAll", s) }

func (e *Env) teeStream(s *goja.Object) (one, two *goja.Object) {
	pair := e.streams().call(e, "teeForClone", s).(*goja.Object)
	return pair.Get("0").(*goja.Object), pair.Get("1").(*goja.Object)
}

// goSource is a Go reader that a ReadableStream pulls from.
type goSource struct {
	r   io.ReadCloser
	end error // what the last read ended with: the bytes before it come first
}

const readChunk = 32 << 10

// streamOf makes a ReadableStream of bytes over r, which is closed at its end.
func (e *Env) streamOf(r io.ReadCloser) *goja.Object {
	k := e.streams()
	if k.source == nil {
		c := e.iso.Class("ByteSource", 0, nil, nil)
		self := func(v goja.Value) *goSource {
			s, ok := js.Host[goSource](e.iso, v)
			if !ok {
				panic(e.iso.TypeError("Illegal invocation"))
			}
			return s
		}
		c.Method("pull", 1, func(c goja.FunctionCall) goja.Value {
			s := self(c.This)
			return e.iso.Go(func() func() (goja.Value, error) {
				buf := make([]byte, readChunk)
				n, err := 0, s.end
				for n == 0 && err == nil {
					n, err = s.r.Read(buf)
				}
				if err != nil {
					s.end = err
					s.r.Close()
				}
				return func() (goja.Value, error) {
					if n > 0 {
						return e.uint8Array(buf[:n:n]), nil
					}
					if errors.Is(err, io.EOF) {
						return goja.Null(), nil
					}
					return nil, e.bodyError(err)
				}
			})
		})
		c.Method("cancel", 1, func(c goja.FunctionCall) goja.Value {
			self(c.This).r.Close()
			return e.iso.Resolved(goja.Undefined())
		})
		k.source = c
	}
	return k.call(e, "fromSource", k.source.New(&goSource{r: r})).(*goja.Object)
}

// takeSource gives a stream's Go reader back when no script has read from it;
// the stream is locked from then on. Otherwise it returns nil.
func (e *Env) takeSource(s *goja.Object) io.ReadCloser {
	v := e.streams().call(e, "takeSource", s)
	if src, ok := js.Host[goSource](e.iso, v); ok {
		return src.r
	}
	return nil
}

// scriptReader reads a script's stream from Go, off the isolate.
type scriptReader struct {
	e      *Env
	frame  *js.Frame
	reader *goja.Object
	rest   []byte
	ahead  goja.Value // a read that is under way
	end    error
	ended  bool // the stream closed or failed
	stop   context.Context
	cancel context.CancelCauseFunc
	once   sync.Once
}

// streamReader makes the reader of a stream, which is locked by it. Work that
// the stream does runs in the context that is current now.
func (e *Env) streamReader(s *goja.Object) io.ReadCloser {
	r := &scriptReader{e: e, frame: e.iso.Current(), reader: e.streams().call(e, "reader", s).(*goja.Object)}
	r.stop, r.cancel = context.WithCancelCause(e.opts.Context)
	return r
}

type chunks struct {
	data []byte
	err  error
}

// batchSize is how many bytes one visit to the isolate collects when a stream
// has them ready.
const batchSize = 64 << 10

func (r *scriptReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.end != nil {
			return 0, r.end
		}
		c := make(chan chunks, 1)
		if !r.e.iso.Post(r.frame, func() { r.collect(c) }) {
			return 0, js.ErrClosed
		}
		select {
		case got := <-c:
			r.rest, r.end = got.data, got.err
			r.ended = got.err != nil
		case <-r.stop.Done():
			r.end = context.Cause(r.stop)
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// collect reads what the stream has ready, and waits for one chunk when it has
// nothing. It runs on the isolate.
func (r *scriptReader) collect(c chan<- chunks) {
	var out chunks
	for len(out.data) < batchSize && out.err == nil {
		v := r.ahead
		r.ahead = nil
		if v == nil {
			f, _ := goja.AssertFunction(r.reader.Get("read"))
			var err error
			if v, err = r.e.iso.Call(f, r.reader); err != nil {
				out.err = r.e.iso.ErrorOf(err)
				break
			}
		}
		ready, sent := false, false
		if len(out.data) > 0 && r.e.iso.Pending(v) {
			r.ahead = v
			break
		}
		r.e.iso.Await(v, func(v goja.Value, err error) {
			ready = true
			r.add(&out, v, err)
			if sent {
				c <- out
			}
		})
		if !ready {
			sent = true
			return
		}
	}
	c <- out
}

func (r *scriptReader) add(out *chunks, v goja.Value, err error) {
	if err != nil {
		out.err = r.e.iso.ErrorOf(err)
		return
	}
	o := v.(*goja.Object)
	if o.Get("done").ToBoolean() {
		out.err = io.EOF
		return
	}
	chunk := o.Get("value")
	if b, ok := r.e.bytes(chunk); ok {
		out.data = append(out.data, b...)
		return
	}
	// Node's fetch wants a Uint8Array; Next.js also sends text.
	if s, ok := chunk.(goja.String); ok {
		out.data = append(out.data, r.e.utf8(s)...)
		return
	}
	out.err = r.e.iso.Error(r.e.iso.TypeError("Received non-Uint8Array chunk"))
}

// Abort ends a Read that waits, and all later ones, with err.
func (r *scriptReader) Abort(err error) { r.cancel(err) }

// Close cancels the stream unless it has ended.
func (r *scriptReader) Close() error {
	r.once.Do(func() {
		ended := r.ended // by itself, not by Abort
		r.cancel(nil)
		if ended {
			return
		}
		r.e.iso.Post(r.frame, func() {
			f, _ := goja.AssertFunction(r.reader.Get("cancel"))
			reason := r.e.iso.NewError("Error", "The response was aborted")
			set(reason, "name", r.e.rt.ToValue("ResponseAborted"))
			if v, err := r.e.iso.Call(f, r.reader, reason); err == nil {
				r.e.iso.Await(v, func(goja.Value, error) {}) // whatever cancel says, nobody is left to hear it
			}
		})
	})
	return nil
}

func installStreams(e *Env) {
	for _, n := range []string{"ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamBYOBReader", "ReadableStreamDefaultController",
		"ReadableByteStreamController", "ReadableStreamBYOBRequest", "WritableStream", "WritableStreamDefaultWriter", "WritableStreamDefaultController",
		"TransformStream", "TransformStreamDefaultController", "ByteLengthQueuingStrategy", "CountQueuingStrategy"} {
		e.iso.Lazy(n, func() goja.Value { return e.streams().all.Get(n) })
	}
}
