import { name } from 'lib/names'

export const GET = async () => new Response(name)
