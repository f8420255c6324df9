import { show } from '@/lib/show'

export const GET = show('opt/[[...slug]]/route.ts')
