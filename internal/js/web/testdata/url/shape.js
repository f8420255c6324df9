// The classes as objects: what reflection and inheritance see.
const out = {};
const members = o => Object.entries(Object.getOwnPropertyDescriptors(o)).map(([k, d]) => [k, d.enumerable, d.configurable, d.writable === undefined ? [typeof d.get, typeof d.set] : typeof d.value === 'function' ? [d.writable, d.value.length, d.value.name] : d.writable]).sort((a, b) => a[0] < b[0] ? -1 : 1);
out.params = members(URLSearchParams.prototype);
out.url = members(URL.prototype);
out.statics = members(URL).filter(m => !['length', 'name', 'prototype'].includes(m[0]));
out.lengths = [URL.length, URL.name, URLSearchParams.length, URLSearchParams.name];
const it = new URLSearchParams('a=1').entries(), proto = Object.getPrototypeOf(it);
out.iterator = [Object.prototype.toString.call(it), proto[Symbol.toStringTag], Object.getPrototypeOf(proto) === Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())), members(proto), it[Symbol.iterator]() === it, JSON.stringify(it.next()), JSON.stringify(it.next()), JSON.stringify(it.next())];
out.alias = URLSearchParams.prototype[Symbol.iterator] === URLSearchParams.prototype.entries;
out.tags = [Object.prototype.toString.call(new URL('http://x')), Object.prototype.toString.call(new URLSearchParams())];
const u = new URL('http://h/p?q#f');
out.text = [String(u), u + '', JSON.stringify({ u }), u.toJSON(), Object.keys(u)];
class Sub extends URL { get twice() { return this.href + this.href } }
out.sub = [new Sub('http://h').twice, new Sub('http://h') instanceof URL, new Sub('http://h').constructor === Sub];
class Params extends URLSearchParams { first() { return [...this][0] } }
out.subParams = [new Params('a=1').first(), new Params('a=1') instanceof URLSearchParams];
out.own = Object.assign(new URL('http://h'), { extra: 1 }).extra;
out.statically = [URL.canParse('http://x'), URL.canParse('x'), URL.canParse('x', 'http://h'), URL.canParse('x', 'y'), URL.parse('x'), URL.parse('x', 'http://h/').href, outcome(() => URL.canParse()), outcome(() => URL.parse())];
const failed = (...a) => { try { new URL(...a) } catch (e) { return [e instanceof TypeError, e.name, e.message, e.code, e.input, 'base' in e, e.base, Object.keys(e)] } };
out.failed = [failed('x'), failed('x', 'y'), failed('x', undefined), failed(''), failed(null), failed(5, 'http://h:a'), failed('\ud800')];
out.errors = [outcome(() => new URL()), outcome(() => URL('http://x')), outcome(() => new URL(Symbol())), outcome(() => Object.getOwnPropertyDescriptor(URL.prototype, 'href').get.call({})), outcome(() => URL.prototype.href), outcome(() => new URL('x', Symbol()))];
out.coerced = [new URL({ toString: () => 'http://o' }).href, new URL('a', { toString: () => 'http://o' }).href, new URL('a', new URL('http://b/c')).href, new URL(['http://list/']).href, outcome(() => new URL('x', null)), outcome(() => new URL(Object.create(null)))];
out.iteratorAfterEnd = (() => { const p = new URLSearchParams('a=1'), i = p.keys(); i.next(); const r = [i.next().done]; p.append('b', 2); r.push(i.next()); return r })();
return out;
