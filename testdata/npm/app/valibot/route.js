import * as v from 'valibot'

const user = v.pipe(v.object({
  name: v.pipe(v.string(), v.trim(), v.minLength(1)),
  email: v.pipe(v.string(), v.email()),
  emoji: v.optional(v.pipe(v.string(), v.emoji())),
  ip: v.optional(v.pipe(v.string(), v.ip())),
  when: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  tags: v.optional(v.array(v.picklist(['a', 'b'])), []),
}), v.check((u) => u.name !== u.email, 'name and email differ'))

export async function POST(request) {
  const r = v.safeParse(user, await request.json())
  return r.success ? Response.json(r.output) : Response.json({ issues: r.issues.map((i) => [v.getDotPath(i), i.type, i.message]), flat: v.flatten(r.issues) }, { status: 422 })
}
