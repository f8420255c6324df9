// What main.go exposes, for the editor and tsc.
declare module 'go:library' {
  export interface Book {
    id: number
    title: string
    author: string
    year?: number
  }

  /** Rejects when there is no such book. */
  export function find(id: string): Promise<Book>
  export function byAuthor(query: { name: string }): Promise<Book[]>
}
