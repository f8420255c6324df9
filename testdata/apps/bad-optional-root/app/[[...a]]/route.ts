export const GET = () => new Response('[[...a]]/route.ts')
