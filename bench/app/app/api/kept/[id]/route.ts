export const dynamic = 'force-static'

const text = 'all work and no play makes a kept answer of one kilobyte '.repeat(18)

export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }) {
  return Response.json({ id: (await params).id, text })
}
