import { rejection, tell, thrownBy } from '@/lib/tell'

const up = process.env.UPSTREAM
const json = async (path: string, init?: RequestInit) => (await fetch(up + path, init)).json()
const encoder = new TextEncoder()

/** What fetch is rejected with, and its cause. */
async function failure(f: () => Promise<unknown>) {
  try {
    await f()
    return 'nothing'
  } catch (e: any) {
    return { name: e.name, message: e.message, isError: e instanceof Error, cause: e.cause?.code ?? e.cause?.name ?? typeof e.cause }
  }
}

const cases: Record<string, (request: Request) => unknown> = {
  get: () => json('/echo/a?b=c'),
  headers: () => json('/echo', { headers: { 'X-A': '1', Accept: 'text/x', 'x-b': ' padded ' } }),
  'headers-list': () => json('/echo', { headers: [['x-a', '1'], ['x-a', '2']] }),
  'headers-object': () => json('/echo', { headers: new Headers({ 'x-a': '1' }) }),
  'post-text': () => json('/echo', { method: 'POST', body: 'text' }),
  'post-json': () => json('/echo', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ a: 1 }) }),
  'post-params': () => json('/echo', { method: 'POST', body: new URLSearchParams({ a: '1 2', b: '\u00e9' }) }),
  'post-bytes': () => json('/echo', { method: 'POST', body: new Uint8Array([1, 2, 255]) }),
  'post-blob': () => json('/echo', { method: 'POST', body: new Blob(['b'], { type: 'text/b' }) }),
  'post-empty': () => json('/framing', { method: 'POST' }),
  'put-empty': () => json('/framing', { method: 'PUT' }),
  'post-framing': () => json('/framing', { method: 'POST', body: 'four' }),
  'get-framing': () => json('/framing'),
  'delete-framing': () => json('/framing', { method: 'DELETE' }),
  'stream-framing': () =>
    json('/framing', {
      method: 'POST',
      body: new ReadableStream({ start: (c) => (c.enqueue(encoder.encode('st')), c.enqueue(encoder.encode('ream')), c.close()) }),
      duplex: 'half',
    } as RequestInit),
  'stream-no-duplex': () =>
    failure(() => fetch(up + '/framing', { method: 'POST', body: new ReadableStream({ start: (c) => c.close() }) })),
  'post-form': async () => {
    const form = new FormData()
    form.append('a', '1')
    form.append('f', new File(['content'], 'n.txt', { type: 'text/x' }))
    const r = await fetch(up + '/echo', { method: 'POST', body: form })
    const { headers, body } = await r.json()
    const type = headers.find(([n]: string[]) => n === 'content-type')[1]
    const boundary = type.split('boundary=')[1]
    return [type.replace(boundary, 'B'), body.replaceAll(boundary, 'B')]
  },
  'form-round-trip': async () => {
    const form = new FormData()
    form.append('a', 'x\ny')
    form.append('"q"', new Blob(['z']), 'f "1".txt')
    const r = await fetch(up + '/mirror', { method: 'POST', body: form })
    return Promise.all([...(await r.formData())].map(async ([n, v]) => [n, typeof v === 'string' ? v : [v.name, v.type, await v.text()]]))
  },
  methods: async () => Promise.all(['get', 'Post', 'put', 'delete', 'options', 'PATCH'].map(async (method) => (await json('/echo', { method })).method)),
  'method-trace': () => rejection(async () => json('/echo', { method: 'TRACE' })),
  'url-object': () => json('/echo', undefined).then(() => fetch(new URL('/echo/u', up)).then((r) => r.json()).then((e) => e.url)),
  'url-encoded': async () => (await json('/echo/a b/ü?x=ä b#frag')).url,
  'url-user': () => failure(() => fetch('http://user:pass@127.0.0.1:1/')),
  'url-relative': () => failure(() => fetch('/relative')),
  'url-empty': () => failure(() => fetch('')),
  'url-scheme': () => failure(() => fetch('ftp://example.com/')),
  'url-file': () => failure(() => fetch('file:///etc/hostname')),
  'url-data': async () => {
    const r = await fetch('data:text/plain;base64,aGVsbG8=')
    return [r.status, r.headers.get('content-type'), await r.text()]
  },
  'url-none': () => rejection(() => (fetch as any)()).then((text) => text.split(':')[0]),
  refused: () => failure(() => fetch('http://127.0.0.1:4/')),
  'blocked-port': () => failure(() => fetch('http://127.0.0.1:1/')),
  'no-such-host': () => failure(() => fetch('http://no-such-host.invalid/')).then((f: any) => [f.name, f.message]),
  dropped: () => failure(() => fetch(up + '/drop')),
  cut: async () => {
    const r = await fetch(up + '/cut')
    return [r.status, await failure(() => r.text())]
  },
  response: async () => {
    const r = await fetch(up + '/echo')
    return [r.status, r.statusText, r.ok, r.redirected, r.type, r.url.replace(up!, ''), r.bodyUsed, r instanceof Response]
  },
  'response-headers': async () => {
    const r = await fetch(up + '/headers')
    const skip = ['date', 'connection', 'keep-alive']
    return [[...r.headers].filter(([n]) => !skip.includes(n)), r.headers.getSetCookie(), r.headers.get('set-cookie')]
  },
  'response-404': async () => {
    const r = await fetch(up + '/status/404')
    return [r.status, r.statusText, r.ok, await r.text()]
  },
  'response-204': async () => {
    const r = await fetch(up + '/status/204')
    return [r.status, r.body, await r.text()]
  },
  'response-304': async () => {
    const r = await fetch(up + '/status/304')
    return [r.status, r.body, await r.text()]
  },
  'response-500': async () => (await fetch(up + '/status/500')).status,
  'response-immutable': async () => {
    const r = await fetch(up + '/echo')
    return thrownBy(() => r.headers.set('x-a', '1'))
  },
  'response-clone': async () => {
    const r = await fetch(up + '/status/201')
    const c = r.clone()
    return [await c.text(), await r.text(), c.status]
  },
  'response-twice': async () => {
    const r = await fetch(up + '/status/200')
    await r.text()
    return rejection(() => r.text())
  },
  'response-bytes': async () => {
    const r = await fetch(up + '/bytes/5')
    return [...new Uint8Array(await r.arrayBuffer())]
  },
  'response-blob': async () => {
    const b = await (await fetch(up + '/bytes/5')).blob()
    return [b.size, b.type]
  },
  'response-json-broken': () => rejection(async () => (await fetch(up + '/status/200')).json()),
  'response-stream': async () => {
    const r = await fetch(up + '/stream/3')
    let text = ''
    for await (const part of r.body!.pipeThrough(new TextDecoderStream()) as any) text += part
    return text
  },
  'response-reader': async () => {
    const reader = (await fetch(up + '/gated/reader')).body!.getReader()
    const first = await reader.read()
    await fetch(up + '/open/reader')
    let rest = ''
    for (let part = await reader.read(); !part.done; part = await reader.read()) rest += new TextDecoder().decode(part.value)
    return [new TextDecoder().decode(first.value), rest]
  },
  'response-cancelled': async () => {
    const r = await fetch(up + '/bytes/5000000')
    // Next.js 15 gives one half of a tee, whose cancel waits for the other half.
    void r.body!.cancel()
    return [r.bodyUsed, await rejection(() => r.text())]
  },
  gzip: async () => {
    const r = await fetch(up + '/gzip')
    return [await r.json().then((v) => [v.packed, v.filler.length]), r.headers.get('content-encoding')]
  },
  redirect: async () => {
    const r = await fetch(up + '/status/302?to=/echo/landed')
    return [r.redirected, r.url.replace(up!, ''), (await r.json()).url]
  },
  'redirect-chain': async () => {
    const r = await fetch(`${up}/status/301?to=${encodeURIComponent('/status/307?to=/echo/end')}`)
    return [r.redirected, r.url.replace(up!, '')]
  },
  'redirect-post-302': async () => json('/status/302?to=/echo', { method: 'POST', body: 'x', headers: { 'content-type': 'text/x' } }),
  'redirect-post-303': async () => json('/status/303?to=/echo', { method: 'POST', body: 'x' }),
  'redirect-post-307': async () => json('/status/307?to=/echo', { method: 'POST', body: 'x' }),
  'redirect-put-302': async () => json('/status/302?to=/echo', { method: 'PUT', body: 'x' }),
  'redirect-manual': async () => {
    const r = await fetch(up + '/status/302?to=/echo', { redirect: 'manual' })
    return [r.status, r.type, r.headers.get('location'), r.redirected]
  },
  'redirect-error': () => failure(() => fetch(up + '/status/302?to=/echo', { redirect: 'error' })),
  'redirect-no-location': async () => (await fetch(up + '/status/302')).status,
  'redirect-loop': () => failure(() => fetch(up + '/status/302?to=%2Fstatus%2F302%3Fto%3D%252Fstatus%252F302')).then((f: any) => f.name ?? f),
  'redirect-cross-origin': async () => {
    // localhost and 127.0.0.1 are different origins: credentials must not go along.
    const other = up!.replace('127.0.0.1', 'localhost')
    const r = await fetch(`${other}/status/302?to=${encodeURIComponent(up + '/echo')}`, { headers: { authorization: 'secret', cookie: 'a=1', 'x-kept': '1' } })
    return (await r.json()).headers
  },
  'redirect-same-origin': async () => (await json('/status/302?to=/echo', { headers: { authorization: 'secret', cookie: 'a=1' } })).headers,
  abort: async () => {
    const c = new AbortController()
    const p = failure(() => fetch(up + '/hang/abort', { signal: c.signal }))
    c.abort()
    return p
  },
  'abort-reason': async () => {
    const c = new AbortController()
    const p = failure(() => fetch(up + '/hang/abort', { signal: c.signal }))
    c.abort(new TypeError('mine'))
    return p
  },
  'abort-before': () => failure(() => fetch(up + '/echo', { signal: AbortSignal.abort() })),
  'abort-timeout': () => failure(() => fetch(up + '/hang/timeout', { signal: AbortSignal.timeout(20) })),
  'abort-any': () => failure(() => fetch(up + '/hang/any', { signal: AbortSignal.any([AbortSignal.timeout(20), new AbortController().signal]) })),
  'abort-in-body': async () => {
    const c = new AbortController()
    const r = await fetch(up + '/gated/never', { signal: c.signal })
    const p = failure(() => r.text())
    c.abort()
    return p
  },
  'abort-after-end': async () => {
    const c = new AbortController()
    const text = await (await fetch(up + '/status/200', { signal: c.signal })).text()
    c.abort()
    return text
  },
  parallel: async () => Promise.all([1, 2, 3].map(async (n) => (await json(`/echo/${n}`)).url)),
  'request-object': async () => json('/echo', undefined).then(async () => (await fetch(new Request(up + '/echo/r', { method: 'POST', body: 'b', headers: { 'x-a': '1' } }))).json()),
  'request-object-init': async () => (await fetch(new Request(up + '/echo/r', { headers: { 'x-a': '1' } }), { method: 'PUT', body: 'z', headers: { 'x-b': '2' } })).json(),
  'request-used': async () => {
    const r = new Request(up + '/echo', { method: 'POST', body: 'b' })
    await r.text()
    return rejection(() => fetch(r)).then((text) => text.split(':')[0])
  },
  'request-body-used-by-fetch': async () => {
    const r = new Request(up + '/echo', { method: 'POST', body: 'b' })
    await fetch(r)
    return r.bodyUsed
  },
  'get-body': () => failure(() => fetch(up + '/echo', { body: 'x' })),
  'host-header': async () => (await json('/framing', { headers: { host: 'other.example' } })).host.replace(up!.slice(7), 'upstream'),
  'forbidden-headers': async () => (await json('/echo', { headers: { 'x-a': '1', 'content-type': 'a/b', referer: 'http://r.test/', origin: 'http://o.test', date: 'x' } })).headers,
  'user-agent': async () => (await json('/framing')).agent,
  'no-store': async () => (await json('/counter/c', { cache: 'no-store' })).count,
  'uncached': async () => [(await json('/counter/u')).count, (await json('/counter/u')).count],
  types: () => [typeof fetch, String(fetch('data:,')) === '[object Promise]'],
}

async function handler(request: Request, { params }: { params: Promise<{ what: string }> }) {
  const run = cases[(await params).what]
  return tell(run && (() => run(request)))
}

export { handler as GET }
