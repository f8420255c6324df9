import { count } from '../../lib/upstream';

export const dynamic = 'force-dynamic';
export const revalidate = 60;

export async function GET() {
  return Response.json({ n: await count('dynamic') });
}
