// Blob and File: construction, type, slices, reading.
const out = {};
const b = (...a) => outcome(() => { const x = new Blob(...a); return [x.size, x.type] });
out.sources = [b(), b(undefined), b('x'), b(5), b(null), b({}), b([]), b(['a', 'b']), b(new Set(['a', 'b'])), b(new Uint8Array([10, 20])), b([1, {}, null, undefined, true]), b([new Uint8Array(3), new ArrayBuffer(2), new DataView(new ArrayBuffer(8), 2, 3), new Uint16Array(2).subarray(1)]), b([new Blob(['zz']), new File(['yyy'], 'n')]), b(['\ud800', 'ä', '\u{1f600}']), b([Symbol()]), b([['x', 'y']]), b([new String('s')]), b(function* () { yield 'g'; yield new Uint8Array(2) }())];
out.options = [b([], 5), b([], 'x'), b([], null), b([], undefined), b([], {}), b([], { type: 'Text/PLAIN; A=B' }), b([], { type: 'té' }), b([], { type: 'a\u007f' }), b([], { type: 'a\tb' }), b([], { type: null }), b([], { type: undefined }), b([], { endings: 'x' }), b([], { endings: null }), b([], { endings: undefined })];
out.endings = [await new Blob(['a\r\nb\nc\n\n'], { endings: 'native' }).text(), await new Blob(['a\r\nb'], { endings: 'transparent' }).text(), await new Blob(['a\r\nb']).text(), await new Blob([new Uint8Array([13, 10])], { endings: 'native' }).text()];
const d = new Blob(['0123', '456', new Uint8Array([55, 56, 57])], { type: 'a/b' });
out.slices = await Promise.all([[], [2], [-3], [2, 4], [4, 2], [-3, -1], [0, 100], [-100, 2], [3, 7], [4, 4], [10], [11], [undefined, 3], [2, 8, 'C/D'], [2, 4, 'é']].map(async a => { const s = d.slice(...a); return [a.join(), s.size, s.type, await s.text(), s instanceof File] }));
out.again = await d.slice(1, 9).slice(2, 5).text();
out.text = [await new Blob([new Uint8Array([0xef, 0xbb, 0xbf, 65, 0xff, 0xe2, 0x82, 66])]).text(), await d.text(), await new Blob().text(), await new Blob(['\ud83d', '\ude00']).text()];
const ab = await d.arrayBuffer();
out.arrayBuffer = [ab instanceof ArrayBuffer, ab.byteLength, [...new Uint8Array(ab)].join()];
new Uint8Array(ab).fill(0);
const u8 = await d.bytes(); out.bytes = [u8 instanceof Uint8Array, u8.length, await d.text()];
const src = new Uint8Array([65]), copied = new Blob([src]); src[0] = 66; out.copied = await copied.text();
const f = new File(['a'], 'n/é\ud800', { lastModified: 5, type: 'X/Y' });
out.file = [f.name, f.lastModified, f.type, f.size, f instanceof Blob, Object.prototype.toString.call(f), Object.prototype.toString.call(d), await f.text(), Math.abs(new File([], 'x').lastModified - Date.now()) < 60000, new File([], 'x').type];
out.modified = [undefined, '12', NaN, new Date(7), -3, null, true].slice(1).map(lastModified => new File([], 'n', { lastModified }).lastModified);
out.names = [null, undefined, 5, { toString: () => 'o' }].map(n => new File([], n).name);
out.errors = [outcome(() => new File()), outcome(() => new File([])), outcome(() => new File('a', 'n')), outcome(() => new File([], Symbol())), outcome(() => new File([], 'n', 5)), outcome(() => Blob()), outcome(() => File([], 'x')), outcome(() => Blob.prototype.slice.call({})), outcome(() => Object.getOwnPropertyDescriptor(Blob.prototype, 'size').get.call({})), await outcome(() => Blob.prototype.text.call({})), await outcome(() => Blob.prototype.arrayBuffer.call(1)), outcome(() => Blob.prototype.stream.call({}))];
out.shape = [Blob.length, File.length, Blob.name, File.name, Object.getPrototypeOf(File) === Blob, Object.getPrototypeOf(File.prototype) === Blob.prototype, ...Object.entries(Object.getOwnPropertyDescriptors(Blob.prototype)).map(([k, x]) => [k, x.enumerable, x.value?.length].join()).filter(s => !s.startsWith('bytes')).sort(), ...Object.keys(File.prototype).sort()];
class Sub extends Blob { x() { return this.size } }
out.sub = [new Sub(['ab']).x(), new Sub(['ab']).slice(1) instanceof Sub];
const chunks = []; const reader = d.slice(2, 9).stream().getReader(); for (let r; !(r = await reader.read()).done;) chunks.push([r.value instanceof Uint8Array, ...r.value]);
out.stream = [d.stream() instanceof ReadableStream, d.stream() === d.stream(), chunks.length, chunks.flat().filter(x => x !== true).join(), await new Response(d.stream()).text()];
out.body = [await new Response(d).text(), new Response(d).headers.get('content-type'), await (await new Response(d).blob()).text(), (await new Response('x', { headers: { 'content-type': 'Text/Plain; Charset="a b"' } }).blob()).type];
const url = URL.createObjectURL(d);
out.url = [/^blob:nodedata:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(url), URL.revokeObjectURL(url), outcome(() => URL.createObjectURL({})), outcome(() => URL.createObjectURL()), outcome(() => URL.revokeObjectURL()), outcome(() => URL.createObjectURL('x'))];
return out;
