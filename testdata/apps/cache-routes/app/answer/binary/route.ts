export const dynamic = 'force-static';

export function GET() {
  return new Response(new Uint8Array(256).map((_, i) => i), { headers: { 'content-type': 'application/octet-stream' } });
}
