import { revalidateTag } from 'next/cache'

export async function POST() {
  revalidateTag('articles', 'max')
  return new Response(null, { status: 204 })
}
