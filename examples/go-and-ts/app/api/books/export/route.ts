import { byAuthor } from 'go:library'

// An exact route goes before /api/books/[id], which is Go's.
export async function GET() {
  const books = await byAuthor({ name: '' })
  const lines = ['id,title', ...books.map((b) => `${b.id},"${b.title.replaceAll('"', '""')}"`)]
  return new Response(lines.join('\n') + '\n', {
    headers: {
      'Content-Type': 'text/csv; charset=utf-8',
      'Content-Disposition': 'attachment; filename="books.csv"',
    },
  })
}
