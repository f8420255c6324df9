// A dynamic handler's fetches have its path for a tag.
export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const response = await fetch(`${process.env.UPSTREAM}/counter/dynamic-${id}`, { cache: 'force-cache' });
  return Response.json({ n: (await response.json()).count });
}
