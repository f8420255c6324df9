let inspect; console.error({ [Symbol.for('nodejs.util.inspect.custom')](d, o, i) { inspect = i; return ''; } });
class Foo { constructor() { this.a = 1; } get b() { return 2; } static s = 1; }
class Bar extends Foo {}
class Empty {}
class Tagged { get [Symbol.toStringTag]() { return 'Tag'; } }
const circular = { name: 'c' }; circular.self = circular; circular.deep = { back: circular, list: [circular] };
const two = { a: {}, b: {} }; two.a.b = two.b; two.b.a = two.a;
const nullProto = Object.create(null); nullProto.x = 1;
const withGetters = { get a() { return 1; }, set b(v) {}, get c() { return 1; }, set c(v) {} };
const sparse = [1, , 3, , , 6]; sparse.extra = 'x';
const sym = Symbol('s');
const fnProps = function named() {}; fnProps.x = 1;
const values = {
	primitives: [0, -0, 1.5, 1e21, 1e-7, NaN, Infinity, -Infinity, true, false, null, undefined, 'str', 10n, -5n, Symbol('x'), Symbol(), Symbol.iterator],
	strings: ["it's", 'say "hi"', `it's "both"`, `all ' " \` three`, 'tab\t nl\n cr\r bs\\ nul\0 \x1b \x7f \x85 \b\f\v', 'ünïcödé 日本語 🎉', '\ud800 lone', 'x\udc00', '${x}', "'${x}'\""],
	empty: [{}, [], new Map(), new Set(), new Empty(), '', Object.create(null), function () {}, () => {}, new Error().name],
	objects: [{ a: 1, b: 'two', c: [3], d: { e: 5 } }, { 'a-b': 1, 2: 3, $x: 1, _y: 2, 'é': 3, [sym]: 4, [Symbol('a b')]: 5, __proto__: null }, { ['__proto__']: 1 }],
	nested: { a: { b: { c: { d: 1 } } }, list: [[[[1]]]], empty: { x: { y: { z: {} , w: [] } } }, cls: { a: { b: { c: new Foo(), m: new Map([[1, 2]]), d: new Date(0), r: /x/g, f() {}, e: null } } } },
	classes: [new Foo(), new Bar(), new Empty(), new Tagged(), Foo, Bar, Empty, class {}, class extends Foo {}, Object.create(Foo.prototype), Object.create(new Foo())],
	functions: [function named() {}, () => {}, function () {}, async function af() {}, async () => {}, function* gen() {}, fnProps, Math.max, Object, class A { static x = 1; }, { method() {}, get g() { return 1; } }.method, Symbol],
	circular: [circular, two],
	arrays: [[1, 2, 3], ['a', 'b'], [undefined, null], sparse, new Array(5), [, 1], [1, , ], Object.assign([1, 2], { x: 1, '-1': 2 }), [[], {}, [[]]], new (class MyArr extends Array {})(3)],
	long: [Array.from({ length: 101 }, (_, i) => i), Array.from({ length: 7 }, (_, i) => 'item number ' + i), Array.from({ length: 27 }, (_, i) => i * 1000), Array.from({ length: 120 }, (_, i) => 'k' + i), Array(200).fill('x'), Array.from({ length: 30 }, (_, i) => 'x'.repeat(i))],
	mixed: [Array.from({ length: 12 }, (_, i) => i % 2 ? i : String(i)), Array.from({ length: 10 }, (_, i) => ({ id: i })), Array.from({ length: 10 }, (_, i) => -i / 3), Array.from({ length: 8 }, (_, i) => BigInt(i) ** 20n), Array.from({ length: 9 }, (_, i) => [i])],
	maps: [new Map([['a', 1], [{ x: 1 }, [1, 2]]]), new Map([[new Map([[1, 2]]), new Set([1])]]), new Set([1, 'a', { b: 1 }, [2]]), Object.assign(new Map([[1, 2]]), { extra: true }), new (class M2 extends Map {})([[1, 1]]), new Set(Array.from({ length: 110 }, (_, i) => i))],
	weak: [new WeakMap(), new WeakSet()],
	dates: [new Date(0), new Date(NaN), new Date(1e12), Object.assign(new Date(0), { x: 1 }), new (class D extends Date {})(0)],
	regexps: [/a/, /[a-z]\n/gi, new RegExp(''), Object.assign(/x/, { y: 1 }), new (class R extends RegExp {})('q')],
	boxed: [new Number(3), new Number(-0), new String('abc'), new Boolean(false), Object(Symbol('q')), Object(5n), Object.assign(new String('ab'), { c: 1 }), new (class N extends Number {})(4)],
	buffers: [new ArrayBuffer(4), new Uint8Array([1, 2, 3]), new Float64Array(2), new BigInt64Array(2), new DataView(new ArrayBuffer(2), 1), new Uint8Array(0), new Uint8Array(150), new Uint8ClampedArray(3), { buf: new ArrayBuffer(60) }, new ArrayBuffer(110)],
	promises: [Promise.resolve(1), new Promise(() => {}), Promise.resolve({ a: { b: {} } }), (() => { const p = Promise.reject(new RangeError('no').message); p.catch(() => {}); return p; })()],
	nullProtos: [nullProto, Object.setPrototypeOf([1, 2], null), Object.setPrototypeOf(new Map([[1, 2]]), null), Object.setPrototypeOf(new Set([1]), null), Object.create(Object.create(null)), Object.setPrototypeOf(new Date(0), null), Object.setPrototypeOf(/x/, null)],
	accessors: [withGetters, Object.defineProperty({}, 'hidden', { value: 1 }), Object.defineProperty({ a: 1 }, 'g', { get() { return 1; }, enumerable: true })],
	proxies: [new Proxy({ a: 1 }, {}), new Proxy([1, 2], {}), new Proxy(function f() {}, {}), new Proxy(new Proxy({ b: 1 }, {}), {}), (() => { const r = Proxy.revocable({}, {}); r.revoke(); return r.proxy; })()],
	globals: [Math, JSON, globalThis.Reflect, Symbol.prototype, Object.prototype, Array.prototype, Function.prototype, Foo.prototype, Bar.prototype, Map.prototype],
	args: (function () { return arguments; })(1, 'a'),
	argsEmpty: (function () { return arguments; })(),
	generator: (function* () {})(),
	iterators: [[1][Symbol.iterator](), 'x'[Symbol.iterator]()],
	fake: [{ constructor: 'Foo' }, { constructor: { name: 'Bar' } }, { constructor: Foo }, { toString() { return 'x'; } }, { [Symbol.toStringTag]: 'T' }, Object.create({ constructor: Foo })],
	longObject: { alpha: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', beta: 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', gamma: 'cccccccccccccccccccccccccccccccccccc' , delta: 1 },
	fits: { a: { b: 'x'.repeat(40) }, c: { d: 'y'.repeat(20), e: [1, 2, { f: 1 }] } },
	longString: { s: 'line one\nline two\nline three is much longer than the others, so that it does not fit on one line of output, really\n' },
	hugeString: 'x'.repeat(10010),
	wide: ['日本', '中国', '한국', 'a', 'b', 'c', '🎉🎉'],
	symbols: { [Symbol('a')]: { [Symbol.for('b')]: 1 } },
	multi: [{ a: 1, b: 2, c: 3, d: { e: 4, f: [1, 2, 3, { g: 1 }] } }, 'str', [new Map([['k', { v: [1] }]])]],
};
const out = {};
for (const [name, v] of Object.entries(values)) {
	out[name] = inspect(v).split('\n');
	if (Array.isArray(v) && v.length < 40) v.forEach((x, i) => { out[name + i] = inspect(x).split('\n'); });
}
return out;
