import { show } from '@/lib/show'

export const GET = (request: any, context: any) => show('place', request, context)
export const POST = GET
