export const GET = async (_: Request, { params }: { params: Promise<{ file: string }> }) => new Response('handler ' + (await params).file);
export const POST = async () => new Response('posted');
