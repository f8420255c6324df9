import { twice } from '../../lib/twice';

// What a static handler may ask for without being dynamic by it.
export const revalidate = 60;

export async function GET() {
  return Response.json({
    none: await twice('timed-none'),
    'force-cache': await twice('timed-force', { cache: 'force-cache' }),
    'revalidate-90': await twice('timed-90', { next: { revalidate: 90 } }),
    'revalidate-false': await twice('timed-false', { next: { revalidate: false } }),
    post: await twice('timed-post', { method: 'POST', body: 'x' }),
    authorized: await twice('timed-authorized', { headers: { authorization: 'Bearer a' } }),
    cookie: await twice('timed-cookie', { headers: { cookie: 'a=1' } }),
  });
}
