import { revalidatePath, revalidateTag } from 'next/cache';

export async function POST(request: Request) {
  const { path, tag, profile } = await request.json();
  if (path) revalidatePath(path);
  if (tag) (revalidateTag as any)(tag, profile);
  return new Response('done');
}
