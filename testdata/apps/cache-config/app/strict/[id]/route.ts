export const dynamicParams = false;

export function generateStaticParams() {
  return [{ id: 'a' }];
}

export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }) {
  return Response.json({ strict: (await params).id });
}
