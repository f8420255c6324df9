import { show } from '@/lib/show'

export const GET = show('.well-known/thing/route.ts')
