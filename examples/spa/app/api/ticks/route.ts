// Server-sent events, one a second, until the page is left.
export function GET(request: Request) {
  const encoder = new TextEncoder()
  let n = 0
  let timer: ReturnType<typeof setInterval>
  const body = new ReadableStream({
    start(controller) {
      const tick = () => controller.enqueue(encoder.encode(`data: ${++n}\n\n`))
      tick()
      timer = setInterval(tick, 1000)
      request.signal.addEventListener('abort', () => clearInterval(timer))
    },
    cancel: () => clearInterval(timer),
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' } })
}
