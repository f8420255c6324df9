import { unstable_cache } from 'next/cache';
import { count } from './upstream';

/** A fetch under two tags. */
export async function post(id: string): Promise<number> {
  const response = await fetch(`${process.env.UPSTREAM}/counter/post-${id}`, { cache: 'force-cache', next: { tags: ['posts', `post-${id}`] } });
  return (await response.json()).count;
}

/** A function under two tags. */
export const user = (id: string) =>
  unstable_cache(async () => count(`user-${id}`), ['user', id], { tags: ['users', `user-${id}`] })();
