const words = { en: 'hello', de: 'hallo' }

export const GET = (request: Request) => new Response(words[request.headers.get('x-language')])
