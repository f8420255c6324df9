import { number } from '../../lib/twice';

// A dynamic handler on an upstream whose answers are kept for a minute.
export async function GET() {
  return Response.json({ n: await number('aged', { next: { revalidate: 60 } }) });
}
