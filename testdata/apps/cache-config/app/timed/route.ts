import { count } from '../../lib/upstream';

export const revalidate = 60;

export async function GET() {
  return Response.json({ n: await count('timed') }, { headers: { 'x-own': 'yes' } });
}
