import { number } from '../../lib/twice';

export async function GET() {
  return Response.json({ n: await number('static', { cache: 'force-cache' }) });
}
