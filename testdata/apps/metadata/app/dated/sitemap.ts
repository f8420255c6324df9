export default function sitemap() {
  return [{ url: 'https://example.com/images', images: ['https://example.com/1.png'] }];
}
