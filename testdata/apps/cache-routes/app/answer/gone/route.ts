export const revalidate = 60;

export function GET() {
  return new Response('no such thing', { status: 404 });
}
