export const dynamic = 'force-dynamic';
export const GET = () => {
  const e = new TextEncoder();
  let n = 0;
  return new Response(new ReadableStream({
    pull(c) {
      if (n === 200) return c.close();
      c.enqueue(e.encode(`line ${n++} of a long stream of lines\n`));
    },
  }), { headers: { 'content-type': 'text/plain' } });
};
