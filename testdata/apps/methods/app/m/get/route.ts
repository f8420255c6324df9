export function GET(request: Request) {
  return new Response('got ' + request.method, { headers: { 'x-method': request.method } })
}
