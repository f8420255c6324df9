import { NextRequest, NextResponse } from 'next/server'

export function middleware(request: NextRequest) {
  const { nextUrl: url } = request
  const at = (path: string) => {
    const to = url.clone()
    to.pathname = path
    return to
  }
  switch (url.pathname.replace(/\/$/, '')) {
    case '/mw/url':
      return NextResponse.json({ url: request.url, href: url.href, pathname: url.pathname, string: String(url) })
    case '/mw/redirect':
      return NextResponse.redirect(at('/place/to'))
    case '/mw/redirect-slash':
      return NextResponse.redirect(at('/place/to/'))
    case '/mw/redirect-plain':
      return NextResponse.redirect(new URL('/place/to', request.url))
    case '/mw/rewrite':
      return NextResponse.rewrite(at('/place/to'))
    case '/mw/rewrite-slash':
      return NextResponse.rewrite(at('/place/to/'))
    case '/mw/rewrite-plain':
      return NextResponse.rewrite(new URL('/place/to', request.url))
  }
  return NextResponse.next({ headers: { 'x-mw': url.pathname, 'x-mw-url': new URL(request.url).pathname } })
}

export const config = { matcher: ['/', '/mw/:path*', '/place/:path*', '/data/:path*', '/_next/data/:path*'] }
