export const dynamic = 'force-static';
export const GET = () => new Response('not here', { status: 404 });
