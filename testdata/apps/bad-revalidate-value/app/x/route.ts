export const revalidate = 'x';

export function GET() {
  return new Response('x');
}
