const url = require('url');
const out = [url.URL === URL, url.URLSearchParams === URLSearchParams];
for (const s of ['file:///a/b%20c', 'file:///%C3%A9', 'file://host/a', 'http://x/', 'file:///a%2Fb', 'file:///', 'nope', 5, null]) out.push(outcome(() => url.fileURLToPath(s)));
for (const s of ['/a b', '/a%b?c#d', '/x/../y/', '/é\\z', '/']) out.push(url.pathToFileURL(s).href);
out.push(url.fileURLToPath(new URL('file:///q')), outcome(() => url.pathToFileURL(1)));
out.push(url.format(new URL('http://u:p@h/p?q#f'), { auth: false, fragment: false, search: false }), url.format(new URL('http://u:p@h/p?q#f')));
const o = url.urlToHttpOptions(new URL('http://u:p@h:81/p?q#f')); out.push([o.protocol, o.hostname, o.port, o.path, o.auth, o.href]);
return out;
