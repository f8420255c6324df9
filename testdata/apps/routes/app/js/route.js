import { show } from '@/lib/show'

export const GET = show('js/route.js')
