// Node 20's parser, ada 2, strays from the standard here.
const u = (s, b) => outcome(() => new URL(s, b).href);
const set = (s, k, v) => { const x = new URL(s); x[k] = v; return x.href };
// A caret is of the path percent-encode set.
const carets = ['http://h/a^b?^#^', 'foo://h/^', 'foo:^'];
const keys = ['search', 'hash'];
return [
	carets.map(s => u(s)), set('http://h/', 'pathname', '^'),
	// A space before the query or the fragment stays one when these go.
	...['foo:bar  ?q', 'foo:bar  #h', 'foo:bar  ?q#h', 'foo:a b  ', 'data: ?#'].flatMap(s => [u(s), ...keys.map(k => set(s, k, '')), ...keys.map(k => set(s, k, 'z'))]),
	(() => { const x = new URL('foo:bar  ?q'); x.searchParams.delete('q'); return x.href })(),
	u('javascript://example.com/..'), u('foo://h/..?q'), u('file:///u:p@a/..'), u('file:a:1/..'),
	u('x#f', 'mailto:x@y'), u('/x#f', 'data:text/plain,x'),
	set('https://h:8080/', 'port', 'a8'), set('foo://h/p/q', 'host', ':80'), set('foo://h/p', 'pathname', '..'),
	set('foo:///x', 'host', 'x:80'), set('foo:/a/b', 'host', 'x:80'), set('foo:/a/b', 'hostname', ''),
];
