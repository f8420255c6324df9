export const GET = () => new Response('[...a]/x/route.ts')
