import * as cache from 'next/cache';
import { count } from '../../lib/upstream';

// A profile of the configuration.
const { cacheLife = (cache as any).unstable_cacheLife } = cache as any;

async function brief() {
  'use cache';
  cacheLife('brief');
  return count('profile');
}

export async function GET() {
  return Response.json({ n: await brief() });
}
