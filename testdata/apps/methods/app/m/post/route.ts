export async function POST(request: Request) {
  return new Response('posted ' + (await request.text()))
}
