import { begin, end, user } from '../../../lib/session'

export const GET = async () => Response.json({ user: (await user()) ?? null })

export async function POST(request: Request) {
  const { name } = await request.json()
  if (typeof name !== 'string' || !/^[a-z]{1,20}$/.test(name)) {
    return Response.json({ error: 'a name is up to 20 small letters' }, { status: 400 })
  }
  await begin(name)
  return Response.json({ user: name }, { status: 201 })
}

export async function DELETE() {
  await end()
  return new Response(null, { status: 204 })
}
