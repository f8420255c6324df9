import { type NextRequest, userAgent } from 'next/server'

export function GET(request: NextRequest) {
  return Response.json(userAgent(request))
}
