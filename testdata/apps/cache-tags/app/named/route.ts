import { cacheLife, cacheTag, refresh, revalidatePath, revalidateTag, unstable_cache, unstable_cacheLife, unstable_cacheTag, unstable_noStore, updateTag } from 'next/cache';

export function GET() {
  const all = { cacheLife, cacheTag, refresh, revalidatePath, revalidateTag, unstable_cache, unstable_cacheLife, unstable_cacheTag, unstable_noStore, updateTag };
  return Response.json(Object.fromEntries(Object.entries(all).map(([name, f]) => [name, typeof f])));
}
