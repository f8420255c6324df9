import { cacheLife, cacheTag } from '../../lib/next-cache';
import { count } from '../../lib/upstream';

// A static handler takes over the lifetime and the tags of what it calls.
export const dynamic = 'force-static';

async function cached() {
  'use cache';
  cacheLife('hours');
  cacheTag('static');
  return count('static');
}

export async function GET() {
  return Response.json({ n: await cached() });
}
