'use cache';

import { count } from './upstream';

/** A module that is cached as a whole. */
export async function whole(id: string) {
  return { id, n: await count(`whole-${id}`) };
}

export async function other() {
  return count('other');
}
