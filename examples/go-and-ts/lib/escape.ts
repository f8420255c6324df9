const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export function escape(text: string) {
  return text.replace(/[&<>"]/g, (c) => entities[c])
}
