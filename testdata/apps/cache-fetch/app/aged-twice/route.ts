import { number } from '../../lib/twice';

export async function GET() {
  const [a, b] = await Promise.all([
    number('aged-twice', { next: { revalidate: 60 } }),
    number('aged-twice', { next: { revalidate: 60 } }),
  ]);
  return Response.json({ a, b });
}
