import { show } from '@/lib/show'

export const GET = show('llms.txt/route.ts')
