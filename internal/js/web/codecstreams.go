package web

import (
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// The transform streams of the Encoding standard (§7.4 to §7.6). Those of the
// Compression standard are in compression.go.

type codecClasses struct {
	textEncoders, textDecoders *js.Class
	compressors, decompressors *js.Class
}

func installCodecStreams(e *Env) {
	e.global("TextEncoderStream", e.textEncoderStreamClass)
	e.global("TextDecoderStream", e.textDecoderStreamClass)
	e.global("CompressionStream", e.compressionStreamClass)
	e.global("DecompressionStream", e.decompressionStreamClass)
}

// codecStream is what a generic transform stream (Streams §6.4) written in Go
// carries: its two ends.
type codecStream struct {
	class              string
	readable, writable goja.Value
	decoder            *decoder // of a TextDecoderStream
}

// newCodec makes the ends. transform returns what goes to the readable side:
// nil for nothing, a chunk, an array of chunks, or a promise of these; flush
// does the same at the end. cancel, which may be nil, is told that the stream
// is given up.
func (e *Env) newCodec(class string, transform func(chunk goja.Value) goja.Value, flush func() goja.Value, cancel func()) *codecStream {
	t := e.rt.NewObject()
	set(t, "transform", e.rt.ToValue(func(c goja.FunctionCall) goja.Value { return orUndefined(transform(c.Argument(0))) }))
	set(t, "flush", e.rt.ToValue(func(goja.FunctionCall) goja.Value { return orUndefined(flush()) }))
	if cancel != nil {
		set(t, "cancel", e.rt.ToValue(func(goja.FunctionCall) goja.Value { cancel(); return goja.Undefined() }))
	}
	ends := e.streams().call(e, "transformFrom", t).(*goja.Object)
	return &codecStream{class: class, readable: ends.Get("readable"), writable: ends.Get("writable")}
}

// codecClass makes a class of codec streams with its getters; what follows in
// extra are getters of the class's own, which come first.
func (e *Env) codecClass(name string, length int, construct func(goja.ConstructorCall) *codecStream, extra ...codecGetter) *js.Class {
	c := e.iso.Class(name, length, nil, func(call goja.ConstructorCall) any { return construct(call) })
	for _, g := range append(extra,
		codecGetter{"readable", func(s *codecStream) goja.Value { return s.readable }},
		codecGetter{"writable", func(s *codecStream) goja.Value { return s.writable }}) {
		c.Getter(g.name, func(call goja.FunctionCall) goja.Value {
			s, ok := js.Host[codecStream](e.iso, call.This)
			if !ok || s.class != name {
				panic(e.invalidThis(name))
			}
			return g.get(s)
		})
	}
	return c
}

type codecGetter struct {
	name string
	get  func(*codecStream) goja.Value
}

// textEncoding is the state of a TextEncoderStream: the leading surrogate that
// the last chunk ended in, 0 for none.
type textEncoding struct{ lead rune }

// encode is "encode and enqueue a chunk" (Encoding §7.5.1).
func (t *textEncoding) encode(e *Env, s goja.String) []byte {
	n := s.Length()
	if n == 0 {
		return nil
	}
	from, to := 0, n
	var out []byte
	if t.lead != 0 {
		r := utf16.DecodeRune(t.lead, rune(s.CharAt(0)))
		if r != utf8.RuneError {
			from = 1
		}
		out = utf8.AppendRune(out, r)
		t.lead = 0
	}
	if last := rune(s.CharAt(n - 1)); last >= 0xD800 && last < 0xDC00 {
		t.lead = last
		to--
	}
	if from == 0 && to == n && out == nil {
		return e.utf8(s)
	}
	if from < to {
		out = e.iso.AppendText(out, s.Substring(from, to))
	}
	return out
}

func (e *Env) textEncoderStreamClass() *js.Class {
	return class(&e.codecs.textEncoders, func() *js.Class {
		const name = "TextEncoderStream"
		return e.codecClass(name, 0, func(goja.ConstructorCall) *codecStream {
			state := new(textEncoding)
			return e.newCodec(name,
				func(chunk goja.Value) goja.Value {
					s, _ := e.domString(chunk).(goja.String)
					if b := state.encode(e, s); len(b) > 0 {
						return e.uint8Array(b)
					}
					return nil
				},
				func() goja.Value {
					if state.lead == 0 {
						return nil
					}
					return e.uint8Array([]byte("\uFFFD"))
				}, nil)
		}, codecGetter{"encoding", func(*codecStream) goja.Value { return e.rt.ToValue("utf-8") }})
	})
}

func (e *Env) textDecoderStreamClass() *js.Class {
	return class(&e.codecs.textDecoders, func() *js.Class {
		const name = "TextDecoderStream"
		return e.codecClass(name, 0, func(call goja.ConstructorCall) *codecStream {
			d := e.newTextDecoder(call)
			decode := func(b []byte, stream bool) goja.Value {
				text, err := d.decode(b, stream)
				if err != nil {
					panic(e.invalidData(d))
				}
				if text == "" {
					return nil
				}
				return e.rt.ToValue(text)
			}
			s := e.newCodec(name,
				func(chunk goja.Value) goja.Value {
					b, ok := e.bytes(chunk)
					if !ok {
						panic(e.nodeError("TypeError", "ERR_INVALID_ARG_TYPE", `The "input" argument must be an instance of SharedArrayBuffer, ArrayBuffer or ArrayBufferView.`))
					}
					return decode(b, true)
				},
				func() goja.Value { return decode(nil, false) }, nil)
			s.decoder = d
			return s
		},
			codecGetter{"encoding", func(s *codecStream) goja.Value { return e.rt.ToValue(s.decoder.name) }},
			codecGetter{"fatal", func(s *codecStream) goja.Value { return e.rt.ToValue(s.decoder.fatal) }},
			codecGetter{"ignoreBOM", func(s *codecStream) goja.Value { return e.rt.ToValue(s.decoder.ignoreBOM) }})
	})
}
