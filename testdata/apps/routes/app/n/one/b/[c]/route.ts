import { show } from '@/lib/show'

export const GET = show('n/one/b/[c]/route.ts')
