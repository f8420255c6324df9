import { unstable_cache } from 'next/cache';
import { draftMode } from 'next/headers';
import { count } from '../../lib/upstream';

const cached = unstable_cache(async () => count('data-function'), ['data']);

// In draft mode the data cache is not asked either.
export async function GET() {
  const response = await fetch(`${process.env.UPSTREAM}/counter/data-fetch`, { cache: 'force-cache' });
  return Response.json({ fetch: (await response.json()).count, function: await cached(), isEnabled: (await draftMode()).isEnabled });
}
