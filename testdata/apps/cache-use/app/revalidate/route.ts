import { revalidateTag } from 'next/cache';

export async function POST(request: Request) {
  const { tag, profile } = await request.json();
  revalidateTag(tag, profile);
  return Response.json('done');
}
