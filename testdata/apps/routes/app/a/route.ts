import { show } from '@/lib/show'

export const GET = show('a/route.ts')
