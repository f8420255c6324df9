import { show } from '@/lib/show'

export const GET = show('un_der-score/route.ts')
