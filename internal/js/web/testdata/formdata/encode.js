// multipart/form-data as it is written.
const encode = async f => { const r = new Response(f); return (await r.text()).replaceAll(r.headers.get('content-type').split('boundary=')[1], 'BOUNDARY') };
const form = (...entries) => { const f = new FormData(); for (const e of entries) f.append(...e); return encode(f) };
const boundary = new Response(new FormData()).headers.get('content-type');
return {
	boundary: boundary.replace(/\d{11}$/, 'N'),
	empty: await form(),
	text: await form(['a', '1'], ['a', '2'], ['', ''], ['ä', '日本\u{1f600}']),
	endings: await form(['a"\r\n\n\ré', 'x\ny\r\nz\rw\ud800\n\r']),
	files: await form(['f', new File(['da\nta'], 'n"\r\n\né.txt', { type: 'text/plain' })], ['g', new Blob(['q'])], ['h', new File([], 'empty')], ['i', new Blob(['z'], { type: 'A/B' }), 'nm'], ['j', 'after']),
	long: (await form(['f', new File(['x'.repeat(10000)], 'n')], ['g', new Blob(['y'.repeat(5000), new Uint8Array(5000).fill(65)])])).length,
};
