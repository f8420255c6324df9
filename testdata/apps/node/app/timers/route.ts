import { setTimeout as later } from 'node:timers/promises'

export const GET = async () => {
  const order: string[] = []
  const done = new Promise<void>((resolve) => setImmediate(() => (order.push('immediate'), resolve())))
  process.nextTick(() => order.push('tick'))
  Promise.resolve().then(() => order.push('promise'))
  order.push('sync')
  await done
  return Response.json([order, await later(1, 'value')])
}
