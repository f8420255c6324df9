import { isAuthenticated } from '@lib/auth'

// The handler asks again. The guide: "Do not rely on middleware alone".
export async function GET(request: Request) {
  if (!isAuthenticated(request)) return new Response(null, { status: 401 })
  return Response.json({ api: new URL(request.url).pathname })
}

export async function POST(request: Request) {
  if (!isAuthenticated(request)) return new Response(null, { status: 401 })
  return Response.json({ got: await request.text() })
}
