import { unstable_cache } from 'next/cache';
import { count, told } from '../../lib/upstream';

const cached = unstable_cache(
  async () => {
    const n = await count('aged-failing');
    if ((await told('aged-failing')) === 'break') throw new Error('the source is away');
    return n;
  },
  ['aged-failing'],
  { revalidate: 60 },
);

export async function GET() {
  return Response.json({ n: await cached() });
}
