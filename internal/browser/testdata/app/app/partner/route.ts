import { user } from '../../lib/session'

export const GET = async () => Response.json({ user: (await user()) ?? null })

export const PUT = async (request: Request) => Response.json({ put: await request.json() })
