export const dynamic = 'force-static';
export const GET = (request: Request) => new Response(request.url);
