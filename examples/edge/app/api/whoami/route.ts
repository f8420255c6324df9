/** What the server knows of a client: from the proxy in front, if it is trusted. */
export function GET(request: Request) {
  return Response.json({ url: request.url, client: request.headers.get('x-forwarded-for') })
}
