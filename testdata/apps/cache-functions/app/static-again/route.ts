import { unstable_cache } from 'next/cache';
import { count } from '../../lib/upstream';

const cached = unstable_cache(async () => count('static'), ['static'], { revalidate: 120 });

export async function GET() {
  return Response.json({ n: await cached() });
}
