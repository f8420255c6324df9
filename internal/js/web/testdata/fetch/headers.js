// Headers: construction, validation, combination, iteration, guards.
const out = {};
const all = h => [...h];
out.make = [all(new Headers({ B: '1', a: '2' })), all(new Headers([['x', '1'], ['X', '2']])), all(new Headers(new Headers({ q: 'w' }))), all(new Headers(undefined)), all(new Headers(new Map([['m', '1']])))];
out.bad = [5, null, 'a', [['a']], [['a', 'b', 'c']], [5], { 'a b': '1' }, { a: 'x\ny' }, { 'ü': '1' }, { a: '你' }, { a: Symbol() }].map(i => outcome(() => all(new Headers(i))));
const h = new Headers({ 'Content-Type': ' text/html\t' });
h.append('Accept', 'a'); h.append('accept', 'b'); h.set('X-One', 5); h.append('Set-Cookie', 'a=1'); h.append('set-cookie', 'b=2; Path=/');
out.get = [h.get('content-type'), h.get('ACCEPT'), h.get('x-one'), h.get('none'), h.get('set-cookie'), h.has('accept'), h.has('nope'), h.getSetCookie()];
out.list = [all(h), [...h.keys()], [...h.values()]];
h.delete('accept'); h.delete('nope'); h.set('x-one', 'again'); h.set('set-cookie', 'only=1');
out.after = all(h);
const each = []; h.forEach((v, k, o) => each.push([v, k, o === h])); out.each = each;
out.empty = (() => { const e = new Headers({ a: '' }); return [e.get('a'), all(e)] })();
out.latin = (() => { const e = new Headers({ a: 'é\xff' }); return [e.get('a'), e.get('a').length] })();
out.args = [() => h.get(), () => h.set('a'), () => h.append(), () => h.delete(), () => h.has(), () => h.set('a b', '1'), () => h.get('a b'), () => h.append('a', 'x\0y'), () => h.set('', 'x'), () => h.forEach(3)].map(outcome);
out.tags = [Object.prototype.toString.call(h), Object.prototype.toString.call(h.entries()), Headers.name, Headers.length, typeof h[Symbol.iterator], h.entries === h[Symbol.iterator], Object.keys(h)];
out.live = (() => { const l = new Headers({ b: '1' }), seen = []; for (const [k] of l) { seen.push(k); if (k === 'b') l.append('c', '1') } return seen })();
class Sub extends Headers { twice(k) { return this.get(k) + this.get(k) } }
out.sub = [new Sub({ a: 'x' }).twice('a'), new Sub() instanceof Headers];
out.proto = Object.getOwnPropertyNames(Headers.prototype).filter(k => k !== 'constructor').sort();
out.enumerable = Object.keys(Object.getOwnPropertyDescriptors(Headers.prototype)).filter(k => Object.getOwnPropertyDescriptor(Headers.prototype, k).enumerable).sort();
out.order = all(new Headers([['b', '2'], ['a', '1'], ['set-cookie', 'z'], ['c', '3'], ['set-cookie', 'y'], ['b', '4']]));
return out;
