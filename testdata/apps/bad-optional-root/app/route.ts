export const GET = () => new Response('route.ts')
