import { NextResponse } from 'next/server'

export async function GET(request, { params }) {
  const { id } = await params
  return NextResponse.json({ id, q: request.nextUrl.searchParams.get('q') })
}

export async function PATCH(request, { params }) {
  return Response.json({ ...(await request.json()), ...(await params) })
}
