let inspect; console.error({ [Symbol.for('nodejs.util.inspect.custom')](d, o, i) { inspect = i; return ''; } });
const form = new FormData(); form.append('a', '1'); form.append('a', '2'); form.append('b c', 'x'); form.append('file', new File(['x'], 'n.txt', { lastModified: 5 }));
const values = {
	headers: new Headers({ a: '2', 'content-type': 'x' }), noHeaders: new Headers(), repeated: new Headers([['x', '1'], ['x', '2']]),
	url: new URL('http://u:p@x.y:8/p?a=1#h'), params: new URLSearchParams('a=1&b=2&a=3&%20=%F0%9F%8E%89'), noParams: new URLSearchParams(),
	form, response: new Response('x', { headers: { a: 'b' } }), empty: new Response(null, { status: 204 }), json: Response.json({ a: 1 }), request: new Request('http://x/?q=1'), post: new Request('http://x/', { method: 'POST', body: 'x', headers: { a: 'b' } }),
	blob: new Blob(['abc'], { type: 'text/plain' }), file: new File(['x'], 'n.txt', { lastModified: 5 }), controller: new AbortController(), aborted: AbortSignal.abort(),
	decoder: new TextDecoder('utf-16le', { fatal: true }), nested: { a: { b: { s: new AbortController().signal } } },
	list: [new Headers({ x: '1' }), new URLSearchParams('q=1'), new Blob([])],
};
const out = {};
for (const [k, v] of Object.entries(values)) out[k] = inspect(v).split('\n');
return out;
