import { initTRPC, TRPCError } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { z } from 'zod'

const t = initTRPC.context().create({ isDev: false })
const router = t.router({
  hello: t.procedure.input(z.object({ name: z.string() })).query(({ input, ctx }) => `hello ${input.name} ${ctx.agent}`),
  add: t.procedure.input(z.array(z.number())).mutation(({ input }) => input.reduce((a, b) => a + b, 0)),
  denied: t.procedure.query(() => { throw new TRPCError({ code: 'FORBIDDEN', message: 'no' }) }),
  count: t.procedure.query(async function* () { for (let i = 0; i < 3; i++) yield i }),
})
const handler = (req) => fetchRequestHandler({ endpoint: '/trpc', req, router, createContext: ({ req }) => ({ agent: req.headers.get('x-agent') }) })
export { handler as GET, handler as POST }
