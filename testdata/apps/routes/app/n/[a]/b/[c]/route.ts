import { show } from '@/lib/show'

export const GET = show('n/[a]/b/[c]/route.ts')
