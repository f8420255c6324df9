import { show } from '@/lib/show'

export const GET = show('route.ts')
