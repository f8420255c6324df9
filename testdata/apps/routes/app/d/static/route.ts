import { show } from '@/lib/show'

export const GET = show('d/static/route.ts')
