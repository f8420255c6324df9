// A handler that leaves revalidation to its caller, and takes its time.
const cache = new Map()
const later = () => new Promise((resolve) => setTimeout(resolve, 0))

export default class {
  async get(key) {
    await later()
    return cache.get(key) ?? null
  }

  async set(key, value) {
    await later()
    if (value === null) cache.delete(key)
    else cache.set(key, { value, lastModified: Date.now() })
  }
}
