import { show } from '@/lib/show'

export const GET = show('%5Fname/route.ts')
