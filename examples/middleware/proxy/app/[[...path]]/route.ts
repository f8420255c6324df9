export const GET = (request: Request) => new Response('here: ' + new URL(request.url).pathname)
