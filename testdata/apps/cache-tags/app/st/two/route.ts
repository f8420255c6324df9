import { count } from '../../../lib/upstream';

export const dynamic = 'force-static';

export async function GET() {
  return Response.json({ n: await count('st-two') });
}
