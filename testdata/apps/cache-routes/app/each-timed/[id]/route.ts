import { count } from '../../../lib/upstream';

// A lifetime alone keeps nothing where there are parameters.
export const revalidate = 60;

export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return Response.json({ id, n: await count(`each-timed-${id}`) });
}
