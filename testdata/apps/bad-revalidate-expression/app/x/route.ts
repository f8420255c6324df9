export const revalidate = 60 * 5;

export function GET() {
  return new Response('x');
}
