import { show } from '@/lib/show'

export const GET = show('slot/@par/x/route.ts')
