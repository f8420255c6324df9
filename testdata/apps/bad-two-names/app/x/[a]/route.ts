export const GET = () => new Response('x/[a]/route.ts')
