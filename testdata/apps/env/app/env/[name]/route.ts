export async function GET(_: Request, { params }: { params: Promise<{ name: string }> }) {
  const { name } = await params
  return Response.json({ [name]: process.env[name] ?? null, has: name in process.env, type: typeof process.env[name] })
}
