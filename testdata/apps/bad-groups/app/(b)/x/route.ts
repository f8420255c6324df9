export const GET = () => new Response('(b)/x/route.ts')
