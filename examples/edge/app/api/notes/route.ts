export const bodyLimit = '1kb'

export async function POST(request: Request) {
  const text = await request.text()
  return Response.json({ length: text.length }, { status: 201 })
}
