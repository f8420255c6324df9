const text = 'the same words again and again, '.repeat(100);
export const GET = async (_: Request, { params }: { params: Promise<{ type: string[] }> }) =>
  new Response(text, { headers: { 'content-type': (await params).type.join('/') } });
export const POST = GET;
