import { find } from 'go:library'
import { escape } from '@/lib/escape'

type Context = { params: Promise<{ id: string }> }

export async function GET(request: Request, { params }: Context) {
  const { id } = await params
  try {
    const { title, author } = await find(id)
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="400">
  <rect width="300" height="400" fill="#234"/>
  <text x="20" y="60" fill="#fff">${escape(title)}</text>
  <text x="20" y="90" fill="#abc">${escape(author)}</text>
</svg>`
    return new Response(svg, { headers: { 'Content-Type': 'image/svg+xml' } })
  } catch (error) {
    return Response.json({ error: (error as Error).message }, { status: 404 })
  }
}
