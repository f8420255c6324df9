export const GET = (request: Request) => new Response('for everybody')
