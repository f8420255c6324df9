export const dynamic = 'force-static'

export function GET() {
  const items = Array.from({ length: 16 }, (_, id) => ({ id, name: `Item ${id}`, price: 100 * id, stock: id % 5 }))
  return Response.json({ items })
}
