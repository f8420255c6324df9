import { show } from '@/lib/show'

export const GET = show('prec/[...slug]/route.ts')
