import { count } from '../../lib/upstream';

export const revalidate = 0;

export async function GET() {
  return Response.json({ n: await count('never') });
}
