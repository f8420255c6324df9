/** The value of a case as JSON, or what it threw: the name and the first line. */
export async function tell(run: (() => unknown) | undefined): Promise<Response> {
  if (!run) return new Response('no such case', { status: 400 })
  try {
    const value = await run()
    return Response.json({ value: value === undefined ? 'undefined' : value })
  } catch (e: any) {
    return Response.json({ threw: e?.name ?? typeof e, message: String(e?.message ?? e).split('\n')[0] })
  }
}

/** What f throws, as text, or that it does not. */
export function thrownBy(f: () => unknown): string {
  try {
    f()
    return 'nothing'
  } catch (e: any) {
    return `${e.name}: ${String(e.message).split('\n')[0]}`
  }
}

/** The same for what a promise is rejected with. */
export async function rejection(f: () => Promise<unknown>): Promise<string> {
  try {
    await f()
    return 'nothing'
  } catch (e: any) {
    return `${e.name}: ${String(e.message).split('\n')[0]}`
  }
}
