import { shared } from '../../../lib/shared';

export async function GET() {
  return Response.json({ n: await shared() });
}
