import { draftMode } from 'next/headers';
import { count } from '../../lib/upstream';

export const revalidate = 60;

export async function GET(request: Request) {
  return Response.json({ isEnabled: (await draftMode()).isEnabled, n: await count('static') });
}
