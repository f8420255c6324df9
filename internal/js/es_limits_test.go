package js

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func TestLimits(t *testing.T) {
	for _, iso := range []*Isolate{testIsolate(t), fallbackIsolate(t)} {
		for _, c := range []struct{ src, want string }{
			{`'ab'.repeat(2 ** 29)`, `throws RangeError: Invalid string length`},
			{`'ab'.repeat(-1)`, `throws RangeError: Invalid count value: -1`},
			{`'ab'.repeat(Infinity)`, `throws RangeError: Invalid count value: Infinity`},
			{`['ab'.repeat(2.9), 'x'.repeat('3'), ''.repeat(2 ** 40), 'a'.repeat(), 'a'.repeat(NaN)]`, `["abab", "xxx", "", "", ""]`},
			{`'a'.padStart(2 ** 30)`, `throws RangeError: Invalid string length`},
			{`'a'.padEnd(2 ** 30, 'xy')`, `throws RangeError: Invalid string length`},
			{`['a'.padEnd(2 ** 30, ''), 'a'.padStart(3), 'a'.padEnd(4, 'xy'), 'a'.padEnd('3'), 'a'.padStart()]`, `["a", "  a", "axyx", "a  ", "a"]`},
			{`'a'.repeat(1e5).replaceAll('a', 'b'.repeat(1e5))`, `throws RangeError: Invalid string length`},
			{`'a'.repeat(1e5).replaceAll('', 'b'.repeat(1e5))`, `throws RangeError: Invalid string length`},
			{`'a'.repeat(1e6).replace('a', '$&$&'.repeat(1e4))`, `throws RangeError: Invalid string length`},
			{`'abc'.repeat(1e5).replaceAll('abc', 'bcd').length`, `300000`},
			{`'a'.repeat(1e5).replaceAll('x', 'b'.repeat(1e5)).length`, `100000`},
			{`'a'.repeat(4e7).split('')`, `throws RangeError: Invalid array length: 40000000 elements, and 33554432 are allowed`},
			{`'a,b'.split(',')`, `["a", "b"]`},
			{`Array.from({ length: 1e9 })`, `throws RangeError: Invalid array length: 1000000000 elements, and 33554432 are allowed`},
			{`Array.from({ length: 2 }, (v, i) => i)`, `[0, 1]`},
			{`const a = []; a.length = 2 ** 32 - 1; a.fill(1)`, `throws RangeError: Invalid array length: 4294967295 elements, and 33554432 are allowed`},
			{`const a = []; a.length = 2 ** 32 - 1; a.join('xx')`, `throws RangeError: Invalid string length`},
			{`new Array(200000).fill(7, -3).slice(-4)`, `[<hole>, 7, 7, 7]`},
			{`new Array(200000).fill(7, 2, 150000).indexOf(7)`, `2`},
			{`[1, 2, 3].fill(0, 1, 2)`, `[1, 0, 3]`},
			{`[['a', 1, null, undefined, true, 1.5, 10n].join('-'), ['\u00e9', 'b'].join('\u20ac'), [].join(), [[1, [2]], { toString() { return 'o' } }].join(), [1, , 3].join(), Array.prototype.join.call({ length: 2, 0: 'x', 1: 'y' }, '+'), [1, 2].join(undefined), [1, 2].join(null), String([1, [2, 3]])]`,
				`["a-1---true-1.5-10", "\u00e9\u20acb", "", "1,2,o", "1,,3", "x+y", "1,2", "1null2", "1,2,3"]`},
			{`[Symbol()].join()`, `throws TypeError: Cannot convert a Symbol value to a string`},
			{`[0, { toString() { throw new Error('x') } }].join()`, `throws Error: x`},
		} {
			if got := runCase(t, iso, c.src); got != c.want {
				t.Errorf("%s\ngot  %s\nwant %s", c.src, got, c.want)
			}
		}
	}
}

// TestLimitWhileBuilding: what cannot be foreseen ends when it gets too long.
func TestLimitWhileBuilding(t *testing.T) {
	iso := testIsolate(t)
	iso.json.longest = 1 << 20
	for _, src := range []string{`'a'.repeat(1e4).replace(/a/g, 'b'.repeat(1e4))`, `'a'.repeat(1e4).replace(/a/g, () => 'b'.repeat(1e4))`, `new Array(20).fill('x'.repeat(1e5)).join('')`} {
		if got := runCase(t, iso, src); got != "throws RangeError: Invalid string length" {
			t.Errorf("%s: %.100s", src, got)
		}
	}
}

