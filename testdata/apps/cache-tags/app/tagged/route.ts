// A static handler's answer has the tags of what went in.
export const dynamic = 'force-static';

export async function GET() {
  const response = await fetch(`${process.env.UPSTREAM}/counter/tagged`, { next: { tags: ['tagged'] } });
  return Response.json({ n: (await response.json()).count });
}
