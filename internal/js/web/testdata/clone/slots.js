// What has internal slots and cannot be serialised is no plain object.
const r = {};
const fails = v => { try { return structuredClone(v) } catch (e) { return e.name } };
function* generator() { yield 1 }
r.array = fails([1].values());
r.map = fails(new Map().values());
r.set = fails(new Set().entries());
r.string = fails(''[Symbol.iterator]());
r.matches = fails('a'.matchAll(/a/g));
r.generator = fails(generator());
r.weak = [fails(new WeakRef({})), fails(new WeakMap()), fails(new WeakSet()), fails(new FinalizationRegistry(() => {}))];
r.inside = fails({ a: [new Map([[1, [].keys()]])] });
class Point { constructor() { this.x = 1 } }
r.plain = [fails(new Point()), fails(Object.create(null)), fails(Object.create({ y: 1 }))];
return r;
