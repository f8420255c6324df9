import { show } from '@/lib/show'

export const GET = show('c/[...slug]/route.ts')
