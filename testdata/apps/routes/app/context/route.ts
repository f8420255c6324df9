export async function GET(...args: any[]) {
  const [, ctx] = args
  const params = await ctx.params
  return Response.json({
    args: args.length,
    keys: Object.keys(ctx),
    has: 'params' in ctx,
    type: typeof ctx.params,
    params: params === undefined ? 'undefined' : params,
  })
}
