export const GET = () => new Response('x/route.js')
