const text = 'all work and no play makes a dull answer\n'.repeat(100)

const cases: Record<string, () => Response> = {
  text: () => new Response(text),
  json: () => Response.json({ text }),
  small: () => new Response('ok'),
  png: () => new Response(text, { headers: { 'content-type': 'image/png' } }),
  'no-transform': () => new Response(text, { headers: { 'cache-control': 'no-transform' } }),
  untyped: () => new Response(new TextEncoder().encode(text)),
  encoded: () => new Response('already', { headers: { 'content-encoding': 'identity' } }),
  'vary-own': () => new Response(text, { headers: { vary: 'cookie' } }),
  'status-404': () => new Response(text, { status: 404 }),
}

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  return cases[(await params).what]()
}
