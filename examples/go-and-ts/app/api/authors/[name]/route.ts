import { byAuthor } from 'go:library'
import { decade } from '@/lib/decade'

type Context = { params: Promise<{ name: string }> }

export async function GET(request: Request, { params }: Context) {
  const { name } = await params
  const books = await byAuthor({ name })
  if (books.length === 0) {
    return Response.json({ error: `nothing by ${name}` }, { status: 404 })
  }
  return Response.json(books.map(({ title, year }) => ({ title, decade: decade(year) })))
}
