export const revalidate = 3600;
export default function sitemap() {
  return [{ url: 'https://example.com/kept' }];
}
