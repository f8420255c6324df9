import { show } from '@/lib/show'

export const GET = (request: any, context: any) => show('a-dyn', request, context)
export const POST = GET
