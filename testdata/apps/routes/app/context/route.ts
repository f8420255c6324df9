export async function GET(...args: any[]) {
  const [, ctx] = args
  const params = await ctx.params
  return Response.json({
    args: args.length,
    keys: Object.keys(ctx),
    has: 'params' in ctx,
    isPromise: ctx.params instanceof Promise,
    params: params === undefined ? 'undefined' : params,
  })
}
