type Options = { name?: string }
type Context = { params: Promise<{ path: string[] }> }

/** A handler for every method and path below the folder it is put in. */
export function createHandler({ name = 'third-party-library' }: Options) {
  return async function handler(request: Request, { params }: Context): Promise<Response> {
    const { path } = await params
    if (path[0] === 'version' && path.length === 1) {
      if (request.method !== 'GET') return new Response(null, { status: 405, headers: { allow: 'GET' } })
      return Response.json({ name, version: '1.0.0' })
    }
    if (request.method === 'POST') return Response.json({ path, received: await request.text() }, { status: 201 })
    return Response.json({ error: 'not found', path }, { status: 404 })
  }
}
