import { number } from '../../lib/twice';

// A static handler: a fetch without a word is kept, under the route's own lifetime.
export const revalidate = 60;

export async function GET() {
  return Response.json({ n: await number('static') });
}
