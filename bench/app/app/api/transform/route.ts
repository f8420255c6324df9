type Product = { id: number; name: string; category: string; price: number; stock: number; tags: string[] }

export async function GET() {
  const response = await fetch(`${process.env.UPSTREAM}/products`)
  const { products }: { products: Product[] } = await response.json()
  const list = products
    .filter((p) => p.stock > 0 && p.price < 5000)
    .map((p) => ({ id: p.id, name: p.name.toUpperCase(), gross: Math.round(p.price * 1.19), tags: p.tags.length }))
    .sort((a, b) => a.gross - b.gross || a.id - b.id)
  return Response.json({ count: list.length, products: list })
}
