import { count } from '../../lib/upstream';

export const revalidate = 300;
export const dynamicParams = true;
export const fetchCache = 'auto';
export const runtime = 'nodejs';
export const maxDuration = 5;
export const preferredRegion = ['fra1'];

export async function GET() {
  return Response.json({ n: await count('settings') });
}
