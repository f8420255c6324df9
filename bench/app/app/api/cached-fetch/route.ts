export async function GET() {
  const response = await fetch(`${process.env.UPSTREAM}/user`, { cache: 'force-cache' })
  return Response.json({ user: await response.json() })
}
