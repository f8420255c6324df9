import { unstable_cache } from 'next/cache';
import { count } from '../../lib/upstream';

export const revalidate = 3600;

const cached = unstable_cache(async () => count('tagged-function'), ['tagged-function'], { tags: ['tagged-function'] });

export async function GET() {
  return Response.json({ n: await cached() });
}
