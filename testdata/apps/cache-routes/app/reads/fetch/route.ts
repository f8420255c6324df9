import { reading } from '../../../lib/reading';

export const revalidate = 60;

export const GET = reading(async () => (await fetch(`${process.env.UPSTREAM}/counter/reads-fetch`, { cache: 'no-store' })).status);
