import { cookies } from 'next/headers'
import { NextRequest, NextResponse } from 'next/server'
import { tell, thrownBy } from '@/lib/tell'

type Jar = Awaited<ReturnType<typeof cookies>>

// Each is told as JSON; the answer carries what was set, too.
const cases: Record<string, (jar: Jar, request: NextRequest) => unknown> = {
  read: (c) => [c.get('a'), c.get('zz') ?? 'undefined', c.getAll(), c.getAll('a'), c.has('a'), c.has('zz')],
  members: (c: any) => ({
    functions: ['get', 'getAll', 'has', 'set', 'delete', 'toString', 'clear'].map((n) => typeof c[n]),
    size: typeof c.size, iterator: typeof c[Symbol.iterator],
  }),
  string: (c) => c.toString(),
  set: (c) => (c.set('n', '1'), [c.get('n'), c.getAll().map((x) => x.name)]),
  'set-options': (c) => (c.set('n', 'x y', { httpOnly: true, secure: true, path: '/p', sameSite: 'lax' }), c.get('n')),
  'set-object': (c) => (c.set({ name: 'n', value: '1', domain: 'example.com' }), c.has('n')),
  'set-two': (c) => (c.set('n', '1'), c.set('m', '2'), c.set('n', '3'), c.getAll().length),
  'set-chain': (c) => (c.set('n', '1') as unknown as Jar).set('m', '2') !== undefined,
  'set-existing': (c) => (c.set('a', 'new'), c.get('a')),
  'set-then-delete': (c) => (c.set('n', '1'), c.delete('n'), c.has('n')),
  delete: (c) => (c.delete('a'), [c.has('a'), c.get('a'), c.getAll().map((x) => x.name)]),
  'delete-object': (c) => (c.delete({ name: 'a', path: '/p', domain: 'example.com' }), c.has('a')),
  'delete-missing': (c) => (c.delete('zz'), c.has('zz')),
  'delete-then-set': (c) => (c.delete('a'), c.set('a', 'back'), c.get('a')),
  'request-untouched': (c, r) => (c.set('a', 'new'), c.delete('b'), [r.cookies.get('a'), r.cookies.has('b'), r.headers.get('cookie')]),
  'request-set-unseen': (c, r) => (r.cookies.set('a', 'other'), c.get('a')),
  'two-jars': async (c) => (c.set('n', '1'), (await cookies()).get('n')),
  'same-jar': async (c) => (await cookies()) === c,
  'after-await': async (c) => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    c.set('n', '1')
    return (await cookies()).get('a')
  },
  'in-timer': () =>
    new Promise((resolve, reject) => setTimeout(() => cookies().then((c) => resolve(c.get('a')), reject), 5)),
  'in-promise-chain': () => Promise.resolve().then(() => cookies()).then((c) => c.get('a')),
  'odd-values': (c) => [c.get('b'), c.get('c'), c.get('d')],
  synchronous: () => thrownBy(() => (cookies() as any).get('a')).split(':')[0],
  'is-promise': () => {
    const p = cookies()
    return [typeof p.then, typeof p.catch, typeof p.finally]
  },
}

export async function GET(request: NextRequest, { params }: { params: Promise<{ what: string }> }) {
  const run = cases[(await params).what]
  return tell(run && (async () => run(await cookies(), request)))
}
