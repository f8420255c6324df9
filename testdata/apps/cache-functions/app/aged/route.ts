import { unstable_cache } from 'next/cache';
import { count } from '../../lib/upstream';

const cached = unstable_cache(async () => count('aged'), ['aged'], { revalidate: 60 });

export async function GET() {
  return Response.json({ n: await cached() });
}
