import { user } from '../../../lib/session'

const notes: { user: string; text: string }[] = []

export async function GET() {
  if (!(await user())) return Response.json({ error: 'log in first' }, { status: 401 })
  return Response.json(notes)
}

export async function POST(request: Request) {
  const by = await user()
  if (!by) return Response.json({ error: 'log in first' }, { status: 401 })
  const { text } = await request.json()
  const note = { user: by, text: String(text).slice(0, 200) }
  notes.push(note)
  if (notes.length > 100) notes.shift()
  return Response.json(note, { status: 201 })
}
