import { rateLimit } from 'portico/rate-limit'

export const checkRateLimit = (request: Request) => rateLimit(request, { limit: 10, window: '1m' })
