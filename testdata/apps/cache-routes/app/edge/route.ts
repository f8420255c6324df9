import { count } from '../../lib/upstream';

export const runtime = 'edge';
export const revalidate = 60;

export async function GET() {
  return Response.json({ n: await count('edge') });
}
