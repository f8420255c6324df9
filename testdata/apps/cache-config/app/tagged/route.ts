export async function GET() {
  const response = await fetch(`${process.env.UPSTREAM}/counter/tagged`, { cache: 'force-cache', next: { tags: ['tagged'] } });
  return Response.json({ n: (await response.json()).count });
}
