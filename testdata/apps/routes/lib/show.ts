/** A handler that says which file it is in and what it was given. */
export const show = (file: string) =>
  async function GET(request: Request, ctx: { params: Promise<any> }) {
    const { pathname, search } = new URL(request.url)
    return Response.json({ file, params: (await ctx.params) ?? null, pathname, search })
  }
