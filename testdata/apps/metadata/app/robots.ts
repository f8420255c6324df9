export default function robots() {
  return {
    rules: [
      { userAgent: 'Googlebot', allow: ['/', '/public/'], disallow: '/private/', crawlDelay: 2 },
      { userAgent: ['Applebot', 'Bingbot'], disallow: ['/a', '/b?x=1&y=2'] },
      { disallow: '' },
      { userAgent: 'zero', crawlDelay: 0 },
    ],
    sitemap: ['https://example.com/sitemap.xml', 'https://example.com/é.xml'],
    host: 'https://example.com',
  };
}
