throw new Error('while loading')

export const GET = () => new Response('x')
