export async function POST(request: Request) {
  const upper = new TransformStream<string, string>({ transform: (text, c) => c.enqueue(text.toUpperCase()) })
  return new Response(request.body!.pipeThrough(new TextDecoderStream()).pipeThrough(upper).pipeThrough(new TextEncoderStream()))
}
