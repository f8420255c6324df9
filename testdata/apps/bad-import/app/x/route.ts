import { a } from '@/lib/missing'

export const GET = () => new Response(a)
