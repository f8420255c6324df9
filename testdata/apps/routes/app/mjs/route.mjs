import { show } from '@/lib/show'

export const GET = show('mjs/route.mjs')
