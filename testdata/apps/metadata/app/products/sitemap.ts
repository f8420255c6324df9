export async function generateSitemaps() {
  return [{ id: 0 }, { id: 1 }, { id: 'last' }];
}
export default async function sitemap({ id }: { id: any }) {
  const n = await id;
  return [{ url: `https://example.com/products/${n}?type=${typeof n}` }];
}
