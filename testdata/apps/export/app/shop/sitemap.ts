export const dynamic = 'force-static';
export const generateSitemaps = async () => [{ id: 0 }, { id: 1 }];
export default async function sitemap({ id }: { id: any }) {
  return [{ url: 'https://example.com/shop/' + (await id) }];
}
