export const dynamic = 'force-static'

export function GET() {
  return new Response('# Acme\n\n> Articles about roads, and what may run into them.\n', {
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  })
}
