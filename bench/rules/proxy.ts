import { NextResponse, type NextRequest } from 'next/server'

export const config = { matcher: '/member/:path*' }

export function proxy(request: NextRequest) {
  const session = request.cookies.get('session')
  if (!session) return NextResponse.redirect(new URL('/login', request.url))
  const headers = new Headers(request.headers)
  headers.set('x-user', session.value)
  return NextResponse.next({ request: { headers } })
}
