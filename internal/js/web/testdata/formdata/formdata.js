// FormData as a class: entries, order, iteration, errors.
const out = {};
const value = v => typeof v === 'string' ? v : [v.constructor.name, v.name, v.type, v.size];
const list = f => [...f].map(([k, v]) => [k, value(v)]);
const fd = new FormData();
fd.append('a', '1'); fd.append('b', 2); fd.append('a', null); fd.append('ä\ud800', 'x\ny\ud800'); fd.append('o', {}); fd.append('arr', [1, 2]);
fd.append('blob', new Blob(['x'], { type: 'A/B' })); fd.append('named', new Blob(['xy']), 'n.txt'); fd.append('undef', new File(['x'], 'q'), undefined);
const file = new File(['abc'], 'f.txt', { type: 'text/x', lastModified: 5 });
fd.append('file', file); fd.append('renamed', file, 'g');
out.list = list(fd);
out.same = [fd.get('file') === file, fd.get('renamed') === file, fd.get('renamed').lastModified, fd.get('blob') === fd.get('blob'), [...fd.values()].includes(file)];
out.get = [fd.get('a'), fd.get('zz'), fd.getAll('a'), fd.getAll('zz'), fd.has('a'), fd.has('zz'), fd.get('ä\ufffd'), fd.get(undefined)];
fd.set('a', '9'); fd.set('new', 'n'); fd.set('o', new Blob(['q']), 'o.bin'); fd.delete('b'); fd.delete('zz');
out.set = list(fd);
out.keys = [[...fd.keys()], [...fd.values()].length, [...fd.entries()].length, fd[Symbol.iterator] === fd.entries];
const seen = []; const other = new FormData(); other.append('p', 'q'); other.forEach(function (v, k, o) { seen.push([v, k, o === other, this.t]) }, { t: 1 }); out.forEach = seen;
const l = new FormData(); l.append('a', 1); l.append('b', 2); l.append('c', 3);
const live = []; for (const [k] of l) { live.push(k); if (k === 'a') l.delete('b'); if (k === 'c') l.append('d', 4); if (live.length > 9) break }
out.live = live;
out.iterator = [Object.prototype.toString.call(fd.entries()), Object.prototype.toString.call(fd), Object.getPrototypeOf(Object.getPrototypeOf(fd.keys())) === Object.getPrototypeOf(Object.getPrototypeOf([].keys()))];
out.members = Object.entries(Object.getOwnPropertyDescriptors(FormData.prototype)).map(([k, d]) => [k, d.enumerable, d.value?.length].join()).sort();
out.errors = [outcome(() => new FormData(5)), outcome(() => new FormData(null)), outcome(() => list(new FormData(undefined))), outcome(() => fd.append()), outcome(() => fd.append('a')), outcome(() => fd.append('a', 'b', 'c')), outcome(() => fd.append('a', {}, 'x')), outcome(() => fd.set('a', 'b', undefined)), outcome(() => fd.set('a')), outcome(() => fd.delete()), outcome(() => fd.get()), outcome(() => fd.getAll()), outcome(() => fd.has()), outcome(() => fd.append(Symbol(), 1)), outcome(() => FormData.prototype.get.call({}, 'a')), outcome(() => FormData.prototype.append.call({})), outcome(() => FormData.prototype.entries.call(null))];
class Sub extends FormData { x() { return this.get('a') } }
const sub = new Sub(); sub.append('a', 'z'); out.sub = [sub.x(), sub instanceof FormData];
return out;
