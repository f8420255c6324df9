import { Ratelimit } from '@upstash/ratelimit'
import { Redis } from '@upstash/redis'

const redis = new Redis({ url: process.env.UPSTREAM + '/redis', token: 'token', retry: false, enableTelemetry: false })
const limit = new Ratelimit({ redis, limiter: Ratelimit.fixedWindow(2, '60 s'), ephemeralCache: false, prefix: 'limit' })

export async function GET() {
  await redis.set('key', { a: [1, 'é'] }, { ex: 60 })
  const pipeline = redis.pipeline()
  pipeline.get('key')
  pipeline.get('nothing')
  const results = await pipeline.exec()
  const failed = await redis.lpush('wrong', 1).catch((e) => [e.name, e.message])
  const limits = []
  for (let i = 0; i < 3; i++) {
    const r = await limit.limit('someone')
    limits.push([r.success, r.limit, r.remaining])
  }
  return Response.json({ got: await redis.get('key'), results, failed, limits })
}
