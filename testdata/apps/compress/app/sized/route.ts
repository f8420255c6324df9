export const dynamic = 'force-dynamic';
export const GET = (request: Request) => new Response('x'.repeat(Number(new URL(request.url).searchParams.get('n'))), { headers: { 'content-type': 'text/plain' } });
