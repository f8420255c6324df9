import { count } from '../../../lib/upstream';

// Nothing is made ahead; what is asked for is kept.
export const dynamic = 'force-static';

export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return Response.json({ id, n: await count(`each-${id}`) });
}
