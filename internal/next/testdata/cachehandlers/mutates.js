// A handler that spoils what it is given, and what it gave before.
const cache = new Map()
let last = null

module.exports = class {
  async get(key, ctx) {
    if (last) spoil(last.value)
    ctx.softTags.push('spoilt')
    ctx.kind = 'IMAGE'
    last = cache.has(key) ? { value: structuredClone(cache.get(key)), lastModified: Date.now() } : null
    if (last?.value?.kind === 'APP_ROUTE') last.value.body = Buffer.from(last.value.body)
    return last
  }

  async set(key, data, ctx) {
    if (data === null) return void cache.delete(key)
    cache.set(key, structuredClone(data))
    spoil(data)
    ctx.tags.length = 0
  }

  revalidateTag(tags) {
    tags.length = 0
  }
}

function spoil(value) {
  if (value.body) value.body.fill(0)
  for (const name of Object.keys(value.headers ?? value.data.headers)) (value.headers ?? value.data.headers)[name] = 'spoilt'
  value.kind = value.portico.kind = 'spoilt'
  value.portico.tags.push('spoilt')
}
