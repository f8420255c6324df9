export const dynamic = 'force-static';
export default () => [{ url: 'https://example.com/', lastModified: '2024-02-03' }];
