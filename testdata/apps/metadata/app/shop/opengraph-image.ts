import { headers } from 'next/headers';
export const dynamic = 'force-dynamic';
export default async () => new Response('for ' + (await headers()).get('x-who'), { headers: { 'content-type': 'image/png' } });
