import { show } from '@/lib/show'

export const GET = show('jsx/route.jsx')
