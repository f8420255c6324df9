import { reading } from '../../../lib/reading';
import { unstable_noStore } from 'next/cache';

export const revalidate = 60;

export const GET = reading(() => unstable_noStore() ?? 'told');
