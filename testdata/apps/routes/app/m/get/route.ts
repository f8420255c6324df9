import { show } from '@/lib/show'

export const GET = show('m/get/route.ts')
