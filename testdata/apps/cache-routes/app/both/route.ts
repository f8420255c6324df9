import { count } from '../../lib/upstream';

// A POST beside it: Next.js runs GET each time then.
export const revalidate = 60;

export async function GET() {
  return Response.json({ n: await count('both') });
}

export async function POST(request: Request) {
  return Response.json({ got: await request.text() });
}
