export function generateStaticParams() {
  return { id: '1' };
}

export function GET() {
  return new Response('x');
}
