import { reading } from '../../../lib/reading';
import { cookies } from 'next/headers';

export const revalidate = 60;

export const GET = reading(async () => (await cookies()).set('made', '1') && 'set');
