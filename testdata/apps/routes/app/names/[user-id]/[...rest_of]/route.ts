import { show } from '@/lib/show'

export const GET = show('names/[user-id]/[...rest_of]/route.ts')
