export const dynamic = 'force-static';
export default () => ({ rules: { userAgent: '*', allow: '/' }, sitemap: 'https://example.com/sitemap.xml' });
