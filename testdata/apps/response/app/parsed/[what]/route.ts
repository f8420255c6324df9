import { NextResponse } from 'next/server'

// Set-Cookie headers that are there before the jar is made.
const lines: Record<string, string[]> = {
  one: ['a=1; Path=/p; HttpOnly'],
  canonical: ['a=%20x; samesite=LAX; SECURE; max-age=5; path=/p; Custom=1; expires=Thu, 01 Jan 1970 00:00:00 GMT'],
  two: ['a=1', 'b=2; Expires=Wed, 02 Jan 2030 03:04:05 GMT'],
  twice: ['a=1', 'a=2'],
  joined: ['a=1, b=2'],
  broken: ['novalue', '=x', 'c=%zz'],
  'same-site-odd': ['a=1; SameSite=odd'],
  priority: ['a=1; Priority=HIGH; Partitioned'],
}

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  const [key, untouched] = (await params).what.split('.')
  const response = new NextResponse('parsed', { headers: lines[key].map((l) => ['set-cookie', l] as [string, string]) })
  if (!untouched) response.cookies.set('z', '9')
  return response
}
