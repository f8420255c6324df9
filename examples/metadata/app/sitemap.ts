import type { MetadataRoute } from 'next'
import { articles } from '../lib/articles'

// Made once, and again when /publish says so.
export default async function sitemap(): Promise<MetadataRoute.Sitemap> {
  return [
    { url: 'https://acme.example/', changeFrequency: 'weekly', priority: 1 },
    ...(await articles()).map((article) => ({
      url: `https://acme.example/articles/${article.slug}?from=sitemap&lang=en`,
      lastModified: article.changed,
    })),
  ]
}
