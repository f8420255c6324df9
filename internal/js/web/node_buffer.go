package web

import (
	"bytes"

	"github.com/dop251/goja"
)

// The parts of node:buffer that touch every byte; node/buffer.js has the rest.
// Each takes its view as an argument, so that none depends on a prototype.

// bufferNatives adds them to o.
func (e *Env) bufferNatives(o *goja.Object) {
	rt := e.rt
	fn := func(name string, f func(goja.FunctionCall) goja.Value) { must(o.Set(name, e.iso.Func(name, 0, f))) }
	view := func(v goja.Value) []byte {
		b, ok := e.bytes(v)
		if !ok {
			panic(e.argType("buffer", "an instance of Buffer or Uint8Array", v))
		}
		return b
	}
	text := func(v goja.Value) goja.String {
		s, ok := v.(goja.String)
		if !ok {
			panic(e.argType("argument", "of type string", v))
		}
		return s
	}
	fn("encodingName", func(c goja.FunctionCall) goja.Value {
		s, ok := c.Argument(0).(goja.String)
		if !ok {
			return rt.ToValue("")
		}
		return rt.ToValue(bufferEncoding(s.String()))
	})
	// encode(text, encoding) is an ArrayBuffer.
	fn("encode", func(c goja.FunctionCall) goja.Value {
		return e.arrayBuffer(e.encodeText(text(c.Argument(0)), c.Argument(1).String()))
	})
	// decode(view, encoding, start, end), within its bounds.
	fn("decode", func(c goja.FunctionCall) goja.Value {
		b := view(c.Argument(0))
		return e.decodeText(b[c.Argument(2).ToInteger():c.Argument(3).ToInteger()], c.Argument(1).String())
	})
	fn("textLength", func(c goja.FunctionCall) goja.Value {
		return rt.ToValue(e.textLength(text(c.Argument(0)), c.Argument(1).String()))
	})
	// write(view, text, encoding, start, length) writes whole characters only.
	fn("write", func(c goja.FunctionCall) goja.Value {
		b := view(c.Argument(0))
		start := c.Argument(3).ToInteger()
		dst := b[start : start+c.Argument(4).ToInteger()]
		enc := c.Argument(2).String()
		src := e.encodeText(text(c.Argument(1)), enc)
		switch {
		case enc == "utf8":
			_, n := encodeInto(string(src), dst)
			return rt.ToValue(n)
		case enc == "utf16le":
			dst = dst[:len(dst)&^1]
		}
		return rt.ToValue(copy(dst, src))
	})
	fn("copy", func(c goja.FunctionCall) goja.Value { // (target, at, source, from, to)
		dst, src := view(c.Argument(0)), view(c.Argument(2))
		return rt.ToValue(copy(dst[c.Argument(1).ToInteger():], src[c.Argument(3).ToInteger():c.Argument(4).ToInteger()]))
	})
	fn("compare", func(c goja.FunctionCall) goja.Value {
		return rt.ToValue(bytes.Compare(view(c.Argument(0)), view(c.Argument(1))))
	})
	// fill(view, pattern, start, end); the pattern has at least one byte.
	fn("fill", func(c goja.FunctionCall) goja.Value {
		dst, src := view(c.Argument(0))[c.Argument(2).ToInteger():c.Argument(3).ToInteger()], view(c.Argument(1))
		for n := copy(dst, src); n < len(dst); n *= 2 {
			copy(dst[n:], dst[:n])
		}
		return goja.Undefined()
	})
	// find(view, needle, from, forward, step): the first match at or behind from,
	// or the last at or before it, at a distance from the start that step divides.
	fn("find", func(c goja.FunctionCall) goja.Value {
		b, needle := view(c.Argument(0)), view(c.Argument(1))
		from, step := int(c.Argument(2).ToInteger()), int(c.Argument(4).ToInteger())
		if c.Argument(3).ToBoolean() {
			for from <= len(b) {
				i := bytes.Index(b[from:], needle)
				if i < 0 {
					break
				}
				if from += i; from%step == 0 {
					return rt.ToValue(from)
				}
				from++
			}
			return rt.ToValue(-1)
		}
		for end := min(from+len(needle), len(b)); end >= 0; {
			i := bytes.LastIndex(b[:end], needle)
			if i < 0 {
				break
			}
			if i%step == 0 {
				return rt.ToValue(i)
			}
			end = i + len(needle) - 1
		}
		return rt.ToValue(-1)
	})
	fn("swap", func(c goja.FunctionCall) goja.Value { // (view, size)
		b, n := view(c.Argument(0)), int(c.Argument(1).ToInteger())
		for ; len(b) >= n; b = b[n:] {
			for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
				b[i], b[j] = b[j], b[i]
			}
		}
		return goja.Undefined()
	})
	fn("isUtf8", func(c goja.FunctionCall) goja.Value {
		b := view(c.Argument(0))
		return rt.ToValue(bytes.Equal(appendUTF8(nil, b), b))
	})
	fn("isAscii", func(c goja.FunctionCall) goja.Value {
		for _, x := range view(c.Argument(0)) {
			if x >= 0x80 {
				return rt.ToValue(false)
			}
		}
		return rt.ToValue(true)
	})
}
