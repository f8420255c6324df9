import { after } from 'next/server';
import { count } from '../../lib/upstream';

// after() comes after the making, for nobody's request.
export const revalidate = 60;

export async function GET() {
  after(async () => {
    await count('later-after');
  });
  return Response.json({ n: await count('later') });
}
