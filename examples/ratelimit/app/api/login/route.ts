import { rateLimit } from 'portico/rate-limit'

// The rule of the configuration counts by address. This one counts by account, so
// that many addresses together do not guess one password either.
export async function POST(request: Request) {
  const { email, password } = await request.json()
  const { rateLimited, retryAfter, headers } = await rateLimit(request, {
    name: 'login by account',
    limit: 5,
    window: '15m',
    by: () => String(email).trim().toLowerCase(),
  })
  if (rateLimited) {
    return Response.json({ error: `try again in ${retryAfter} seconds` }, { status: 429, headers })
  }
  return password === 'open sesame' ? Response.json({ hello: email }) : Response.json({ error: 'wrong' }, { status: 401 })
}
