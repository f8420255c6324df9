import { NextResponse, type NextMiddleware } from 'next/server'

/**
 * What a library may give: middleware that remembers the language a visitor asked
 * for, and tells the handlers.
 */
export function createMiddleware({ languages = ['en', 'de'], cookie = 'language' } = {}): NextMiddleware {
  return (request) => {
    const wanted = [request.nextUrl.searchParams.get('lang'), request.cookies.get(cookie)?.value]
    const language = wanted.find((l) => languages.includes(l)) ?? languages[0]
    const headers = new Headers(request.headers)
    headers.set('x-language', language)
    const response = NextResponse.next({ request: { headers } })
    if (wanted[0] === language) response.cookies.set(cookie, language, { path: '/', sameSite: 'lax' })
    return response
  }
}
