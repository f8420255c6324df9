import { post, user } from '../../../../lib/data';

export async function GET(_: Request, { params }: { params: Promise<{ kind: string; id: string }> }) {
  const { kind, id } = await params;
  return Response.json({ n: kind === 'post' ? await post(id) : await user(id) });
}
