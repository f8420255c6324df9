const { StringDecoder } = require('string_decoder');
const out = [];
const bytes = [Buffer.from('hé€😀z'), Buffer.from([0xe2, 0x82, 0x41, 0xff, 0xf0, 0x9f, 0x98]), Buffer.from('a😀b', 'utf16le'), Buffer.from([0xed, 0xa0, 0x80, 0xc2, 0xe0, 0x80, 0xf5, 0xf4, 0x90])];
for (const enc of ['utf8', 'utf16le', 'base64', 'base64url', 'hex', 'latin1', 'ascii', undefined]) {
	for (const b of bytes) {
		for (const step of [1, 2, 3]) {
			const d = new StringDecoder(enc), got = [];
			for (let i = 0; i < b.length; i += step) got.push(d.write(b.subarray(i, i + step)));
			got.push(d.end(), d.end());
			out.push([d.encoding, got.join('')]); // Node says some of what is wrong one chunk later
		}
	}
}
const d = new StringDecoder();
out.push(d.write('text'), d.write(Buffer.from([0xe2])), d.lastNeed, d.lastTotal, d.end(Buffer.from([0x82, 0xac])), d.end('x'), outcome(() => d.write(5)), outcome(() => new StringDecoder('nope')));
return out;
