import { idle, listen, send } from '../../../lib/events'

export function GET() {
  const encoder = new TextEncoder()
  let leave = () => {}
  const body = new ReadableStream({
    start(controller) {
      // As in Next.js, the header goes out with the first bytes: a comment, so
      // that the page's EventSource is open before there is an event.
      controller.enqueue(encoder.encode(': listening\n\n'))
      leave = listen((text) => controller.enqueue(encoder.encode(`data: ${text}\n\n`)))
    },
    cancel: () => leave(),
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' } })
}

// Sends an event to all who listen, and says how many they are.
export async function POST(request: Request) {
  return Response.json(send(await request.text()))
}

// Answers once nobody listens.
export async function DELETE() {
  await idle()
  return new Response(null, { status: 204 })
}
