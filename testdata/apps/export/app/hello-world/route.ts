export const dynamic = 'force-static';
export const GET = () => new Response('hello world', { headers: { 'content-type': 'text/html', 'x-own': 'yes', 'set-cookie': 'a=1' } });
