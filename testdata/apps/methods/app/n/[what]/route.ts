import { cookies } from 'next/headers'
import {
  RedirectType,
  forbidden,
  notFound,
  permanentRedirect,
  redirect,
  unauthorized,
  unstable_rethrow,
} from 'next/navigation'

/** What a navigation function throws, told as JSON. */
const thrown = (f: () => never) => {
  try {
    f()
  } catch (e: any) {
    return Response.json({ name: e.name, message: e.message, digest: e.digest, isError: e instanceof Error })
  }
  return Response.json('did not throw')
}

const cases: Record<string, () => unknown> = {
  redirect: () => redirect('/target'),
  'redirect-absolute': () => redirect('https://example.com/a?b=c#d'),
  'redirect-relative': () => redirect('rel'),
  'redirect-empty': () => redirect(''),
  'redirect-query': () => redirect('?a=1'),
  'redirect-space': () => redirect('/a b'),
  'redirect-utf8': () => redirect('/caf\u00e9'),
  'redirect-utf16': () => redirect('/\u4f60'),
  'redirect-newline': () => redirect('/a\r\nx-injected: 1'),
  'redirect-undefined': () => redirect(undefined as unknown as string),
  'redirect-push': () => redirect('/target', RedirectType.push),
  'redirect-replace': () => redirect('/target', RedirectType.replace),
  'redirect-semicolon': () => redirect('/a;b;c'),
  'redirect-url': () => redirect(new URL('https://example.com/u') as unknown as string),
  permanent: () => permanentRedirect('/target'),
  'permanent-push': () => permanentRedirect('/target', RedirectType.push),
  'not-found': () => notFound(),
  forbidden: () => forbidden(),
  unauthorized: () => unauthorized(),
  'redirect-cookie': async () => {
    const jar = await cookies()
    jar.set('a', '1')
    redirect('/target')
  },
  'not-found-cookie': async () => {
    const jar = await cookies()
    jar.set('a', '1')
    notFound()
  },
  'throw-cookie': async () => {
    const jar = await cookies()
    jar.set('a', '1')
    throw new Error('x')
  },
  'redirect-later': async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    redirect('/later')
  },
  'thrown-redirect': () => thrown(() => redirect('/x')),
  'thrown-redirect-push': () => thrown(() => redirect('/x', RedirectType.push)),
  'thrown-permanent': () => thrown(() => permanentRedirect('/x')),
  'thrown-not-found': () => thrown(() => notFound()),
  'thrown-forbidden': () => thrown(() => forbidden()),
  swallowed: () => {
    try {
      redirect('/x')
    } catch {
      return new Response('swallowed')
    }
  },
  rethrown: () => {
    try {
      redirect('/x')
    } catch (e) {
      unstable_rethrow(e)
      return new Response('not rethrown')
    }
  },
  'rethrow-other': () => {
    unstable_rethrow(new Error('other'))
    return new Response('went on')
  },
  'rethrow-cause': () => {
    try {
      redirect('/x')
    } catch (e) {
      unstable_rethrow(new Error('wrapped', { cause: e }))
      return new Response('not rethrown')
    }
  },
  types: () => Response.json({ RedirectType, redirect: typeof redirect, notFound: typeof notFound }),
}

async function handler(_: Request, { params }: { params: Promise<{ what: string }> }) {
  const run = cases[(await params).what]
  return run ? ((await run()) as Response) : new Response('no such case', { status: 400 })
}

export { handler as GET, handler as POST, handler as PUT }
