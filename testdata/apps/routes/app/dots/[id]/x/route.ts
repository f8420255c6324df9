import { show } from '@/lib/show'

export const GET = show('dots/[id]/x/route.ts')
