import { unstable_cache } from 'next/cache';

export const revalidate = false;

const cached = unstable_cache(async () => 'value', ['least'], { revalidate: 75 });

export async function GET() {
  return Response.json({ value: await cached() });
}
