// In a static handler a fetch of no store is made once and frozen with the answer.
export const dynamic = 'force-static';

export async function GET() {
  const response = await fetch(`${process.env.UPSTREAM}/counter/least-frozen`, { cache: 'no-store' });
  return Response.json(await response.json());
}
