/** Refuses a body without having read it. */
export async function POST(request: Request) {
  const length = Number(request.headers.get('content-length'))
  if (length > 1000) return Response.json({ error: 'too large', length }, { status: 413 })
  return Response.json({ length: (await request.text()).length })
}
