export const dynamic = 'force-static';

export function GET() {
  throw new Error('not today');
}
