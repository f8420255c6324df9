import { reading } from '../../../lib/reading';
import { revalidatePath } from 'next/cache';

export const revalidate = 60;

export const GET = reading(() => revalidatePath('/nowhere') ?? 'told');
