import { show } from '@/lib/show'

export const GET = show('rss.xml/route.ts')
