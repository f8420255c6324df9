export const revalidate = 1200;

export function GET() {
  return new Response('longer than it is given');
}
