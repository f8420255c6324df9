import { count, told } from '../../lib/upstream';

export const revalidate = 60;

export async function GET() {
  const n = await count('failing');
  if ((await told('failing')) === 'fail') return Response.json({ failed: n }, { status: 503 });
  return Response.json({ n });
}
