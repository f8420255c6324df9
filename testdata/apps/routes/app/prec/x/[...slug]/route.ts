import { show } from '@/lib/show'

export const GET = show('prec/x/[...slug]/route.ts')
