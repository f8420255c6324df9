import { count } from '../../../../lib/upstream';

export const revalidate = 3600;

export function generateStaticParams() {
  return [{ id: 'a' }, { id: 'b' }, { id: 'x y' }];
}

export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return Response.json({ id, n: await count(`item-${encodeURIComponent(id)}`) });
}
