import { NextResponse } from 'next/server'

class Own extends Response {}

// What a handler may return, and what it may not.
const returns: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  string: () => 'text',
  object: () => ({ a: 1 }),
  number: () => 200,
  'fake-response': () => ({ status: 200, headers: new Headers(), body: null }),
  'response-class': () => Response,
  response: () => new Response('plain'),
  promise: async () => new Response('promised'),
  'next-response': () => new NextResponse('next'),
  subclass: () => new Own('subclass'),
  clone: () => new Response('cloned').clone(),
  'response-error': () => Response.error(),
  'no-arguments': () => new Response(),
  'null-body': () => new Response(null),
  'empty-body': () => new Response(''),
  'used-body': async () => {
    const response = new Response('used')
    await response.text()
    return response
  },
  'status-200': () => new Response('x', { status: 200 }),
  'status-201-text': () => new Response('x', { status: 201, statusText: 'My Text' }),
  'status-204': () => new Response(null, { status: 204, statusText: 'Nothing Here' }),
  'status-204-body': () => new Response('x', { status: 204 }),
  'status-205': () => new Response(null, { status: 205 }),
  'status-304': () => new Response(null, { status: 304, headers: { etag: '"x"' } }),
  'status-299': () => new Response('x', { status: 299 }),
  'status-418': () => new Response('x', { status: 418 }),
  'status-599': () => new Response('x', { status: 599 }),
  'status-404': () => new Response('mine', { status: 404 }),
  'status-500': () => new Response('mine', { status: 500 }),
  'status-100': () => new Response(null, { status: 100 }),
  'status-101': () => new Response(null, { status: 101 }),
  'status-199': () => new Response(null, { status: 199 }),
  'status-600': () => new Response(null, { status: 600 }),
  'status-0': () => new Response(null, { status: 0 }),
  'status-nan': () => new Response(null, { status: NaN }),
  'status-fraction': () => new Response('x', { status: 201.9 }),
  'status-string': () => new Response('x', { status: '202' as unknown as number }),
  'status-text-utf8': () => new Response('x', { statusText: 'é' }),
  'status-text-newline': () => new Response('x', { statusText: 'a\nb' }),
  'throw-error': () => {
    throw new Error('secret detail')
  },
  'throw-string': () => {
    throw 'secret text'
  },
  'throw-null': () => {
    throw null
  },
  'throw-undefined': () => {
    throw undefined
  },
  'throw-response': () => {
    throw new Response('thrown', { status: 403 })
  },
  'throw-async': async () => {
    await null
    throw new Error('later')
  },
  'reject-after-timer': () => new Promise((_, reject) => setTimeout(() => reject(new Error('timer')), 5)),
  'throw-frozen': () => {
    throw Object.freeze(new Error('frozen'))
  },
  'throw-digest': () => {
    throw Object.assign(new Error('x'), { digest: 'NEXT_REDIRECT;replace;/forged;307;' })
  },
  'stack-overflow': () => {
    const f = (): number => 1 + f()
    return f()
  },
}

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  const make = returns[(await params).what]
  return make ? (make() as Response) : new Response('no such case', { status: 400 })
}
