import { NextRequest } from 'next/server'
import { tell, thrownBy } from '@/lib/tell'

const own = (url: string, init?: ConstructorParameters<typeof NextRequest>[1]) => new NextRequest(url, init)
const nextUrl = (url: string) => own(url).nextUrl

const cases: Record<string, (request: NextRequest) => unknown> = {
  members: ({ nextUrl: u }) => ({
    href: u.href, origin: u.origin, protocol: u.protocol, host: u.host, hostname: u.hostname, port: u.port,
    pathname: u.pathname, search: u.search, hash: u.hash, username: u.username, password: u.password,
    basePath: u.basePath, buildId: typeof u.buildId, locale: u.locale, defaultLocale: u.defaultLocale ?? 'undefined',
    domainLocale: u.domainLocale ?? 'undefined', isURL: u instanceof URL,
  }),
  params: ({ nextUrl: u }) => [u.searchParams.get('a'), u.searchParams.getAll('a'), u.searchParams.get('zz'), [...u.searchParams]],
  'params-live': ({ nextUrl: u, url }) => {
    u.searchParams.set('z', '1 2')
    u.searchParams.delete('a')
    return [u.search, new URL(u.href).search, new URL(url).search]
  },
  'set-pathname': () => {
    const u = nextUrl('https://h.test/a?x=1#f')
    u.pathname = '/b c'
    return [u.pathname, u.href]
  },
  'set-pathname-relative': () => {
    const u = nextUrl('https://h.test/a/b')
    u.pathname = 'c'
    return [u.pathname, u.href]
  },
  'set-search': () => {
    const u = nextUrl('https://h.test/a')
    u.search = 'r=2'
    return [u.search, u.href, u.searchParams.get('r')]
  },
  'set-search-empty': () => {
    const u = nextUrl('https://h.test/a?x')
    u.search = ''
    return [u.search, u.href]
  },
  'set-hash': () => {
    const u = nextUrl('https://h.test/a')
    u.hash = 'frag'
    return [u.hash, u.href]
  },
  'set-host': () => {
    const u = nextUrl('https://h.test:8080/a')
    u.host = 'other.test:9'
    const first = u.href
    u.hostname = 'third.test'
    u.port = ''
    u.protocol = 'http'
    return [first, u.href]
  },
  'set-href': () => {
    const u = nextUrl('https://h.test/a?x=1')
    u.href = 'http://k.test/c?y=2'
    return [u.href, u.pathname, u.searchParams.get('y'), u.searchParams.get('x')]
  },
  'set-href-bad': () => {
    const u = nextUrl('https://h.test/a')
    return [thrownBy(() => (u.href = 'nonsense')), u.href]
  },
  'set-user': () => {
    const u = nextUrl('https://h.test/a')
    u.username = 'me'
    u.password = 'p:w'
    return u.href
  },
  'set-base-path': () => {
    const u = nextUrl('https://h.test/a')
    u.basePath = 'yy'
    const first = [u.href, u.basePath]
    u.basePath = '/zz'
    return [...first, u.href, u.pathname]
  },
  'set-locale': () => {
    const u = nextUrl('https://h.test/a')
    return [u.locale, thrownBy(() => (u.locale = 'fr'))]
  },
  'set-locale-empty': () => {
    const u = nextUrl('https://h.test/a')
    return thrownBy(() => (u.locale = ''))
  },
  'trailing-slash-kept': () => {
    const u = nextUrl('https://h.test/a/')
    const before = u.href
    u.pathname = '/b'
    return [before, u.href, u.pathname]
  },
  'root': () => nextUrl('https://h.test').href,
  clone: () => {
    const u = nextUrl('https://h.test/a?x=1')
    const c = u.clone()
    c.pathname = '/c'
    c.searchParams.set('x', '2')
    return [u.href, c.href, c instanceof URL]
  },
  loopback: () => ['http://127.0.0.1:1/a', 'http://127.1.2.3/a', 'http://[::1]:2/a', 'http://0.0.0.0/a', 'http://localhost/a'].map((u) => nextUrl(u).href),
  'loopback-url': () => own('http://127.0.0.1:1/a').url,
  json: () => JSON.stringify({ u: nextUrl('https://h.test/a') }),
  string: () => `${nextUrl('https://h.test/a')}`,
  spread: () => ({ ...nextUrl('https://h.test/a') }),
  'new-url': ({ nextUrl: u }) => new URL('/x?y', u as unknown as URL).pathname,
  'base-path-config': () => {
    const u = own('https://h.test/docs/a', { nextConfig: { basePath: '/docs' } }).nextUrl
    const first = [u.pathname, u.href, u.basePath]
    u.pathname = '/b'
    return [...first, u.href]
  },
  'base-path-config-outside': () => {
    const u = own('https://h.test/other/a', { nextConfig: { basePath: '/docs' } }).nextUrl
    return [u.pathname, u.href, u.basePath]
  },
  'trailing-slash-config': () => {
    const u = own('https://h.test/a', { nextConfig: { trailingSlash: true } }).nextUrl
    return [u.pathname, u.href]
  },
  'url-after-change': () => {
    const r = own('https://h.test/a')
    r.nextUrl.pathname = '/b'
    return [r.url, r.nextUrl.href]
  },
  relative: () => thrownBy(() => own('/a')),
  'not-a-url': () => thrownBy(() => own('https://')),
  'from-url': () => new NextRequest(new URL('https://h.test/a?b')).url,
  'from-request': async () => {
    const r = new NextRequest(new Request('https://h.test/a', { method: 'POST', body: 'x', headers: { 'x-a': '1' } }))
    return [r.method, r.url, r.headers.get('x-a'), await r.text(), r.nextUrl.pathname, r instanceof Request, r instanceof NextRequest]
  },
  'from-init': async () => {
    const r = own('https://h.test/a', { method: 'put', body: 'x', headers: { cookie: 'a=1' } })
    return [r.method, r.cookies.get('a')?.value, await r.text()]
  },
  'stream-body': async () => {
    const body = new ReadableStream({ start: (c) => (c.enqueue(new TextEncoder().encode('st')), c.enqueue(new TextEncoder().encode('ream')), c.close()) })
    return own('https://h.test/a', { method: 'POST', body }).text()
  },
  'get-with-body': () => thrownBy(() => own('https://h.test/a', { body: 'x' })),
  'bad-method': () => thrownBy(() => own('https://h.test/a', { method: 'TRACE' })),
  'bad-method-token': () => thrownBy(() => own('https://h.test/a', { method: 'a b' })),
  'custom-method': () => own('https://h.test/a', { method: 'patch' }).method + own('https://h.test/a', { method: 'delete' }).method,
  signal: () => {
    const c = new AbortController()
    const r = own('https://h.test/a', { signal: c.signal })
    c.abort(new Error('why'))
    return [r.signal.aborted, r.signal.reason.message]
  },
  inspect: () => Object.keys(own('https://h.test/a')),
}

export async function GET(request: NextRequest, { params }: { params: Promise<{ what: string }> }) {
  const run = cases[(await params).what]
  return tell(run && (() => run(request)))
}
