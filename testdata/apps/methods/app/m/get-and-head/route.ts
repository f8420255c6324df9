export const GET = () => new Response('body', { headers: { 'x-from': 'GET' } })
export const HEAD = () => new Response(null, { headers: { 'x-from': 'HEAD' } })
