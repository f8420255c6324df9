export const revalidate = 60;

export function GET() {
  const parts = ['one\n', 'two\n', 'three\n'];
  return new Response(
    new ReadableStream({
      pull(controller) {
        const part = parts.shift();
        if (part === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(part));
      },
    }),
  );
}
