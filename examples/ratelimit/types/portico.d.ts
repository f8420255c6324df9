// What TypeScript wants to know of Portico's own module.
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
