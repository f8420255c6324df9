import { show } from '@/lib/show'

export const GET = show('(group)/(inner)/deep/route.ts')
