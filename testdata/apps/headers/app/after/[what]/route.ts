import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { after, connection } from 'next/server'
import { rejection, tell, thrownBy } from '@/lib/tell'

const note = (key: string, text: string) => fetch(`${process.env.UPSTREAM}/events/${key}`, { method: 'POST', body: text })
const gate = (key: string) => fetch(`${process.env.UPSTREAM}/gate/${key}`)

const cases: Record<string, () => unknown> = {
  order: () => {
    after(() => note('order', 'done'))
    return new Response('answered')
  },
  // The first waits for the second, so they must run together.
  concurrent: () => {
    after(async () => {
      await gate('second')
      await note('concurrent', 'first')
    })
    after(async () => {
      await note('concurrent', 'second')
      await fetch(`${process.env.UPSTREAM}/open/second`)
    })
    return new Response('answered')
  },
  promise: () => {
    after(note('promise', 'from a promise'))
    return new Response('answered')
  },
  throws: () => {
    after(() => {
      throw new Error('in after')
    })
    after(async () => {
      await note('throws', 'still runs')
    })
    return new Response('answered')
  },
  'handler-throws': () => {
    after(() => note('handler-throws', 'ran'))
    throw new Error('x')
  },
  redirects: () => {
    after(() => note('redirects', 'ran'))
    redirect('/elsewhere')
  },
  nested: () => {
    after(() => {
      after(() => note('nested', 'inner'))
    })
    return new Response('answered')
  },
  headers: () => {
    after(async () => {
      const jar = await cookies()
      await note('headers', JSON.stringify([(await headers()).get('x-a'), jar.get('a')?.value, await rejection(async () => jar.set('n', '1'))]))
    })
    return new Response('answered')
  },
  streamed: () => {
    after(() => note('streamed', 'after'))
    return new Response(
      new ReadableStream({
        async start(controller) {
          await note('streamed', 'body')
          controller.enqueue(new TextEncoder().encode('x'))
          controller.close()
        },
      })
    )
  },
  invalid: () => tell(() => [thrownBy(() => after('x' as any)), thrownBy(() => after(null as any)), thrownBy(() => after({} as any))]),
  'returns-undefined': () => tell(() => after(() => {})),
  connection: () => tell(async () => [await connection(), typeof connection().then]),
}

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  const run = cases[(await params).what]
  return run ? ((await run()) as Response) : new Response('no such case', { status: 400 })
}
