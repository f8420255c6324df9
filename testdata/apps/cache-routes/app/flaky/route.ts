import { count, told } from '../../lib/upstream';

export const revalidate = 60;

export async function GET() {
  const n = await count('flaky');
  if ((await told('flaky')) === 'throw') throw new Error('the source is away');
  return Response.json({ n });
}
