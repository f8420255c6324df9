import { unstable_cache } from 'next/cache';
import { count } from './upstream';

/** One function for two routes: what one has made, the other finds. */
export const shared = unstable_cache(async () => count('shared'), ['shared'], { tags: ['shared'] });
