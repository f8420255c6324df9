// CompressionStream and DecompressionStream, where Node 20 and the standard agree.
const out = {};
const enc = new TextEncoder();
const formats = ['gzip', 'deflate', 'deflate-raw'];
const join = parts => { const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0)); let at = 0; for (const p of parts) { all.set(p, at); at += p.length } return all };
const through = async (t, ...chunks) => {
	const w = t.writable.getWriter(), r = t.readable.getReader(), read = [];
	const writes = Promise.all([...chunks.map(c => outcome(() => w.write(c).then(() => 'ok'))), outcome(() => w.close().then(() => 'closed'))]);
	const end = await outcome(async () => { for (;;) { const { done, value } = await r.read(); if (done) return 'end'; if (!(value instanceof Uint8Array) || value.length === 0) throw new Error('chunk ' + value); read.push(value) } });
	return { bytes: join(read), end, writes: await writes };
};
const text = r => [new TextDecoder().decode(r.bytes), r.end, r.writes];
const big = new Uint8Array(300000); for (let i = 0, x = 1; i < big.length; i++) { x = (x * 16807) % 2147483647; big[i] = i % 3 ? x : 7 }
const hex = s => new Uint8Array(s.match(/../g).map(x => parseInt(x, 16)));
out.round = [];
for (const f of formats) {
	const c = await through(new CompressionStream(f), enc.encode('hello '), new Uint8Array(0), enc.encode('hello hello'));
	out.round.push([f, c.end, c.writes, text(await through(new DecompressionStream(f), c.bytes)), text(await through(new DecompressionStream(f), ...[...c.bytes].map(b => new Uint8Array([b])))).slice(0, 2)]);
	const none = await through(new CompressionStream(f));
	out.round.push(text(await through(new DecompressionStream(f), none.bytes)));
	const many = await through(new CompressionStream(f), big, big.subarray(0, 7), big);
	const back = await through(new DecompressionStream(f), many.bytes.subarray(0, 1000), many.bytes.subarray(1000));
	const all = join([big, big.subarray(0, 7), big]);
	out.round.push([many.end, many.bytes.length < all.length, back.end, back.bytes.length, back.bytes.every((b, i) => b === all[i])]);
}
// What zlib wrote.
const zlib = { gzip: '1f8b0800000000000003cb48cdc9c957c84090008088f9e511000000', deflate: '789ccb48cdc9c957c84090003a2e067d', 'deflate-raw': 'cb48cdc9c957c8409000' };
for (const f of formats) out[f] = text(await through(new DecompressionStream(f), hex(zlib[f])));
out.members = [text(await through(new DecompressionStream('gzip'), hex(zlib.gzip), hex(zlib.gzip))), text(await through(new DecompressionStream('gzip'), hex(zlib.gzip + zlib.gzip)))];
// With a name, a comment, extra bytes and a header checksum.
out.header = (await through(new CompressionStream('gzip'), enc.encode('x'))).bytes.slice(0, 4).join();
// Data comes out before the end is known.
const d = new DecompressionStream('gzip'), w = d.writable.getWriter(), r = d.readable.getReader();
const first = w.write(hex(zlib.gzip));
out.early = [new TextDecoder().decode((await r.read()).value), await first.then(() => 'written')];
await w.close();
out.after = await r.read().then(x => x.done);
out.construct = [() => new CompressionStream(), () => new CompressionStream('x'), () => new DecompressionStream('br'), () => new DecompressionStream('GZIP'), () => CompressionStream('gzip')].map(f => outcome(() => typeof f()));
const c = new CompressionStream('gzip');
out.ends = [c.readable instanceof ReadableStream, c.writable instanceof WritableStream, c.readable === c.readable, String(c), String(d)];
out.brand = [CompressionStream, DecompressionStream].map(C => ['readable', 'writable'].map(n => [outcome(() => C.prototype[n]), Object.getOwnPropertyDescriptor(C.prototype, n).enumerable]));
out.shape = [CompressionStream, DecompressionStream].map(C => [C.name, C.length, Object.keys(C.prototype), Object.getOwnPropertyNames(C.prototype)]);
return out;
