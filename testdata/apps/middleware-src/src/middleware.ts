import { NextResponse, type MiddlewareConfig, type NextMiddleware } from 'next/server'
import { user } from '@/lib/session'

/** The usual guard: a session or the sign-in page, and the user's name for the handler. */
export const middleware: NextMiddleware = async (request) => {
  const name = await user(request)
  if (!name) {
    if (request.nextUrl.pathname.startsWith('/api/')) return NextResponse.json({ error: 'sign in first' }, { status: 401 })
    const to = new URL('/sign-in', request.url)
    to.searchParams.set('from', request.nextUrl.pathname)
    return NextResponse.redirect(to)
  }
  const headers = new Headers(request.headers)
  headers.set('x-in-user', name)
  const response = NextResponse.next({ request: { headers } })
  response.cookies.set('seen', name, { httpOnly: true, sameSite: 'strict', path: '/' })
  return response
}

const other = 'not for Next'
export { other }

export const config = {
  matcher: [`/((?!sign-in|public/|_next/static|_next/image|favicon.ico).*)`],
} satisfies MiddlewareConfig
