import { cookies, draftMode } from 'next/headers';

export async function GET(request: Request) {
  const draft = await draftMode();
  return Response.json({ isEnabled: draft.isEnabled, seen: (await cookies()).has('__prerender_bypass') });
}
