export const GET = () => new Response('[id]/x/[id]/route.ts')
