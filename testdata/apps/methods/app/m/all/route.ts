const say = async (request: Request) =>
  new Response(`${request.method} ${await request.text()}`, { headers: { 'x-method': request.method } })

export { say as GET, say as HEAD, say as OPTIONS, say as POST, say as PUT, say as DELETE, say as PATCH }
