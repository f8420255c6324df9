import { notFound } from 'next/navigation';

export const dynamic = 'force-static';

export function GET() {
  notFound();
}
