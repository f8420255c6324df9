// A handler that keeps what it knows of Next.js's entries and nothing else.
const cache = new Map()

module.exports = class {
  async get(key) {
    return cache.get(key) ?? null
  }

  async set(key, data, ctx) {
    if (data === null) return void cache.delete(key)
    const { kind, body, status, headers, data: fetched, revalidate } = data
    const value = kind === 'FETCH' ? { kind, data: fetched, revalidate, tags: ctx.tags } : { kind, body, status, headers }
    cache.set(key, { value, lastModified: Date.now(), cacheControl: ctx.cacheControl })
  }
}
