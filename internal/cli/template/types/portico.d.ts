// Portico's own modules. Written by portico; portico dev writes it again.

declare module 'portico/rate-limit' {
  type Key = string | number | null | undefined

  export interface RateLimitOptions {
    /** How many requests a window; all may come at once. */
    limit: number
    /** '500ms', '10s', '1m', '1h', '1d', or a number of seconds. */
    window: string | number
    /**
     * Whose requests are counted together: 'ip' (the default), 'header:NAME', 'cookie:NAME', 'session', or any
     * other text, which is a key itself. A function's answer is always a key; nothing is the client's address.
     */
    by?: Key | ((request: Request) => Key | Promise<Key>)
    /** Limits of one name, limit and window count together. The route's pattern by default. */
    name?: string
    /** How much of the limit is used up; 0 looks. 1 by default. */
    cost?: number
  }

  export interface RateLimit {
    rateLimited: boolean
    limit: number
    remaining: number
    /** Seconds until the allowance is whole again. */
    reset: number
    /** Seconds until a refused request gets through; 0 for one that did. */
    retryAfter: number
    /** RateLimit, RateLimit-Policy and, when it is refused, Retry-After. */
    headers: Record<string, string>
  }

  export function rateLimit(request: Request, options: RateLimitOptions): Promise<RateLimit>
}

declare module 'portico/cors' {
  export interface CORSOptions {
    /** Whole origins, or '*', which goes without credentials. */
    origins: string | string[]
    methods?: string | string[]
    headers?: string | string[]
    exposedHeaders?: string | string[]
    credentials?: boolean
    /** In seconds. */
    maxAge?: number
  }

  type Handler<Args extends unknown[]> = (...args: Args) => Response | Promise<Response>

  /** Makes handlers that answer preflights and mark their answers; without a handler it is for OPTIONS. */
  export function cors(options: CORSOptions): {
    (): (request: Request) => Promise<Response>
    <Args extends unknown[]>(handler: Handler<Args>): (...args: Args) => Promise<Response>
  }
}

/** Types alone: import type { Config } from 'portico/config'. */
declare module 'portico/config' {
  import type { CORSOptions } from 'portico/cors'

  /** '10mb', or a number of bytes; false is no limit, where there may be none. */
  type Size = string | number | false
  /** '30s', or a number of milliseconds; false is no limit, where there may be none. */
  type Duration = string | number | false
  type Count = number | false
  type Texts = string | string[]
  type Awaitable<T> = T | Promise<T>
  type ListOf<T> = T[] | (() => Awaitable<T[]>)

  export type Condition =
    | { type: 'header' | 'cookie' | 'query'; key: string; value?: string }
    | { type: 'host'; value: string }

  interface Rule {
    source: string
    has?: Condition[]
    missing?: Condition[]
    basePath?: false
    locale?: false
  }
  export type Redirect = Rule & { destination: string } & ({ permanent: boolean } | { statusCode: number })
  export interface Rewrite extends Rule {
    destination: string
    /** Of a rewrite to another server. */
    limits?: { connectTimeout?: Duration; responseTimeout?: Duration; idleTimeout?: Duration; totalTimeout?: Duration }
  }
  export interface Header extends Rule {
    headers: { key: string; value: string }[]
  }
  type Rewrites = Rewrite[] | { beforeFiles?: Rewrite[]; afterFiles?: Rewrite[]; fallback?: Rewrite[] }

  export interface CORS extends CORSOptions {
    source?: string
  }

  export interface RateLimitRule {
    source?: string
    methods?: Texts
    limit: number
    window: string | number
    by?: string
    name?: string
    has?: Condition[]
    missing?: Condition[]
  }

  export interface Frontend {
    /** The folder that the build writes. */
    dir: string
    /** The file that answers navigations to what is no file; false is none. */
    fallback?: string | false
    /** The origin of the frontend's own server in development. */
    dev?: string
    immutable?: Texts | false
  }

  export interface Cache {
    url?: string
    maxMemory?: Size
    dir?: string
    maxDisk?: Size
    prefix?: string
    timeout?: Duration
    lease?: Duration
  }

  export interface TLS {
    cert?: string
    key?: string
    acme?: { domains: Texts; email?: string; ca?: string; storage?: string }
    redirect?: Texts
  }

  export interface Server {
    listen?: Texts
    tls?: TLS | false
    headerTimeout?: Duration
    bodyTimeout?: Duration
    writeTimeout?: Duration
    idleTimeout?: Duration
    maxHeaderSize?: Size
    maxURLSize?: Size
    handlerTimeout?: Duration
    jobLimit?: Duration
    memoryLimit?: Size
    isolates?: Count
    admin?: string | boolean
    health?: string | false
    drainDelay?: Duration
    drainTimeout?: Duration
  }

  export interface Upstream {
    connectTimeout?: Duration
    responseTimeout?: Duration
    idleTimeout?: Duration
    totalTimeout?: Duration
    maxConcurrent?: Count
    maxResponseHeaderSize?: Size
    flushInterval?: Duration
    breaker?: { failures?: Count; cooldown?: Duration } | false
  }
  export interface Proxy extends Upstream {
    allow?: Texts
    upstreams?: Record<string, Upstream & { addresses?: Texts }>
  }

  /** docs/configuration.md explains every key. */
  export interface Config {
    redirects?: ListOf<Redirect>
    rewrites?: Rewrites | (() => Awaitable<Rewrites>)
    headers?: ListOf<Header>
    basePath?: string
    trailingSlash?: boolean
    skipTrailingSlashRedirect?: boolean
    skipMiddlewareUrlNormalize?: boolean
    skipProxyUrlNormalize?: boolean
    pageExtensions?: string[]
    poweredByHeader?: boolean
    compress?: boolean
    generateEtags?: boolean
    output?: 'export' | 'standalone'
    distDir?: string
    httpAgentOptions?: { keepAlive?: boolean }
    env?: Record<string, string | undefined>
    expireTime?: number
    cacheMaxMemorySize?: Size
    cacheHandler?: string
    cacheLife?: Record<string, { stale?: number; revalidate?: number; expire?: number }>
    experimental?: { caseSensitiveRoutes?: boolean; proxyTimeout?: number; [key: string]: unknown }

    publicOrigin?: string
    allowedHosts?: Texts
    trustedProxies?: Texts
    forwarding?: 'x-forwarded' | 'forwarded'
    cors?: CORS | CORS[]
    csrf?: { trustedOrigins?: Texts; exempt?: Texts } | false
    bodyLimit?: Size
    maxConcurrency?: Count
    accessLog?: boolean
    rateLimits?: RateLimitRule[]
    rateLimit?: { whenStoreIsAway?: 'local' | 'refuse'; sessionCookies?: Texts }
    cache?: 'disk' | 'memory' | (string & {}) | false | Cache
    frontend?: string | false | Frontend
    server?: Server
    proxy?: Proxy
  }
}
