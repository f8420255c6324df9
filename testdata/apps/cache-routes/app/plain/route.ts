import { count } from '../../lib/upstream';

export async function GET() {
  return Response.json({ n: await count('plain') });
}
