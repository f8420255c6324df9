import { NextRequest } from 'next/server'
import { tell, thrownBy } from '@/lib/tell'

const jar = (cookie?: string) => new NextRequest('https://h.test/', cookie === undefined ? {} : { headers: { cookie } })

const cases: Record<string, (request: NextRequest) => unknown> = {
  list: ({ cookies }) => ({ all: cookies.getAll(), size: cookies.size, string: cookies.toString() }),
  get: ({ cookies }) => [cookies.get('a'), cookies.get('A') ?? 'undefined', cookies.get('zz') ?? 'undefined', cookies.has('a'), cookies.has('zz')],
  'get-object': ({ cookies }) => [cookies.get({ name: 'a', value: '' }), cookies.getAll({ name: 'a', value: '' }), cookies.getAll('zz')],
  'get-all-name': ({ cookies }) => cookies.getAll('a'),
  iterate: ({ cookies }) => [...cookies],
  members: ({ cookies }) => ['get', 'getAll', 'has', 'set', 'delete', 'clear', 'toString'].map((n) => typeof (cookies as any)[n]),
  set: () => {
    const r = jar('a=1; b=2')
    const back = r.cookies.set('a', 'x y;=é')
    r.cookies.set({ name: 'c', value: '3' })
    return [r.headers.get('cookie'), r.cookies.getAll(), r.cookies.size, back === r.cookies]
  },
  'set-none': () => {
    const r = jar()
    r.cookies.set('a', '1')
    return r.headers.get('cookie')
  },
  delete: () => {
    const r = jar('a=1; b=2; c=3')
    return [r.cookies.delete('a'), r.cookies.delete('zz'), r.cookies.delete(['b', 'zz']), r.headers.get('cookie'), r.cookies.size]
  },
  clear: () => {
    const r = jar('a=1; b=2')
    r.cookies.clear()
    return [r.headers.get('cookie'), r.cookies.size, r.cookies.getAll()]
  },
  'header-later': () => {
    const r = jar('a=1')
    r.headers.set('cookie', 'a=2')
    return r.cookies.get('a')
  },
  parse: () => jar('a=1; b=2; a=3; c; d=; =e; f=%20x; g="q"; h=a=b; i=%zz').cookies.getAll(),
  'parse-space': () => jar('  a = 1 ;b=2;;  ; c=3').cookies.getAll(),
  'parse-comma': () => jar('a=1, b=2').cookies.getAll(),
  'parse-empty': () => [jar('').cookies.getAll(), jar().cookies.size],
  'parse-utf8': () => jar('a=%E4%BD%A0; b=\u00e9').cookies.getAll(),
  'parse-proto': () => [jar('__proto__=1; constructor=2').cookies.getAll(), ({} as any).polluted ?? 'clean'],
  'to-string': () => String(jar('a=1; b=x%20y').cookies),
  'set-undefined': () => {
    const r = jar()
    thrownBy(() => r.cookies.set('a', undefined as unknown as string))
    return [r.headers.get('cookie'), r.cookies.get('a')]
  },
}

export async function GET(request: NextRequest, { params }: { params: Promise<{ what: string }> }) {
  const run = cases[(await params).what]
  return tell(run && (() => run(request)))
}
