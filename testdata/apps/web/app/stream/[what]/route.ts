import { rejection, tell, thrownBy } from '@/lib/tell'

const all = async (s: ReadableStream) => {
  const out: any[] = []
  for await (const v of s as any) out.push(v)
  return out
}
const of = (...parts: any[]) => new ReadableStream({ start: (c) => (parts.forEach((p) => c.enqueue(p)), c.close()) })

const cases: Record<string, () => unknown> = {
  read: async () => {
    const r = of(1, 2).getReader()
    return [await r.read(), await r.read(), await r.read(), await r.closed]
  },
  'pull-order': async () => {
    const log: string[] = []
    let n = 0
    const s = new ReadableStream({
      start: () => void log.push('start'),
      pull(c) {
        log.push('pull')
        if (n++ === 2) c.close()
        else c.enqueue(n)
      },
    })
    await Promise.resolve()
    log.push('reading')
    return [await all(s), log]
  },
  'high-water-mark': async () => {
    const log: number[] = []
    let n = 0
    const s = new ReadableStream({ pull: (c) => (log.push(++n), c.enqueue(n)) }, { highWaterMark: 3 })
    await new Promise((r) => setTimeout(r, 5))
    const before = [...log]
    await s.getReader().read()
    await new Promise((r) => setTimeout(r, 5))
    return [before, log]
  },
  'desired-size': () => {
    let seen: any[] = []
    new ReadableStream({ start: (c) => (seen.push(c.desiredSize), c.enqueue(1), seen.push(c.desiredSize), c.close(), seen.push(c.desiredSize)) })
    return seen
  },
  cancel: async () => {
    const log: any[] = []
    const s = new ReadableStream({ cancel: (why) => void log.push(why) })
    await s.cancel('reason')
    return [log, await all(s)]
  },
  'for-await-break': async () => {
    const log: any[] = []
    const s = new ReadableStream({ pull: (c) => c.enqueue('x'), cancel: () => void log.push('cancelled') })
    for await (const v of s as any) {
      log.push(v)
      break
    }
    return [log, s.locked]
  },
  error: async () => {
    const s = new ReadableStream({ start: (c) => c.error(new TypeError('bad')) })
    return [await rejection(() => s.getReader().read()), await rejection(() => all(new ReadableStream({ pull: () => { throw new RangeError('p') } })))]
  },
  'enqueue-closed': () => {
    let caught = ''
    new ReadableStream({ start: (c) => (c.close(), (caught = thrownBy(() => c.enqueue(1)))) })
    return caught.split(':')[0]
  },
  locked: async () => {
    const s = of(1)
    const r = s.getReader()
    const first = [s.locked, thrownBy(() => s.getReader()).split(':')[0], (await rejection(() => s.cancel())).split(':')[0]]
    r.releaseLock()
    return [...first, s.locked, (await rejection(() => r.read())).split(':')[0]]
  },
  tee: async () => {
    const [a, b] = of(1, 2).tee()
    return [await all(a), await all(b)]
  },
  'pipe-through': async () => all(of('a', 'b').pipeThrough(new TransformStream({ transform: (v, c) => c.enqueue(v + v), flush: (c) => c.enqueue('end') }))),
  'pipe-to': async () => {
    const log: any[] = []
    await of(1, 2).pipeTo(new WritableStream({ write: (v) => void log.push(v), close: () => void log.push('close') }))
    return log
  },
  'pipe-to-error': async () => {
    const log: any[] = []
    const why = await rejection(() => of(1, 2).pipeTo(new WritableStream({ write: () => { throw new Error('full') }, abort: () => void log.push('abort') })))
    return [why, log]
  },
  'pipe-abort': async () => {
    const c = new AbortController()
    const p = rejection(() => new ReadableStream({ pull: () => new Promise(() => {}) }).pipeTo(new WritableStream(), { signal: c.signal }))
    c.abort()
    return p
  },
  writer: async () => {
    const log: any[] = []
    const w = new WritableStream({ write: (v) => void log.push(v) }).getWriter()
    await w.ready
    const size = w.desiredSize
    await w.write('a')
    await w.close()
    return [log, size, await w.closed, (await rejection(() => w.write('b'))) !== 'nothing']
  },
  identity: async () => {
    const { readable, writable } = new TransformStream()
    const w = writable.getWriter()
    void w.write('x')
    void w.close()
    return all(readable)
  },
  'byte-stream': async () => {
    const s = new ReadableStream({ type: 'bytes', start: (c) => (c.enqueue(new Uint8Array([1, 2, 3])), c.close()) })
    return (await all(s)).map((v) => [...v])
  },
  byob: async () => {
    const s = new ReadableStream({ type: 'bytes', start: (c) => (c.enqueue(new Uint8Array([1, 2, 3])), c.close()) })
    const r = s.getReader({ mode: 'byob' })
    const first = await r.read(new Uint8Array(2))
    const second = await r.read(new Uint8Array(2))
    return [[...first.value!], first.done, [...second.value!], (await r.read(new Uint8Array(2))).done]
  },
  'text-codec': async () => [
    await all(of('\u00e9', '\ud83d', '\ude00').pipeThrough(new TextEncoderStream() as any)).then((p) => p.map((v) => [...v])),
    (await all(of(new Uint8Array([0xc3]), new Uint8Array([0xa9, 0x78])).pipeThrough(new TextDecoderStream() as any))).join('|'),
  ],
  compression: async () => {
    const packed = of(new TextEncoder().encode('x'.repeat(500))).pipeThrough(new CompressionStream('gzip') as any)
    const text = await new Response(packed.pipeThrough(new DecompressionStream('gzip') as any) as any).text()
    return text.length
  },
  from: async () => [await all((ReadableStream as any).from([1, 2])), await all((ReadableStream as any).from((async function* () { yield 'a' })()))],
  iterator: () => [typeof (of() as any)[Symbol.asyncIterator], typeof (of() as any).values, String(of())],
  queuing: () => [new CountQueuingStrategy({ highWaterMark: 2 }).highWaterMark, new ByteLengthQueuingStrategy({ highWaterMark: 9 }).size({ byteLength: 4 } as any)],
}

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  return tell(cases[(await params).what])
}
