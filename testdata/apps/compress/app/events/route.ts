export const dynamic = 'force-dynamic';
export const GET = () => {
  const e = new TextEncoder();
  return new Response(new ReadableStream({
    async start(c) {
      c.enqueue(e.encode('data: one\n\n'));
      await fetch(`${process.env.UPSTREAM}/gate/events`);
      c.enqueue(e.encode('data: two\n\n'));
      c.close();
    },
  }), { headers: { 'content-type': 'text/event-stream' } });
};
