import { reading } from '../../../lib/reading';

export const revalidate = 60;

export const GET = reading(async () => (await fetch(`${process.env.UPSTREAM}/counter/reads-fetch`, { next: { revalidate: 0 } })).status);
