export const dynamic = 'force-static';

export function GET() {
  return new Response('tagged', { headers: { etag: '"own"', 'last-modified': 'Mon, 05 Jan 2026 10:00:00 GMT', vary: 'x-lang' } });
}
