import { reading } from '../../../lib/reading';
import { headers } from 'next/headers';

export const revalidate = 60;

export const GET = reading(async () => (await headers()).get('x-a'));
