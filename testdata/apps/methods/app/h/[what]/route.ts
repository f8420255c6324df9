import { NextResponse } from 'next/server'

// Headers of a handler's answer.
const cases: Record<string, () => Response> = {
  none: () => new Response('x'),
  stream: () => new Response(new ReadableStream({ start: (c) => (c.enqueue(new TextEncoder().encode('x')), c.close()) })),
  bytes: () => new Response(new Uint8Array([120])),
  blob: () => new Response(new Blob(['x'], { type: 'text/css' })),
  'blob-untyped': () => new Response(new Blob(['x'])),
  params: () => new Response(new URLSearchParams({ a: '1 2' })),
  json: () => Response.json({ a: 1 }),
  'json-type': () => Response.json({ a: 1 }, { headers: { 'content-type': 'application/problem+json' } }),
  'upper-case': () => new Response('x', { headers: { 'X-Upper-Case': 'Value' } }),
  vary: () => new Response('x', { headers: { vary: 'cookie' } }),
  'vary-two': () => new Response('x', { headers: [['vary', 'cookie'], ['vary', 'accept']] }),
  multi: () => new Response('x', { headers: [['x-multi', 'a'], ['x-multi', 'b']] }),
  link: () => new Response('x', { headers: [['link', '</a>'], ['link', '</b>']] }),
  authenticate: () =>
    new Response('x', { status: 401, headers: [['www-authenticate', 'Basic realm="a"'], ['www-authenticate', 'Bearer']] }),
  cookies: () =>
    new Response('x', { headers: [['set-cookie', 'a=1'], ['set-cookie', 'b=2; Path=/x'], ['set-cookie', 'a=1']] }),
  etag: () => new Response('x', { headers: { etag: '"v"', 'last-modified': 'Mon, 05 Jan 2026 10:00:00 GMT' } }),
  'cache-control': () => new Response('x', { headers: { 'cache-control': 'max-age=60' } }),
  server: () => new Response('x', { headers: { server: 'mine' } }),
  'content-length': () => new Response('xyz', { headers: { 'content-length': '3' } }),
  'empty-value': () => new Response('x', { headers: { 'x-empty': '' } }),
  latin1: () => new Response('x', { headers: { 'x-latin1': '\u00e9' } }),
  'out-of-latin1': () => new Response('x', { headers: { 'x-wide': '\u4f60' } }),
  newline: () => new Response('x', { headers: { 'x-bad': 'a\r\nx-injected: 1' } }),
  'bad-name': () => new Response('x', { headers: { 'x bad': 'a' } }),
  trimmed: () => new Response('x', { headers: { 'x-trim': ' \t a b \t ' } }),
  'x-powered-by': () => new Response('x', { headers: { 'x-custom-by': 'mine' } }),
  'middleware-next': () => new Response('x', { headers: { 'x-middleware-next': '1' } }),
  'middleware-rewrite': () => new Response('x', { headers: { 'x-middleware-rewrite': '/m/get' } }),
  'next-next': () => NextResponse.next(),
  'next-rewrite': () => NextResponse.rewrite('https://example.com/'),
  location: () => new Response('x', { headers: { location: '/elsewhere' } }),
  'location-302': () => new Response('x', { status: 302, headers: { location: '/elsewhere' } }),
  'status-307-body': () => new Response('moved', { status: 307, headers: { location: '/elsewhere' } }),
}

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  const run = cases[(await params).what]
  return run ? run() : new Response('no such case', { status: 400 })
}
