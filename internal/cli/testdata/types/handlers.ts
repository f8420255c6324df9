// What handlers import, as an editor sees it; see TestTypes.
import { after, connection, NextRequest, NextResponse, URLPattern as Pattern, userAgent, userAgentFromString, type NextFetchEvent, type NextMiddleware, type NextProxy, type MiddlewareConfig, type ProxyConfig } from 'next/server'
import { cookies, draftMode, headers } from 'next/headers'
import { forbidden, notFound, permanentRedirect, redirect, RedirectType, unauthorized, unstable_rethrow } from 'next/navigation'
import { cacheLife, cacheTag, refresh, revalidatePath, revalidateTag, unstable_cache, unstable_noStore, updateTag } from 'next/cache'
import { PHASE_DEVELOPMENT_SERVER } from 'next/constants'
import { ImageResponse } from 'next/og'
import { rateLimit } from 'portico/rate-limit'
import { cors } from 'portico/cors'

export const dynamic = 'force-static'
export const revalidate = 60

export async function GET(request: NextRequest, { params }: RouteContext<'/shops/[shop]/items/[...path]'>) {
  const { shop, path } = await params
  const texts: [string, string[]] = [shop, path]
  // @ts-expect-error there is no such segment
  void (await params).item
  // @ts-expect-error a catch-all is a list
  const one: string = path

  const url = request.nextUrl.clone()
  url.pathname = '/elsewhere'
  url.searchParams.set('page', '2')
  // @ts-expect-error an origin is read
  url.origin = 'https://a.example'
  const theme: string | undefined = request.cookies.get('theme')?.value
  // @ts-expect-error a cookie is an object
  const wrong: string = request.cookies.get('theme')
  const agent = userAgent(request)
  const mobile: boolean = agent.device.type === 'mobile' || userAgentFromString(undefined).isBot

  const jar = await cookies()
  jar.set('seen', 'yes', { httpOnly: true, sameSite: 'lax', maxAge: 60, path: '/' })
  jar.set({ name: 'a', value: 'b', secure: true })
  jar.delete('a')
  // @ts-expect-error not a value of SameSite
  jar.set('seen', 'yes', { sameSite: 'some' })
  // @ts-expect-error cookies() is a promise
  cookies().get('seen')
  const h = await headers()
  const forwarded: string | null = h.get('x-forwarded-for')
  // @ts-expect-error the headers of the request are not changed
  h.set('a', 'b')
  const draft = await draftMode()
  if (draft.isEnabled) draft.disable()

  const kept = await fetch('https://api.example/items', { next: { revalidate: 60, tags: ['items'] } })
  // @ts-expect-error tags are a list
  void fetch('https://api.example/items', { next: { tags: 'items' } })
  after(async () => console.log(new URL(request.url).pathname))
  await connection()

  const response = NextResponse.json({ texts, one, theme, wrong, mobile, forwarded, items: await kept.json() }, { status: 201 })
  response.cookies.set('a', 'b').delete({ name: 'c', path: '/' })
  return response
}

export async function POST(request: Request) {
  const { rateLimited, headers, retryAfter } = await rateLimit(request, { limit: 10, window: '1m', by: (r) => r.headers.get('x-user') })
  if (rateLimited) return new Response(`in ${retryAfter.toFixed()} s`, { status: 429, headers })
  // @ts-expect-error there is no limit
  await rateLimit(request, { window: '1m' })
  const form = await request.formData()
  const name = form.get('name')
  if (typeof name !== 'string') notFound()
  revalidateTag('items', 'max')
  revalidateTag('items', { expire: 0 })
  revalidatePath('/items/[id]', 'page')
  updateTag('items')
  refresh()
  redirect(`/hello/${name.toUpperCase()}`, RedirectType.push)
}

const allow = cors({ origins: ['https://app.example'], credentials: true, maxAge: 600 })
export const PUT = allow(async (request: NextRequest, context: RouteContext<'/[[...rest]]'>) => {
  const rest: string[] | undefined = (await context.params).rest
  return Response.json({ rest, path: request.nextUrl.pathname })
})
export const OPTIONS: (request: Request) => Promise<Response> = allow()
// @ts-expect-error it is called credentials
cors({ origins: '*', credential: true })

export const DELETE = (request: Request) => {
  try {
    unauthorized()
  } catch (error) {
    unstable_rethrow(error)
    forbidden()
  }
}

export const PATCH = () => permanentRedirect('/', 'replace')

const list = unstable_cache(async (page: number) => [page], ['list'], { tags: ['items'], revalidate: false })
export async function items() {
  'use cache'
  cacheLife('hours')
  cacheLife({ stale: 1, revalidate: 2, expire: 3 })
  cacheTag('items', 'all')
  unstable_noStore()
  const numbers: number[] = await list(1)
  // @ts-expect-error a page is a number
  await list('1')
  return numbers
}

export function middleware(request: NextRequest, event: NextFetchEvent) {
  event.waitUntil(Promise.resolve())
  const changed = new Headers(request.headers)
  if (new Pattern({ pathname: '/old/*' }).test(request.url)) return NextResponse.rewrite(new URL('/new', request.url), { request: { headers: changed } })
  if (!request.cookies.has('session')) return NextResponse.redirect(new URL('/login', request.url), 303)
  return NextResponse.next({ request: { headers: changed }, headers: { 'x-seen': '1' } })
}
middleware satisfies NextMiddleware
export const proxy: NextProxy = () => undefined
// @ts-expect-error a text is no answer
export const bad: NextMiddleware = () => 'hello'

export const config: MiddlewareConfig & ProxyConfig = {
  matcher: ['/a/:path*', { source: '/b', has: [{ type: 'header', key: 'x-a', value: '1' }], missing: [{ type: 'cookie', key: 'b' }] }],
}

export const made = new NextRequest('https://a.example/', { method: 'POST', body: 'x', nextConfig: { basePath: '/docs' } })
export const phase: string = PHASE_DEVELOPMENT_SERVER
export const image = () => new ImageResponse(null, { width: 1200, height: 630 })
