import { reading } from '../../../lib/reading';
import { draftMode } from 'next/headers';

export const revalidate = 60;

export const GET = reading(async () => (await draftMode()).isEnabled);
