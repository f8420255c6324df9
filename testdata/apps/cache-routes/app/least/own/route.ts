export const revalidate = 90;

export async function GET() {
  const response = await fetch(`${process.env.UPSTREAM}/counter/least-own`, { next: { revalidate: 3600 } });
  return Response.json(await response.json());
}
