import type { NextRequest } from 'next/server';
import { count } from '../../../lib/upstream';

export const revalidate = 60;

export function generateStaticParams() {
  return [{ id: 'a' }];
}

export async function GET(request: NextRequest, { params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return Response.json({ id, n: await count(`items-${id}`), path: request.nextUrl.pathname });
}
