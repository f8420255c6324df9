import { count } from '../../../lib/upstream';

export const dynamic = 'force-static';

export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const n = await count(`first-${id}`);
  if (id === 'throws' && n === 1) throw new Error('not yet');
  if (id === 'fails' && n === 1) return Response.json({ n }, { status: 500 });
  return Response.json({ n });
}
