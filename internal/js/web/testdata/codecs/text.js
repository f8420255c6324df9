// TextEncoderStream and TextDecoderStream.
const out = {};
const T = (...a) => new Uint8Array(a);
const show = v => typeof v === 'string' ? JSON.stringify(v) : v.constructor.name + ' ' + [...v].map(x => x.toString(16).padStart(2, '0')).join('');
// feed is what comes out, how reading ends, and how each write and the closing end.
const feed = async (t, ...chunks) => {
	const w = t.writable.getWriter(), r = t.readable.getReader(), read = [];
	const writes = Promise.all([...chunks.map(c => outcome(() => w.write(c).then(() => 'ok'))), outcome(() => w.close().then(() => 'closed'))]);
	const all = async () => { for (;;) { const { done, value } = await r.read(); if (done) return 'end'; read.push(show(value)) } };
	const end = await outcome(all);
	return [read, end, await writes];
};
const enc = (...chunks) => feed(new TextEncoderStream(), ...chunks);
out.encode = [
	await enc(), await enc(''), await enc('a', 'é', '€\u{1f600}'), await enc('\ud83d', '\ude00b'), await enc('x\ud83d', '', '\ude00'), await enc('\ud83d', '\ud83d', 'x'),
	await enc('\ude00', '\ud83d'), await enc('\ud83d', '\ude00', '\ud83d', '\ude00'), await enc('\ud83d\ude00\ud83d', '\ude00\ude00'), await enc('a\ud83db', 'c'),
	await enc(1, null, undefined, {}, ['x'], true, 5n), await enc('a', { toString() { throw new RangeError('mine') } }, 'b'),
];
const dec = (label, o, ...chunks) => feed(new TextDecoderStream(label, o), ...chunks);
out.decode = [
	await dec(), await dec(undefined, {}, T()), await dec('utf-8', {}, T(0xef), T(0xbb, 0xbf, 65), T(0xf0, 0x9f), T(0x98), T(0x80), T(), T(0xff), T(0xf0)), await dec('utf-8', {}, T(0xef, 0xbb)),
	await dec('utf-8', { ignoreBOM: true }, T(0xef), T(0xbb, 0xbf, 65)), await dec('utf-8', { fatal: true }, T(65), T(0xf0)), await dec('utf-8', { fatal: true }, T(0xe2), T(0x82, 0xac)),
	await dec('utf-16le', {}, T(65), T(0, 0x3d, 0xd8), T(0, 0xde), T(1)), await dec('gbk', {}, T(0xc4), T(0xe3, 0xba), T(0xc3)),
	await dec('utf-8', {}, T(65).buffer, new DataView(T(1, 66, 2).buffer, 1, 1), new Uint16Array([0x4343])),
];
out.wrong = [await dec('utf-8', {}, 'text'), await dec('utf-8', {}, null), await dec('utf-8', {}, [1]), await dec('utf-8', {}, T(65), {}, T(66))];
const fatal = await dec('utf-8', { fatal: true }, T(65), T(0xff));
out.fatal = [fatal[0], fatal[1], fatal[2].slice(0, 2)];
const d = new TextDecoderStream(' LATIN1 ', { fatal: 1 }), e = new TextEncoderStream('utf-16');
out.members = [d.encoding, d.fatal, d.ignoreBOM, new TextDecoderStream().fatal, e.encoding, d.readable instanceof ReadableStream, d.writable instanceof WritableStream, d.readable === d.readable, e.writable === e.writable];
out.construct = [() => TextEncoderStream(), () => TextDecoderStream(), () => new TextDecoderStream('bad'), () => new TextDecoderStream('utf-8', 1), () => new TextDecoderStream(Symbol())].map(f => outcome(() => typeof f()));
out.brand = [TextEncoderStream, TextDecoderStream].map(C => ['readable', 'writable', 'encoding'].map(n => [
	outcome(() => C.prototype[n]), outcome(() => Reflect.get(C.prototype, n, C === TextEncoderStream ? d : e)), Object.getOwnPropertyDescriptor(C.prototype, n).enumerable, Object.getOwnPropertyDescriptor(C.prototype, n).set]));
out.shape = [TextEncoderStream, TextDecoderStream].map(C => [C.name, C.length, Object.keys(C.prototype), Object.getOwnPropertyNames(C.prototype)]);
// Given up
const c = new TextDecoderStream();
await c.readable.cancel('why');
out.cancel = [await outcome(() => c.writable.getWriter().write(T(1)))];
const a = new TextEncoderStream();
const reading = outcome(() => a.readable.getReader().read());
await a.writable.abort('enough');
out.abort = await reading;
return out;
