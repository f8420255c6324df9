// Passes a request on as it is, and the answer back as it is.
async function pass(request: Request, { params }: { params: Promise<{ path: string[] }> }) {
  const { path } = await params
  const target = new URL('/' + path.map(encodeURIComponent).join('/') + new URL(request.url).search, process.env.UPSTREAM)
  return fetch(new Request(target, request), { redirect: 'manual' })
}

export { pass as GET, pass as HEAD, pass as POST, pass as PUT, pass as PATCH, pass as DELETE, pass as OPTIONS }
