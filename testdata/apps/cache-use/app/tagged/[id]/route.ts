import { cacheTag } from '../../../lib/next-cache';
import { count } from '../../../lib/upstream';

async function tagged(id: string) {
  'use cache';
  cacheTag('all', `one-${id}`);
  return count(`tagged-${id}`);
}

export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }) {
  return Response.json({ n: await tagged((await params).id) });
}
