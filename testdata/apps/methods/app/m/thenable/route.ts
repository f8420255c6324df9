export function GET() {
  return { then: (resolve: (r: Response) => void) => resolve(new Response('from a thenable')) }
}
