import { count } from '../../lib/upstream';

export const revalidate = false;

export async function GET() {
  return Response.json({ n: await count('kept') });
}
