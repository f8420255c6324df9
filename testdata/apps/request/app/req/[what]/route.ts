import { type NextRequest } from 'next/server'
import { rejection, tell, thrownBy } from '@/lib/tell'

type Context = { params: Promise<{ what: string }> }

const cases: Record<string, (request: NextRequest) => unknown> = {
  url: (r) => ({ url: r.url, href: r.nextUrl.href, string: String(r.nextUrl), json: JSON.stringify(r.nextUrl) }),
  method: (r) => r.method,
  fields: (r) => ({
    mode: r.mode, cache: r.cache, credentials: r.credentials, redirect: r.redirect, referrer: r.referrer,
    referrerPolicy: r.referrerPolicy, integrity: r.integrity, keepalive: r.keepalive, destination: r.destination,
    duplex: (r as any).duplex, bodyUsed: r.bodyUsed, body: r.body === null ? null : typeof r.body,
  }),
  instance: (r) => ({
    request: r instanceof Request, keys: Object.keys(r), string: String(r), type: typeof r.json,
    headers: r.headers instanceof Headers, signal: r.signal instanceof AbortSignal, aborted: r.signal.aborted,
  }),
  'no-ip-geo': (r) => ({ ip: typeof (r as any).ip, geo: typeof (r as any).geo, inIp: 'ip' in r, inGeo: 'geo' in r }),
  page: (r) => thrownBy(() => (r as any).page),
  ua: (r) => thrownBy(() => (r as any).ua),
  'set-url': (r) => thrownBy(() => ((r as any).url = 'http://x/')).split(':')[0],
  'set-method': (r) => thrownBy(() => ((r as any).method = 'PUT')).split(':')[0],
  headers: (r) => [...r.headers].filter(([n]) => n !== 'connection'),
  'header-get': (r) => [r.headers.get('X-A'), r.headers.get('x-a'), r.headers.get('x-missing'), r.headers.has('X-A')],
  'header-set': (r) => {
    r.headers.set('x-new', '1')
    r.headers.delete('x-a')
    return [r.headers.get('x-new'), r.headers.get('x-a')]
  },
  'header-names': (r) => [...r.headers.keys()].filter((n) => !/^(connection|x-forwarded-)/.test(n)),
  forwarded: (r) => [...r.headers].filter(([n]) => n.startsWith('x-forwarded-')),
  clone: (r) => {
    const c = r.clone()
    return { method: c.method, same: c === r, path: new URL(c.url).pathname, request: c instanceof Request }
  },
  copy: (r) => {
    const c = new Request(r)
    return { method: c.method, path: new URL(c.url).pathname, a: c.headers.get('x-a') }
  },
  'copy-elsewhere': (r) => {
    const c = new Request('https://example.com/x', r)
    return { method: c.method, url: c.url, a: c.headers.get('x-a'), host: c.headers.get('host') }
  },
  'copy-init': (r) => {
    const c = new Request(r, { method: 'PUT', headers: { 'x-b': '2' }, body: 'b' })
    return { method: c.method, path: new URL(c.url).pathname, headers: [...c.headers] }
  },
  signal: async (r) => {
    await r.text()
    return r.signal.aborted
  },
  text: (r) => r.text(),
  json: (r) => r.json(),
  bytes: async (r) => [...new Uint8Array(await r.arrayBuffer())],
  blob: async (r) => {
    const b = await r.blob()
    return { type: b.type, size: b.size, text: await b.text() }
  },
  form: async (r) =>
    Promise.all(
      [...(await r.formData())].map(async ([name, v]) =>
        typeof v === 'string' ? [name, v] : [name, { name: v.name, type: v.type, size: v.size, text: await v.text(), file: v instanceof File }]
      )
    ),
  'form-methods': async (r) => {
    const f = await r.formData()
    return { get: f.get('a'), all: f.getAll('a'), missing: f.get('zz'), none: f.getAll('zz'), has: f.has('b'), keys: [...f.keys()] }
  },
  stream: async (r) => {
    let n = 0
    if (r.body) for await (const part of r.body as any) n += part.length
    return { n, used: r.bodyUsed }
  },
  reader: async (r) => {
    const reader = r.body!.getReader()
    const first = await reader.read()
    return { done: first.done, array: first.value instanceof Uint8Array, locked: r.body!.locked, text: await rejection(() => r.text()) }
  },
  twice: async (r) => {
    const first = await r.text()
    return { first, used: r.bodyUsed, second: await rejection(() => r.text()), json: await rejection(() => r.json()) }
  },
  'twice-clone': async (r) => {
    const c = r.clone()
    return [await r.text(), await c.text(), await rejection(() => c.text())]
  },
  'clone-after-use': async (r) => {
    await r.text()
    return thrownBy(() => r.clone())
  },
  'clone-json-form': async (r) => {
    const c = r.clone()
    return [await r.json(), (await c.text()).length]
  },
  'copy-uses-up': async (r) => {
    const c = new Request(r)
    return [await c.text(), r.bodyUsed, await rejection(() => r.text())]
  },
  'body-used': async (r) => {
    const before = r.bodyUsed
    await r.text()
    return [before, r.bodyUsed]
  },
  unread: () => 'left alone',
  destructured: async (r) => {
    const { headers, nextUrl, method } = r
    return [headers.get('x-a'), nextUrl.pathname, method]
  },
}

async function handler(request: NextRequest, { params }: Context) {
  const run = cases[(await params).what]
  return tell(run && (() => run(request)))
}

export { handler as GET, handler as POST, handler as PUT, handler as DELETE, handler as OPTIONS }
