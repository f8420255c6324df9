import { NextRequest, NextResponse } from 'next/server'

const upstream = process.env.UPSTREAM

export default async function middleware(request: NextRequest) {
  const { nextUrl: url } = request
  const to = (path: string) => new URL(path, request.url)
  const given = new Headers(request.headers)
  given.set('x-in-mw', '1')
  const ask = url.searchParams
  // ?to=/path rewrites there, ?redirect=/path redirects, ?out=/path goes to the upstream.
  if (ask.has('to')) return NextResponse.rewrite(to(ask.get('to')!), { headers: { 'x-mw': 'to' } })
  if (ask.has('redirect')) return NextResponse.redirect(to(ask.get('redirect')!))
  if (ask.has('out')) {
    const response = NextResponse.rewrite(`${upstream}${ask.get('out')}`, { headers: { 'x-mw': 'out', 'x-both': 'mw' } })
    response.cookies.set('mw', '1')
    return response
  }
  if (ask.has('give')) return NextResponse.next({ request: { headers: given } })
  if (ask.has('cookie')) {
    given.set('cookie', 'mw=1')
    return NextResponse.next({ request: { headers: given } })
  }
  switch (url.pathname) {
    case '/mw/next': {
      const response = NextResponse.next({ headers: { 'x-both': 'middleware', 'cache-control': 'max-age=2', vary: 'x-mw', 'www-authenticate': 'Mw' } })
      response.cookies.set('mw', '1')
      return response
    }
    case '/mw/json':
      return NextResponse.json({ from: 'middleware' }, { headers: { 'x-both': 'middleware', 'set-cookie': 'mw=1' } })
    case '/mw/throw':
      throw new Error('thrown')
    case '/mw/body':
      return NextResponse.rewrite(to('/up/mirror'), { headers: { 'x-length': String((await request.text()).length) } })
    case '/plain/cookie':
      return
  }
  return NextResponse.next({ headers: { 'x-mw': url.pathname } })
}
