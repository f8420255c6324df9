// The Web platform and what there is of Node.js, as an editor sees it; see TestTypes.
import { AsyncLocalStorage } from 'node:async_hooks'
import { createHmac, randomBytes, timingSafeEqual } from 'crypto'
import path, { join } from 'node:path'
import { Buffer as FromModule } from 'node:buffer'
import { setTimeout as wait } from 'node:timers/promises'
import { EventEmitter } from 'node:events'
import { inspect } from 'util'

const storage = new AsyncLocalStorage<{ id: string }>()

export async function platform(request: Request): Promise<Response> {
  const id: string = storage.run({ id: crypto.randomUUID() }, () => storage.getStore()?.id ?? '')
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(await request.text()))
  const mac: string = createHmac('sha256', process.env.SECRET ?? '').update(new Uint8Array(digest)).digest('hex')
  const same: boolean = timingSafeEqual(Buffer.from(mac, 'hex'), randomBytes(32))
  // @ts-expect-error a variable of the environment may be missing
  const secret: string = process.env.SECRET
  const bytes: FromModule = Buffer.concat([Buffer.alloc(2), new Uint8Array(1)])
  // @ts-expect-error there is no such encoding
  bytes.toString('utf9')
  await wait(1, 'x', { signal: AbortSignal.any([request.signal, AbortSignal.timeout(1000)]) })
  setImmediate(() => reportError(new Error('later')))
  queueMicrotask(() => performance.mark('a'))
  new EventEmitter().emit(inspect({ a: 1 }), join('a', path.sep))

  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode('data: 1\n\n'))
      controller.close()
    },
  })
  for await (const chunk of stream.pipeThrough(new CompressionStream('gzip') as ReadableWritablePair<Uint8Array, Uint8Array>)) console.log(chunk.byteLength)
  const form = new FormData()
  form.append('file', new File(['a'], 'a.txt', { type: 'text/plain' }))
  for (const [name, value] of form) console.log(name, value)
  const socket = new WebSocket('wss://a.example')
  socket.addEventListener('message', (event) => console.log(event.data))
  const { promise, resolve } = Promise.withResolvers<number>()
  resolve(structuredClone(1))
  // @ts-expect-error there is no page
  document.title = 'a'
  const global2: typeof globalThis = global
  return Response.json({ id, same, secret, at: await promise, here: global2 === self, platform: process.platform, ms: process.uptime() })
}
