import { tell, thrownBy } from '@/lib/tell'

const cases: Record<string, () => unknown> = {
  init: () => [
    [...new Headers()], [...new Headers({ B: '2', a: '1' })], [...new Headers([['x', '1'], ['x', '2']])], [...new Headers(new Headers({ y: '1' }))],
    [...new Headers(new Map([['m', '1']]) as any)], [...new Headers(undefined)], [...new Headers({ n: 1, t: true } as any)],
  ],
  get: () => {
    const h = new Headers({ 'X-A': '1' })
    return [h.get('x-a'), h.get('X-A'), h.get('nope'), h.has('x-A'), h.has('nope')]
  },
  edit: () => {
    const h = new Headers({ a: '1' })
    h.append('a', '2')
    h.append('b', ' padded\t')
    h.set('c', '3')
    h.set('A', 'x')
    h.delete('B')
    return [...h]
  },
  order: () => [...new Headers({ z: '1', a: '2', M: '3' }).keys()],
  cookies: () => {
    const h = new Headers([['set-cookie', 'a=1'], ['set-cookie', 'b=2; Expires=Wed, 02 Jan 2030 03:04:05 GMT'], ['x', '1']])
    return [h.get('set-cookie'), h.getSetCookie(), [...h], new Headers().getSetCookie()]
  },
  'cookies-edit': () => {
    const h = new Headers([['set-cookie', 'a=1'], ['set-cookie', 'b=2']])
    h.set('set-cookie', 'c=3')
    h.append('Set-Cookie', 'd=4')
    const both = h.getSetCookie()
    h.delete('set-cookie')
    return [both, h.getSetCookie(), h.has('set-cookie')]
  },
  'bad-names': () => ['', 'a b', 'a\n', '\u00e9', 'a:'].map((n) => thrownBy(() => new Headers().append(n, 'x'))),
  'bad-values': () => ['a\nb', 'a\rb', 'a\0b', '\u4f60'].map((v) => thrownBy(() => new Headers().append('x', v))),
  'odd-values': () => ['', '\u00e9', ' a ', 'a\tb', '\u007f', 'a\n'].map((v) => {
    const h = new Headers()
    return thrownBy(() => h.append('x', v)) + ' ' + JSON.stringify(h.get('x'))
  }),
  'bad-init': () => [thrownBy(() => new Headers([['a']] as any)), thrownBy(() => new Headers('a' as any)), thrownBy(() => new Headers(null as any)), thrownBy(() => new Headers([['a', 'b', 'c']] as any))],
  arguments: () => [thrownBy(() => (new Headers() as any).append('a')), thrownBy(() => (new Headers() as any).get()), thrownBy(() => (new Headers() as any).forEach())].map((t) => t.split(':')[0]),
  iterate: () => {
    const h = new Headers({ a: '1', b: '2' })
    const seen: string[] = []
    h.forEach((v, k, self) => seen.push(k + v + (self === h)))
    return [seen, [...h.keys()], [...h.values()], [...h.entries()], Object.fromEntries(h), Object.keys(h), JSON.stringify(h)]
  },
  'iterate-changed': () => {
    const h = new Headers({ a: '1', b: '2' })
    const seen: string[] = []
    for (const [k] of h) {
      seen.push(k)
      if (k === 'a') h.append('c', '3')
    }
    return seen
  },
  tag: () => [String(new Headers()), Object.prototype.toString.call(new Headers().entries()), thrownBy(() => (Headers as any)()).split(':')[0]],
  immutable: () => thrownBy(() => Response.error().headers.set('a', '1')),
  'request-forbidden': () => [...new Request('http://h', { headers: { host: 'x', cookie: 'a=1', 'content-length': '5', origin: 'o', referer: 'r', 'accept-encoding': 'e' } }).headers],
}

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  return tell(cases[(await params).what])
}
