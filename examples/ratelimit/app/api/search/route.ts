import { rateLimit } from 'portico/rate-limit'

// A search for all shops costs as much as ten of one.
export async function GET(request: Request) {
  const shop = new URL(request.url).searchParams.get('shop')
  const { rateLimited, headers } = await rateLimit(request, {
    limit: 30,
    window: '10s',
    cost: shop ? 1 : 10,
    by: (request: Request) => account(request),
  })
  if (rateLimited) return Response.json({ error: 'too many searches' }, { status: 429, headers })
  return Response.json({ shop, results: [] }, { headers })
}

// Only a key that was looked up is one: what a client makes up would give it a
// new allowance each time. Others are counted by their address.
const accounts: Record<string, string> = { 'key-of-ann': 'ann', 'key-of-bob': 'bob' }

async function account(request: Request): Promise<string | undefined> {
  return accounts[request.headers.get('x-api-key') ?? '']
}
