import type { NextRequest } from 'next/server'

export async function GET(request: NextRequest, { params }: RouteContext<'/api/hello/[name]'>) {
  const { name } = await params
  const greeting = request.nextUrl.searchParams.get('greeting') ?? 'Hello'
  return Response.json({ message: `${greeting}, ${name}` })
}
