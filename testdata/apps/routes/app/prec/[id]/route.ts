import { show } from '@/lib/show'

export const GET = show('prec/[id]/route.ts')
