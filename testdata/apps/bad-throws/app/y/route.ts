export const GET = () => new Response('y')
