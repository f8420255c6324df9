import type { NextRequest } from 'next/server'

export async function GET(request: NextRequest, { params }: { params: Promise<{ v: string[] }> }) {
  return Response.json({ v: (await params).v, url: request.url, pathname: request.nextUrl.pathname, href: request.nextUrl.href })
}
