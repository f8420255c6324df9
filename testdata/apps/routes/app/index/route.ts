import { show } from '@/lib/show'

export const GET = show('index/route.ts')
