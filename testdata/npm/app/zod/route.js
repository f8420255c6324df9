import { z } from 'zod'

const address = z.object({ street: z.string().min(3), zip: z.string().regex(/^\p{Nd}{5}$/u) })
const user = z.object({
  name: z.string().trim().min(1),
  email: z.string().email(),
  age: z.coerce.number().int().positive().optional(),
  role: z.enum(['admin', 'user']).default('user'),
  tags: z.array(z.string()).max(3).nullish(),
  address: address.partial().optional(),
  born: z.string().datetime().transform((s) => new Date(s).getUTCFullYear()).optional(),
  pet: z.discriminatedUnion('kind', [z.object({ kind: z.literal('cat'), lives: z.number() }), z.object({ kind: z.literal('dog'), name: z.string() })]).optional(),
}).strict().refine((u) => u.name !== u.email, { message: 'name and email differ', path: ['name'] })

export async function POST(request) {
  const result = await user.safeParseAsync(await request.json())
  return Response.json(result.success ? { data: result.data } : { issues: result.error.issues, flat: result.error.flatten() }, { status: result.success ? 200 : 422 })
}
