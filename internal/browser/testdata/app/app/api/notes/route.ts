import { notes } from '../../../lib/notes'
import { user } from '../../../lib/session'

export async function GET() {
  if (!(await user())) return Response.json({ error: 'log in first' }, { status: 401 })
  return Response.json(notes)
}

// It reads text, so that a form of any site could send it: only what asks who
// is asking stands in front.
export async function POST(request: Request) {
  if (!(await user())) return Response.json({ error: 'log in first' }, { status: 401 })
  notes.push(await request.text())
  return Response.json(notes, { status: 201 })
}
