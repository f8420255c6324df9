const encoder = new TextEncoder()
const bytes = (text: string) => encoder.encode(text)
const upstream = process.env.UPSTREAM
const gate = (key: string) => fetch(`${upstream}/gate/${key}`)
const note = (key: string, text: string) => fetch(`${upstream}/events/${key}`, { method: 'POST', body: text })

async function* generate() {
  yield bytes('one ')
  await null
  yield bytes('two ')
  yield bytes('three')
}

const cases: Record<string, (request: Request) => Response> = {
  start: () =>
    new Response(
      new ReadableStream({
        start(c) {
          c.enqueue(bytes('a'))
          c.enqueue(bytes('b'))
          c.close()
        },
      })
    ),
  pull: () => {
    let n = 0
    return new Response(
      new ReadableStream({
        pull(c) {
          if (n === 5) return c.close()
          c.enqueue(bytes(`${n++},`))
        },
      })
    )
  },
  'byte-stream': () =>
    new Response(
      new ReadableStream({
        type: 'bytes',
        pull(c) {
          c.enqueue(bytes('bytes'))
          c.close()
        },
      })
    ),
  empty: () => new Response(new ReadableStream({ start: (c) => c.close() })),
  timer: () =>
    new Response(
      new ReadableStream({
        start(c) {
          setTimeout(() => (c.enqueue(bytes('later')), c.close()), 5)
        },
      })
    ),
  // The second part is made only when the client has seen the first.
  gated: () =>
    new Response(
      new ReadableStream({
        async start(c) {
          c.enqueue(bytes('first '))
          await gate('parts')
          c.enqueue(bytes('second'))
          c.close()
        },
      })
    ),
  sse: () =>
    new Response(
      new ReadableStream({
        async start(c) {
          c.enqueue(bytes('event: a\ndata: {"n":1}\n\n'))
          await gate('sse')
          c.enqueue(bytes('data: 2\n\n'))
          c.close()
        },
      }),
      { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' } }
    ),
  'sse-plain': () =>
    new Response(
      new ReadableStream({
        async start(c) {
          c.enqueue(bytes('data: 1\n\n'))
          await gate('sse-plain')
          c.enqueue(bytes('data: 2\n\n'))
          c.close()
        },
      }),
      { headers: { 'content-type': 'text/event-stream' } }
    ),
  transform: () => {
    const upper = new TransformStream<string, Uint8Array>({ transform: (text, c) => c.enqueue(bytes(text.toUpperCase())) })
    const writer = upper.writable.getWriter()
    void writer.write('abc').then(() => writer.write('def')).then(() => writer.close())
    return new Response(upper.readable)
  },
  'encoder-stream': () => {
    const source = new ReadableStream<string>({ start: (c) => (c.enqueue('gr\u00fc\u00dfe '), c.enqueue('\ud83d'), c.enqueue('\ude00'), c.close()) })
    return new Response(source.pipeThrough(new TextEncoderStream()))
  },
  generator: () => new Response(generate() as unknown as ReadableStream),
  'stream-from': () => new Response((ReadableStream as any).from(generate())),
  tee: () => {
    const [a, b] = new Response('teed').body!.tee()
    void b.cancel()
    return new Response(a)
  },
  large: () => {
    let n = 0
    const part = new Uint8Array(64 * 1024).fill(120)
    return new Response(
      new ReadableStream({
        pull(c) {
          if (n++ === 64) c.close()
          else c.enqueue(part)
        },
      })
    )
  },
  'error-first': () =>
    new Response(
      new ReadableStream({
        start(c) {
          c.error(new Error('before the first part'))
        },
      })
    ),
  'error-later': () =>
    new Response(
      new ReadableStream({
        async start(c) {
          c.enqueue(bytes('first '))
          await gate('error')
          c.error(new Error('after the first part'))
        },
      })
    ),
  'pull-throws': () => {
    let n = 0
    return new Response(
      new ReadableStream({
        async pull(c) {
          if (n++ === 0) return c.enqueue(bytes('first '))
          await gate('pull')
          throw new Error('in pull')
        },
      })
    )
  },
  'string-chunk': () => new Response(new ReadableStream({ start: (c) => (c.enqueue('not bytes'), c.close()) })),
  'number-chunk': () => new Response(new ReadableStream({ start: (c) => (c.enqueue(7), c.close()) })),
  // The client leaves: the stream is cancelled and the signal fires.
  cancelled: (request) => {
    request.signal.addEventListener('abort', () => void note('signal', `aborted ${request.signal.aborted}`))
    return new Response(
      new ReadableStream({
        start(c) {
          c.enqueue(bytes('started'))
        },
        async cancel() {
          await note('cancelled', 'cancel')
        },
      })
    )
  },
  finished: (request) => {
    request.signal.addEventListener('abort', () => void note('finished', 'aborted'))
    return new Response('done')
  },
  'fetch-aborted': (request) =>
    new Response(
      new ReadableStream({
        async start(c) {
          // The client leaves when it sees the first part, so the upstream must have
          // been reached by then.
          const hanging = fetch(`${upstream}/hang/hanging`, { signal: request.signal }).catch(() => note('fetch-aborted', 'rejected'))
          await fetch(`${upstream}/events/hanging?n=1`)
          c.enqueue(bytes('started'))
          await hanging
        },
      })
    ),
}

async function handler(request: Request, { params }: { params: Promise<{ what: string }> }) {
  const run = cases[(await params).what]
  return run ? run(request) : new Response('no such case', { status: 400 })
}

export { handler as GET, handler as POST }
