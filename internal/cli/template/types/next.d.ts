// What Portico serves of Next.js. Written by portico; portico dev writes it again.

/** The second argument of a handler: RouteContext<'/users/[id]'>. */
interface RouteContext<Path extends string = string> {
  params: Promise<string extends Path ? Record<string, string | string[] | undefined> : PorticoParams<Path>>
}

type PorticoParams<Path extends string> = Path extends `${infer Segment}/${infer Rest}`
  ? PorticoParam<Segment> & PorticoParams<Rest>
  : PorticoParam<Path>

type PorticoParam<Segment extends string> = Segment extends `[[...${infer Name}]]`
  ? { [K in Name]?: string[] }
  : Segment extends `[...${infer Name}]`
    ? { [K in Name]: string[] }
    : Segment extends `[${infer Name}]`
      ? { [K in Name]: string }
      : unknown

interface RequestInit {
  /** What is kept of the answer. */
  next?: {
    /** In seconds; false is for ever, 0 is not at all. */
    revalidate?: number | false
    tags?: string[]
  }
  /** Required where the body is a stream. */
  duplex?: 'half'
}

declare module 'next' {
  import type { Config } from 'portico/config'

  /** Keys of Next.js that are about pages are taken and left alone. */
  export interface NextConfig extends Config {
    portico?: Config
    [key: string]: unknown
  }

  /** What robots.ts, sitemap.ts and manifest.ts return. */
  export namespace MetadataRoute {
    interface RobotsRule {
      /** Left out: all. */
      userAgent?: string | string[]
      allow?: string | string[]
      disallow?: string | string[]
      /** In seconds. */
      crawlDelay?: number
      /** Further lines, by name. */
      other?: Record<string, string | number | Array<string | number> | null | undefined>
    }

    interface Robots {
      rules: RobotsRule | RobotsRule[]
      sitemap?: string | string[]
      host?: string
    }

    interface Video {
      title: string
      thumbnail_loc: string
      description: string
      content_loc?: string
      player_loc?: string
      /** In seconds. */
      duration?: number
      expiration_date?: Date | string
      rating?: number
      view_count?: number
      publication_date?: Date | string
      family_friendly?: 'yes' | 'no'
      restriction?: { relationship: 'allow' | 'deny'; content: string }
      platform?: { relationship: 'allow' | 'deny'; content: string }
      requires_subscription?: 'yes' | 'no'
      uploader?: { info?: string; content?: string }
      live?: 'yes' | 'no'
      tag?: string
    }

    type Sitemap = Array<{
      url: string
      lastModified?: string | Date
      changeFrequency?: 'always' | 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly' | 'never'
      /** From 0 to 1. */
      priority?: number
      alternates?: { languages?: Record<string, string | undefined> }
      images?: string[]
      videos?: Video[]
    }>

    /** The members of the Web App Manifest; any other is written too. */
    interface Manifest {
      name?: string
      short_name?: string
      description?: string
      start_url?: string
      scope?: string
      id?: string
      lang?: string
      dir?: 'ltr' | 'rtl' | 'auto'
      display?: 'fullscreen' | 'standalone' | 'minimal-ui' | 'browser'
      orientation?: string
      background_color?: string
      theme_color?: string
      categories?: string[]
      icons?: Array<{ src: string; type?: string; sizes?: string; purpose?: 'any' | 'maskable' | 'monochrome' }>
      [key: string]: unknown
    }
  }
}

declare module 'next/server' {
  export interface CookieOptions {
    path?: string
    domain?: string
    expires?: Date | number
    /** In seconds. */
    maxAge?: number
    httpOnly?: boolean
    secure?: boolean
    sameSite?: true | false | 'strict' | 'lax' | 'none'
    partitioned?: boolean
    priority?: 'low' | 'medium' | 'high'
  }

  export interface RequestCookie {
    name: string
    value: string
  }

  export interface ResponseCookie extends RequestCookie, CookieOptions {}

  export interface RequestCookies extends Iterable<[string, RequestCookie]> {
    readonly size: number
    get(name: string | RequestCookie): RequestCookie | undefined
    getAll(name?: string | RequestCookie): RequestCookie[]
    has(name: string): boolean
    set(name: string, value: string): this
    set(cookie: RequestCookie): this
    delete(names: string | string[]): boolean | boolean[]
    clear(): this
    toString(): string
  }

  export interface ResponseCookies {
    get(name: string | ResponseCookie): ResponseCookie | undefined
    getAll(name?: string | ResponseCookie): ResponseCookie[]
    has(name: string): boolean
    set(name: string, value: string, options?: CookieOptions): this
    set(cookie: ResponseCookie): this
    delete(name: string | { name: string; path?: string; domain?: string }): this
    toString(): string
  }

  export interface NextURL {
    href: string
    readonly origin: string
    protocol: string
    username: string
    password: string
    host: string
    hostname: string
    port: string
    pathname: string
    search: string
    readonly searchParams: URLSearchParams
    hash: string
    basePath: string
    buildId: string | undefined
    locale: string
    readonly defaultLocale: string | undefined
    clone(): NextURL
    toString(): string
    toJSON(): string
  }

  export interface NextRequestInit extends RequestInit {
    nextConfig?: { basePath?: string; trailingSlash?: boolean }
  }

  export class NextRequest extends Request {
    constructor(input: RequestInfo | URL, init?: NextRequestInit)
    readonly nextUrl: NextURL
    readonly cookies: RequestCookies
    clone(): NextRequest
  }

  export interface MiddlewareResponseInit extends ResponseInit {
    /** What the handler sees of the request in place of its own headers. */
    request?: { headers?: Headers }
  }

