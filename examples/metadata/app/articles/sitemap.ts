import type { MetadataRoute } from 'next'
import { articles } from '../../lib/articles'

// One sitemap a year: /articles/sitemap/2025.xml
export async function generateSitemaps() {
  const years = (await articles()).map((article) => article.changed.slice(0, 4))
  return [...new Set(years)].map((id) => ({ id }))
}

export default async function sitemap({ id }: { id: Promise<string> }): Promise<MetadataRoute.Sitemap> {
  const year = await id
  return (await articles())
    .filter((article) => article.changed.startsWith(year))
    .map((article) => ({ url: `https://acme.example/articles/${article.slug}`, lastModified: article.changed }))
}
