import { headers } from 'next/headers'
import { type NextRequest } from 'next/server'
import { tell, thrownBy } from '@/lib/tell'

type H = Awaited<ReturnType<typeof headers>>

const cases: Record<string, (h: H, request: NextRequest) => unknown> = {
  get: (h) => [h.get('X-A'), h.get('x-a'), h.get('x-missing'), h.has('X-A'), h.has('x-missing')],
  list: (h) => [...h].filter(([n]) => n.startsWith('x-') && !n.startsWith('x-forwarded')),
  entries: (h) => [...h.entries()].length === [...h.keys()].length && [...h.values()].length === [...h].length,
  forwarded: (h) => ['host', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'x-forwarded-for'].map((n) => h.get(n)),
  'for-each': (h) => {
    const seen: string[] = []
    h.forEach((v, n) => n.startsWith('x-a') && seen.push(`${n}=${v}`))
    return seen
  },
  'read-only': (h: any) => [thrownBy(() => h.set('a', '1')), thrownBy(() => h.append('a', '1')), thrownBy(() => h.delete('a'))],
  'read-only-name': (h: any) => {
    try {
      h.set('a', '1')
    } catch (e: any) {
      return [e instanceof Error, e.message]
    }
  },
  instance: (h) => [h instanceof Headers, String(h), thrownBy(() => new Headers(h as any)), new Headers(h as any).get('x-a')],
  cookie: (h) => h.get('cookie'),
  'get-set-cookie': (h) => h.getSetCookie(),
  'request-change-unseen': (h, r) => (r.headers.set('x-a', 'changed'), [r.headers.get('x-a'), h.get('x-a')]),
  same: async (h) => (await headers()) === h,
  'after-timer': () => new Promise((resolve, reject) => setTimeout(() => headers().then((h) => resolve(h.get('x-a')), reject), 5)),
  synchronous: () => thrownBy(() => (headers() as any).get('x-a')).split(':')[0],
}

export async function GET(request: NextRequest, { params }: { params: Promise<{ what: string }> }) {
  const run = cases[(await params).what]
  return tell(run && (async () => run(await headers(), request)))
}
