// Combinations of a RequestInit that the constructor refuses, and the order in
// which a record is read.
const u = 'http://h/';
const out = {};
out.referrer = ['', 'about:client', 'http://h/x', 'http://:no', 'x y'].map(referrer => outcome(() => { new Request(u, { referrer }); return 'ok' }));
out.cached = ['cors', 'no-cors', 'same-origin'].map(mode => outcome(() => new Request(u, { mode, cache: 'only-if-cached' }).cache));
out.noCors = ['GET', 'head', 'post', 'PUT', 'delete', 'X'].map(method => outcome(() => new Request(u, { mode: 'no-cors', method }).method));
const log = [];
const target = { a: '1', b: '2' };
const spy = new Proxy(target, {
	get(t, k) { log.push('get ' + String(k)); return t[k] },
	ownKeys(t) { log.push('keys'); return Reflect.ownKeys(t) },
	getOwnPropertyDescriptor(t, k) { log.push('descriptor ' + String(k)); return Reflect.getOwnPropertyDescriptor(t, k) },
});
out.record = [[...new Headers(spy)], log.splice(0)];
const types = ['data:,x', 'data:text/plain ,x', 'data:;charset=utf-8,x', 'data:bad,x', 'data:;x,x', 'data:;x=y;charset=,x', 'data:text/plain;Charset=UTF-8,x', 'data:text/plain; a="b c",x', 'data:x;base64;x,eA', 'data:; base64,eA', 'DATA:,x#f'];
out.data = await Promise.all(types.map(async t => { const r = await fetch(t); return [t, r.headers.get('content-type'), await r.text()] }));
out.head = await (await fetch('data:,x', { method: 'HEAD' })).text();
return out;
