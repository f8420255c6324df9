// Bodies as they are read.
const parse = (body, type) => new Response(body, { headers: { 'content-type': type } }).formData();
const show = (body, type) => parse(body, type).then(f => Promise.all([...f].map(async ([k, v]) => [k, typeof v === 'string' ? v : [v.name, v.type, v.size, await v.text()]])), describe);
const B = '----X', type = 'multipart/form-data; boundary=' + B;
const P = (...parts) => parts.map(p => '--' + B + '\r\n' + p + '\r\n').join('') + '--' + B + '--\r\n';
const D = 'Content-Disposition: form-data; name="a"';
const bodies = [
	P(D + '\r\n\r\n1'), P(D + '\r\n\r\n1', D + '\r\n\r\n2', 'Content-Disposition: form-data; name="b"\r\n\r\n'), P('content-disposition: form-data; name="a"\r\n\r\n1'),
	P(D + '; filename="x"\r\n\r\n1'), P(D + '; filename=""\r\n\r\n1'), P(D + '; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n'), P(D + '; filename="x"\r\nContent-Type: Text/Plain; Charset=X\r\n\r\n1'), P(D + '; filename="x"\r\nContent-Type: \r\n\r\n1'), P(D + '; filename="x"\r\nContent-Type: foo\r\n\r\n1'), P(D + '; filename="x"\r\nContent-Type: é\r\n\r\n1'),
	P('Content-Disposition: form-data; name="a%22%0D%0Ab%41"; filename="%22%41%0a%0D"\r\n\r\n1'), P('Content-Disposition: form-data; name="é"; filename="\u{1f600}"\r\n\r\né'), P('Content-Disposition: form-data; name=""\r\n\r\n1'),
	P('Content-Disposition: form-data; name="a\\"b"\r\n\r\n1'), P('Content-Disposition: form-data; filename="x"\r\n\r\n1'), P('Content-Type: text/plain\r\n\r\n1'), P('Content-Disposition: attachment; name="a"\r\n\r\n1'), P('\r\n1'),
	P(D + '\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nä'), P(D + '\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ=='), P(D + '\r\nContent-Transfer-Encoding: base64\r\n\r\nY-_ /\r\nQ'), P(D + '\r\nContent-Transfer-Encoding: 8bit\r\n\r\nYQ=='), P('X-Foo: 1\r\n' + D + '\r\nX-Bar: 2\r\n\r\n1'),
	P(D + '\r\n\r\n'), P(D + '\r\n\r\n\r\n'), P(D + '\r\n\r\n\r\n\r\nx\r\n\r\n'), '--' + B + '--\r\n', '--' + B + '--', '', '--' + B + '\r\n', '--' + B, '-', P(D + '\r\n\r\n1').slice(0, -2), P(D + '\r\n\r\n1').slice(0, -4), P(D + '\r\n\r\n1').slice(0, -10), P(D + '\r\n\r\n1').slice(0, 30),
	'\r\n' + P(D + '\r\n\r\n1'), '\r\n\r\n' + P(D + '\r\n\r\n1'), 'preamble\r\n' + P(D + '\r\n\r\n1'), P(D + '\r\n\r\n1') + 'epilogue', P(D + '\r\n\r\n1') + '\r\n', P(D + '\r\n\r\n1').replace(/\r\n/g, '\n'),
	P(D + '\r\n\r\n1\r\n--' + B + 'x\r\n2'), P(D + '\r\n\r\n1\r\n--' + B + ' \r\n2'), P('Content-Disposition: form-data; name="_charset_"\r\n\r\nx'), P(D + '\r\nBad\r\n\r\n1'), P(D + '\r\n: x\r\n\r\n1'), P('Content-Disposition : form-data; name="a"\r\n\r\n1'), P('Content-Disposition:form-data; name="a"\r\n\r\n1'), P(D + '; name="b"\r\n\r\n1'), P('Content-Disposition: form-data; name="a\r\n\r\n1'), P(D + 'x\r\n\r\n1'),
	P(D + '\r\n\r\n\ufeff1'), P(D + '; filename="x"\r\n\r\n\ufeff1'),
];
const types = ['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary="----X"', 'multipart/form-data; BOUNDARY=----X', 'Multipart/Form-Data; charset=x; boundary=----X', 'multipart/form-data;boundary=----X', 'multipart/form-data; boundary=----x', 'multipart/form-data; boundary=a b', 'multipart/form-data; boundary=' + 'x'.repeat(71), 'text/plain', '', 'application/x-www-form-urlencoded', 'Application/X-WWW-Form-Urlencoded; charset=latin1', 'application/json', 'multipart/mixed; boundary=----X', 'application/x-www-form-urlencoded2'];
const binary = new Uint8Array([...new TextEncoder().encode('--' + B + '\r\n' + D + '\r\n\r\n'), 0x61, 0xff, 0xe2, 0x82, 0x0d, 0x0a, ...new TextEncoder().encode('--' + B + '--\r\n')]);
const out = { bodies: [], types: [] };
for (const b of bodies) out.bodies.push([b, await show(b, type)]);
for (const t of types) out.types.push([t, await show(bodies[0], t)]);
out.binary = await show(binary, type);
out.urlencoded = [await show('a=1&b=%zz&a=+2&c&&=', 'application/x-www-form-urlencoded'), await show('', 'application/x-www-form-urlencoded'), await show('\ufeffa=1', 'application/x-www-form-urlencoded'), await show(new Uint8Array([97, 61, 0xe4]), 'application/x-www-form-urlencoded'), await show('a=%F0%9F%98%80%FF', 'application/x-www-form-urlencoded')];
return out;
