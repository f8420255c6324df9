package web

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/dop251/goja"
)

func TestBytes(t *testing.T) {
	cases := []struct {
		src  string
		want string // %x of the bytes, or "no"
	}{
		{`new ArrayBuffer(2)`, "0000"},
		{`new Uint8Array([1, 2, 3])`, "010203"},
		{`new Uint8Array([1, 2, 3, 4]).subarray(1, 3)`, "0203"},
		{`new Uint8ClampedArray([300, -1])`, "ff00"},
		{`new Int8Array([-1])`, "ff"},
		{`new Uint16Array([1, 2]).subarray(1)`, "0200"},
		{`new Int16Array([-2])`, "feff"},
		{`new Uint32Array([1])`, "01000000"},
		{`new Int32Array([-1])`, "ffffffff"},
		{`new Float32Array([1])`, "0000803f"},
		{`new Float64Array([1])`, "000000000000f03f"},
		{`new BigInt64Array([-1n])`, "ffffffffffffffff"},
		{`new BigUint64Array([1n])`, "0100000000000000"},
		{`new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)`, "0203"},
		{`new Uint8Array(0)`, ""},
		{`new (class extends Uint8Array {})([7])`, "07"},
		{`Object.defineProperty(new Uint8Array([1]), "buffer", { value: 1 })`, "01"},
		{`({ get byteLength() { throw 1 } })`, "no"},
		{`[1, 2]`, "no"},
		{`"ab"`, "no"},
		{`null`, "no"},
		{`undefined`, "no"},
		{`new Proxy(new Uint8Array(1), {})`, "no"},
		{`ArrayBuffer`, "no"},
		{`Uint8Array.prototype`, "no"},
		{`host`, "no"},
		{`goSlice`, "no"},
	}
	onIsolate(t, func(e *Env) {
		c := e.iso.Class("X", 0, nil, nil)
		if err := e.rt.Set("host", c.New(&struct{ x int }{1})); err != nil {
			t.Fatal(err)
		}
		if err := e.rt.Set("goSlice", []uint8{1}); err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			v := e.eval(t, c.src)
			got := "no"
			b, ok := e.bytes(v)
			if ok {
				got = fmt.Sprintf("%x", b)
			}
			if got != c.want {
				t.Errorf("bytes(%s) = %s, want %s", c.src, got, c.want)
			}
			if is := e.isArrayBuffer(v) || e.isArrayBufferView(v); is != ok && c.src != "goSlice" {
				t.Errorf("isArrayBuffer(View)(%s) = %v", c.src, is)
			}
		}
	})
}

func TestBytesOfDetached(t *testing.T) {
	onIsolate(t, func(e *Env) {
		v := e.eval(t, `var b = new ArrayBuffer(8), views = [b, new Uint8Array(b, 4, 2), new Uint16Array(b, 2, 2), new DataView(b, 1)]; views`).(*goja.Object)
		e.rt.Get("b").Export().(goja.ArrayBuffer).Detach()
		for i := range 4 {
			b, ok := e.bytes(v.Get(fmt.Sprint(i)))
			if !ok || len(b) != 0 {
				t.Errorf("view %d of a detached buffer: %v %v", i, b, ok)
			}
		}
	})
}

func TestBytesAreShared(t *testing.T) {
	onIsolate(t, func(e *Env) {
		own := []byte{1, 2, 3}
		v := e.uint8Array(own)
		if b, _ := e.bytes(v); unsafe.SliceData(b) != unsafe.SliceData(own) {
			t.Error("uint8Array or bytes copies")
		}
		if b, _ := e.bytesCopy(v); unsafe.SliceData(b) == unsafe.SliceData(own) || len(b) != 3 {
			t.Error("bytesCopy does not copy")
		}
		if err := e.rt.Set("v", v); err != nil {
			t.Fatal(err)
		}
		if got := e.eval(t, `v[0] = 9; [v instanceof Uint8Array, v.buffer.byteLength, Object.prototype.toString.call(v)].join()`).String(); got != "true,3,[object Uint8Array]" {
			t.Error(got)
		}
		if own[0] != 9 {
			t.Error("the script's write is not seen")
		}
		if got := e.arrayBuffer(nil); !e.isArrayBuffer(got) {
			t.Error("an empty ArrayBuffer is none")
		}
	})
}

func TestBytesIgnoresPatchedPrototypes(t *testing.T) {
	onIsolate(t, func(e *Env) {
		e.buffers()
		v := e.eval(t, `ArrayBuffer.isView = () => false; Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), 'buffer', { get() { throw 1 } }); new Uint8Array([5])`)
		if b, ok := e.bytes(v); !ok || len(b) != 1 || b[0] != 5 {
			t.Error(b, ok)
		}
	})
}

func BenchmarkBytes(b *testing.B) {
	onIsolate(b, func(e *Env) {
		v := e.uint8Array(make([]byte, 16))
		b.ReportAllocs()
		for b.Loop() {
			e.bytes(v)
		}
	})
}

func BenchmarkUint8Array(b *testing.B) {
	onIsolate(b, func(e *Env) {
		buf := make([]byte, 16)
		b.ReportAllocs()
		for b.Loop() {
			e.uint8Array(buf)
		}
	})
}
