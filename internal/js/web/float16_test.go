package web

import "testing"

// Node 20 has no Float16Array: the cases of the language itself are in
// internal/js/testdata/es/float16.txt.
func TestFloat16Array(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"structuredClone", `const a = new Float16Array([1, 2]), c = structuredClone({ a, v: new Float32Array(a.buffer) });
			return [c.a instanceof Float16Array, [...c.a], c.a !== a, c.a.buffer === c.v.buffer, c.a.buffer !== a.buffer]`,
			`[true,[1,2],true,true,true]`},
		{"transfer", `const a = new Float16Array([1, 2]), c = structuredClone(a.subarray(1), { transfer: [a.buffer] });
			return [[...c], c.byteOffset, a.length, outcome(() => structuredClone(a)).split(':')[0]]`,
			`[[2],2,0,"DataCloneError"]`},
		{"BufferSource", `const a = new Float16Array(new Uint8Array([72, 105]).buffer);
			return [new TextDecoder().decode(a), await new Response(a).text(), await new Blob([a]).text(), outcome(() => crypto.getRandomValues(a)).split(':')[0]]`,
			`["Hi","Hi","Hi","TypeMismatchError"]`},
		{"inspect", `const u = require('node:util'), b = new Float16Array(1);
			b.tag = u.inspect.custom;
			class Half extends Float16Array { [u.inspect.custom]() { return String(this === half) } }
			const half = new Half(1);
			return [u.inspect(new Float16Array([1, 0.5, -0])), u.inspect({ a: new Float16Array(0) }), u.inspect(new Float16Array(1), { showProxy: true }), u.inspect(half),
				u.types.isTypedArray(b), u.types.isProxy(b), u.types.isArrayBufferView(b), u.inspect(new Proxy(b, {})), u.format('%o', b) === u.inspect(b, { showHidden: true, showProxy: true, depth: 4 })]`,
			`["Float16Array(3) [ 1, 0.5, -0 ]","{ a: Float16Array(0) [] }","Float16Array(1) [ 0 ]","true",true,false,true,"Float16Array(1) [ 0, tag: Symbol(nodejs.util.inspect.custom) ]",true]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := run(t, c.src); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
