export const dynamic = 'force-static';
export const GET = () => new Response('got');
export const POST = () => new Response('posted');
