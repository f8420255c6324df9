import { EventEmitter, once } from 'node:events'

export const GET = async () => {
  const e = new EventEmitter()
  const seen: string[] = []
  e.on('x', (v) => seen.push(`on ${v}`))
  e.once('x', (v) => seen.push(`once ${v}`))
  const results = [e.emit('x', 1), e.emit('x', 2), e.emit('y')]
  const waited = once(e, 'later')
  e.emit('later', 'a', 'b')
  let thrown
  try {
    e.emit('error', new Error('unheard'))
  } catch (error: any) {
    thrown = error.message
  }
  e.removeAllListeners('x')
  return Response.json({ results, seen, waited: await waited, thrown, count: e.listenerCount('x') })
}
