// URLSearchParams: construction, lists, order, iteration.
const sp = (...a) => outcome(() => new URLSearchParams(...a).toString());
const out = {};
out.from = [
	sp(), sp(undefined), sp(null), sp(''), sp('?'), sp('??a'), sp('a=b'), sp('?a=b&c=d'), sp('a'), sp('=a'), sp('='), sp('&&a&&'), sp('a=b=c'), sp('a+b=c+d'), sp('%61=%62'), sp('a=%zz%'), sp('a=%e4&b=%C3%A4&c=ä'), sp('a=%F0%9F%98%80'), sp('a=%F0%9F'), sp('a=%e2%82x'), sp('a=\ud800'), sp('a#b'), sp('a=b;c=d'), sp('%EF%BB%BFa=1'),
	sp(5), sp(true), sp(Symbol()), sp(() => {}), sp({}), sp({ a: 1, b: undefined, c: null, d: [1, 2], e: {} }), sp({ '\ud800': 1, '\ud801': 2, '\ufffd': 3 }), sp({ a: Symbol() }), sp({ [Symbol('x')]: 1 }), sp(Object.create({ a: 1 })), sp(Object.defineProperty({ b: 1 }, 'a', { value: 1 })),
	sp([]), sp([['a', 'b']]), sp([['a', 'b'], ['a', 'c']]), sp(['ab']), sp([1]), sp([['a']]), sp([['a', 'b', 'c']]), sp([[]]), sp([null]), sp([new Set(['x', 'y'])]), sp(new Set([['a', 'b']])), sp(new Map([['a', 1], ['b', 2]])), sp([{ 0: 1, 1: 2, length: 2 }]), sp([['a', Symbol()]]),
	sp(function* () { yield ['g', 1]; yield ['h', 2] }()), sp({ [Symbol.iterator]: 1 }), sp({ [Symbol.iterator]: null, a: 1 }), sp({ *[Symbol.iterator]() { yield ['i', 'j'] } }),
	sp(new URLSearchParams('a=1&a=2')), sp(Object.assign(new URLSearchParams('a=1'), { *[Symbol.iterator]() { yield ['own', '1'] } })), sp(new URL('http://h/?x=y').searchParams), sp(new String('a=b')), sp(new Date(NaN) + ''), sp({ toString() { return 'x=y' } }),
	sp('a=1', 'b=2'),
];
const p = new URLSearchParams('a=1&b=2&a=3&c&%61=4&a+b=5&%2B=6&=7');
out.get = [p.get('a'), p.get('b'), p.get('c'), p.get('d'), p.get(''), p.get('a b'), p.get('+'), p.get('\ud800'), p.getAll('a'), p.getAll('x'), p.has('a'), p.has('x'), p.has('a', '3'), p.has('a', 'x'), p.has('a', undefined), p.has('c', ''), p.size, p.get(undefined), p.get({ toString: () => 'b' })];
const q = new URLSearchParams('a=1&b=2&a=3');
q.append('a', 4); q.append('é', ' ~!\'()*-._+&='); out.append = [q.toString(), q.size];
q.set('a', 9); out.set = q.toString(); q.set('n', null); out.set2 = q.toString();
q.delete('b'); q.delete('zz'); out.delete = q.toString();
q.append('k', '1'); q.append('k', '2'); q.delete('k', '1'); out.delete2 = q.toString(); q.delete('k', undefined); out.delete3 = q.toString();
const s = new URLSearchParams('z=1&a=2&z=0&\ufffd=3&\u{1f600}=4&\ue000=5&aa=6&=7&ab=8&A=9'); s.sort(); out.sort = s.toString();
out.iterate = [[...p], [...p.keys()], [...p.values()], [...p.entries()].length];
const seen = []; p.forEach(function (v, k, o) { seen.push([k, v, o === p, this.t]) }, { t: 1 }); out.forEach = seen;
// Iteration is live.
const l = new URLSearchParams('a=1&b=2&c=3'), live = [];
for (const [k] of l) { live.push(k); if (k === 'a') l.delete('b'); if (k === 'c') l.append('d', 4); if (live.length > 9) break }
out.live = live;
// A URL and its list follow each other.
const u = new URL('http://h/?a=~&b#f'), up = u.searchParams;
out.same = up === u.searchParams;
up.append('c', 'ä b'); out.url1 = u.href;
u.search = '?x=1'; out.url2 = [up.toString(), u.href]; up.delete('x'); out.url3 = [u.href, u.search];
up.delete('nothing'); up.sort(); up.set('a', '\''); out.url4 = u.href;
u.href = 'http://k/?m=n'; out.url5 = [up.get('m'), up.size];
const n = new URL('http://h/?a=%7E'); n.searchParams.delete('zz'); out.normalised = n.href;
// Errors.
out.errors = [outcome(() => new URLSearchParams().get()), outcome(() => p.append('a')), outcome(() => p.set('a')), outcome(() => p.delete()), outcome(() => p.has()), outcome(() => p.getAll()), outcome(() => p.forEach()), outcome(() => p.forEach(1)), outcome(() => p.forEach({})), outcome(() => p.get(Symbol())),
	...['get', 'getAll', 'has', 'set', 'append', 'delete', 'sort', 'toString', 'keys', 'values', 'entries', 'forEach'].map(m => outcome(() => URLSearchParams.prototype[m].call({}, 'a', 'b'))),
	outcome(() => Object.getOwnPropertyDescriptor(URLSearchParams.prototype, 'size').get.call({})), outcome(() => p.entries().next.call({})), outcome(() => URLSearchParams())];
return out;
