import { count } from '../../lib/upstream';

export const revalidate = 60;

export async function GET() {
  return Response.json({ n: await count('guarded') }, { headers: { 'x-own': 'yes' } });
}
