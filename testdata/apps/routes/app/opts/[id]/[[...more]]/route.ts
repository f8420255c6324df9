import { show } from '@/lib/show'

export const GET = show('opts/[id]/[[...more]]/route.ts')
