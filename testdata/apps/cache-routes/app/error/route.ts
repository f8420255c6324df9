import { count } from '../../lib/upstream';

// Nothing of the request is read, so this is as good as force-static.
export const dynamic = 'error';

export async function GET() {
  return Response.json({ n: await count('error') });
}
