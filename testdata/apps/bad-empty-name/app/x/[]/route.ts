export const GET = () => new Response('x/[]/route.ts')
