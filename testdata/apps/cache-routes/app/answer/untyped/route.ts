export const dynamic = 'force-static';

export function GET() {
  return new Response(new TextEncoder().encode('bytes'));
}
