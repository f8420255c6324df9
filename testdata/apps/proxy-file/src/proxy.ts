import path from 'node:path'
import { NextRequest, NextResponse, type ProxyConfig } from 'next/server'

export async function proxy(request: NextRequest, event: any) {
  switch (request.nextUrl.pathname) {
    case '/p/json':
      return NextResponse.json({ url: request.url, sourcePage: event.sourcePage, buffer: typeof Buffer, joined: path.join('a', '../b') })
    case '/p/rewrite':
      return NextResponse.rewrite(new URL('/place/to', request.url))
    case '/p/redirect':
      return NextResponse.redirect(new URL('/place/to', request.url))
    case '/p/out':
      return NextResponse.rewrite(`${process.env.UPSTREAM}/asked/out`)
    case '/p/throw':
      throw new Error('thrown in proxy')
    case '/p/number':
      return 42
    case '/p/location':
      return new Response(null, { status: 307, headers: { location: '/place/to' } })
    case '/p/created':
      return new Response('made', { status: 201, headers: { location: 'https://example.test/made' } })
    case '/p/body':
      return NextResponse.rewrite(new URL('/place/body', request.url), { headers: { 'x-length': String((await request.text()).length) } })
    case '/p/give': {
      const given = new Headers(request.headers)
      given.set('x-in-new', '1')
      given.delete('x-in-a')
      const response = NextResponse.next({ request: { headers: given } })
      response.cookies.set('proxy', '1')
      return response
    }
  }
  return NextResponse.next({ headers: { 'x-proxy': request.nextUrl.pathname } })
}

export default function notThis() {
  return new Response('the default export must not win')
}

export const config: ProxyConfig = { matcher: ['/p/:path*', '/place/:path+'] }
