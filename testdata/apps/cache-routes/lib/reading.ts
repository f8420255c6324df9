import type { NextRequest } from 'next/server';

/** A handler that answers with what it has read of the request. */
export function reading(read: (request: NextRequest) => unknown) {
  return async (request: NextRequest) => Response.json({ read: (await read(request)) ?? null });
}
