import * as cache from 'next/cache';

// Next.js 15 has them under their first names.
const { cacheLife = (cache as any).unstable_cacheLife, cacheTag = (cache as any).unstable_cacheTag } = cache as any;

export { cacheLife, cacheTag };
