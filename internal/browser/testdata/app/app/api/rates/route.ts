// Made once and kept: its ETag is all that a browser need be told again.
export const dynamic = 'force-static'

export const GET = () => Response.json(Array.from({ length: 200 }, (_, n) => ({ day: n, rate: 1 + n / 1000 })))
