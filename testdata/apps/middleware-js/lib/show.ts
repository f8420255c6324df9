import { cookies, headers } from 'next/headers'
import type { NextRequest } from 'next/server'

/** Short bodies as they are, long ones by their length and both ends. */
export function brief(text: string): string {
  return text.length <= 200 ? text : `${text.length} characters, ${text.slice(0, 10)}…${text.slice(-10)}`
}

/**
 * What a handler sees of a request, as JSON: where it is, x-in-* and the headers that
 * `?seen=a,b` names, and cookies. `?h=name:value` sets a header of the answer,
 * `?c=name:value` a cookie.
 */
export async function show(name: string, request: NextRequest, context: { params: Promise<unknown> }): Promise<Response> {
  const jar = await cookies()
  const given = await headers()
  const ask = request.nextUrl.searchParams
  const named = (ask.get('seen') ?? '').split(',')
  const seen: Record<string, string> = {}
  for (const [key, value] of [...given.entries()].sort()) if (key.startsWith('x-in-') || named.includes(key)) seen[key] = value
  const out: Record<string, unknown> = {
    handler: name,
    method: request.method,
    url: request.url,
    params: await context.params,
    seen,
    cookie: given.get('cookie'),
    jar: jar.getAll().map(({ name, value }) => [name, value]),
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    out.type = given.get('content-type')
    out.body = brief(await request.text())
  }
  const answer = new Headers()
  for (const h of ask.getAll('h')) answer.append(h.slice(0, h.indexOf(':')), h.slice(h.indexOf(':') + 1))
  for (const c of ask.getAll('c')) jar.set(c.slice(0, c.indexOf(':')), c.slice(c.indexOf(':') + 1))
  return Response.json(out, { headers: answer })
}
