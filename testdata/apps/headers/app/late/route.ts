import { cookies } from 'next/headers'

// Set while the body is already on its way.
export async function GET() {
  const jar = await cookies()
  const encoder = new TextEncoder()
  return new Response(
    new ReadableStream({
      async start(controller) {
        controller.enqueue(encoder.encode('first '))
        await new Promise((resolve) => setTimeout(resolve, 20))
        try {
          jar.set('late', '1')
          controller.enqueue(encoder.encode('set '))
        } catch (e: any) {
          controller.enqueue(encoder.encode(e.message.split('\n')[0]))
        }
        controller.enqueue(encoder.encode(String((await cookies()).get('a')?.value)))
        controller.close()
      },
    })
  )
}
