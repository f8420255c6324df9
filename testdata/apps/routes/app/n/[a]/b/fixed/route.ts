import { show } from '@/lib/show'

export const GET = show('n/[a]/b/fixed/route.ts')
