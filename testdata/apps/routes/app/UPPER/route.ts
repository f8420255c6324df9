import { show } from '@/lib/show'

export const GET = show('UPPER/route.ts')
