export const dynamic = 'foo';

export function GET() {
  return new Response('x');
}
