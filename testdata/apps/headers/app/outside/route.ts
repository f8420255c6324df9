import { cookies, headers } from 'next/headers'
import { after } from 'next/server'
import { rejection, thrownBy } from '@/lib/tell'

// Evaluated with the module, where there is no request.
const outside = Promise.all([
  rejection(async () => cookies()),
  rejection(async () => headers()),
  thrownBy(() => after(() => {})),
])

export async function GET() {
  return Response.json((await outside).map((text) => text.slice(0, 60)))
}
