export const dynamicParams = false;

export function generateStaticParams() {
  return [{ id: 'a' }, { id: 'b' }];
}

export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }) {
  return Response.json({ only: (await params).id });
}
