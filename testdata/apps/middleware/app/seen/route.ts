import { headers } from 'next/headers'

const transport = ['accept', 'accept-encoding', 'connection', 'host', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto']

/** The names of all request headers that the handler sees. */
export async function GET() {
  return Response.json([...(await headers()).keys()].filter((name) => !transport.includes(name)).sort())
}
