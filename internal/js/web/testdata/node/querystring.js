const qs = require('querystring');
const out = [];
for (const s of ['a=1&b=2&a=3&a=4', '', '?a', 'a', 'a=', '=b', '&&a=1&', 'a=b=c', 'a+b=c+d%20e', '%zz=%', '%E9=%C3%A9', 'é=ü', '__proto__=1&toString=2', 'a%3Db=1', 'a[]=1&a[]=2', '%F0%9F%98%80', '%41%zz']) out.push([s, Object.entries(qs.parse(s))]);
out.push(qs.parse('a:1;b:2', ';', ':'), qs.parse('a=1&b=2&c=3', null, null, { maxKeys: 2 }), qs.parse('a=%31+', null, null, { decodeURIComponent: x => '<' + x + '>' }), Object.getPrototypeOf(qs.parse('a')) === null, qs.parse(5));
for (const o of [{ a: 1, b: [1, 'x', true, null], c: undefined, d: null, e: {}, f: 'a b&c=é', g: NaN, h: 10n, i: [] }, {}, null, 'str', [1, 2], { "!'()*~-._": '!\'()*~-._/?:@' }]) out.push(qs.stringify(o));
out.push(qs.stringify({ a: 'b', c: ['d', 'e'] }, ';', ':'), qs.stringify({ 'a b': 'c d' }, null, null, { encodeURIComponent: x => x.toUpperCase() }));
out.push(qs.escape('a b\u00e9'), qs.escape({ toString: () => 'o/' }), qs.escape(5), outcome(() => qs.escape('\ud800')), qs.unescape('a%20b+c'), qs.unescape('%zz%41'), qs.unescapeBuffer('a%41%4').toString(), qs.decode === qs.parse, qs.encode === qs.stringify);
return out;
