import { show } from '@/lib/show'

export const GET = show('tsx/route.tsx')
