import { show } from '@/lib/show'

export const GET = (request: any, context: any) => show('root', request, context)
export const POST = GET
