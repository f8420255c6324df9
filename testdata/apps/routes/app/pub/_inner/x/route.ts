import { show } from '@/lib/show'

export const GET = show('pub/_inner/x/route.ts')
