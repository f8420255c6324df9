export const dynamic = 'force-static';

export function GET() {
  return Response.json({ made: true }, { status: 201, headers: { 'x-made': 'yes', location: '/made/1' } });
}
