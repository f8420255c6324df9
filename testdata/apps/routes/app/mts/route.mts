import { show } from '@/lib/show'

export const GET = show('mts/route.mts')
