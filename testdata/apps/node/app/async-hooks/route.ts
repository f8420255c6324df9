import { AsyncLocalStorage } from 'node:async_hooks'

const storage = new AsyncLocalStorage<string>()
const outer = new AsyncLocalStorage<number>()

export const GET = async () => {
  const seen: unknown[] = [storage.getStore() ?? 'none']
  await storage.run('a', async () => {
    seen.push(storage.getStore())
    await null
    seen.push(storage.getStore())
    await new Promise<void>((resolve) => setTimeout(() => (seen.push(storage.getStore()), resolve()), 1))
    storage.run('b', () => seen.push(storage.getStore()))
    queueMicrotask(() => seen.push('micro ' + storage.getStore()))
    await Promise.resolve().then(() => seen.push(storage.getStore()))
    seen.push(storage.exit(() => storage.getStore() ?? 'none'))
    outer.run(1, () => seen.push([storage.getStore(), outer.getStore()]))
    const bound = AsyncLocalStorage.bind(() => storage.getStore())
    storage.run('c', () => seen.push(bound()))
    const snapshot = AsyncLocalStorage.snapshot()
    storage.run('d', () => seen.push(snapshot(() => storage.getStore())))
  })
  seen.push(storage.getStore() ?? 'none')
  return Response.json(seen)
}
