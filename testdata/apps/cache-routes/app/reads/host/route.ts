import { reading } from '../../../lib/reading';

export const revalidate = 60;

export const GET = reading((request) => [request.nextUrl.hostname !== '', request.nextUrl.protocol]);
