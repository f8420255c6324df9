export const dynamic = 'force-dynamic';
export default function sitemap(): never {
  throw new Error('no sitemap today');
}
