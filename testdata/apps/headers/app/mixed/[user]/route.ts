import { AsyncLocalStorage } from 'node:async_hooks'
import { cookies, headers } from 'next/headers'

const storage = new AsyncLocalStorage<string>()

/** What the rest of the handler sees of its own request, after several awaits. */
export async function GET(_: Request, { params }: { params: Promise<{ user: string }> }) {
  const { user } = await params
  return storage.run(user, async () => {
    await Promise.all([new Promise((resolve) => setTimeout(resolve, 3)), null])
    await new Promise<void>((resolve) => queueMicrotask(resolve))
    const jar = await cookies()
    const seen = await Promise.resolve().then(async () => (await headers()).get('x-user'))
    return Response.json({ param: user, cookie: jar.get('user')?.value, header: seen, storage: storage.getStore() })
  })
}
