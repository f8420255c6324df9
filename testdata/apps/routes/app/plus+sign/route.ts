import { show } from '@/lib/show'

export const GET = show('plus+sign/route.ts')
