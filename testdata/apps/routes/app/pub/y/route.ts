import { show } from '@/lib/show'

export const GET = show('pub/y/route.ts')
