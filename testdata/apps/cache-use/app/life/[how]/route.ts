import { cacheLife } from '../../../lib/next-cache';
import { count } from '../../../lib/upstream';

async function minutes() {
  'use cache';
  cacheLife('minutes');
  return count('minutes');
}

async function own() {
  'use cache';
  cacheLife({ stale: 10, revalidate: 100, expire: 1000 });
  return count('own');
}

async function hours() {
  'use cache';
  cacheLife('hours');
  return [await count('hours'), await own()];
}

const all: Record<string, () => Promise<unknown>> = { minutes, own, hours };

export async function GET(_: Request, { params }: { params: Promise<{ how: string }> }) {
  return Response.json({ n: await all[(await params).how]() });
}
