// TextEncoder, TextDecoder, atob and btoa.
const out = {};
const bytes = (...a) => new Uint8Array(a);
const te = new TextEncoder();
out.encode = [undefined, null, 5, '', 'aé€\u{1f600}', '\ud800', '\udc00\ud800', 'x\ud83d', { toString: () => 'o' }].map(v => [...te.encode(v)]);
out.encodeShape = [te.encode() instanceof Uint8Array, te.encode().length, te.encoding, outcome(() => te.encode(Symbol()))];
const into = (s, n) => { const d = new Uint8Array(n).fill(46); const r = te.encodeInto(s, d); return [r.read, r.written, [...d].join()] };
out.encodeInto = [into('é€x', 4), into('é€x', 6), into('é€x', 9), into('é€x', 1), into('', 3), into('abc', 0), into('\u{1f600}a', 3), into('\u{1f600}a', 5), into('\ud800a', 4), into('\ud83d', 3)];
const sub = new Uint8Array(8); te.encodeInto('xyz', sub.subarray(2, 4)); out.encodeSub = [...sub];
out.encodeErrors = [outcome(() => te.encodeInto('x', [])), outcome(() => te.encodeInto(5, new Uint8Array(4))), outcome(() => te.encodeInto()), outcome(() => te.encodeInto('x')), outcome(() => te.encodeInto('x', new Uint16Array(3))), outcome(() => te.encodeInto('x', new Uint8ClampedArray(3))), outcome(() => te.encodeInto('x', new DataView(new ArrayBuffer(1)))), outcome(() => TextEncoder.prototype.encode.call({})), outcome(() => TextEncoder())];
// UTF-8
const dec = (b, ...o) => outcome(() => new TextDecoder(...o).decode(b));
const utf8 = [[65, 66], [0xef, 0xbb, 0xbf, 65], [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, 65], [0xef, 0xbb], [0xc3, 0xa9], [0xe2, 0x82, 0xac], [0xf0, 0x9f, 0x98, 0x80], [0xff], [0xc3], [0xe2, 0x82], [0xe2, 0x82, 65], [0xe2, 0x28, 0xa1], [0xf0, 0x9f, 0x98], [0xf0, 0x9f, 0x98, 65], [0xf0, 0x80, 0x80, 0x80], [0xc0, 0xaf], [0xe0, 0x80, 0x80], [0xe0, 0xa0], [0xed, 0xa0, 0x80], [0xed, 0x9f, 0xbf], [0xf4, 0x90, 0x80, 0x80], [0xf4, 0x8f, 0xbf, 0xbf], [0xf5, 0x80, 0x80, 0x80], [0x80, 0x80], [65, 0xc3, 66, 0xa9], [0xf1, 0x80, 0xc3, 0xa9, 0xe1], [0, 127]];
out.utf8 = utf8.map(b => [b.join(), dec(bytes(...b)), dec(bytes(...b), 'utf-8', { fatal: true }), dec(bytes(...b), 'utf-8', { ignoreBOM: true })]);
out.sources = [dec(new ArrayBuffer(2)), dec(new DataView(bytes(65, 66, 67).buffer, 1, 1)), dec(new Uint16Array([0x4241])), dec(bytes(1, 65, 66).subarray(1)), dec(undefined), dec(), new TextDecoder().decode(undefined, { stream: true })];
// Streams
const stream = (label, o, ...chunks) => outcome(() => { const d = new TextDecoder(label, o); return [...chunks.map(c => d.decode(bytes(...c), { stream: true })), d.decode(), d.decode(bytes(65))] });
out.stream = [
	stream('utf-8', {}, [0xe2], [0x82], [0xac, 65]), stream('utf-8', {}, [0xf0, 0x9f], [0x98]), stream('utf-8', {}, [0xf0, 0x9f], [65]), stream('utf-8', {}, [0xef], [0xbb], [0xbf, 65]), stream('utf-8', { ignoreBOM: true }, [0xef], [0xbb], [0xbf, 65]), stream('utf-8', {}, [0xef, 0xbb], [65]), stream('utf-8', {}, [], [0xef, 0xbb, 0xbf], [0xef, 0xbb, 0xbf]), stream('utf-8', { fatal: true }, [0xe2], [0x82, 0xac]), stream('utf-8', { fatal: true }, [0xe2], [65]),
	stream('utf-16le', {}, [0xff], [0xfe, 65], [0, 0x3d], [0xd8], [0, 0xde]), stream('utf-16le', {}, [0x3d, 0xd8], [65, 0]), stream('utf-16be', {}, [0xfe, 0xff, 0], [65, 0xd8, 0x3d, 0xde], [0]),
	stream('gbk', {}, [0xc4], [0xe3, 0xba], [0xc3]), stream('gb18030', {}, [0x81], [0x30], [0x81], [0x30]), stream('shift_jis', {}, [0x93], [0xfa, 0x96], [0x7b]), stream('euc-jp', {}, [0x8f], [0xb0], [0xa1, 0xc6]), stream('big5', {}, [0xa4], [0xa4]), stream('euc-kr', {}, [0xc7], [0xd1]), stream('iso-2022-jp', {}, [0x1b], [0x24], [0x42, 0x46], [0x7c, 0x1b, 0x28], [0x42, 65]), stream('windows-1251', {}, [0xcf], [0xf0]),
];
const reused = new TextDecoder('utf-8', { fatal: true }); out.reused = [outcome(() => reused.decode(bytes(0xff))), outcome(() => reused.decode(bytes(65)))];
// UTF-16
out.utf16 = [[], [65], [65, 0], [0, 0xd8], [0, 0xd8, 65], [0, 0xd8, 65, 0], [0, 0xdc], [0x3d, 0xd8, 0, 0xde], [0xff, 0xfe, 65, 0], [0xfe, 0xff], [65, 0, 66]].map(b => [b.join(), dec(bytes(...b), 'utf-16le'), dec(bytes(...b), 'utf-16be'), dec(bytes(...b), 'utf-16', { fatal: true }), dec(bytes(...b), 'utf-16', { ignoreBOM: true })]);
// Others
const legacy = { 'iso-8859-2': [0xb1, 0xe8, 0x85], 'iso-8859-5': [0xbf, 0xe0], 'iso-8859-7': [0xe1, 0xae], 'iso-8859-8-i': [0xf9, 0xec], 'koi8-r': [0xf0, 0xd2], macintosh: [0x8a, 0xde], 'windows-1250': [0x8a, 0x81], 'windows-1251': [0xcf, 0x98], 'windows-1256': [0xc7, 0x80], 'x-mac-cyrillic': [0x80, 0xff], gbk: [0xc4, 0xe3, 0xba, 0xc3, 0x80], gb18030: [0x81, 0x30, 0x81, 0x30, 0x90, 0x30, 0x81, 0x30, 0xa3, 0xa0, 0xa8, 0xbc, 0x84, 0x31, 0xa4, 0x37, 0xaa, 0xa1, 0x81, 0x35, 0xf4, 0x37], 'shift_jis': [0x93, 0xfa, 0x96, 0x7b, 0xb1], 'euc-jp': [0xc6, 0xfc, 0x8e, 0xb1, 0x8f, 0xb0, 0xa1], 'iso-2022-jp': [0x1b, 0x24, 0x42, 0x46, 0x7c, 0x1b, 0x28, 0x4a, 0x5c, 0x7e, 0x1b, 0x28, 0x42, 0x5c], big5: [0xa4, 0xa4, 0x88, 0x62], 'euc-kr': [0xc7, 0xd1, 0xb1, 0xb9] };
delete legacy.big5; legacy.big5 = [0xa4, 0xa4];
out.legacy = Object.entries(legacy).map(([l, b]) => [l, dec(bytes(...b), l), dec(bytes(...b), l, { fatal: true })]);
out.labels = ['utf8', ' UTF-8\t', 'unicode-1-1-utf-8', 'unicode11utf8', 'x-unicode20utf8', 'latin1', 'ascii', 'iso-8859-1', 'l1', 'us-ascii', 'utf-16', 'ucs-2', 'unicodefeff', 'unicodefffe', 'sjis', 'ms932', 'gb2312', 'x-x-big5', 'korean', 'windows-949', 'csiso2022jp', 'logical', 'visual', 'koi8-ru', 'dos-874', 'x-mac-ukrainian', 'cp866', 'latin9', 'foo', '', 'utf-8\u00a0', 'utf 8', 'ütf-8', 'replacement', null, undefined, Symbol()].map(l => outcome(() => new TextDecoder(l).encoding));
const d = new TextDecoder('utf-8', { fatal: 1, ignoreBOM: 'x' });
out.props = [d.encoding, d.fatal, d.ignoreBOM, new TextDecoder().fatal, new TextDecoder().ignoreBOM, Object.prototype.toString.call(d), Object.prototype.toString.call(te), TextDecoder.length, TextEncoder.length];
out.errors = [outcome(() => new TextDecoder('utf-8', 5)), outcome(() => new TextDecoder('utf-8', null).fatal), outcome(() => TextDecoder()), outcome(() => d.decode(5)), outcome(() => d.decode(null)), outcome(() => d.decode('x')), outcome(() => d.decode({})), outcome(() => d.decode([65])), outcome(() => TextDecoder.prototype.decode.call({}))];
out.members = [TextEncoder, TextDecoder].map(c => Object.entries(Object.getOwnPropertyDescriptors(c.prototype)).map(([k, x]) => [k, x.enumerable, x.value?.length].join()).sort());
// base64
out.atob = ['YQ==', 'YQ', 'YWI=', 'YWJj', ' Y Q\n= =\t', 'YR==', '', '/+8=', 'gICA', 'Y', 'YQ=', 'Y=Q=', 'é', '====', 'A-_=', 'YWI=YWI=', 'YQ\u00a0==', 'YWJj=', null, undefined, 12345678].map(s => outcome(() => [...atob(s)].map(c => c.charCodeAt()).join()));
out.btoa = ['', 'a', 'ab', 'abc', 'é\u00ff\u0000', '€', '\ud800', null, undefined, 12].map(s => outcome(() => btoa(s)));
out.base64Errors = [outcome(() => atob()), outcome(() => btoa()), outcome(() => atob(Symbol())), outcome(() => btoa(Symbol())), (() => { try { atob('Y') } catch (e) { return [e instanceof DOMException, e.code, e.name] } })(), atob.length, btoa.length, atob.name];
return out;
