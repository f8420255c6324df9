import { reading } from '../../../lib/reading';
import { connection } from 'next/server';

export const revalidate = 60;

export const GET = reading(async () => (await connection()) ?? 'connected');
