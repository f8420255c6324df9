import { cookies } from 'next/headers'
import { NextResponse } from 'next/server'

type Jar = Awaited<ReturnType<typeof cookies>>

// How the jar and the answer's own Set-Cookie headers go together.
const cases: Record<string, (jar: Jar) => Response> = {
  'both': (c) => (c.set('jar', '1'), new Response('x', { headers: { 'set-cookie': 'own=1; HttpOnly' } })),
  'same-name': (c) => (c.set('a', 'jar'), new Response('x', { headers: { 'set-cookie': 'a=own' } })),
  'same-name-two': (c) => (c.set('a', 'jar'), c.set('b', 'jar'), new Response('x', { headers: [['set-cookie', 'a=1'], ['set-cookie', 'c=2; Custom=y; samesite=LAX']] })),
  'own-twice': (c) => (c.set('b', 'jar'), new Response('x', { headers: [['set-cookie', 'a=1'], ['set-cookie', 'a=2']] })),
  'own-only': () => new Response('x', { headers: [['set-cookie', 'a=1; Custom=y'], ['set-cookie', 'a=2']] }),
  'next-response': (c) => {
    c.set('jar', '1', { httpOnly: true })
    const response = NextResponse.json({})
    response.cookies.set('own', '2')
    return response
  },
  'next-response-same': (c) => {
    c.set('a', 'jar')
    const response = NextResponse.json({})
    response.cookies.set('a', 'own')
    return response
  },
  redirect: (c) => (c.set('a', '1'), NextResponse.redirect('https://example.com/')),
  'status-204': (c) => (c.set('a', '1'), new Response(null, { status: 204 })),
  'status-500': (c) => (c.set('a', '1'), new Response('mine', { status: 500 })),
  'untouched': () => new Response('x'),
  'same-value': (c) => (c.set('a', '1'), new Response('x')),
  'delete': (c) => (c.delete('a'), new Response('x')),
  'immutable-headers': (c) => (c.set('a', '1'), Response.redirect('https://example.com/')),
}

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  const run = cases[(await params).what]
  return run ? run(await cookies()) : new Response('no such case', { status: 400 })
}
