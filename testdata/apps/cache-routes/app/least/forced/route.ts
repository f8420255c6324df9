export const dynamic = 'force-static';

export async function GET() {
  const response = await fetch(`${process.env.UPSTREAM}/counter/least-forced`, { next: { revalidate: 45 } });
  return Response.json(await response.json());
}
