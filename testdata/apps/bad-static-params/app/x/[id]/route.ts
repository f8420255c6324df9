export function generateStaticParams() {
  throw new Error('not today');
}

export function GET() {
  return new Response('x');
}
