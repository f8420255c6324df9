import { number } from '../../lib/twice';

export async function GET() {
  return Response.json({ n: await number('forever', { cache: 'force-cache' }) });
}
