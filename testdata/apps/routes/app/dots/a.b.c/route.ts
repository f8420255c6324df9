import { show } from '@/lib/show'

export const GET = show('dots/a.b.c/route.ts')
