const ready = await Promise.resolve('ready')
const { word } = await import('@/lib/word')

export const GET = () => new Response(`${ready} ${word}`)
