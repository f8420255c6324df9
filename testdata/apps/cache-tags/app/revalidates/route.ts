import { revalidateTag } from 'next/cache';
import { count } from '../../lib/upstream';

// To revalidate while an answer is being made makes the route dynamic.
export const revalidate = 60;

export async function GET() {
  revalidateTag('nobody', 'max');
  return Response.json({ n: await count('revalidates') });
}
