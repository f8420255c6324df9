// A handler whose entries several servers share, behind HTTP.
const store = process.env.STORE

export default class HTTPHandler {
  private memo = new Map<string, unknown>()

  async get(key: string) {
    if (!this.memo.has(key)) {
      const response = await fetch(`${store}/entries/${key}`)
      this.memo.set(key, response.ok ? await response.json() : null)
    }
    return this.memo.get(key)
  }

  async set(key: string, value: unknown, ctx: { tags: string[] }) {
    const response = await fetch(`${store}/entries/${key}?${new URLSearchParams(ctx.tags.map((tag) => ['tag', tag]))}`, {
      method: value === null ? 'DELETE' : 'PUT',
      body: value === null ? null : JSON.stringify({ value, lastModified: Date.now() }),
    })
    if (!response.ok) throw new Error(`the store says ${response.status}`)
  }

  async revalidateTag(tags: string | string[]) {
    if (!process.env.REVALIDATES) return
    await fetch(`${store}/revalidate`, { method: 'POST', body: JSON.stringify([tags].flat()) })
  }

  resetRequestCache() {
    this.memo.clear()
  }
}
