export const get = () => new Response('lower-case')
export const post = () => new Response('lower-case')
