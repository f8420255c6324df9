import { NextRequest, NextResponse } from 'next/server'

export function middleware(request: NextRequest) {
  const { nextUrl: url } = request
  const at = (path: string) => {
    const to = url.clone()
    to.pathname = path
    return to
  }
  switch (url.pathname) {
    case '/mw/url':
      return NextResponse.json({ url: request.url, href: url.href, pathname: url.pathname, basePath: url.basePath, search: url.search })
    case '/mw/rewrite':
      return NextResponse.rewrite(at('/place/mw'))
    case '/mw/rewrite-plain':
      return NextResponse.rewrite(new URL('/place/mw', request.url))
    case '/mw/rewrite-prefixed':
      return NextResponse.rewrite(new URL('/docs/place/mw', request.url))
    case '/mw/redirect':
      return NextResponse.redirect(at('/place/mw'))
    case '/mw/redirect-plain':
      return NextResponse.redirect(new URL('/place/mw', request.url))
    case '/mw/redirect-root':
      return NextResponse.redirect(at('/'))
    case '/mw/base':
      url.basePath = '/other'
      return NextResponse.redirect(url)
    case '/mw/to-config':
      return NextResponse.rewrite(at('/w/here/mw'))
  }
  return NextResponse.next({ headers: { 'x-mw': `${url.basePath} ${url.pathname}` } })
}

export const config = { matcher: ['/', '/mw/:path*', '/place/matched', '/docs', '/r/:path*', '/w/here/:path*'] }
