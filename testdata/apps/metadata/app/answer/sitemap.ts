export const dynamic = 'force-dynamic';
export default function sitemap() {
  return new Response('own', { headers: { 'content-type': 'text/plain', 'x-own': 'yes' } });
}
