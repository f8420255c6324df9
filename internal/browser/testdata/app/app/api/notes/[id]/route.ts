import { notes } from '../../../../lib/notes'
import { user } from '../../../../lib/session'

export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }) {
  if (!(await user())) return Response.json({ error: 'log in first' }, { status: 401 })
  const text = notes[Number((await params).id)]
  return text === undefined ? Response.json({ error: 'no such note' }, { status: 404 }) : Response.json({ text })
}