  export class NextResponse<Body = unknown> extends Response {
    constructor(body?: BodyInit | null, init?: ResponseInit)
    readonly cookies: ResponseCookies
    json(): Promise<any>
    static json<Data>(data: Data, init?: ResponseInit): NextResponse<Data>
    static redirect(url: string | URL | NextURL, init?: number | ResponseInit): NextResponse
    static rewrite(destination: string | URL | NextURL, init?: MiddlewareResponseInit): NextResponse
    static next(init?: MiddlewareResponseInit): NextResponse
    static error(): NextResponse
  }

  export interface NextFetchEvent {
    readonly sourcePage: string
    waitUntil(promise: Promise<unknown>): void
  }

  type MiddlewareResult = Response | null | undefined | void
  export type NextMiddleware = (request: NextRequest, event: NextFetchEvent) => MiddlewareResult | Promise<MiddlewareResult>
  export type NextProxy = NextMiddleware

  export type RouteHas =
    | { type: 'header' | 'cookie' | 'query'; key: string; value?: string }
    | { type: 'host'; value: string }

  type Matcher = string | { source: string; has?: RouteHas[]; missing?: RouteHas[]; locale?: false; basePath?: false }
  export interface MiddlewareConfig {
    matcher?: Matcher | Matcher[]
    unstable_allowDynamic?: string | string[]
    runtime?: string
    regions?: string | string[]
  }
  export type ProxyConfig = MiddlewareConfig

  export interface UserAgent {
    isBot: boolean
    ua: string
    browser: { name?: string; version?: string; major?: string }
    device: { vendor?: string; model?: string; type?: string }
    engine: { name?: string; version?: string }
    os: { name?: string; version?: string }
    cpu: { architecture?: string }
  }

  export function userAgent(request: { headers: Headers }): UserAgent
  export function userAgentFromString(input: string | undefined): UserAgent
  /** Runs once the answer is sent. */
  export function after(task: Promise<unknown> | (() => unknown)): void
  /** What follows is for this request alone. */
  export function connection(): Promise<void>

  const Pattern: typeof globalThis extends { URLPattern: infer T } ? T : any
  export { Pattern as URLPattern }

  /** Not available yet: it throws. */
  export class ImageResponse extends Response {
    constructor(element: unknown, options?: ResponseInit & { width?: number; height?: number })
  }
}

declare module 'next/headers' {
  import type { RequestCookie, ResponseCookie, CookieOptions } from 'next/server'

  export interface CookieStore extends Iterable<[string, RequestCookie]> {
    readonly size: number
    get(name: string | RequestCookie): RequestCookie | undefined
    getAll(name?: string | RequestCookie): RequestCookie[]
    has(name: string): boolean
    set(name: string, value: string, options?: CookieOptions): this
    set(cookie: ResponseCookie): this
    delete(name: string | { name: string; path?: string; domain?: string }): this
    toString(): string
  }

  export interface ReadonlyHeaders extends Iterable<[string, string]> {
    get(name: string): string | null
    has(name: string): boolean
    getSetCookie(): string[]
    entries(): IterableIterator<[string, string]>
    keys(): IterableIterator<string>
    values(): IterableIterator<string>
    forEach(visit: (value: string, name: string) => void): void
  }

  export interface DraftMode {
    readonly isEnabled: boolean
    enable(): void
    disable(): void
  }

  export function cookies(): Promise<CookieStore>
  export function headers(): Promise<ReadonlyHeaders>
  export function draftMode(): Promise<DraftMode>
}

declare module 'next/navigation' {
  export const RedirectType: { readonly push: 'push'; readonly replace: 'replace' }
  type Kind = 'push' | 'replace'
  /** Ends the handler with 307. */
  export function redirect(url: string, type?: Kind): never
  /** Ends the handler with 308. */
  export function permanentRedirect(url: string, type?: Kind): never
  /** Ends the handler with 404. */
  export function notFound(): never
  /** Ends the handler with 403. */
  export function forbidden(): never
  /** Ends the handler with 401. */
  export function unauthorized(): never
  /** Throws again what is not an error but one of the endings above. */
  export function unstable_rethrow(error: unknown): void
}

declare module 'next/cache' {
  /** In seconds. */
  export interface CacheLife {
    stale?: number
    revalidate?: number
    expire?: number
  }
  type Profile = 'default' | 'seconds' | 'minutes' | 'hours' | 'days' | 'weeks' | 'max' | (string & {})

  export function revalidateTag(tag: string, profile?: Profile | { expire?: number }): void
  export function revalidatePath(path: string, type?: 'page' | 'layout'): void
  export function updateTag(tag: string): void
  export function refresh(): void
  export function cacheLife(profile: Profile | CacheLife): void
  export function cacheTag(...tags: string[]): void
  export function unstable_cache<F extends (...args: any[]) => Promise<any>>(
    fn: F,
    keyParts?: string[],
    options?: { revalidate?: number | false; tags?: string[] },
  ): F
  export function unstable_noStore(): void
  export function unstable_expireTag(...tags: string[]): void
  export function unstable_expirePath(path: string, type?: 'page' | 'layout'): void
  export { cacheLife as unstable_cacheLife, cacheTag as unstable_cacheTag, unstable_noStore as noStore }
  export function io(): Promise<void>
}

declare module 'next/constants' {
  export const PHASE_ANALYZE: 'phase-analyze'
  export const PHASE_DEVELOPMENT_SERVER: 'phase-development-server'
  export const PHASE_EXPORT: 'phase-export'
  export const PHASE_INFO: 'phase-info'
  export const PHASE_PRODUCTION_BUILD: 'phase-production-build'
  export const PHASE_PRODUCTION_SERVER: 'phase-production-server'
  export const PHASE_TEST: 'phase-test'
}

declare module 'next/og' {
  export { ImageResponse } from 'next/server'
}
