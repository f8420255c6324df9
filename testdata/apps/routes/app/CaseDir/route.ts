import { show } from '@/lib/show'

export const GET = show('CaseDir/route.ts')
