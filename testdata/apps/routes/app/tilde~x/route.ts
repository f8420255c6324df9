import { show } from '@/lib/show'

export const GET = show('tilde~x/route.ts')
