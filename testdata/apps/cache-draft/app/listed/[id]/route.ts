import { draftMode } from 'next/headers';
import { count } from '../../../lib/upstream';

export const dynamicParams = false;

export function generateStaticParams() {
  return [{ id: 'a' }];
}

export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return Response.json({ id, isEnabled: (await draftMode()).isEnabled, n: await count(`listed-${id}`) });
}
