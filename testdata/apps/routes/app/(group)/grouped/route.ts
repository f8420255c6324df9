import { show } from '@/lib/show'

export const GET = show('(group)/grouped/route.ts')
