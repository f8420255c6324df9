import type { NextRequest } from 'next/server';
import { count } from '../../lib/upstream';

export const dynamic = 'force-static';

export async function GET(request: NextRequest) {
  return Response.json({ n: await count('forced'), path: request.nextUrl.pathname, base: request.nextUrl.basePath });
}