// TestLimitsOfConstructors: these need the engine's internals.
func TestLimitsOfConstructors(t *testing.T) {
	iso := testIsolate(t)
	for _, c := range []struct{ src, want string }{
		{`new Array(5e7)`, `throws RangeError: Invalid array length: 50000000 elements, and 33554432 are allowed`},
		{`Array(5e7)`, `throws RangeError: Invalid array length: 50000000 elements, and 33554432 are allowed`},
		{`[new Array(3).length, Array(1, 2), new Array('3'), Array.name, Array.length, Array.isArray(new (class extends Array {})(2))]`, `[3, [1, 2], ["3"], "Array", 1, true]`},
		{`try { new Array(-1) } catch (e) { e.name }`, `"RangeError"`},
		{`new ArrayBuffer(2 ** 30)`, `throws RangeError: Array buffer allocation failed`},
		{`new ArrayBuffer(-1)`, `throws RangeError: Invalid array buffer length`},
		{`[new ArrayBuffer(8).byteLength, new ArrayBuffer('4').byteLength, ArrayBuffer.isView(new Uint8Array(2))]`, `[8, 4, true]`},
		{`new Float64Array(1e8)`, `throws RangeError: Invalid typed array length: 100000000`},
		{`new Uint8Array(-1)`, `throws RangeError: Invalid typed array length: -1`},
		{`new Uint8Array({ length: 1e10 })`, `throws RangeError: Invalid typed array length: 10000000000`},
		{`[new Uint8Array(2), new Uint8Array([1, 2]), new Uint8Array(new Set([3])), new Uint8Array(new ArrayBuffer(4), 1, 2), new Uint8Array({ length: 1 }), new Uint16Array(new Uint8Array([5]))]`,
			`[Uint8Array [0, 0], Uint8Array [1, 2], Uint8Array [3], Uint8Array [0, 0], Uint8Array [0], Uint16Array [5]]`},
		{`new Function('return ' + '('.repeat(1e6))`, `throws SyntaxError: code nests deeper than 3000 brackets`},
		{`new Function('return ' + '!'.repeat(1e6) + '1')`, `throws SyntaxError: an expression has more than 50000 operators`},
		{`new Function('return ' + 'a=>'.repeat(1e6) + '1')`, `throws SyntaxError: an expression has more than 50000 operators`},
		{`Function('('.repeat(1e6))`, `throws SyntaxError: code nests deeper than 3000 brackets`},
		{`(async () => {}).constructor('['.repeat(1e6))`, `throws SyntaxError: code nests deeper than 3000 brackets`},
		{`(function* () {}).constructor('['.repeat(1e6))`, `throws SyntaxError: code nests deeper than 3000 brackets`},
		{`new Function('x'.repeat(5e6))`, `throws SyntaxError: code is longer than 4194304 bytes`},
		{`[new Function('a', 'b', 'return a + b')(1, 2), Function('return 5')(), new Function()(), (() => {}).constructor === Function, new Function('a,b', 'return b')(1, 2), Function.length, Function.name]`, `[3, 5, undefined, true, 2, 1, "Function"]`},
		{`new Function('return "\\u{10ffff}"')().codePointAt(0)`, `1114111`},
		{`(async () => {}).constructor('return await 5')()`, `resolves 5`},
		{`[...(function* () {}).constructor('yield 1; yield 2')()]`, `[1, 2]`},
		{`try { new Function('return async function* () {}') } catch (e) { [e.name, e.message.slice(0, 85)] }`, `["SyntaxError", "async generators and for await are not supported in code that is compiled at run time"]`},
		{`try { new Function('x', '(async () => { for await (const y of x); })()') } catch (e) { e.message.slice(0, 16) }`, `"async generators"`},
		{`try { new Function('return ]') } catch (e) { e.name }`, `"SyntaxError"`},
		{`class F extends Function { constructor() { super('return 7') } } const f = new F; [f(), f instanceof F]`, `[7, true]`},
	} {
		if got := runCase(t, iso, c.src); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestCompileEscapes(t *testing.T) {
	for _, c := range []struct{ code, want string }{
		{`'\u{10ffff}'`, `'\udbff\udfff'`},
		{`'\u{0010FFFF}\u{100000}a\u{1F600}\u{61}'`, `'\udbff\udfff\udbc0\udc00a\u{1F600}\u{61}'`},
		{`'\\u{10ffff}'`, `'\\u{10ffff}'`},
		{`'\u{110000}\u{10'`, `'\u{110000}\u{10'`},
		{`'\u{zz}'`, `'\u{zz}'`},
	} {
		if got := fixEscapes(c.code); got != c.want {
			t.Errorf("%s: got %s, want %s", c.code, got, c.want)
		}
	}
	p, err := Compile("x.js", `'\u{10fffe}'`, nil)
	if err != nil {
		t.Fatal(err)
	}
	iso := testIsolate(t)
	must(iso.Do(nil, func() {
		v, err := iso.Run(p)
		if err != nil || v.String() != "\U0010fffe" {
			t.Error(v, err)
		}
	}))
}

func FuzzFixEscapes(f *testing.F) {
	f.Add(`'\u{10ffff}\\u{10ffff}`)
	f.Fuzz(func(t *testing.T, code string) {
		once := fixEscapes(code)
		if fixEscapes(once) != once {
			t.Errorf("%q: %q is changed again", code, once)
		}
		if !strings.Contains(code, `\u{`) && once != code {
			t.Errorf("%q was changed", code)
		}
		_ = utf16.Encode([]rune(once))
	})
}
