export const GET = () => new Response('x')
export function OPTIONS() {
  return new Response(null, {
    status: 204,
    headers: { 'access-control-allow-origin': '*', 'access-control-allow-methods': 'GET, OPTIONS' },
  })
}
