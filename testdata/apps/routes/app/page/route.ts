import { show } from '@/lib/show'

export const GET = show('page/route.ts')
