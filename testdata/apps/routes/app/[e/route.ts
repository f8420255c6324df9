import { show } from '@/lib/show'

export const GET = show('[e/route.ts')
