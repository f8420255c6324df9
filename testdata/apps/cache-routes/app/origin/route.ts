export const dynamic = 'force-static';

export function GET(request: Request) {
  return Response.json({ url: request.url });
}
