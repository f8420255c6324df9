import * as cache from 'next/cache';
import { count } from '../../lib/upstream';

export const dynamic = 'force-static';

const { cacheLife = (cache as any).unstable_cacheLife } = cache as any;

async function brief() {
  'use cache';
  cacheLife('brief');
  return count('profile-static');
}

export async function GET() {
  return Response.json({ n: await brief() });
}
