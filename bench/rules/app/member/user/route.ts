export async function GET(request: Request) {
  return Response.json({ user: request.headers.get('x-user'), ok: true })
}
