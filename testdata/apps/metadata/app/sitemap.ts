export default async function sitemap() {
  return [
    { url: 'https://example.com', lastModified: new Date('2024-02-03T04:05:06.789Z'), changeFrequency: 'yearly' as const, priority: 1 },
    { url: 'https://example.com/a?x=1&y=<2>', lastModified: '2024-02-03', changeFrequency: 'always' as const, priority: 0 },
    { url: 'https://example.com/é', priority: 0.5 },
    { url: 'https://example.com/bare' },
  ];
}
