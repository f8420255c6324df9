import { show } from '@/lib/show'

export const GET = show('a[b]/route.ts')
