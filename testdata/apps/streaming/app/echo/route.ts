/** Sends the request's body back while it is still coming in. */
export async function POST(request: Request) {
  return new Response(request.body, { headers: { 'content-type': request.headers.get('content-type') ?? '' } })
}
