export const dynamic = 'force-static';
export const GET = () => new Response('kept words again and again, '.repeat(100), { headers: { 'content-type': 'text/plain' } });
