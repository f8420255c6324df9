import { show } from '@/lib/show'

export const GET = show('api/index/route.ts')
