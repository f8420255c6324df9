export const revalidate = 3600;

export async function GET() {
  const response = await fetch(`${process.env.UPSTREAM}/counter/least-fetch`, { next: { revalidate: 90 } });
  return Response.json(await response.json());
}
