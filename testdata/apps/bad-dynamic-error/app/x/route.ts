export const dynamic = 'error';

export function GET(request: Request) {
  return Response.json({ agent: request.headers.get('user-agent') });
}
