export const dynamic = 'force-dynamic';
export const GET = () =>
  new Response(new Blob(['packed by the handler, '.repeat(100)]).stream().pipeThrough(new CompressionStream('gzip')), {
    headers: { 'content-type': 'text/plain', 'content-encoding': 'gzip' },
  });
