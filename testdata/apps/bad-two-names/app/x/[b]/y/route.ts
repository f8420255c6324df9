export const GET = () => new Response('x/[b]/y/route.ts')
