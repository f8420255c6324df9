import { number } from '../../lib/twice';

// The lifetime is the asker's: the same answer may be old for one and fresh for another.
export async function GET(request: Request) {
  const seconds = Number(new URL(request.url).searchParams.get('s'));
  return Response.json({ n: await number('lengths', { next: { revalidate: seconds } }) });
}
