// Read here, refused by Node 20: what other clients write. And the other way round.
const parse = (body, type) => new Response(body, { headers: { 'content-type': type } }).formData();
const encode = async f => { const r = new Response(f); return (await r.text()).replaceAll(r.headers.get('content-type').split('boundary=')[1], 'BOUNDARY') };
const show = disposition => parse('--X\r\n' + disposition + '\r\n\r\n1\r\n--X--\r\n', 'multipart/form-data; boundary=X').then(f => [...f].map(([k, v]) => [k, typeof v === 'string' ? v : v.name]), describe);
const D = 'Content-Disposition: form-data; name="a"';
const f = new FormData(); f.append('f', new File([], ''));
return [
	await show('Content-Disposition: FORM-DATA; NAME="a"'), await show('Content-Disposition: form-data; name=a'), await show('Content-Disposition: form-data;name="a"'), await show('Content-Disposition: form-data ; name = "a" ; filename = "b"'), await show(D + ';'),
	await show(D + '; filename=x'), await show(D + "; filename*=UTF-8''%41"), await show(D + "; filename=\"x\"; filename*=UTF-8''%41"), await show(D + '; foo=bar'), await show('Content-Disposition: form-data; foo="bar"; name="a"'),
	await show(D + '\r\n' + D.replace('"a"', '"b"')), // two dispositions: Node takes the last
	await parse('?a=1', 'application/x-www-form-urlencoded').then(f => [...f]), // Node drops the question mark
	await encode(f), outcome(() => f.forEach()), outcome(() => f.forEach(1)),
];
