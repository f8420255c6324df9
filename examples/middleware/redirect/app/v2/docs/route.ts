export const GET = (request: Request) => new Response('the documentation, version 2')
