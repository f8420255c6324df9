import { show } from '@/lib/show'

export const GET = show('tärget/route.ts')
