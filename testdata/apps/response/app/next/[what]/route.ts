import { NextResponse } from 'next/server'
import { tell, thrownBy } from '@/lib/tell'

// Answers that are sent as they are.
const sent: Record<string, (request: Request) => Response> = {
  new: () => new NextResponse('text'),
  'new-nothing': () => new NextResponse(),
  'new-null': () => new NextResponse(null, { status: 202 }),
  'new-init': () => new NextResponse('x', { status: 201, statusText: 'Made', headers: { 'X-A': '1' } }),
  'new-bytes': () => new NextResponse(new TextEncoder().encode('bytes')),
  'new-params': () => new NextResponse(new URLSearchParams('a=1&b=2')),
  'new-blob': () => new NextResponse(new Blob(['{}'], { type: 'application/x' })),
  'new-stream': () => new NextResponse(new ReadableStream({ start: (c) => (c.enqueue(new TextEncoder().encode('s')), c.close()) })),
  'new-array-buffer': () => new NextResponse(new TextEncoder().encode('buffer').buffer as ArrayBuffer),
  'new-number': () => new NextResponse(12 as unknown as string),
  'new-object': () => new NextResponse({ a: 1 } as unknown as string),
  'json': () => NextResponse.json({ a: 1, b: [null, 'é'], c: undefined, d: new Date(0) }),
  'json-init': () => NextResponse.json({ a: 1 }, { status: 422, statusText: 'Nope', headers: { 'x-a': '1' } }),
  'json-type': () => NextResponse.json({ a: 1 }, { headers: { 'content-type': 'application/vnd.x+json' } }),
  'json-null': () => NextResponse.json(null),
  'json-string': () => NextResponse.json('text'),
  'json-array': () => NextResponse.json([1, NaN, Infinity, undefined, () => 1]),
  'json-to-json': () => NextResponse.json({ toJSON: () => ({ custom: true }) }),
  'json-undefined': () => NextResponse.json(undefined),
  'json-bigint': () => NextResponse.json({ n: 1n }),
  'json-cycle': () => {
    const a: any = {}
    a.a = a
    return NextResponse.json(a)
  },
  'json-204': () => NextResponse.json({}, { status: 204 }),
  'response-json': () => Response.json({ a: 1 }, { status: 201 }),
  'response-json-undefined': () => Response.json(undefined),
  redirect: (r) => NextResponse.redirect(new URL('/target?x=1#f', r.url)),
  'redirect-string': () => NextResponse.redirect('https://example.com/a b'),
  'redirect-number': () => NextResponse.redirect('https://example.com/', 308),
  'redirect-init': () => NextResponse.redirect('https://example.com/', { status: 303, statusText: 'Look There', headers: { 'x-a': '1', location: '/ignored' } }),
  'redirect-string-status': () => NextResponse.redirect('https://example.com/', '301' as unknown as number),
  'redirect-301': () => NextResponse.redirect('https://example.com/', 301),
  'redirect-302': () => NextResponse.redirect('https://example.com/', 302),
  'redirect-304': () => NextResponse.redirect('https://example.com/', 304),
  'redirect-200': () => NextResponse.redirect('https://example.com/', 200),
  'redirect-relative': () => NextResponse.redirect('/relative'),
  'redirect-next-url': (r) => {
    const url = (r as any).nextUrl.clone()
    url.pathname = '/moved'
    return NextResponse.redirect(url)
  },
  'response-redirect': () => Response.redirect('https://example.com/'),
  'response-redirect-308': () => Response.redirect('https://example.com/', 308),
  'response-redirect-relative': () => Response.redirect('/relative'),
  'response-redirect-200': () => Response.redirect('https://example.com/', 200),
  'redirect-cookie': (r) => {
    const response = NextResponse.redirect(new URL('/', r.url))
    response.cookies.set('a', '1')
    return response
  },
  'headers-set': () => {
    const response = NextResponse.json({})
    response.headers.set('x-a', '1')
    response.headers.append('x-a', '2')
    response.headers.delete('content-type')
    return response
  },
  error: () => NextResponse.error() as Response,
}

