import { NextResponse, type NextRequest } from 'next/server';

export const config = { matcher: ['/timed', '/guarded', '/rewritten', '/answered', '/told'] };

export function middleware(request: NextRequest) {
  const { pathname } = request.nextUrl;
  if (pathname === '/guarded' && request.headers.get('authorization') !== 'Bearer key') return new NextResponse('who are you', { status: 401 });
  if (pathname === '/rewritten') return NextResponse.rewrite(new URL('/docs/items/a', request.url));
  if (pathname === '/answered') return Response.json({ from: 'middleware' });
  const response = NextResponse.next({ request: { headers: new Headers({ ...Object.fromEntries(request.headers), 'x-added': 'by-middleware' }) } });
  response.headers.set('x-mw', '1');
  response.cookies.set('seen', '1');
  if (pathname === '/told') response.headers.set('cache-control', 'private, max-age=3');
  return response;
}
