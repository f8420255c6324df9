import { cookies, draftMode } from 'next/headers';
import type { NextRequest } from 'next/server';
import { count } from '../../lib/upstream';

export const dynamic = 'force-static';

export async function GET(request: NextRequest) {
  return Response.json({
    isEnabled: (await draftMode()).isEnabled,
    n: await count('forced'),
    search: request.nextUrl.search,
    seen: (await cookies()).getAll().map((c) => c.name),
  });
}
