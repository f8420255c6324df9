import { cookies, headers } from 'next/headers';
import type { NextRequest } from 'next/server';
import { count } from '../../lib/upstream';

export const dynamic = 'force-static';

export async function GET(request: NextRequest) {
  const jar = await cookies();
  let refused = false;
  try {
    jar.set('a', '1');
  } catch {
    refused = true;
  }
  return Response.json({
    n: await count('forced'),
    method: request.method,
    path: request.nextUrl.pathname,
    search: [request.nextUrl.search, new URL(request.url).search, request.nextUrl.searchParams.size],
    headers: [[...request.headers], [...(await headers())]],
    cookies: [request.cookies.getAll(), jar.getAll()],
    refused,
    body: await request.text(),
  });
}
