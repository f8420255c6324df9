// A handler whose entries are texts elsewhere, as with a store over HTTP.
type Kept = { value: unknown; lastModified: number }

const store = new Map<string, string>()

export default class JSONHandler {
  get(key: string): Kept | null {
    const text = store.get(key)
    return text === undefined ? null : JSON.parse(text)
  }

  set(key: string, value: unknown) {
    if (value === null) store.delete(key)
    else store.set(key, JSON.stringify({ value, lastModified: Date.now() }))
  }

  revalidateTag() {}
}
