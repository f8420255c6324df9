// Next.js 15 lets params be read without await; 16 does not.
export function GET(_: Request, ctx: any) {
  return Response.json({ type: typeof ctx.params.then, id: ctx.params.id ?? null, own: Object.keys(ctx).sort() })
}
