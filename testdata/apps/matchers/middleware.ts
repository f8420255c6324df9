import { NextRequest, NextResponse } from 'next/server'

export default function middleware(request: NextRequest) {
  return NextResponse.next({ headers: { 'x-mw': request.nextUrl.pathname } })
}

export const config = {
  matcher: [
    '/exact',
    '/two/parts',
    '/param/:id',
    '/params/:a/between/:b',
    '/star/:path*',
    '/plus/:path+',
    '/optional/:id?',
    '/digits/:id(\\d{2,3})',
    '/either/:kind(a|b|long)',
    '/unnamed/(.*)',
    '/dash/:from-:to',
    '/dot/:name.:ext',
    '/group{/:more}?/end',
    '/escaped/\\(x\\)',
    '/prefix-:id',
    '/nested/(a(?:b|c)d)',
    '/CaSe',
    '/café/:x',
    '/enc%20oded',
    '/file.txt',
    '/slash/',
    '/tail/:path*/end',
    '/not/((?!no|api/|fixed$).*)',
    '/any((?!x).*)',
    '/lookahead/((?=a).*)',
    { source: '/has/header', has: [{ type: 'header', key: 'X-In-A' }] },
    { source: '/has/header-value', has: [{ type: 'header', key: 'x-in-a', value: 'v(?<n>\\d+)' }] },
    { source: '/has/cookie', has: [{ type: 'cookie', key: 'session', value: '.+' }] },
    { source: '/has/query', has: [{ type: 'query', key: 'q' }] },
    { source: '/has/query-value', has: [{ type: 'query', key: 'q', value: 'yes' }] },
    { source: '/has/host', has: [{ type: 'host', value: '(?<sub>.*)\\.other\\.test' }] },
    { source: '/has/two', has: [{ type: 'header', key: 'x-in-a' }, { type: 'header', key: 'x-in-b' }] },
    { source: '/missing/header', missing: [{ type: 'header', key: 'x-in-a' }] },
    { source: '/missing/value', missing: [{ type: 'header', key: 'purpose', value: 'prefetch' }] },
    { source: '/missing/two', missing: [{ type: 'header', key: 'x-in-a' }, { type: 'cookie', key: 'c' }] },
    { source: '/both/:id', has: [{ type: 'query', key: 'q' }], missing: [{ type: 'header', key: 'x-in-a' }] },
    { source: '/locale', locale: false },
  ],
}
