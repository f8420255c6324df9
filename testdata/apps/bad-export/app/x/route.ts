export const GET = 'x'
export const POST = () => new Response('fine')
