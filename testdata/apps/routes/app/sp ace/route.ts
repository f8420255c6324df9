import { show } from '@/lib/show'

export const GET = show('sp ace/route.ts')
