import { count } from '../../lib/upstream';

// The HEAD beside it is never asked: the kept answer has its headers already.
export const revalidate = 60;

export async function GET() {
  return Response.json({ n: await count('head') }, { headers: { 'x-from': 'get' } });
}

export function HEAD() {
  return new Response(null, { headers: { 'x-from': 'head' } });
}
