import { rejection, tell, thrownBy } from '@/lib/tell'

const bytes = (text: string) => new TextEncoder().encode(text)
const stream = (...parts: any[]) => new ReadableStream({ start: (c) => (parts.forEach((p) => c.enqueue(p)), c.close()) })

const cases: Record<string, () => unknown> = {
  'response-readers': async () => [
    await new Response('x').text(), await new Response('{"a":1}').json(), (await new Response('abc').arrayBuffer()).byteLength, await (await new Response('b', { headers: { 'content-type': 'T/X' } }).blob()).text(),
    (await new Response('b', { headers: { 'content-type': 'T/X' } }).blob()).type, [...(await new Response(new URLSearchParams('a=1')).formData())],
  ],
  'response-bytes': async () => typeof (new Response('x') as any).bytes,
  'null-body': async () => [await new Response(null).text(), (await new Response(null).arrayBuffer()).byteLength, await rejection(() => new Response(null).json()), new Response(null).body, new Response(null).bodyUsed],
  'null-body-twice': async () => {
    const r = new Response(null)
    await r.text()
    return [r.bodyUsed, await r.text()]
  },
  'empty-twice': async () => {
    const r = new Response('')
    await r.text()
    return [r.bodyUsed, await rejection(() => r.text())]
  },
  locked: async () => {
    const r = new Response('x')
    r.body!.getReader()
    return [r.bodyUsed, await rejection(() => r.text()), thrownBy(() => r.clone())]
  },
  released: async () => {
    const r = new Response('x')
    r.body!.getReader().releaseLock()
    return [r.bodyUsed, await r.text()]
  },
  'stream-body': async () => [await new Response(stream(bytes('a'), bytes('b'))).text(), await rejection(() => new Response(stream('text')).text())],
  'stream-used': async () => {
    const s = stream(bytes('a'))
    await new Response(s).text()
    return thrownBy(() => new Response(s))
  },
  'stream-locked': () => {
    const s = stream(bytes('a'))
    s.getReader()
    return thrownBy(() => new Response(s))
  },
  clone: async () => {
    const r = new Response('both', { status: 201, statusText: 'S', headers: { a: '1' } })
    const c = r.clone()
    return [await r.text(), await c.text(), c.status, c.statusText, c.headers.get('a'), c.headers === r.headers]
  },
  'clone-stream': async () => {
    const r = new Response(stream(bytes('a'), bytes('b')))
    const c = r.clone()
    const [x, y] = await Promise.all([r.text(), c.text()])
    return [x, y]
  },
  json: async () => [await new Response('[1]').json(), await rejection(() => new Response('{').json()), await rejection(() => new Response('').json()), await rejection(() => new Response('undefined').json())],
  'request-defaults': () => {
    const r = new Request('http://h.test/a#f')
    return [r.method, r.url, r.mode, r.credentials, r.cache, r.redirect, r.referrer, r.referrerPolicy, r.integrity, r.keepalive, r.destination, r.duplex, r.bodyUsed, r.body, r.signal.aborted, (r as any).isHistoryNavigation]
  },
  'request-init': async () => {
    const r = new Request('http://h.test/', { method: 'post', body: 'b', mode: 'no-cors', credentials: 'omit', cache: 'no-store', redirect: 'manual', keepalive: true, referrer: '', integrity: 'sha256-x' })
    return [r.method, r.mode, r.credentials, r.cache, r.redirect, r.keepalive, r.referrer, r.integrity, r.headers.get('content-type'), await r.text()]
  },
  'request-copy': async () => {
    const a = new Request('http://h.test/', { method: 'POST', body: 'b', headers: { x: '1' } })
    const b = new Request(a)
    return [a.bodyUsed, b.method, b.headers.get('x'), await b.text(), a.bodyUsed, thrownBy(() => new Request(a))]
  },
  'request-copy-new-body': async () => {
    const a = new Request('http://h.test/', { method: 'POST', body: 'b' })
    const b = new Request(a, { body: 'c' })
    return [await b.text(), a.bodyUsed, await a.text()]
  },
  'request-copy-url': async () => {
    const a = new Request('http://h.test/', { method: 'PUT', body: 'b', headers: { x: '1' } })
    const b = new Request('http://k.test/', a)
    return [b.url, b.method, b.headers.get('x'), await b.text()]
  },
  'request-errors': () => [
    thrownBy(() => new Request('/a')), thrownBy(() => new Request('http://h', { method: 'a b' })), thrownBy(() => new Request('http://h', { method: 'CONNECT' })), thrownBy(() => new Request('http://h', { body: 'x' })),
    thrownBy(() => new Request('http://h', { method: 'HEAD', body: 'x' })), thrownBy(() => new Request('http://u:p@h')), thrownBy(() => new Request('http://h', { mode: 'navigate' as any })),
    thrownBy(() => new Request('http://h', { redirect: 'odd' as any })), thrownBy(() => new Request('http://h', { signal: {} as any })),
    thrownBy(() => new Request('http://h', { method: 'POST', body: stream() } as any)),
  ].map((t) => t.slice(0, 70)),
  'request-methods': () => ['get', 'Post', 'patch', 'PATCH', 'x'].map((method) => new Request('http://h', { method }).method),
  'request-signal': () => {
    const c = new AbortController()
    const r = new Request('http://h', { signal: c.signal })
    const d = new Request(r)
    c.abort('why')
    return [r.signal === c.signal, r.signal.aborted, r.signal.reason, d.signal.aborted]
  },
  'form-data': () => {
    const f = new FormData()
    f.append('a', '1')
    f.append('a', '2')
    f.append('n', 3 as any)
    f.set('b', 'x')
    f.set('a', '9')
    f.delete('b')
    return [[...f], f.get('a'), f.getAll('a'), f.get('z'), f.has('b'), [...f.keys()], [...f.values()]]
  },
  'form-data-file': async () => {
    const f = new FormData()
    f.append('blob', new Blob(['x'], { type: 'a/b' }))
    f.append('named', new Blob(['x']), 'n.txt')
    f.append('file', new File(['yy'], 'f.txt', { type: 'text/plain', lastModified: 5 }))
    return Promise.all([...f].map(async ([n, v]: any) => [n, v instanceof File, v.name, v.type, v.size, await v.text(), n === 'file' && v.lastModified]))
  },
  'form-data-bad': () => [thrownBy(() => new FormData().append('a', 'b', 'c')), thrownBy(() => (new FormData() as any).append('a')), thrownBy(() => new FormData({} as any))].map((t) => t.split(':')[0]),
  'form-data-encode': async () => {
    const f = new FormData()
    f.append('a"b\n', 'x\ny\r\nz')
    f.append('f', new File(['c'], 'q"\n.txt', { type: 'a/b' }))
    const r = new Response(f)
    const boundary = r.headers.get('content-type')!.split('boundary=')[1]
    return [boundary.length > 10, (await r.text()).replaceAll(boundary, 'B')]
  },
  'form-data-decode': async () => {
    const body = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
    return [...(await new Response(body, { headers: { 'content-type': 'multipart/form-data; boundary=b' } }).formData())]
  },
  blob: async () => {
    const b = new Blob(['ab', bytes('cd'), new Blob(['ef']), new Uint8Array([103]).buffer], { type: 'Text/X' })
    return [b.size, b.type, await b.text(), await b.slice(1, 3).text(), await b.slice(-2).text(), b.slice(0, 1, 'y/z').type, [...new Uint8Array(await b.arrayBuffer())], String(b)]
  },
  'blob-endings': async () => [await new Blob(['a\r\nb\n'], { endings: 'native' as any }).text(), new Blob().size, new Blob(['x'], { type: 'bad\u00e9' }).type, new Blob([1, null, {}] as any).size],
  'blob-stream': async () => {
    let text = ''
    for await (const part of new Blob(['stream']).stream() as any) text += new TextDecoder().decode(part)
    return text
  },
  file: async () => {
    const f = new File(['x'], 'n/a.txt', { type: 't/x', lastModified: 7 })
    return [f.name, f.type, f.size, f.lastModified, f instanceof Blob, String(f), await f.text(), thrownBy(() => new (File as any)(['x'])).split(':')[0]]
  },
}

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  return tell(cases[(await params).what])
}
