// node:url: the parser from before the standard.
const url = require('url');
const log = [];
const t = (name, f) => log.push([name, outcome(f)]);
const plain = u => ({ ...u, query: u.query && typeof u.query === 'object' ? Object.entries(u.query) : u.query });
const inputs = ['http://user:pa%20ss@Host.com:8080/p/a/t/h?query=string#hash', '//host/path', '/a/b?c=d#e', 'mailto:a@b.c', 'javascript:alert(1)', 'http://a.com', 'HTTP://[::1]:3000/x', 'a/b', '', '?x=1', '#h', 'http://a b/', 'file:///etc/x',
	'http://\u00e4.com/\u00e9?\u00fc', 'http:\\\\a.com\\b', 'http://x:y@z@host/', '/%7Efoo/<b>', ' http://a.com/ x ', 'http://a.com:/x', 'http://a.com?q', 'http://a.com#f?g', 'x:y', 'coap://u:p@[1::2]:61/r?q=1', 'http://a.com/a?b=c&d=e&d=f', 'https://a.com/"x"{y}', 'ws://a/b', '//u@h/p', '/a?b@c', 'http://%41.com/', '/a#b@c', 'postgres://u:p@h:5432/db?x=1', 'redis://h'];
for (const s of inputs) { t(s, () => plain(url.parse(s))); t(s, () => plain(url.parse(s, true))); t(s, () => plain(url.parse(s, false, true))); t(s, () => url.format(s)) }
for (const s of ['http://a b@c d/', 'http://a%00b/', 'http://[::1/', 'http://a<b/']) t(s, () => url.parse(s).href);
t('type', () => url.parse(5)); t('type', () => url.format(5)); log.push(url.parse('http://a/') instanceof url.Url, url.parse('http://a/').resolve('b'));
for (const o of [{ protocol: 'http', host: 'a.com', pathname: 'x y', search: 'q=1' }, { hostname: 'h', port: 80, protocol: 'https:', query: { a: [1, 2], b: 'c d' } }, { pathname: '/a?b#c', hash: 'h' }, { auth: 'u:p/q', host: 'h', slashes: true }, { hostname: '::1', protocol: 'http' }, {}, { protocol: 'mailto', pathname: 'a@b' }, { protocol: 'file', pathname: '/x' }, { pathname: 'x', query: 'ignored' }])
	t(JSON.stringify(o), () => url.format(o));
const bases = ['http://a.com/b/c/d?q#f', '/one/two/three', 'http://a.com', 'one/two'];
const relatives = ['', 'x', './x', '../x', '../../../x', '/x', '?y', '#z', '//o.org/p', 'https://s.org/q', 'x/', '.', '..', './', '../', 'x/../y', 'mailto:a@b.c'];
for (const b of bases) for (const r of relatives) if (b !== 'one/two' || !r.startsWith('../')) t(b + ' ' + r, () => url.resolve(b, r));
return log;
