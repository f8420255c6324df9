import { show } from '@/lib/show'

export const GET = show('[c]d/route.ts')
