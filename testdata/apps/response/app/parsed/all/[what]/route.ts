import { NextResponse } from 'next/server'

export async function GET() {
  const response = new NextResponse(null, { headers: [['set-cookie', 'a=%20x; SameSite=LAX; Secure; Max-Age=5; Path=/p'], ['set-cookie', 'b=2']] })
  return Response.json(response.cookies.getAll())
}
