import { show } from '@/lib/show'

export const GET = show('d/[id]/route.ts')
