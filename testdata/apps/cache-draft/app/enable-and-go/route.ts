import { draftMode } from 'next/headers';
import { redirect } from 'next/navigation';

// The documented way in: a secret, then on to the page.
export async function GET(request: Request) {
  const { searchParams } = new URL(request.url);
  if (searchParams.get('secret') !== 'open sesame') return new Response('Invalid token', { status: 401 });
  (await draftMode()).enable();
  redirect('/dynamic');
}
