import { after, NextRequest, NextResponse, userAgent } from 'next/server'
import { cookies, headers } from 'next/headers'
import { notFound, redirect } from 'next/navigation'
import { brief } from './lib/show'

type Case = (request: NextRequest, event: any) => any

const upstream = process.env.UPSTREAM
const encoder = new TextEncoder()

/** A URL of this server. */
const here = (path: string, request: NextRequest) => new URL(path, request.url)

/** The request's headers with some of them changed; null takes one away. */
function changed(request: NextRequest, changes: Record<string, string | null>): Headers {
  const out = new Headers(request.headers)
  for (const [name, value] of Object.entries(changes)) value === null ? out.delete(name) : out.set(name, value)
  return out
}

function stream(...parts: string[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(encoder.encode(part))
      controller.close()
    },
  })
}

const cases: Record<string, Case> = {
  // Going on.
  next: () => NextResponse.next(),
  undefined: () => undefined,
  null: () => null,
  'next-status': () => NextResponse.next({ status: 418, statusText: 'Odd' }),
  'next-headers': () => NextResponse.next({ headers: { 'X-Mw-A': '1', 'x-mw-b': 'two words' } }),
  'next-append': () => {
    const response = NextResponse.next()
    response.headers.append('x-mw-a', '1')
    response.headers.append('x-mw-a', '2')
    response.headers.append('link', '</a>; rel=preload')
    return response
  },
  'next-cookies': () => {
    const response = NextResponse.next()
    response.cookies.set('mw', 'a value', { httpOnly: true, sameSite: 'lax' })
    response.cookies.set('two', '2')
    return response
  },
  'next-cookie-over': () => {
    const response = NextResponse.next()
    response.cookies.set('a', 'changed')
    return response
  },
  'next-cookie-delete': () => {
    const response = NextResponse.next()
    response.cookies.delete('a')
    return response
  },
  'next-cookie-options': () => {
    const response = NextResponse.next()
    response.cookies.set({ name: 'o', value: 'v', path: '/p', domain: 'example.test', secure: true, sameSite: 'strict', partitioned: true, priority: 'high' })
    return response
  },
  'next-cookie-raw': () => {
    const response = NextResponse.next()
    response.headers.append('set-cookie', 'raw=1; Path=/; Max-Age=60')
    response.headers.append('set-cookie', 'second=2')
    return response
  },
  'next-cookie-twice': () => {
    const response = NextResponse.next()
    response.cookies.set('t', '1')
    response.cookies.set('t', '2')
    return response
  },
  'next-body': () => new NextResponse('a body', { headers: { 'x-middleware-next': '1', 'x-mw-a': '1' } }),
  precedence: () => NextResponse.next({
    headers: {
      'x-both': 'middleware', 'cache-control': 'max-age=1', vary: 'x-mw', 'www-authenticate': 'Mw', 'proxy-authenticate': 'Mw',
      link: '</mw>', etag: '"mw"', 'content-language': 'mw', 'x-only-mw': '1',
    },
  }),
  'precedence-type': () => NextResponse.next({ headers: { 'content-type': 'text/x-mw' } }),

  // Changing the request.
  'req-add': (request) => NextResponse.next({ request: { headers: changed(request, { 'x-in-new': 'added', 'X-In-Upper': 'Case' }) } }),
  'req-replace': (request) => NextResponse.next({ request: { headers: changed(request, { 'x-in-a': 'replaced' }) } }),
  'req-delete': (request) => NextResponse.next({ request: { headers: changed(request, { 'x-in-a': null }) } }),
  'req-empty': (request) => NextResponse.next({ request: { headers: changed(request, { 'x-in-a': '' }) } }),
  'req-clear': () => NextResponse.next({ request: { headers: new Headers() } }),
  'req-same': (request) => NextResponse.next({ request }),
  'req-append': (request) => {
    const out = new Headers(request.headers)
    out.append('x-in-a', 'second')
    return NextResponse.next({ request: { headers: out } })
  },
  'req-cookie': (request) => NextResponse.next({ request: { headers: changed(request, { cookie: 'over=1; a=other' }) } }),
  'req-cookie-gone': (request) => NextResponse.next({ request: { headers: changed(request, { cookie: null }) } }),
  'req-type': (request) => NextResponse.next({ request: { headers: changed(request, { 'content-type': 'text/x-changed' }) } }),
  'req-length': (request) => NextResponse.next({ request: { headers: changed(request, { 'content-length': '2' }) } }),
  'req-and-headers': (request) => {
    const response = NextResponse.next({ request: { headers: changed(request, { 'x-in-new': 'added' }) }, headers: { 'x-mw-a': '1' } })
    response.cookies.set('mw', '1')
    return response
  },
  'req-plain-object': () => NextResponse.next({ request: { headers: { 'x-in-a': 'plain' } as any } }),
  'req-unpassed': (request) => {
    request.headers.set('x-in-a', 'unpassed')
    return NextResponse.next()
  },
  'req-cookies-unpassed': (request) => {
    request.cookies.set('a', 'unpassed')
    return NextResponse.next()
  },
  'req-cookies-passed': (request) => {
    request.cookies.set('a', 'passed on')
    request.cookies.delete('b')
    return NextResponse.next({ request: { headers: request.headers } })
  },
  'req-rewrite': (request) => NextResponse.rewrite(here('/target/static', request), { request: { headers: changed(request, { 'x-in-a': 'rewritten' }) } }),

  // next/headers.
  'jar-set': async () => {
    const jar = await cookies()
    jar.set('jar', '1', { path: '/j' })
    return NextResponse.next()
  },
  'jar-read': async () => {
    const jar = await cookies()
    return NextResponse.json({ a: jar.get('a')?.value, all: jar.getAll().length, header: (await headers()).get('x-in-a') })
  },
  'jar-redirect': async (request) => {
    const jar = await cookies()
    jar.set('jar', '1')
    return NextResponse.redirect(here('/to', request))
  },

  // Rewriting within the server.
  'rw-static': (request) => NextResponse.rewrite(here('/target/static', request)),
  'rw-dynamic': (request) => NextResponse.rewrite(here('/target/dyn/7', request)),
  'rw-encoded': (request) => NextResponse.rewrite(here('/target/dyn/a%20b%2Fc', request)),
  'rw-unicode': (request) => NextResponse.rewrite(here('/target/dyn/é', request)),
  'rw-all': (request) => NextResponse.rewrite(here('/target/all/x/y%20z', request)),
  'rw-query': (request) => NextResponse.rewrite(here('/target/static?from=mw', request)),
  'rw-clone': (request) => {
    const url = request.nextUrl.clone()
    url.pathname = '/target/dyn/8'
    url.searchParams.set('added', '1')
    return NextResponse.rewrite(url)
  },
  'rw-nexturl': (request) => {
    request.nextUrl.pathname = '/target/static'
    return NextResponse.rewrite(request.nextUrl)
  },
  'rw-missing': (request) => NextResponse.rewrite(here('/nowhere', request)),
  'rw-self': (request) => NextResponse.rewrite(request.url),
  'rw-other-case': (request) => NextResponse.rewrite(here('/m/json', request)),
  'rw-slash': (request) => NextResponse.rewrite(here('/target/static/', request)),
  'rw-string': (request) => NextResponse.rewrite(String(here('/target/static', request))),
  'rw-relative': () => NextResponse.rewrite('/target/static'),
  'rw-status': (request) => NextResponse.rewrite(here('/target/static', request), { status: 404 }),
  'rw-headers': (request) => {
    const response = NextResponse.rewrite(here('/target/static', request), { headers: { 'x-mw-a': '1' } })
    response.cookies.set('mw', '1')
    return response
  },
  'rw-failing': (request) => NextResponse.rewrite(here('/failing', request), { headers: { 'x-mw-a': '1' } }),
  'rw-by-hand': (request) => new Response(null, { headers: { 'x-middleware-rewrite': String(here('/target/static', request)) } }),

  // Rewriting to another server.
  out: () => NextResponse.rewrite(`${upstream}/asked/out`),
  'out-query': (request) => NextResponse.rewrite(`${upstream}/asked/out?from=mw&q=${request.nextUrl.searchParams.get('q')}`),
  'out-search': (request) => NextResponse.rewrite(`${upstream}/asked/out${request.nextUrl.search}`),
  'out-encoded': () => NextResponse.rewrite(`${upstream}/asked/a%20b%2Fc/é?x=%2F+%20`),
  'out-request': (request) => NextResponse.rewrite(`${upstream}/asked/out`, { request: { headers: changed(request, { 'x-in-a': 'replaced', 'x-in-b': null, 'x-in-new': 'added' }) } }),
  'out-forwarded': () => NextResponse.rewrite(`${upstream}/echo/out`),
  'out-framing': () => NextResponse.rewrite(`${upstream}/framing`),
  'out-headers': () => {
    const response = NextResponse.rewrite(`${upstream}/headers`, { headers: { 'x-mw-a': '1', 'x-multi': 'middleware' } })
    response.cookies.set('mw', '1')
    return response
  },
  'out-redirect': () => NextResponse.rewrite(`${upstream}/status/302?to=/elsewhere`),
  'out-404': () => NextResponse.rewrite(`${upstream}/status/404`),
  'out-500': () => NextResponse.rewrite(`${upstream}/status/500`),
  'out-204': () => NextResponse.rewrite(`${upstream}/status/204`),
  'out-gzip': () => NextResponse.rewrite(`${upstream}/gzip`),
  'out-bytes': () => NextResponse.rewrite(`${upstream}/bytes/5000`),
  'out-gated': () => NextResponse.rewrite(`${upstream}/gated/mw-gate`),
  'out-mirror': () => NextResponse.rewrite(`${upstream}/mirror`),
  'out-drop': () => NextResponse.rewrite(`${upstream}/drop`),
  'out-cut': () => NextResponse.rewrite(`${upstream}/cut`),
  'out-refused': () => NextResponse.rewrite('http://127.0.0.1:1/x'),
  'out-socket': () => NextResponse.rewrite(`${upstream}/socket/mw`),

  // Redirects.
  'to-here': (request) => NextResponse.redirect(here('/to?x=1', request)),
  'to-hash': (request) => NextResponse.redirect(here('/to?x=1#part', request)),
  'to-foreign': () => NextResponse.redirect('https://example.test/to?x=1'),
  'to-foreign-root': () => NextResponse.redirect('https://example.test'),
  'to-301': (request) => NextResponse.redirect(here('/to', request), 301),
  'to-302': (request) => NextResponse.redirect(here('/to', request), 302),
  'to-303': (request) => NextResponse.redirect(here('/to', request), { status: 303 }),
  'to-308': (request) => NextResponse.redirect(here('/to', request), 308),
  'to-304': (request) => NextResponse.redirect(here('/to', request), 304),
  'to-headers': (request) => {
    const response = NextResponse.redirect(here('/to', request), { headers: { 'x-mw-a': '1' } })
    response.cookies.set('mw', '1')
    return response
  },
  'to-clone': (request) => {
    const url = request.nextUrl.clone()
    url.pathname = '/to'
    return NextResponse.redirect(url)
  },
  'to-self': (request) => NextResponse.redirect(request.nextUrl),
  'to-response': (request) => Response.redirect(here('/to', request)),
  'to-relative': () => NextResponse.redirect('/to'),
  'to-location': () => new Response(null, { status: 307, headers: { location: '/to' } }),
  'to-location-absolute': (request) => new Response('gone there', { status: 307, headers: { location: String(here('/to', request)) } }),
  'to-created': (request) => new Response('made', { status: 201, headers: { location: String(here('/made/1', request)) } }),
  'to-unicode': (request) => NextResponse.redirect(here('/tö?ü=é', request)),
  'to-navigation': () => redirect('/to'),
  'to-not-found': () => notFound(),

  // Answers.
  json: () => NextResponse.json({ from: 'middleware' }),
  'json-status': () => NextResponse.json({ error: 'no' }, { status: 401, headers: { 'www-authenticate': 'Bearer' } }),
  text: () => new Response('plain'),
  empty: () => new Response(null),
  'status-204': () => new Response(null, { status: 204 }),
  'status-text': () => new Response('tea', { status: 418, statusText: 'Short and stout' }),
  'status-500': () => new Response('own failure', { status: 500 }),
  html: () => new Response('<h1>hi</h1>', { headers: { 'content-type': 'text/html' } }),
  bytes: () => new Response(new Uint8Array([0, 1, 254, 255])),
  stream: () => new Response(stream('one\n', 'two\n'), { headers: { 'content-type': 'text/plain' } }),
  gated: () => new Response(new ReadableStream({
    async start(controller) {
      controller.enqueue(encoder.encode('first\n'))
      controller.enqueue(encoder.encode((await (await fetch(`${upstream}/gate/mw-stream`)).text()) + '\n'))
      controller.close()
    },
  })),
  'stream-fails': () => new Response(new ReadableStream({ start: (controller) => controller.error(new Error('torn')) })),
  'many-headers': () => {
    const response = new Response('many')
    response.headers.append('set-cookie', 'a=1')
    response.headers.append('set-cookie', 'b=2; Path=/')
    response.headers.append('x-multi', 'one')
    response.headers.append('x-multi', 'two')
    response.headers.append('vary', 'x-mw')
    return response
  },
  cookies: () => {
    const response = NextResponse.json({ with: 'cookies' })
    response.cookies.set('mw', '1').set('two', '2')
    response.cookies.delete('gone')
    return response
  },
  error: () => Response.error(),
  fetched: () => fetch(`${upstream}/asked/fetched`),
  'fetched-gzip': () => fetch(`${upstream}/gzip`),
  'fetched-redirect': () => fetch(`${upstream}/status/302?to=/asked/after`, { redirect: 'manual' }),
  'fetched-headers': () => fetch(`${upstream}/headers`),
  'fetched-request': (request) => fetch(new Request(`${upstream}/mirror`, { method: 'POST', body: request.body, duplex: 'half' } as any)),
  'fetch-then-next': async () => {
    const { count } = await (await fetch(`${upstream}/counter/mw`)).json()
    return NextResponse.next({ headers: { 'x-mw-count': String(count) } })
  },

  // Failing.
  throw: () => {
    throw new Error('thrown in middleware')
  },
  'throw-string': () => {
    throw 'a string'
  },
  'throw-response': () => {
    throw new Response('thrown', { status: 401 })
  },
  reject: () => Promise.reject(new Error('rejected in middleware')),
  'returns-string': () => 'a string',
  'returns-number': () => 42,
  'returns-object': () => ({}),
  'returns-false': () => false,
  'fetch-refused': () => fetch('http://127.0.0.1:1/'),

  // The body.
  'body-text': async (request) => NextResponse.next({ headers: { 'x-mw-body': brief(await request.text()).replace('…', '...') } }),
  'body-json': async (request) => NextResponse.json({ got: await request.json() }),
  'body-form': async (request) => NextResponse.next({ headers: { 'x-mw-form': String((await request.formData()).get('f')) } }),
  'body-clone': async (request) => NextResponse.next({ headers: { 'x-mw-body': brief(await request.clone().text()) } }),
  'body-part': async (request) => {
    const reader = request.body!.getReader()
    const { value } = await reader.read()
    await reader.cancel()
    return NextResponse.next({ headers: { 'x-mw-some': String(value!.length > 0) } })
  },
  'body-rewrite': async (request) => NextResponse.rewrite(here('/target/static', request), { headers: { 'x-mw-body': brief(await request.text()) } }),
  'body-out': async (request) => NextResponse.rewrite(`${upstream}/mirror`, { headers: { 'x-mw-body': brief(await request.text()).replace('…', '...') } }),
  'body-null': (request) => NextResponse.json({ body: request.body === null, used: request.bodyUsed }),

  // What there is to know.
  url: ({ nextUrl: u, url }) => NextResponse.json({
    url, href: u.href, origin: u.origin, protocol: u.protocol, hostname: u.hostname, pathname: u.pathname, search: u.search,
    params: [...u.searchParams], hash: u.hash, basePath: u.basePath, locale: u.locale, string: String(u),
  }),
  request: (request) => NextResponse.json({
    method: request.method, ip: (request as any).ip ?? 'undefined', geo: (request as any).geo ?? 'undefined', isNextRequest: request instanceof NextRequest,
    isRequest: request instanceof Request, type: request.headers.get('content-type'), redirect: request.redirect, destination: request.destination,
  }),
  headers: (request) => NextResponse.json([...request.headers].filter(([name]) => /^x-(?!forwarded)|^authorization|^content-/.test(name)).sort()),
  'request-cookies': ({ cookies }) => NextResponse.json({ all: cookies.getAll(), a: cookies.get('a')?.value, has: cookies.has('b'), size: cookies.size, string: cookies.toString() }),
  agent: (request) => {
    const { browser, os, device, isBot } = userAgent(request)
    return NextResponse.json({ browser, os, device, isBot })
  },
  event: (request, event) => NextResponse.json({ sourcePage: event.sourcePage, waitUntil: typeof event.waitUntil }),
  'wait-until': (request, event) => {
    const one = fetch(`${upstream}/events/waited`, { method: 'POST', body: 'one' })
    event.waitUntil(one)
    event.waitUntil(one.then(() => fetch(`${upstream}/events/waited`, { method: 'POST', body: 'two' })))
    return NextResponse.next()
  },
  'wait-until-fails': (request, event) => {
    event.waitUntil(Promise.reject(new Error('background')))
    return NextResponse.json({ fine: true })
  },
  after: () => {
    after(() => fetch(`${upstream}/events/after`, { method: 'POST', body: 'after' }))
    return NextResponse.json({ fine: true })
  },
}

export function middleware(request: NextRequest, event: any) {
  const { pathname } = request.nextUrl
  const run = pathname.startsWith('/m/') && cases[pathname.slice(3).replace(/\/.*/, '')]
  if (run) return run(request, event)
  return NextResponse.next({ headers: { 'x-mw-path': pathname } })
}
