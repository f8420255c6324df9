export const dynamic = 'force-dynamic';
export const GET = () => new Response(null, { status: 204 });
export const PUT = () => new Response('', { headers: { 'content-type': 'text/plain' } });
