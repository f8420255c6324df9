export function GET(request: Request) {
  const anchor = new URL('/api/books', request.url).href
  return Response.json({ linkset: [{ anchor }] }, { headers: { 'Content-Type': 'application/linkset+json' } })
}