// Values told as JSON.
const told: Record<string, (request: Request) => unknown> = {
  'rewrite-headers': () => [...NextResponse.rewrite(new URL('https://h.test/x?y=1'), { status: 203, headers: { 'x-a': '1' } }).headers],
  'rewrite-relative': () => thrownBy(() => NextResponse.rewrite('/x')),
  'next-headers': () => [...NextResponse.next({ headers: { 'x-a': '1' } }).headers],
  'next-request': () => [...NextResponse.next({ request: { headers: new Headers({ 'x-a': '1', 'x-b': '2' }) } }).headers],
  'next-request-plain': () => thrownBy(() => NextResponse.next({ request: { headers: { 'x-a': '1' } as any } })),
  'next-status': () => NextResponse.next({ status: 404 }).status,
  'redirect-throws': () => [300, 305, 306, 309, 400, -1].map((s) => thrownBy(() => NextResponse.redirect('https://h.test/', s))),
  'redirect-relative-throws': () => thrownBy(() => NextResponse.redirect('/x')),
  'response-redirect-throws': () => [thrownBy(() => Response.redirect('/x')), thrownBy(() => Response.redirect('https://h.test/', 200))],
  'json-throws': () => [thrownBy(() => NextResponse.json(undefined)), thrownBy(() => NextResponse.json({}, { status: 204 })), thrownBy(() => NextResponse.json({ n: 1n }))],
  'response-json-throws': () => [thrownBy(() => Response.json(undefined)), thrownBy(() => Response.json({}, { status: 205 }))],
  'status-throws': () => [100, 199, 600, 1000, NaN, -1].map((s) => thrownBy(() => new Response(null, { status: s }))),
  'null-body-throws': () => [101, 204, 205, 304].map((s) => thrownBy(() => new Response('x', { status: s }))),
  'status-text-throws': () => [thrownBy(() => new Response(null, { statusText: 'a\nb' })), thrownBy(() => new Response(null, { statusText: '\u4f60' }))],
  fields: () => {
    const r = new NextResponse('x', { status: 201 })
    return [r.status, r.statusText, r.ok, r.redirected, r.type, r.url, r.bodyUsed, r.body !== null]
  },
  'fields-response': () => {
    const r = new Response(null)
    return [r.status, r.statusText, r.ok, r.redirected, r.type, r.url, r.bodyUsed, r.body]
  },
  'fields-error': () => {
    const r = Response.error()
    return [r.status, r.statusText, r.ok, r.type]
  },
  'fields-redirect': () => {
    const r = NextResponse.redirect('https://h.test/x')
    return [r.status, r.headers.get('location'), r.ok, r.type, r.body]
  },
  instance: () => {
    const r = NextResponse.json({})
    return [r instanceof Response, r instanceof NextResponse, NextResponse.redirect('https://h.test/') instanceof NextResponse, Object.keys(r)]
  },
  clone: async () => {
    const r = new NextResponse('x', { headers: { 'x-a': '1' } })
    const c = r.clone()
    return [c instanceof Response, c.headers.get('x-a'), await c.text(), await r.text(), r.bodyUsed]
  },
  text: async () => {
    const r = NextResponse.json({ a: 1 })
    return [await r.text(), r.bodyUsed]
  },
  json: async () => NextResponse.json({ a: 1 }).json(),
  'content-types': () => [
    new Response('x').headers.get('content-type'),
    new Response('').headers.get('content-type'),
    new Response(null).headers.get('content-type'),
    new Response(undefined).headers.get('content-type'),
    new Response(new URLSearchParams()).headers.get('content-type'),
    new Response(new FormData()).headers.get('content-type')?.replace(/boundary=.*/, 'boundary=…'),
    new Response(new Blob(['x'])).headers.get('content-type'),
    new Response(new Blob(['x'], { type: 'A/B' })).headers.get('content-type'),
    new Response(new Uint8Array(1)).headers.get('content-type'),
    new Response(new ArrayBuffer(1)).headers.get('content-type'),
    new Response('x', { headers: { 'content-type': 'a/b' } }).headers.get('content-type'),
    Response.json(1).headers.get('content-type'),
    NextResponse.json(1).headers.get('content-type'),
  ],
  'json-values': async () =>
    Promise.all([{ a: undefined }, [undefined], 'x', 1, true, null, { a: { b: [] } }, 'é\u2028\ud800'].map((v) => NextResponse.json(v).text())),
}

export async function GET(request: Request, { params }: { params: Promise<{ what: string }> }) {
  const { what } = await params
  if (sent[what]) return sent[what](request)
  const run = told[what.replace(/^told-/, '')]
  return tell(run && (() => run(request)))
}
