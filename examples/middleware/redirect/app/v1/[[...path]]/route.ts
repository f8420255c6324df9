export const GET = (request: Request) => new Response('version 1: ' + new URL(request.url).pathname)
