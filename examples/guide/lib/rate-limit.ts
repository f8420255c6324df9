const LIMIT = 3

/**
 * Counts requests by client. The counters live in a service of their own, so
 * that all processes that serve this app share them.
 */
export async function checkRateLimit(request: Request): Promise<{ rateLimited: boolean }> {
  const client = request.headers.get('x-api-key') ?? 'anonymous'
  const response = await fetch(`${process.env.RATE_LIMIT_STORE}/${encodeURIComponent(client)}`, { method: 'POST' })
  const { count } = await response.json()
  return { rateLimited: count > LIMIT }
}
