import { NextResponse } from 'next/server'

type Jar = NextResponse['cookies']

// What is put into the jar; the answer shows the Set-Cookie lines.
const cases: Record<string, (cookies: Jar, response: NextResponse) => unknown> = {
  plain: (c) => c.set('a', '1'),
  object: (c) => c.set({ name: 'a', value: '1', path: '/x' }),
  options: (c) =>
    c.set('a', '1', { path: '/p', domain: 'example.com', secure: true, httpOnly: true, sameSite: 'lax', partitioned: true, priority: 'high', expires: new Date(0) }),
  encoded: (c) => c.set('a', 'x y;,="é\u4f60%'),
  'name-odd': (c) => c.set('a b', '1'),
  empty: (c) => c.set('a', ''),
  undefined: (c) => c.set('a', undefined as unknown as string),
  number: (c) => c.set('a', 42 as unknown as string),
  two: (c) => (c.set('a', '1'), c.set('b', '2')),
  replaced: (c) => (c.set('a', '1'), c.set('b', '2'), c.set('a', '3')),
  'path-undefined': (c) => c.set('a', '1', { path: undefined }),
  'path-null': (c) => c.set('a', '1', { path: null as unknown as string }),
  'path-empty': (c) => c.set('a', '1', { path: '' }),
  'domain-empty': (c) => c.set('a', '1', { domain: '' }),
  'same-site-strict': (c) => c.set('a', '1', { sameSite: 'strict' }),
  'same-site-case': (c) => c.set('a', '1', { sameSite: 'Strict' as 'strict' }),
  'same-site-true': (c) => c.set('a', '1', { sameSite: true }),
  'same-site-false': (c) => c.set('a', '1', { sameSite: false }),
  'same-site-none': (c) => c.set('a', '1', { sameSite: 'none', secure: true }),
  'same-site-odd': (c) => c.set('a', '1', { sameSite: 'odd' as 'lax' }),
  'max-age': (c) => c.set('a', '1', { maxAge: 60 }),
  'max-age-zero': (c) => c.set('a', '1', { maxAge: 0 }),
  'max-age-negative': (c) => c.set('a', '1', { maxAge: -1 }),
  'max-age-string': (c) => c.set('a', '1', { maxAge: '60' as unknown as number }),
  'max-age-and-expires': (c) => c.set('a', '1', { maxAge: 60, expires: new Date(0) }),
  'expires-date': (c) => c.set('a', '1', { expires: new Date(Date.UTC(2030, 0, 2, 3, 4, 5)) }),
  'expires-number': (c) => c.set('a', '1', { expires: 1893553445000 }),
  'expires-zero': (c) => c.set('a', '1', { expires: 0 }),
  'expires-undefined': (c) => c.set('a', '1', { expires: undefined }),
  'secure-false': (c) => c.set('a', '1', { secure: false, httpOnly: false }),
  'priority-low': (c) => c.set('a', '1', { priority: 'low' }),
  delete: (c) => c.delete('a'),
  'delete-object': (c) => c.delete({ name: 'a', path: '/p', domain: 'example.com' }),
  'delete-set': (c) => (c.set('a', '1', { path: '/p' }), c.delete('a')),
  'set-deleted': (c) => (c.delete('a'), c.set('a', '1')),
  'appended-before': (c, r) => (r.headers.append('set-cookie', 'hand=1; Custom=x'), c.set('a', '1')),
  'appended-after': (c, r) => (c.set('a', '1'), r.headers.append('set-cookie', 'hand=1; Custom=x')),
  'header-set-after': (c, r) => (c.set('a', '1'), r.headers.set('set-cookie', 'only=1')),
  'header-deleted-after': (c, r) => (c.set('a', '1'), r.headers.delete('set-cookie')),
}

const told: Record<string, (cookies: Jar, response: NextResponse) => unknown> = {
  get: (c) => (c.set('a', 'x y', { maxAge: 0, path: '/p' }), [c.get('a'), c.get('zz') ?? 'undefined', c.has('a'), c.has('zz')]),
  all: (c) => (c.set('a', '1'), c.set('b', '2', { httpOnly: true }), [c.getAll(), c.getAll('a'), c.getAll('zz')]),
  chain: (c) => c.set('a', '1').set('b', '2').getAll().length,
  string: (c) => (c.set('a', '1', { httpOnly: true }), c.set('b', '2'), c.toString()),
  members: (c) => ['get', 'getAll', 'has', 'set', 'delete', 'toString', 'clear'].map((n) => typeof (c as any)[n]).concat(typeof (c as any).size, typeof (c as any)[Symbol.iterator]),
  'deleted-state': (c) => (c.set('a', '1'), c.delete('a'), [c.has('a'), c.get('a'), c.getAll().length]),
  headers: (c, r) => (c.set('a', '1'), c.set('b', '2'), [r.headers.getSetCookie(), r.headers.get('set-cookie')]),
}

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  const { what } = await params
  const response = new NextResponse('jar')
  if (cases[what]) {
    cases[what](response.cookies, response)
    return response
  }
  if (told[what.replace(/^told-/, '')]) return Response.json(told[what.replace(/^told-/, '')](response.cookies, response))
  return new Response('no such case', { status: 400 })
}
