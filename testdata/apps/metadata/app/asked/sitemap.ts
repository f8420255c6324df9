import { headers } from 'next/headers';
export default async function sitemap() {
  return [{ url: `https://${(await headers()).get('x-tenant') ?? 'none'}.example.com` }];
}
