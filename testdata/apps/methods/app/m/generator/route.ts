export async function* GET() {
  yield new Response('never')
}
