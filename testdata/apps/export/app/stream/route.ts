export const dynamic = 'force-static';
export async function GET() {
  const e = new TextEncoder();
  return new Response(new ReadableStream({
    async start(c) {
      for (const part of ['one ', 'two ', 'three']) {
        c.enqueue(e.encode(part));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      c.close();
    },
  }));
}
